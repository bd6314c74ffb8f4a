"""A made-up Mixxx whose truth is known, for `decks.py`: what a DJ does, and what each source says of it, when."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from segue_plugins.mixxx.process import Handle
from segue_plugins.mixxx.script import DeckReport

STEP = 0.08
"""Seconds between looks."""
DECKS = 4


@dataclass
class Track:
    path: str
    seconds: float
    bpm: float
    analysed: bool
    known: bool
    """Mixxx's library has it."""

    @property
    def mapped(self) -> bool:
        return self.path.endswith(".mp3")


@dataclass
class Player:
    """One real deck."""

    track: Track | None = None
    before: float = 0.0
    """The length of the track before."""
    loaded: float = 0.0
    opened: float = 0.0
    playing: bool = False
    played: float = 0.0
    volume: float = 0.0

    @property
    def is_heard(self) -> bool:
        return self.playing and self.volume > 0


class Other(NamedTuple):
    """A file that is open, and on no deck."""

    begin: float
    end: float
    track: Track
    speed: float
    """Bytes a second: of the analyser, of a preview, of a sampler that nobody plays."""


class Night:
    """A made-up Mixxx and its DJ."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.tracks = self._library()
        self.decks = [Player() for _ in range(DECKS)]
        self.others: list[Other] = []
        self._script: list[tuple[float, int | DeckReport | None]] = []
        """What comes when: a deck of which it will tell, a message that is ready, or None: it was not heard for too long."""
        self.rows: deque[tuple[float, Track]] = deque()
        self.is_linked = False
        self._link_at = self.random.uniform(0, 60)
        self._plans: list[tuple[float, int]] = []
        """Loads to come: when, and on which deck."""
        self._next = 1.0
        self._loudest: Track | None = None
        self._title: list[tuple[float, Track | None]] = [(0.0, None)]
        """What the window says from when on."""
        self._recent: deque[str] = deque(maxlen=6)
        if self.random.random() < 0.25:
            self.others += [Other(0.0, 1e9, self._pick(), 0.0) for _ in range(2)]  # samplers

    def _library(self) -> list[Track]:
        tracks = []
        for number in range(400):
            seconds = self.random.uniform(120, 480)
            if number % 50 == 49:
                seconds = tracks[-1].seconds  # a copy of the one before
            suffix = self.random.choice(("mp3", "mp3", "flac", "m4a", "wav"))
            bpm = round(self.random.gauss(126, 8), 2)
            path = f"/music/{number}.{suffix}"
            tracks.append(Track(path, seconds, bpm, self.random.random() < 0.9, self.random.random() < 0.95))
        return tracks

    def _pick(self) -> Track:
        return self.random.choice(self.tracks)

    def step(self, now: float) -> None:
        """Go on by one look."""
        if now >= self._next:
            self._next = now + self.random.expovariate(1 / 9)
            self._act(now)
        for plan in [plan for plan in self._plans if plan[0] <= now]:
            self._plans.remove(plan)
            self._load(plan[1], self._pick(), now)
        for number, player in enumerate(self.decks):
            if player.playing and player.track is not None:
                player.played += STEP
                if player.played > player.track.seconds:
                    player.playing = False
                    self._report(number, now)
        self._history(now)
        self._switch_link(now)

    def _act(self, now: float) -> None:
        number = self.random.randrange(DECKS)
        player = self.decks[number]
        choice = self.random.random()
        if player.track is None or (not player.playing and choice < 0.3):
            self._load(number, self._pick(), now)
        elif choice < 0.36:  # who looks for a track loads a few of them
            gaps = [self.random.uniform(0.2, 0.5) for _ in range(self.random.randrange(2, 6))]
            self._plans += [(now + sum(gaps[: index + 1]), number) for index in range(len(gaps))]
        elif choice < 0.40:
            twins = [other.track for other in self.decks if other.track is not None and other is not player]
            self._load(number, self.random.choice(twins or [self._pick()]), now)
        elif choice < 0.45:
            player.track, player.playing = None, False
            self._report(number, now)
        elif choice < 0.52:
            self.others.append(Other(now, now + self.random.uniform(3, 20), self._pick(), 4e4))  # a preview
        elif choice < 0.56:  # the analyser takes a few files, one after the other
            times = [now + 2.5 * index for index in range(self.random.randrange(2, 12))]
            self.others += [Other(at, at + 2.5, self._pick(), 9e5) for at in times]
        elif choice < 0.75:
            player.volume = self.random.choice((0.0, 0.5, 0.8, 1.0))
            self._report(number, now)
        else:
            player.playing = not player.playing
            player.volume = player.volume or 1.0
            self._report(number, now)

    def _load(self, number: int, track: Track, now: float) -> None:
        player = self.decks[number]
        before = player.track.seconds if player.track else 0.0
        opened = now + self.random.uniform(0.02, 0.11)
        keeps = player.playing and self.random.random() < 0.5
        self.decks[number] = Player(track, before, now, opened, keeps, 0.0, player.volume)
        if not track.analysed:
            self.others.append(Other(opened + 0.1, opened + self.random.uniform(1, 4), track, 9e5))
            track.analysed = True
        if self.is_linked:
            said = now + self.random.uniform(0, 0.05)
            if before and self.random.random() < 0.8:
                self._script.append((said, DeckReport(number + 1, loaded=False, playing=False, duration=before)))
            self._script.append((said + 0.1, number))
            self._script.append((said + 0.4, number))

    def script(self, now: float) -> list[tuple[float, DeckReport | None]]:
        """What has arrived from the script: it tells how a deck is when it tells, not when something happened."""
        due = sorted((one for one in self._script if one[0] <= now), key=lambda one: one[0])
        self._script = [one for one in self._script if one[0] > now]
        return [(at, self._told(what, at) if isinstance(what, int) else what) for at, what in due]

    def _told(self, number: int, now: float) -> DeckReport:
        player = self.decks[number]
        track = player.track
        if track is None:
            return DeckReport(number + 1, loaded=False, playing=False)
        length, bpm = track.seconds, track.bpm
        if now - player.loaded < 0.3:
            length, bpm = self.random.choice((0.0, player.before, length)), 0.0
        length += self.random.uniform(-1e-6, 1e-6) if length else 0.0
        return DeckReport(number + 1, True, player.playing, 1.02, True, player.volume, max(length, 0.0), bpm)

    def _report(self, number: int, now: float) -> None:
        if self.is_linked:
            self._script.append((now + self.random.uniform(0, 0.1), number))

    def _switch_link(self, now: float) -> None:
        if now < self._link_at:
            return
        self.is_linked = not self.is_linked
        if self.is_linked:
            self._link_at = now + self.random.expovariate(1 / 600)
            for number in range(DECKS):
                self._report(number, now + 0.02 * number)
        else:
            self._link_at = now + 10 + self.random.uniform(5, 40)
            self._script.append((now + 10.0, None))

    def _history(self, now: float) -> None:
        heard = max((one for one in self.decks if one.is_heard), key=lambda one: one.volume, default=None)
        track = heard.track if heard else None
        if track is not self._title[-1][1]:  # a stop is shown at once, a track at the next of Mixxx's looks
            at = now + (self.random.uniform(0.1, 2.0) if track else 0.1)
            self._title = [one for one in self._title if one[0] < at] + [(at, track)]
        if track is None or track is self._loudest:
            return
        self._loudest = track
        if track.known and track.path not in self._recent:
            self._recent.append(track.path)
            self.rows.append((now + self.random.uniform(1.5, 1.7) + 0.5 * self.random.random(), track))

    def title(self, now: float) -> Track | None:
        """What the window's title names."""
        while len(self._title) > 1 and self._title[1][0] <= now:
            self._title.pop(0)
        return self._title[0][1]

    def handles(self, now: float) -> list[Handle]:
        """What Mixxx holds open."""
        found = []
        for number, player in enumerate(self.decks):
            if player.track is not None and player.opened <= now:
                moved = 0 if player.track.mapped else 4096 + 40_000 * int(player.played / 1.5)
                found.append(Handle(player.track.path, number, moved))
        self.others = [other for other in self.others if other.end > now]
        for index, other in enumerate(self.others):
            if other.begin <= now:
                moved = 0 if other.track.mapped else 4096 + int(other.speed * (now - other.begin))
                found.append(Handle(other.track.path, 50 + index, moved))
        return found

    def durations(self, paths: list[str]) -> dict[str, float]:
        """What Mixxx's library says."""
        wanted = set(paths)
        return {track.path: track.seconds for track in self.tracks if track.path in wanted and track.known}

    def find(self, seconds: float, bpm: float) -> str | None:
        """The only track of a length."""
        fits = [
            track.path
            for track in self.tracks
            if track.known and abs(track.seconds - seconds) <= 1e-3 and (not bpm or abs(track.bpm - bpm) < 0.01)
        ]
        return fits[0] if len(fits) == 1 else None

    def is_analysed(self, path: str) -> bool:
        """Whether Mixxx has analysed it; it says so when it is done."""
        track = next(track for track in self.tracks if track.path == path)
        return track.analysed and track.known
