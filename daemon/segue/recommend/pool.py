"""Step one of the seed research: tracks without tags in common with the seed leave the pool."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.recommend.catalogue import Snapshot

ROOM: Final = 50
"""A pool must leave this many tracks to choose from, or ..."""
ROOM_SHARE: Final = 0.1
"""... this share of those that can be suggested, whichever is less; and never fewer than are asked for."""

WHOLE_LIBRARY: Final = "a tag in common"


class Pool(NamedTuple):
    """The tracks that are left to rank."""

    mask: npt.NDArray[np.bool_]
    """Shape (n,), by row."""
    relaxed: list[str]
    """What was given up to leave enough tracks, in order."""


def choose(snapshot: Snapshot, tags: np.uint64, allowed: npt.NDArray[np.bool_], wanted: int) -> Pool:
    """Choose the rows of ``allowed`` (n,) that have a telling tag in common with the seed, whose bit set is given.

    A faint tag is enough: how sure and how telling the common tags are is weighed in the score. A stricter pool, of tracks with
    two strong tags in common, lost more tracks of the seed's style than of others. Where too few are left, every row is taken
    that is allowed. A seed that has no telling tag at all gives nothing up: there was nothing to ask for.
    """
    if not tags:
        return Pool(allowed, [])
    allowed_count = int(np.count_nonzero(allowed))
    enough = min(max(wanted, min(ROOM, int(ROOM_SHARE * allowed_count))), allowed_count)
    mask = allowed & ((snapshot.facts.telling & tags) != 0)
    return Pool(mask, []) if np.count_nonzero(mask) >= enough else Pool(allowed, [WHOLE_LIBRARY])
