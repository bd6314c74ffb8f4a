"""Step one of the seed research: tracks without tags in common with the seed leave the pool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.recommend.catalogue import Snapshot

ROOM: Final = 50
"""A pool must leave this many tracks to choose from, or ..."""
ROOM_SHARE: Final = 0.1
"""... this share of those that can be suggested, whichever is less; and never fewer than are asked for."""

ONE_TAG: Final = "one tag in common instead of two"
ANY_TAG: Final = "any faint tag in common"
WHOLE_LIBRARY: Final = "no tag in common"


class Pool(NamedTuple):
    """The tracks that are left to rank."""

    mask: npt.NDArray[np.bool_]
    """Shape (n,), by row."""
    relaxed: list[str]
    """What was given up to leave enough tracks, in order."""


def choose(snapshot: Snapshot, strong: np.uint64, weak: np.uint64, allowed: npt.NDArray[np.bool_], wanted: int) -> Pool:
    """Choose the rows of ``allowed`` (n,) that share telling tags with the seed, whose bit sets are given.

    Two of the most telling tags in common; else one; else any, faint ones too; else every row that is allowed. A seed
    that has no telling tag at all gives nothing up: there was nothing to ask for.
    """
    allowed_count = int(np.count_nonzero(allowed))
    enough = min(max(wanted, min(ROOM, int(ROOM_SHARE * allowed_count))), allowed_count)
    relaxed: list[str] = []
    for shares, given_up in _steps(snapshot, strong, weak):
        if given_up:
            relaxed.append(given_up)
        mask = shares & allowed
        if np.count_nonzero(mask) >= enough:
            return Pool(mask, relaxed)
    return Pool(allowed, [*relaxed, WHOLE_LIBRARY] if weak else [])


def _steps(snapshot: Snapshot, strong: np.uint64, weak: np.uint64) -> Iterator[tuple[npt.NDArray[np.bool_], str]]:
    common = snapshot.facts.strong & strong
    given_up = ""
    if int(strong).bit_count() > 1:
        yield (common & (common - np.uint64(1))) != 0, given_up
        given_up = ONE_TAG
    if strong:
        yield common != 0, given_up
        given_up = ANY_TAG
    if weak:
        yield (snapshot.facts.weak & weak) != 0, given_up
