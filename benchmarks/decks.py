"""How often the Mixxx shim knows what is on which deck, by what it can see: nights of a made-up Mixxx whose truth is known.

    python benchmarks/decks.py [--nights 20] [--minutes 30] [--seed 1]

Delays and noise of each source are those that were measured in a real Mixxx 2.3.3: files are open 0.02 to 0.11 s after a load; the
script tells of a load with the right length, none, or that of the track before, and 0.4 s later with the right one; a row of the
history comes 1.5 to 1.7 s after a track has become the loudest, is seen within 0.5 s, and is not written again for the last six; the
window title names that track within 2 s, and nothing when nothing plays. What the DJ does is random and busier than a night: bursts of
loads, instant doubles, previews, samplers, analysis, files that Mixxx's library does not know, copies of equal length, a script that
comes late and is cut off now and then.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from _mixxx import STEP, Night, Track

from segue_plugins.mixxx.decks import Deck, Decks
from segue_plugins.mixxx.script import DeckReport

SOURCES = {
    "files": {"files"},
    "files, history": {"files", "history"},
    "files, history, title": {"files", "history", "title"},
    "files, history, script": {"files", "history", "script"},
    "script, Mixxx's library": {"script", "library"},
    "script, Mixxx's library, history": {"script", "library", "history"},
    "history": {"history"},
}


class Machine:
    """The shim's state machine with some of the sources."""

    def __init__(self, night: Night, sources: set[str]) -> None:
        self._night = night
        self._sources = sources
        self._next_title = 0.0
        with_library = "files" in sources or "library" in sources
        self.decks = (
            Decks(night.is_analysed, durations=night.durations, find=night.find)
            if with_library
            else Decks(night.is_analysed)
        )

    def take(self, now: float, script: list[tuple[float, DeckReport | None]], rows: list[tuple[float, Track]]) -> None:
        """Feed what has arrived."""
        if "script" in self._sources:
            for at, report in script:
                if report is None:
                    self.decks.silent(at)
                else:
                    self.decks.told(report, at)
        if "files" in self._sources:
            self.decks.look(self._night.handles(now), now)
        if "history" in self._sources:
            for at, track in rows:
                self.decks.heard(track.path, track.seconds, at)
        if "title" in self._sources and now >= self._next_title:
            self._next_title = now + 1.0
            named = self._night.title(now)
            if named is None:
                self.decks.hushed(now)
            else:
                self.decks.named(named.path if named.known else None, now)


@dataclass
class Score:
    """Shares of the time in which decks were loaded."""

    loaded: int = 0
    named: int = 0
    linked: int = 0
    """Of that, while the script was there."""
    numbered: int = 0
    played: int = 0
    looks: int = 0
    strange: int = 0
    latest: int = 0
    delays: list[float] = field(default_factory=list)
    sure: Counter[tuple[str, bool]] = field(default_factory=Counter)
    _waiting: dict[int, tuple[str, float]] = field(default_factory=dict)

    def begin(self) -> None:
        """Another night."""
        self._waiting.clear()

    def count(self, night: Night, machine: Decks, now: float) -> None:
        """Compare an answer with the truth."""
        answer = machine.decks(now)
        left = Counter(deck.path for deck in answer if deck.path)
        numbers = {deck.number: deck for deck in answer if deck.number}
        by_path = {deck.path: deck for deck in answer}
        self.looks += 1
        for number, player in enumerate(night.decks, 1):
            if player.track is None:
                continue
            path = player.track.path
            self.loaded += 1
            here = numbers.get(number)
            if night.is_linked:
                self.linked += 1
                self.numbered += here is not None and here.path == path
            said = here if here is not None and here.path == path else by_path.get(path)
            self._wait(number, path, player.loaded, now, known=left[path] > 0)
            if left[path] > 0:
                left[path] -= 1
                self.named += 1
                self.played += said is not None and said.playing == player.playing
        self.strange += any(left.values())
        for deck in answer:
            if deck.path:
                self.sure[deck.path_by, _is_right(deck, night)] += 1
        loads = [(player.loaded, player.track.path) for player in night.decks if player.track is not None]
        self.latest += machine.latest == (max(loads)[1] if loads else None)

    def _wait(self, number: int, path: str, loaded: float, now: float, *, known: bool) -> None:
        waiting = self._waiting.get(number)
        if waiting is None or waiting[1] != loaded:
            self._waiting[number] = (path, loaded)
            waiting = self._waiting[number]
        if known and waiting[0]:
            self.delays.append(now - loaded)
            self._waiting[number] = ("", loaded)


class Row(NamedTuple):
    """What is printed of one set of sources, in per cent and seconds."""

    sources: str
    named: float
    numbered: float
    played: float
    latest: float
    strange: float
    delay: float
    late: float
    sure: Counter[tuple[str, bool]]


def measure(nights: int, minutes: float, seed: int) -> list[Row]:
    """Play made-up nights for all sets of sources at once."""
    scores = {name: Score() for name in SOURCES}
    for number in range(nights):
        night = Night(1000 * seed + number)
        machines = {name: Machine(night, sources) for name, sources in SOURCES.items()}
        for score in scores.values():
            score.begin()
        for now in _times(60 * minutes):
            night.step(now)
            script = night.script(now)
            rows = _due(night.rows, now)
            for name, machine in machines.items():
                machine.take(now, script, rows)
                scores[name].count(night, machine.decks, now)
    return [_row(name, score) for name, score in scores.items()]


def _times(seconds: float) -> Iterator[float]:
    for step in range(1, int(seconds / STEP)):
        yield step * STEP


def _due(queue: deque[tuple[float, Any]], now: float) -> list[tuple[float, Any]]:
    due = sorted((one for one in queue if one[0] <= now), key=lambda one: one[0])
    for one in due:
        queue.remove(one)
    return due


def _is_right(deck: Deck, night: Night) -> bool:
    if deck.number is not None:
        track = night.decks[deck.number - 1].track
        return track is not None and track.path == deck.path
    return any(player.track is not None and player.track.path == deck.path for player in night.decks)


def _row(name: str, score: Score) -> Row:
    delays = sorted(score.delays)
    return Row(
        name,
        100 * score.named / score.loaded,
        100 * score.numbered / max(score.linked, 1),
        100 * score.played / score.loaded,
        100 * score.latest / score.looks,
        100 * score.strange / score.looks,
        statistics.median(delays) if delays else float("nan"),
        delays[int(0.95 * len(delays))] if delays else float("nan"),
        score.sure,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What the Mixxx shim knows of the decks, by its sources.")
    parser.add_argument("--nights", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| what it can see | tracks known | by number | playing | latest | too many | delay | 95 % |")
    print("|---|---|---|---|---|---|---|---|")
    rows = measure(options.nights, options.minutes, options.seed)
    for row in rows:
        shares = " | ".join(f"{share:.1f}" for share in row[1:6])
        print(f"| {row.sources} | {shares} | {row.delay:.2f} s | {row.late:.2f} s |")
    print("\nHow often a track is right, by who names it (all sources together)")
    for name in ("told", "seen", "history", "title", "guessed"):
        right, wrong = (sum(row.sure[name, fit] for row in rows) for fit in (True, False))
        if right + wrong:
            print(f"  {name:8} {100 * right / (right + wrong):.1f} %")


if __name__ == "__main__":
    main()
