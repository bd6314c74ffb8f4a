"""What Mixxx's data base tells; nothing is written here."""

# ruff: noqa: S608 - queries are joined from constants of this module

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from segue_plugins.mixxx.connection import Connection

_OURS, _THEIRS = os.sep, "/"
"""Mixxx writes slashes on all systems."""
PLAIN: Final = 0
AUTO_DJ: Final = 1
HISTORY: Final = 2
"""`Playlists.hidden` of a user's playlist, of the Auto DJ queue, and of a night."""
_SAME_SECONDS: Final = 5e-4
"""Two lengths of one track differ by less: Mixxx writes them with many digits."""
_SAME_BPM: Final = 0.01
_THERE: Final = "l.mixxx_deleted = 0 AND f.fs_deleted = 0"
_TRACKS: Final = "library l JOIN track_locations f ON f.id = l.location"
_LISTS: Final = (
    "PlaylistTracks t JOIN Playlists p ON p.id = t.playlist_id"
    " JOIN library l ON l.id = t.track_id JOIN track_locations f ON f.id = l.location"
)
_KEYS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""From C upwards, as `library.key_id` counts: 1 to 12 are major, 13 to 24 minor, 0 is none."""


class Played(NamedTuple):
    """The last row of Mixxx's history."""

    row: int
    path: str
    seconds: float
    """How long the track is; 0: Mixxx does not know."""


class Playlist(NamedTuple):
    """One of our playlists. Both must fit: SQLite gives the id of a deleted playlist to the next one."""

    id: int
    name: str


class Entry(NamedTuple):
    """A track of Mixxx's library, in one of its lists."""

    id: int
    path: str


class Values(NamedTuple):
    """What Mixxx knows of a track."""

    path: str
    artist: str
    title: str
    seconds: float
    """How long it is; 0: Mixxx does not know."""
    bpm: float | None
    locked: bool
    """The user has forbidden Mixxx to change the tempo."""
    key: str | None
    """As in ``"F# minor"``, or as the file or the user wrote it where Mixxx makes nothing of it."""
    rating: int
    """Stars, 1 to 5; 0: none."""
    plays: int


class Counts(NamedTuple):
    """How much there is."""

    tracks: int
    playlists: int
    nights: int
    crates: int


