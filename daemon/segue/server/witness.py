"""What can be concluded from what the decks say: what was played, what blended into what, what was thrown out again.

A pure state machine: it is told what decks hold and what time it is, and says what happened. It touches nothing.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from segue.protocol.messages import Deck

PLAYED_SECONDS: Final = 30.0
"""A track that is heard for so long was played ..."""
ALONE_SECONDS: Final = 5.0
"""... if for so long of it no other deck played: until then it may be in the headphones only ..."""
TOGETHER_SECONDS: Final = 90.0
"""... or if it went on for so long, whatever else played."""
THROWN_OUT_SECONDS: Final = 20.0
"""A track that was heard for less, and taken off while another went on, was the wrong one ..."""
TRIED_SECONDS: Final = 1.0
"""... if it was heard at all."""
AGAIN_SECONDS: Final = 20 * 60.0
"""The same track within so long is the same play: on a second deck, or said by somebody else."""
BREAK_SECONDS: Final = 10 * 60.0
"""After so long a silence one track does not follow the other."""
LONGEST_BLEND_SECONDS: Final = 300.0
"""Two decks that still play together then are not going to tell more of how long a blend is."""
STALE_SECONDS: Final = 15 * 60.0
"""A deck of which nothing was heard for so long plays no more."""
_MOST_DECKS: Final = 64
_MOST_FRONTS: Final = 16
"""So many plays can be taken back, one after the other, and the next track still follows the right one."""


class PlayedOnDeck(NamedTuple):
    """A track was played."""

    track: int
    at: float
    """When it began, Unix time."""


class Blended(NamedTuple):
    """A track followed another one."""

    from_id: int
    to_id: int
    at: float
    """When the second one began, Unix time."""
    seconds: float | None
    """So long both were heard; None where they shared a deck and nobody can say."""


class ThrownOut(NamedTuple):
    """A track was tried beside a playing one, and taken off."""

    from_id: int
    to_id: int
    at: float
    """When it was taken off, Unix time."""


Fact = PlayedOnDeck | Blended | ThrownOut


@dataclass(slots=True, eq=False)
class _Load:
    """A track from when it is put on a deck until it is taken off."""

    number: int
    deck: str
    path: str | None
    track: int | None
    playing: bool
    told: float
    """When its deck last spoke."""
    first: float | None = None
    """When it was started."""
    last: float = 0.0
    """When it was last heard."""
    heard: float = 0.0
    alone: float = 0.0
    """Seconds in which no other deck played."""
    counted: bool = False
    beside: dict[int, float] = field(default_factory=dict)
    """Seconds together with other loads, by their number."""


class _Passing(NamedTuple):
    """Two tracks of which the first may still play."""

    first: _Load
    second: _Load


class Witness:
    """Follows the decks. Not locked: one thread at a time."""

    def __init__(self) -> None:
        self._now = 0.0
        self._numbers = itertools.count(1)
        self._loads: dict[str, _Load] = {}
        self._fronts: deque[_Load] = deque(maxlen=_MOST_FRONTS)
        """What was counted as played, the last one last."""
        self._passing: list[_Passing] = []
        self._known: dict[int, float] = {}
        """When a track was last known to be played, by track."""

    def deck(self, deck: Deck) -> list[Fact]:
        """Take a deck's word, at its time ``updated``; return what is known now that was not known before."""
        facts = self.tick(deck.updated)
        load = self._loads.get(deck.deck)
        if load is not None and not _same(load, deck):
            facts += self._taken_off(load)
            load = None
        if load is None and (deck.path is not None or deck.playing):
            load = _Load(next(self._numbers), deck.deck, deck.path, deck.track, playing=False, told=self._now)
        if load is not None:
            load.track = deck.track if load.track is None else load.track
            load.told = self._now
            if deck.playing and load.first is None:
                load.first = self._now
            load.playing = deck.playing
            self._loads.pop(deck.deck, None)
            self._loads[deck.deck] = load
            while len(self._loads) > _MOST_DECKS:
                self._taken_off(next(iter(self._loads.values())))
        return [*facts, *self._passed()]

    def tick(self, now: float) -> list[Fact]:
        """Let time go on; return what is known now that was not known before."""
        # A clock may be set back: time goes on from there, rather than standing still until it is as late again.
        seconds, self._now = max(0.0, now - self._now), now
        for load in self._loads.values():
            load.told = min(load.told, now)
            load.playing = load.playing and self._now - load.told <= STALE_SECONDS
        playing = [load for load in self._loads.values() if load.playing]
        for load in playing:
            load.heard += seconds
            load.last = self._now
            others = [other for other in playing if not _is_it(other, load)]
            load.alone += 0.0 if others else seconds
            for other in others:
                load.beside[other.number] = load.beside.get(other.number, 0.0) + seconds
        counted = (fact for load in playing if _counts(load) for fact in self._count(load))
        return [*counted, *self._passed()]

    def announce(self, track: int, at: float) -> None:
        """Somebody else has said that a track was played: it is not counted again."""
        self._known[track] = max(at, self._known.get(track, at))

    def forget(self, track: int) -> None:
        """Somebody has said that a track was not played after all; it stays uncounted while it is on its deck."""
        self._known.pop(track, None)
        self._passing = [one for one in self._passing if track not in {one.first.track, one.second.track}]
        self._fronts = deque((load for load in self._fronts if load.track != track), _MOST_FRONTS)

    def _taken_off(self, load: _Load) -> list[Fact]:
        load.playing = False
        del self._loads[load.deck]
        tried = not load.counted and TRIED_SECONDS <= load.heard < THROWN_OUT_SECONDS
        going = [other for other in self._loads.values() if other.playing and other.heard >= THROWN_OUT_SECONDS]
        longest = max(going, key=lambda other: other.heard, default=None)
        if not tried or longest is None or None in {load.track, longest.track} or load.track == longest.track:
            return []
        assert load.track is not None
        assert longest.track is not None
        return [ThrownOut(longest.track, load.track, self._now)]

    def _count(self, load: _Load) -> Iterator[Fact]:
        load.counted = True
        assert load.first is not None
        load.first = min(load.first, self._now)
        before = self._fronts[-1] if self._fronts else None
        self._fronts.append(load)
        if before is not None and load.first - before.last <= BREAK_SECONDS:
            self._passing.append(_Passing(before, load))
        if load.track is None:
            return
        known = self._known.get(load.track)
        self.announce(load.track, load.first)
        if known is None or abs(load.first - known) > AGAIN_SECONDS:
            yield PlayedOnDeck(load.track, load.first)

    def _passed(self) -> list[Fact]:
        facts: list[Fact] = []
        waiting: list[_Passing] = []
        for passing in self._passing:
            first, second = passing
            together = first.beside.get(second.number, 0.0)
            if first.playing and together < LONGEST_BLEND_SECONDS:
                waiting.append(passing)
                continue
            if first.track is None or second.track is None or first.track == second.track or second.first is None:
                continue
            shared = first.deck == second.deck
            facts.append(Blended(first.track, second.track, second.first, None if shared else together))
        self._passing = waiting
        return facts


def _same(load: _Load, deck: Deck) -> bool:
    """Whether a deck still holds what it held."""
    if load.path is None and deck.path is None:
        return deck.playing or deck.track is not None
    return load.path == deck.path


def _is_it(other: _Load, load: _Load) -> bool:
    """Whether two decks tell of one track: one deck by two shims, or a track that is doubled."""
    return other is load or (load.track is not None and other.track == load.track)


def _counts(load: _Load) -> bool:
    long_enough = load.heard >= PLAYED_SECONDS and (load.alone >= ALONE_SECONDS or load.heard >= TOGETHER_SECONDS)
    return long_enough and not load.counted
