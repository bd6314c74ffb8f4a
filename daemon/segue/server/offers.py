"""Which tracks were suggested after which, and when: what is loaded soon afterwards was taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Final, NamedTuple

OFFER_SECONDS: Final = 10 * 60.0
"""What is loaded later was not loaded for having been suggested; and a track is taken once in so long."""
_MOST: Final = 64
"""Lists that are remembered, of so many seeds."""


class _Offer(NamedTuple):
    seed: int
    tracks: frozenset[int]
    at: float


class Offers:
    """The last lists of suggestions. Not locked: one thread at a time."""

    def __init__(self) -> None:
        self._offers: deque[_Offer] = deque(maxlen=_MOST)
        self._taken: dict[int, float] = {}
        """When a track was taken."""

    def add(self, seed: int, tracks: Collection[int], at: float) -> None:
        """Remember what was suggested after a track; it takes the place of what was suggested there before."""
        self._offers = deque((one for one in self._offers if one.seed != seed), _MOST)
        self._offers.append(_Offer(seed, frozenset(tracks) - {seed}, at))

    def take(self, track: int, at: float) -> int | None:
        """A track is put on a deck: the seed after which it was suggested last, None when it was not."""
        self._taken = {one: when for one, when in self._taken.items() if 0.0 <= at - when <= OFFER_SECONDS}
        if track in self._taken:
            return None
        for offer in reversed(self._offers):
            if track in offer.tracks and 0.0 <= at - offer.at <= OFFER_SECONDS:
                self._taken[track] = at
                return offer.seed
        return None
