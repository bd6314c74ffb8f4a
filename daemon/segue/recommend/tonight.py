"""What was played tonight, as the recommender needs it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Tonight(NamedTuple):
    """The tracks of the night so far; of last night too where the settings say that it counts."""

    tracks: tuple[int, ...] = ()
    """Track ids, oldest first; one that was played twice is there twice."""
    version: int = 0
    """Another number after every change: what is worked out from ``tracks`` can be kept while it stays."""


NOTHING_PLAYED: Final = Tonight()
