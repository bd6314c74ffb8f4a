"""Versions of one work: tracks of one title and artist, and bounces of one name in one folder, in their order."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from segue.library import names, paths, places, tracks, versions
from segue.library.connection import Database

_WORD: Final = r"v(?:er(?:sion)?)?|bounce|mix(?: ?down)?|master|final(?: mix| master)?|render|export|demo|take|draft|idea|rough mix"
_NUMBERED: Final = re.compile(rf"\b({_WORD})[ ._\-]*(\d+(?:[._]\d+)*)([a-z]?)\b", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"[\s._\-]+")
_INITIALS: Final = 2
"""Letters that the names of two bounces of one work begin with, looked at before everything else."""


class Entry(NamedTuple):
    """One version of a work."""

    id: int | None
    """None for a file that is in no library."""
    path: str
    """Empty when it has no file any more."""
    title: str
    artist: str | None
    label: str
    """What tells it from the others: ``v7``, ``final 2``, ``Extended Mix``."""
    at: float
    """Unix time of its oldest file, else of when the library met it."""
    duration: float | None
    missing: bool


class Works:
    """What `Library` can do about works; its methods may be called from any thread."""

    _database: Database

    def versions_of(self, track_id: int) -> list[Entry]:
        """Return all versions of a track's work, oldest first; the track alone where it has no other."""
        with self._database.reading() as db:
            return of_track(db, track_id)

    def versions_of_file(self, path: str, title: str | None, artist: str | None) -> list[Entry]:
        """Return the versions in the library of the work that a file's tags or name tell of, oldest first."""
        with self._database.reading() as db:
            return of_file(db, path, title, artist)


def of_track(db: sqlite3.Connection, track_id: int) -> list[Entry]:
    """Return all versions of a track's work, oldest first; the track alone where it has no other."""
    row = db.execute("SELECT work_key FROM tracks WHERE id = ?", (track_id,)).fetchone()
    files = db.execute("SELECT path FROM files WHERE track_id = ?", (track_id,)).fetchall()
    found = {track_id} | _of_key(db, 0 if row is None else row[0])
    for (path,) in files:
        found |= _of_name(db, paths.restored(path))
    return in_order(_entries(db, found))


def of_file(db: sqlite3.Connection, path: str, title: str | None, artist: str | None) -> list[Entry]:
    """Return the versions in the library of the work that a file's tags or name tell of, oldest first."""
    this = file_entry(path, title, artist, 0.0, None)
    key = versions.work_key(this.title, this.artist)
    return in_order(_entries(db, _of_key(db, tracks.signed(key)) | _of_name(db, path)))


def file_entry(path: str, title: str | None, artist: str | None, at: float, duration: float | None) -> Entry:
    """Return the version that a file is that is in no library, by its tags or its name."""
    guessed, guessed_artist = names.from_file_name(path)
    artist = artist or (None if title else guessed_artist)
    return Entry(None, path, title or guessed, artist, label(title or guessed, path), at, duration, missing=False)


def label(title: str, path: str) -> str:
    """Return what tells a version from others, by its title or else by its file's name; the one with a number first."""
    said = versions.version(title)
    named = versions.version(_name(path)) if path else ""
    return named if named and (not said or (number(named) and not number(said))) else said


def number(version: str) -> tuple[str, tuple[int, ...], str] | None:
    """Return what a version is counted by, as ``("v", (7,), "")`` for ``v07`` and ``("final", (2,), "b")`` for ``final2b``."""
    found = list(_NUMBERED.finditer(version))
    if not found:
        return None
    word, digits, letter = found[-1].groups()
    word = _BETWEEN.sub("", word.casefold())
    return ("v" if word.startswith("ver") else word), tuple(map(int, re.split(r"[._]", digits))), letter.casefold()


def name_of(entry: Entry) -> str:
    """Return the work's name as a version's title spells it, without what tells versions apart where that comes last."""
    bare, folded = versions.stem(entry.title), names.fold(entry.title)
    return entry.title[: len(bare)] if len(folded) == len(entry.title) and folded.startswith(bare) else entry.title


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Put versions in their order: by time, and those that are counted by one word by their numbers."""
    ordered = sorted(entries, key=lambda entry: (entry.at, entry.label.casefold(), entry.id or 0))
    counted = [number(entry.label) for entry in ordered]
    for word in {one[0] for one in counted if one is not None}:
        places = [place for place, one in enumerate(counted) if one is not None and one[0] == word]
        by_number = sorted(places, key=lambda place: (counted[place] or ("", (), ""))[1:])
        for place, entry in zip(places, [ordered[place] for place in by_number], strict=True):
            ordered[place] = entry
    return ordered


def called(entries: Sequence[Entry], wanted: str) -> Entry | None:
    """Return the version that a user means by ``v6``, ``6`` or ``extended mix``; the latest of several, None where none is."""
    plain = _BETWEEN.sub("", names.fold(wanted))
    count = number(wanted if wanted.strip()[:1].isalpha() else f"v{wanted.strip()}")
    for entry in reversed(entries):
        if _BETWEEN.sub("", names.fold(entry.label)) == plain or (count is not None and number(entry.label) == count):
            return entry
    return None


def _of_key(db: sqlite3.Connection, key: int) -> set[int]:
    if not key:
        return set()
    return {track_id for (track_id,) in db.execute("SELECT id FROM tracks WHERE work_key = ?", (key,))}


def _of_name(db: sqlite3.Connection, path: str) -> set[int]:
    """Tracks of files in the same folder whose names have the same stem."""
    wanted = _name(path)
    initials, stem = names.fold(wanted)[:_INITIALS], versions.stem(wanted)
    low, high = paths.below(os.path.dirname(path))  # noqa: PTH120 - the bytes of a name, not a place on this system
    rows = db.execute(
        "SELECT path, track_id FROM files WHERE path > ? AND path < ? AND track_id IS NOT NULL", (low, high)
    )
    found = set()
    for stored, track_id in rows:
        if low[-1:] in stored[len(low) :]:
            continue  # in a folder below
        name = _name(paths.restored(stored))
        if names.fold(name)[:_INITIALS] == initials and versions.stem(name) == stem:
            found.add(int(track_id))
    return found


def _name(path: str) -> str:
    return names.from_file_name(path)[0]


def _entries(db: sqlite3.Connection, ids: Iterable[int]) -> list[Entry]:
    wanted = json.dumps(sorted(ids))
    shown = {track_id: files[0][0] for track_id, files in places.files(db, wanted).items()}
    rows = db.execute(
        """SELECT t.id, t.title, t.artist, t.duration, t.standing, t.added_at,
               (SELECT min(f.mtime_ns) FROM files f WHERE f.track_id = t.id)
           FROM tracks t WHERE t.id IN (SELECT value FROM json_each(?))""",
        (wanted,),
    )
    return [
        Entry(
            id=track_id,
            path=shown.get(track_id, ""),
            title=title,
            artist=artist,
            label=label(title, shown.get(track_id, "")),
            at=added_at if mtime_ns is None else mtime_ns / 1e9,
            duration=duration,
            missing=standing < 2,
        )
        for track_id, title, artist, duration, standing, added_at, mtime_ns in rows
    ]