class Reading(Connection):
    """Questions to Mixxx's data base. Each may raise ProgramBusyError: somebody writes just now, ask again.

    Paths are as this system writes them, in questions and in answers.
    """

    def last_played(self) -> Played | None:
        """The last row of the history; Mixxx writes one when a track has become the loudest."""
        rows = self._rows(
            f"SELECT t.id, f.location, l.duration FROM {_LISTS} WHERE p.hidden = ? ORDER BY t.id DESC LIMIT 1", HISTORY
        )
        return Played(int(rows[0][0]), _ours(rows[0][1]), float(rows[0][2] or 0.0)) if rows else None

    def is_analysed(self, path: str) -> bool:
        """Whether Mixxx has analysed a file, so that whoever opens it does so to play it."""
        return bool(
            self._rows(
                f"SELECT 1 FROM {_TRACKS} JOIN track_analysis a ON a.track_id = l.id WHERE f.location = ? LIMIT 1",
                _theirs(path),
            )
        )

    def ids(self, paths: Iterable[str]) -> dict[str, int]:
        """Ids of the tracks that Mixxx's library has, by path as it was asked for."""
        asked = _asked(paths)
        rows = self._rows(f"SELECT f.location, l.id FROM {_TRACKS} WHERE {_listed('f.location')} AND {_THERE}", asked)
        return {asked[str(path)]: int(number) for path, number in rows}

    def durations(self, paths: Iterable[str]) -> dict[str, float]:
        """Seconds by path as it was asked for, of the tracks whose length Mixxx knows."""
        asked = _asked(paths)
        rows = self._rows(
            f"SELECT f.location, l.duration FROM {_TRACKS} WHERE {_listed('f.location')} AND l.duration > 0", asked
        )
        return {asked[str(path)]: float(seconds) for path, seconds in rows}

    def find(self, duration: float, bpm: float = 0.0) -> str | None:
        """The only track of this length (seconds); of several the only one with this tempo; None: none, or no telling."""
        rows = self._rows(
            f"SELECT f.location, l.bpm FROM {_TRACKS} WHERE l.duration BETWEEN ? AND ? AND {_THERE}",
            duration - _SAME_SECONDS,
            duration + _SAME_SECONDS,
        )
        if len(rows) > 1 and bpm:
            rows = [row for row in rows if abs((row[1] or 0.0) - bpm) < _SAME_BPM]
        return _ours(rows[0][0]) if len(rows) == 1 else None

    def by_name(self, artist: str, title: str) -> str | None:
        """The only track of this artist and title; None: there is none, or more than one."""
        rows = self._rows(
            f"SELECT f.location FROM {_TRACKS} WHERE l.title = ? AND coalesce(l.artist, '') = ? AND {_THERE}",
            title,
            artist,
        )
        return _ours(rows[0][0]) if len(rows) == 1 else None

    def tracks(self, playlist: Playlist) -> list[int]:
        """What a playlist holds, in order."""
        with self._reading() as db:
            return tracks(db, playlist.id)

    def auto_dj(self) -> list[Entry]:
        """What waits in the Auto DJ queue, the next one first. The first may be loaded already, until it is heard."""
        rows = self._rows(
            f"SELECT l.id, f.location FROM {_LISTS} WHERE p.hidden = ? AND l.mixxx_deleted = 0 ORDER BY t.position, t.id",
            AUTO_DJ,
        )
        return [Entry(int(number), _ours(path)) for number, path in rows]

    def night(self) -> list[Entry]:
        """What was played in the last night that Mixxx has written down, the first one first."""
        rows = self._rows(
            f"SELECT l.id, f.location FROM {_LISTS} WHERE p.id = (SELECT max(id) FROM Playlists WHERE hidden = ?)"
            " ORDER BY t.position, t.id",
            HISTORY,
        )
        return [Entry(int(number), _ours(path)) for number, path in rows]

    def artists(self, ids: Sequence[int]) -> list[str]:
        """Who made these tracks, where Mixxx knows it; in no order."""
        rows = self._rows(f"SELECT artist FROM library WHERE {_listed('id')} AND artist <> ''", ids)
        return [str(row[0]) for row in rows]

    def plain(self, names: Iterable[str]) -> list[Playlist]:
        """The playlists of a user's, or of ours, that have these names, each once."""
        rows = self._rows("SELECT name, min(id) FROM Playlists WHERE hidden = ? GROUP BY name", PLAIN)
        ids = {str(name): int(number) for name, number in rows}
        return [Playlist(ids[name], name) for name in names if name in ids]

    def there(self, playlists: Iterable[Playlist]) -> list[Playlist]:
        """Those of them that are there under their names."""
        with self._reading() as db:
            return [playlist for playlist in playlists if is_there(db, playlist)]

    def names(self, playlists: Iterable[Playlist]) -> list[str]:
        """What playlists with the ids of these are called now."""
        rows = self._rows(
            f"SELECT name FROM Playlists WHERE hidden = ? AND {_listed('id')} ORDER BY id",
            PLAIN,
            [playlist.id for playlist in playlists],
        )
        return [str(row[0]) for row in rows]

    def directories(self) -> list[str]:
        """The folders of music that Mixxx looks through."""
        return [_ours(row[0]) for row in self._rows("SELECT directory FROM directories ORDER BY directory")]

    def crates(self) -> dict[str, list[str]]:
        """Paths of the tracks in each crate, by the crate's name."""
        rows = self._rows(
            f"SELECT c.name, f.location FROM {_TRACKS} JOIN crate_tracks t ON t.track_id = l.id"
            f" JOIN crates c ON c.id = t.crate_id WHERE {_THERE} ORDER BY c.name, l.id"
        )
        found: dict[str, list[str]] = {}
        for name, path in rows:
            found.setdefault(str(name), []).append(_ours(path))
        return found

    def values(self) -> list[Values]:
        """What Mixxx knows of all tracks that it has."""
        rows = self._rows(
            "SELECT f.location, coalesce(l.artist, ''), coalesce(l.title, ''), coalesce(l.duration, 0), l.bpm,"
            " coalesce(l.bpm_lock, 0), coalesce(l.key_id, 0), coalesce(l.key, ''), coalesce(l.rating, 0),"
            f" coalesce(l.timesplayed, 0) FROM {_TRACKS} WHERE {_THERE} ORDER BY f.location"
        )
        return list(map(_values, rows))

    def locked(self, playlists: Iterable[Playlist]) -> list[Playlist]:
        """Those of them that the user has locked."""
        rows = self._rows("SELECT id, name FROM Playlists WHERE hidden = ? AND locked = 1", PLAIN)
        return [playlist for playlist in playlists if tuple(playlist) in rows]

    def lists(self, but: Iterable[int] = ()) -> int:
        """How many playlists and nights have tracks, without those of some ids."""
        rows = self._rows(
            f"SELECT count(DISTINCT p.id) FROM {_LISTS} WHERE p.hidden IN ({PLAIN}, {HISTORY}) AND NOT {_listed('p.id')}",
            but,
        )
        return int(rows[0][0])

    def counts(self, but: Iterable[int] = ()) -> Counts:
        """How much there is of everything, without the playlists of some ids."""
        one = self._rows(
            f"SELECT (SELECT count(*) FROM {_TRACKS} WHERE {_THERE}),"
            f" (SELECT count(*) FROM Playlists WHERE hidden = ? AND NOT {_listed('id')}),"
            " (SELECT count(*) FROM Playlists WHERE hidden = ?), (SELECT count(*) FROM crates)",
            PLAIN,
            but,
            HISTORY,
        )[0]
        return Counts(*map(int, one))

    def _rows(self, query: str, *values: str | float | Iterable[str | int]) -> list[tuple[Any, ...]]:
        """Ask; what is no text or number becomes a list for `_listed`."""
        said = [
            _sayable(value) if isinstance(value, str | int | float) else json.dumps(list(value)) for value in values
        ]
        with self._reading() as db:
            return db.execute(query, said).fetchall()


