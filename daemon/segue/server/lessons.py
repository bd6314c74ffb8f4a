"""Learning from a file: its sets are read, their tracks found in the library, what follows what remembered."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from segue.library.matching import Wanted
from segue.library.memory import Learned
from segue.library.paths import shown
from segue.library.store import Library
from segue.protocol.messages import Lesson
from segue.server.learner import Learner
from segue.sets.entry import Entry, TrackSet
from segue.sets.reading import read_sets

_NAMED: Final = 20
"""Tracks that are not in the library, of which the answer tells."""
_USUAL_SECONDS: Final = 240.0
"""From one track to the next, where only the day is known."""


def lesson(library: Library, learner: Learner, path: Path, kind: str) -> Lesson:
    """Learn from a file; learning it again adds what is new in it.

    Args:
        library: where the tracks are.
        learner: remembers.
        path: the file.
        kind: ``history``, ``playlist``, or ``auto`` for what the file says.

    Raises:
        FileMissingError, FileUnreadableError: it is not there, or may not be read.
        SetFileError: no sets can be read in it.

    """
    reading = read_sets(path)
    entries = [entry for one in reading.sets for entry in one.entries]
    wanted = list(dict.fromkeys(map(_wanted, entries)))
    known = dict(zip(wanted, library.match(wanted), strict=True))
    learned: dict[str, list[Learned]] = {"history": [], "playlist": []}
    for one in reading.sets:
        learned[one.kind if kind == "auto" else kind].extend(_learned(one, known))
    matched = sum(known[_wanted(entry)] is not None for entry in entries)
    number, new = learner.learn(
        shown(path), reading.format, (len(reading.sets), len(entries), matched), learned["history"], learned["playlist"]
    )
    missing = dict.fromkeys(_readable(entry.label) for entry in entries if known[_wanted(entry)] is None)
    return Lesson(
        id=number,
        path=shown(path),
        format=reading.format,
        sets=len(reading.sets),
        entries=len(entries),
        matched=matched,
        transitions=new,
        unmatched=list(missing)[:_NAMED],
        notes=reading.notes,
    )


def _wanted(entry: Entry) -> Wanted:
    return Wanted(entry.path, entry.artist, entry.title, entry.duration)


def _learned(one: TrackSet, known: dict[Wanted, int | None]) -> Iterator[Learned]:
    """Its tracks one after another; a track that is not in the library parts those around it."""
    entries = one.entries
    if one.kind == "history" and all(entry.at is not None for entry in entries):
        entries = sorted(entries, key=lambda entry: entry.at or 0.0)
    for place, (first, second) in enumerate(pairwise(entries)):
        before, after = known[_wanted(first)], known[_wanted(second)]
        if before is None or after is None or before == after:
            continue
        seconds = None if first.at is None or second.at is None else second.at - first.at
        at = second.at
        if at is None:
            at = 0.0 if one.date is None else one.date + _USUAL_SECONDS * (place + 1)
        if seconds is None or seconds >= 0:
            yield Learned(before, after, at, seconds)


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()[:200]
