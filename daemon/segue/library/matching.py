"""Which track another program means: by its path, else its file name, else artist and title."""

from __future__ import annotations

import ntpath
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from segue.library import names, paths

_SAME_SECONDS: Final = 3.0
"""Programs count the length of a recording in their own ways."""


class Wanted(NamedTuple):
    """A track as another program writes it down."""

    path: str | None = None
    artist: str | None = None
    title: str | None = None
    duration: float | None = None
    """Seconds."""


class _Known(NamedTuple):
    track: int
    parts: tuple[str, ...]
    """Of a path, last first."""


def find(db: sqlite3.Connection, wanted: Sequence[Wanted]) -> list[int | None]:
    """Return the track of each, None where the library has none or cannot tell which.

    A file that lies elsewhere now is known by its name, if one track alone has it or one shares most of the folders above it.
    """
    found = [_by_path(db, one.path) for one in wanted]
    if all(track is not None for track in found):
        return found
    rows = {
        track: (title, artist, duration)
        for track, title, artist, duration in db.execute(
            "SELECT id, title, artist, duration FROM tracks WHERE standing"
        )
    }
    by_name = _by_file_name(db)
    by_words: dict[tuple[str, str], list[int]] = defaultdict(list)
    for track, (title, artist, _) in rows.items():
        for words in {_words(artist, title), _words(names.without_guests(artist or ""), title), _words(None, title)}:
            by_words[words].append(track)
    durations = {track: row[2] for track, row in rows.items()}
    return [
        track if track is not None else _by_name(one, by_name, durations) or _by_title(one, by_words, durations)
        for track, one in zip(found, wanted, strict=True)
    ]


def _by_path(db: sqlite3.Connection, path: str | None) -> int | None:
    if path is None or "\0" in path:
        return None
    for form in dict.fromkeys((path, unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path))):
        try:
            name = paths.stored(form)
        except UnicodeEncodeError:
            continue
        row = db.execute("SELECT track_id FROM files WHERE path = ? AND track_id > 0", (name,)).fetchone()
        if row is not None:
            return int(row[0])
    return None


def _by_file_name(db: sqlite3.Connection) -> dict[str, list[_Known]]:
    known: dict[str, list[_Known]] = defaultdict(list)
    for shown, track in db.execute("SELECT shown, track_id FROM files WHERE track_id > 0 ORDER BY path"):
        parts = _parts(shown)
        known[parts[0]].append(_Known(track, parts))
    return known


def _by_name(one: Wanted, known: dict[str, list[_Known]], durations: dict[int, float | None]) -> int | None:
    if not one.path:
        return None
    parts = _parts(one.path)
    named = [file for file in known.get(parts[0], ()) if _as_long(durations.get(file.track), one.duration)]
    if len({file.track for file in named}) <= 1:
        return named[0].track if named else None
    shared = [_shared(file.parts, parts) for file in named]
    best = {file.track for file, count in zip(named, shared, strict=True) if count == max(shared)}
    return best.pop() if len(best) == 1 else None


def _by_title(one: Wanted, known: dict[tuple[str, str], list[int]], durations: dict[int, float | None]) -> int | None:
    if not one.title:
        return None
    artist, title = _words(one.artist, one.title)
    same = next(
        (
            known[words]
            for words in ((artist, title), (names.without_guests(artist), title), (title, artist))
            if words in known
        ),
        [],
    )
    if one.duration is None:
        return same[0] if len(same) == 1 else None
    wanted = one.duration
    near = [track for track in same if _as_long(durations[track], wanted)]
    return min(near, key=lambda track: (abs((durations[track] or wanted) - wanted), track), default=None)


def _as_long(duration: float | None, wanted: float | None) -> bool:
    return duration is None or wanted is None or abs(duration - wanted) <= _SAME_SECONDS


def _words(artist: str | None, title: str | None) -> tuple[str, str]:
    return names.fold(artist or ""), names.fold(title or "")


def _parts(path: str) -> tuple[str, ...]:
    """The parts of a path of any system, folded, last first."""
    folded = unicodedata.normalize("NFC", path.replace("\\", "/")).casefold()
    return tuple(reversed([part for part in folded.split("/") if part])) or (ntpath.basename(folded),)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for mine, its in zip(one, other, strict=False):
        if mine != its:
            break
        count += 1
    return count
