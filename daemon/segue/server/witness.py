"""What can be concluded from what the decks say: what was played, what blended into what, what was taken or thrown out again.

A pure state machine: it is told what decks hold and what time it is, and says what happened. It touches nothing.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from segue.protocol.messages import Deck
from segue.server.offers import Offers

PLAYED_SECONDS: Final = 30.0
"""A track that is heard for so long was played ..."""
ALONE_SECONDS: Final = 5.0
"""... if for so long of it no other deck played: until then it may be in the headphones only ..."""
TOGETHER_SECONDS: Final = 90.0
"""... or if it went on for so long, whatever else played."""
THROWN_OUT_SECONDS: Final = 20.0
"""A track that was heard for less, and taken off while another went on, was the wrong one ..."""
TRIED_SECONDS: Final = 1.0
"""... if it was heard at all, be it in the headphones."""
TAKEN_SECONDS: Final = 20.0
"""A suggestion that stays on its deck for so long was taken."""
RENAMED_SECONDS: Final = 1.5
"""A track that leaves one deck and is on another one of the same shim within so long has not moved: the deck has another name."""
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


class Taken(NamedTuple):
    """A suggestion was put on a deck, and stayed there."""

    from_id: int
    """After this one it was suggested."""
    to_id: int
    at: float
    """When it was put there, Unix time."""


Fact = PlayedOnDeck | Blended | ThrownOut | Taken


@dataclass(slots=True, eq=False)
class _Load:
    """A track from when it is put on a deck until it is taken off."""

    number: int
    deck: str
    client: str
    path: str | None
    track: int | None
    since: float
    """When it was put there."""
    told: float
    """When its deck last spoke."""
    after: int | None = None
    """It was suggested after this track, and whether it stays is still to be seen."""
    runs: bool = False
    """It is started, be it with the fader down."""
    playing: bool = False
    """It is heard in the room."""
    first: float | None = None
    """When it was first heard."""
    last: float = 0.0
    """When it was last heard."""
    ran: float = 0.0
    """Seconds, in the headphones too."""
    heard: float = 0.0
    alone: float = 0.0
    """Seconds in which no other deck played."""
    counted: bool = False
    beside: dict[int, float] = field(default_factory=dict)
    """Seconds together with other loads, by their number."""


class _Gone(NamedTuple):
    """A track that was taken off, and what that means, unless it is on a deck with another name in a moment."""

    load: _Load
    at: float
    facts: list[Fact]


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
        self._gone: list[_Gone] = []
        self._offers = Offers()
        self._fronts: deque[_Load] = deque(maxlen=_MOST_FRONTS)
        """What was counted as played, the last one last."""
        self._passing: list[_Passing] = []
        self._known: dict[int, float] = {}
        """When a track was last known to be played, by track."""

    def offer(self, seed: int, tracks: Collection[int], at: float) -> None:
        """Somebody is shown these tracks as what may come after another one."""
        self._offers.add(seed, tracks, at)

    def deck(self, deck: Deck) -> list[Fact]:
        """Take a deck's word, at its time ``updated``; return what is known now that was not known before."""
        facts = self.tick(deck.updated)
        load = self._loads.get(deck.deck)
        if load is not None and not _same(load, deck):
            self._take_off(load)
            load = None
        if load is None and (deck.path is not None or deck.playing):
            load = self._renamed(deck) or self._new(deck)
        if load is not None:
            load.track = deck.track if load.track is None else load.track
            load.told = self._now
            load.runs = deck.playing
            load.playing = deck.playing and not deck.is_silent
            if load.playing and load.first is None:
                load.first = self._now
            self._loads.pop(deck.deck, None)
            self._loads[deck.deck] = load
            while len(self._loads) > _MOST_DECKS:
                self._take_off(next(iter(self._loads.values())))
        return [*facts, *self._passed()]

    def tick(self, now: float) -> list[Fact]:
        """Let time go on; return what is known now that was not known before."""
        # A clock may be set back: time goes on from there, rather than standing still until it is as late again.
        seconds, self._now = max(0.0, now - self._now), now
        facts = self._gone_for_good()
        for load in self._loads.values():
            load.told, load.since = min(load.told, now), min(load.since, now)
            load.runs = load.runs and self._now - load.told <= STALE_SECONDS
            load.playing = load.playing and load.runs
            load.ran += seconds if load.runs else 0.0
        playing = [load for load in self._loads.values() if load.playing]
        for load in playing:
            load.heard += seconds
            load.last = self._now
            others = [other for other in playing if not _is_it(other, load)]
            load.alone += 0.0 if others else seconds
            for other in others:
                load.beside[other.number] = load.beside.get(other.number, 0.0) + seconds
        facts += [fact for load in self._loads.values() for fact in self._stays(load)]
        facts += [fact for load in playing if _counts(load) for fact in self._count(load)]
        return [*facts, *self._passed()]

    def announce(self, track: int, at: float) -> None:
        """Somebody else has said that a track was played: it is not counted again."""
        self._known[track] = max(at, self._known.get(track, at))

    def forget(self, track: int) -> None:
        """Somebody has said that a track was not played after all; it stays uncounted while it is on its deck."""
        self._known.pop(track, None)
        self._passing = [one for one in self._passing if track not in {one.first.track, one.second.track}]
        self._fronts = deque((load for load in self._fronts if load.track != track), _MOST_FRONTS)

    def _new(self, deck: Deck) -> _Load:
        after = None if deck.track is None else self._offers.take(deck.track, self._now)
        number = next(self._numbers)
        return _Load(number, deck.deck, deck.client, deck.path, deck.track, self._now, self._now, after)

    def _renamed(self, deck: Deck) -> _Load | None:
        """The load that this one continues, where a deck has got another name."""
        held = (deck.path, deck.client)
        gone = next((one for one in self._gone if deck.path and (one.load.path, one.load.client) == held), None)
        if gone is None:
            return None
        self._gone.remove(gone)
        gone.load.deck = deck.deck
        return gone.load

    def _take_off(self, load: _Load) -> None:
        del self._loads[load.deck]
        newer = next((other for other in self._loads.values() if self._continues(other, load)), None)
        if newer is not None:  # the new name came before the old one went
            load.deck, load.told = newer.deck, newer.told
            load.runs, load.playing = newer.runs, newer.playing
            load.first = newer.first if load.first is None else load.first
            self._loads[load.deck] = load
            return
        self._gone.append(_Gone(load, self._now, self._verdict(load)))
        load.runs = load.playing = False

    def _continues(self, newer: _Load, load: _Load) -> bool:
        recent = load.number < newer.number and self._now - newer.since <= RENAMED_SECONDS
        return recent and load.path is not None and (load.path, load.client) == (newer.path, newer.client)

    def _gone_for_good(self) -> list[Fact]:
        passed = [one for one in self._gone if not 0.0 <= self._now - one.at <= RENAMED_SECONDS]
        self._gone = [one for one in self._gone if one not in passed]
        return [fact for one in passed for fact in one.facts]

    def _stays(self, load: _Load) -> Iterator[Fact]:
        if load.after is not None and load.track is not None and self._now - load.since >= TAKEN_SECONDS:
            yield Taken(load.after, load.track, load.since)
            load.after = None

    def _verdict(self, load: _Load) -> list[Fact]:
        tried = not load.counted and TRIED_SECONDS <= load.ran < THROWN_OUT_SECONDS
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
            goes_on = first.playing or any(one.load is first for one in self._gone)
            if goes_on and together < LONGEST_BLEND_SECONDS:
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
    """Whether two decks tell of one track: one deck by two shims or by two names, or a track that is doubled."""
    same = (load.track is not None and other.track == load.track) or (load.path is not None and other.path == load.path)
    return other is load or same


def _counts(load: _Load) -> bool:
    long_enough = load.heard >= PLAYED_SECONDS and (load.alone >= ALONE_SECONDS or load.heard >= TOGETHER_SECONDS)
    return long_enough and not load.counted
