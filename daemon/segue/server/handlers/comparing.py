"""Laying a file over records, with the workers' help, and saying what was found."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Final, NamedTuple

from segue.analysis.pool import AnalysisPool
from segue.analysis.result import Likeness
from segue.errors import AudioError, WorkerError
from segue.library.store import Library

_TIMES: Final = (1.0, 2.0, 0.5, 1.5, 2.0 / 3.0)
"""Ways in which the beats of two tempi meet."""
_NAMES: Final = {0.5: "half a semitone", 1.0: "a semitone", 1.5: "one and a half semitones", 2.0: "two semitones"}
_Comparison = Future[tuple[Likeness, ...]] | None


class Timed(NamedTuple):
    """What a comparison needs to know of a recording."""

    bpm: float | None
    seconds: float
    track: int = 0
    """Id of a record."""


class Comparer:
    """Compares files with records; waits for the answers, so it is not for the router's thread."""

    def __init__(self, library: Library, pool: AnalysisPool) -> None:
        self._library = library
        self._pool = pool

    def each(
        self, path: Path, this: Timed, records: Sequence[Timed]
    ) -> Iterator[tuple[int, tuple[Likeness, ...] | None]]:
        """Ids of records with what was found in them, in their order; None for one that is away or cannot be decoded."""
        for track, comparison in self._begun(path, this, records):
            try:
                yield track, None if comparison is None else comparison.result()
            except (AudioError, WorkerError):
                yield track, None

    def _begun(self, path: Path, this: Timed, records: Sequence[Timed]) -> Iterator[tuple[int, _Comparison]]:
        """Comparisons; no more of them wait than keep the workers busy, for others want them too."""
        waiting: deque[tuple[int, _Comparison]] = deque()
        for record in records:
            waiting.append((record.track, self._begin(path, this, record)))
            if len(waiting) > self._pool.workers:
                yield waiting.popleft()
        yield from waiting

    def _begin(self, path: Path, this: Timed, record: Timed) -> _Comparison:
        files = self._library.present_files(record.track)
        if not files:
            return None
        speeds = [] if not (this.bpm and record.bpm) else [this.bpm / record.bpm * times for times in _TIMES]
        return self._pool.compare(path, Path(files[0]), this.seconds + record.seconds, speeds)


def told(likeness: Likeness) -> str:
    """A stretch that is close, in one line."""
    here = f"{clock(likeness.start)}-{clock(likeness.end)}"
    there = f"{clock(likeness.other_start)}-{clock(likeness.other_end)}"
    ways = [_pitched(likeness.semitones)]
    if abs(likeness.speed - 1.0) >= 0.001:
        ways.append(f"{100.0 * (likeness.speed - 1.0):+.1f} % in tempo")
    said = ", ".join([f"{here} is like {there} of it", *filter(None, ways)])
    return f"{said}: {likeness.nearness:.2f} near"


def clock(seconds: float) -> str:
    """A time in a recording as ``2:05``."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _pitched(semitones: float) -> str:
    if not semitones:
        return ""
    name = _NAMES.get(abs(semitones), f"{abs(semitones):g} semitones")
    return f"{name} {'higher' if semitones > 0 else 'lower'}"