def _ours(path: object) -> str:
    """A path of Mixxx's, as this system writes it."""
    return str(path).replace(_THEIRS, _OURS)


def _theirs(path: str) -> str:
    """A path as Mixxx writes it."""
    return path.replace(_OURS, _THEIRS)


def _asked(paths: Iterable[str]) -> dict[str, str]:
    """Paths by what Mixxx writes for them."""
    return {_theirs(path): path for path in paths}


def _sayable(value: str | float) -> str | float:
    """Bytes of a file name that are no text cannot be asked for, and Mixxx does not have them."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def is_there(db: sqlite3.Connection, playlist: Playlist) -> bool:
    """Whether there is a playlist with this id and this name."""
    found = db.execute(
        "SELECT 1 FROM Playlists WHERE id = ? AND name = ? AND hidden = ?", (playlist.id, playlist.name, PLAIN)
    )
    return found.fetchone() is not None


def tracks(db: sqlite3.Connection, playlist: int) -> list[int]:
    """Ids of a playlist's tracks, in order."""
    rows = db.execute("SELECT track_id FROM PlaylistTracks WHERE playlist_id = ? ORDER BY position, id", (playlist,))
    return [int(row[0]) for row in rows]


def _listed(column: str) -> str:
    return f"{column} IN (SELECT value FROM json_each(?))"


def _values(row: Sequence[Any]) -> Values:
    path, artist, title, seconds, bpm, locked, key_id, key, rating, plays = row
    return Values(
        path=_ours(path),
        artist=str(artist),
        title=str(title),
        seconds=max(float(seconds), 0.0),
        bpm=float(bpm) if bpm and bpm > 0 else None,
        locked=bool(locked),
        key=_key(int(key_id)) or str(key).strip() or None,
        rating=min(max(int(rating), 0), 5),
        plays=max(int(plays), 0),
    )


def _key(number: int) -> str | None:
    if not 1 <= number <= 2 * len(_KEYS):
        return None
    minor, pitch = divmod(number - 1, len(_KEYS))
    return f"{_KEYS[pitch]} {'minor' if minor else 'major'}"
