"""Which track another program means: by its path, else its file name, else artist and title."""

from __future__ import annotations

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


class _File(NamedTuple):
    track: int
    path: str


class _Named(NamedTuple):
    track: int
    title: str
    """Folded."""
    artist: str
    duration: float | None


def find(db: sqlite3.Connection, wanted: Sequence[Wanted]) -> list[int | None]:
    """Return the track of each, None where the library has none or cannot tell which.

    A file that lies elsewhere now is known by its name, if one track alone has it or one shares most of the folders above it.
    """
    found = [_by_path(db, one.path) for one in wanted]
    if all(track is not None for track in found):
        return found
    files, titles = _files_by_name(db), _tracks_by_title(db)
    tracks = {one.track: one for same in titles.values() for one in same}
    return [
        track if track is not None else _by_name(one, files, tracks) or _by_title(one, titles)
        for track, one in zip(found, wanted, strict=True)
    ]


def _files_by_name(db: sqlite3.Connection) -> dict[str, list[_File]]:
    known: dict[str, list[_File]] = defaultdict(list)
    for shown, track in db.execute("SELECT shown, track_id FROM files WHERE track_id > 0 ORDER BY path"):
        known[_folded_path(shown).rpartition("/")[2]].append(_File(track, shown))
    return known


def _tracks_by_title(db: sqlite3.Connection) -> dict[str, list[_Named]]:
    known: dict[str, list[_Named]] = defaultdict(list)
    rows = db.execute("SELECT id, title, artist, duration FROM tracks WHERE standing ORDER BY id")
    for track, title, artist, duration in rows:
        folded = names.fold(title)
        known[folded].append(_Named(track, folded, artist or "", duration))
    return known


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


def _by_name(one: Wanted, known: dict[str, list[_File]], tracks: dict[int, _Named]) -> int | None:
    if not one.path:
        return None
    parts = _parts(one.path)
    named = [file for file in known.get(parts[0], ()) if _may_be(tracks.get(file.track), one)]
    if len({file.track for file in named}) <= 1:
        return named[0].track if named else None
    shared = [_shared(_parts(file.path), parts) for file in named]
    best = {file.track for file, count in zip(named, shared, strict=True) if count == max(shared)}
    return best.pop() if len(best) == 1 else None


def _may_be(track: _Named | None, one: Wanted) -> bool:
    """Whether nothing speaks against a file of the same name: many are called ``01.wav``."""
    if track is None:
        return False
    if track.duration is not None and one.duration is not None:
        return _as_long(track.duration, one.duration)
    title = names.fold(one.title or "")
    return title in track.title or track.title in title


def _by_title(one: Wanted, known: dict[str, list[_Named]]) -> int | None:
    if not one.title:
        return None
    same = _of_artist(known.get(names.fold(one.title), []), one.artist)
    if not same and one.artist:  # written the wrong way round
        same = _of_artist(known.get(names.fold(one.artist), []), one.title)
    wanted = one.duration
    if wanted is None:
        return same[0].track if len(same) == 1 else None
    near = [track for track in same if _as_long(track.duration, wanted)]
    best = min(near, key=lambda track: (abs((track.duration or wanted) - wanted), track.track), default=None)
    return None if best is None else best.track


def _of_artist(same: list[_Named], artist: str | None) -> list[_Named]:
    """Those by an artist, with the same guests or else whatever guests; all of them where no artist is said."""
    if not artist:
        return same
    whole = [track for track in same if names.fold(track.artist) == names.fold(artist)]
    if whole:
        return whole
    alone = names.fold(names.without_guests(artist))
    return [track for track in same if names.fold(names.without_guests(track.artist)) == alone]


def _as_long(duration: float | None, wanted: float | None) -> bool:
    return duration is None or wanted is None or abs(duration - wanted) <= _SAME_SECONDS


def _parts(path: str) -> tuple[str, ...]:
    """The parts of a path of any system, folded, last first."""
    return tuple(reversed([part for part in _folded_path(path).split("/") if part])) or ("",)


def _folded_path(path: str) -> str:
    plain = path.replace("\\", "/").casefold()
    return plain if plain.isascii() else unicodedata.normalize("NFC", plain)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for mine, its in zip(one, other, strict=False):
        if mine != its:
            break
        count += 1
    return count
