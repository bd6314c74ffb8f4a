"""Mixxx's data base: read at any time, written for milliseconds, and only what is ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from segue.errors import ProgramBusyError, ProgramUnknownError

KNOWN_SCHEMAS: Final = frozenset({32, 39})
"""Of Mixxx 2.3, and 2.4 and 2.5."""
_COLUMNS: Final = {
    "Playlists": {"id", "name", "position", "hidden", "date_created", "date_modified", "locked"},
    "PlaylistTracks": {"id", "playlist_id", "track_id", "position", "pl_datetime_added"},
    "library": {"id", "location", "duration", "mixxx_deleted"},
    "track_locations": {"id", "location", "fs_deleted"},
    "track_analysis": {"track_id"},
}
_READ_SECONDS: Final = 0.1
_WRITE_SECONDS: Final = 0.15
"""How long one try waits for Mixxx's own write; whoever asks tries again later."""
_PLAIN: Final = 0
_HISTORY: Final = 2
"""`Playlists.hidden` of a user's playlist, and of a night."""


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


class Database:
    """The data base of a settings folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self) -> int:
        """Return the version of its schema.

        Raises
        ------
        ProgramUnknownError
            It is none that we know.

        """
        with self._reading() as db:
            version = _schema(db)
            if version not in KNOWN_SCHEMAS:
                known = " and ".join(map(str, sorted(KNOWN_SCHEMAS)))
                raise ProgramUnknownError(
                    f"{self.path} has schema {version or 'of no number'}, and Segue knows {known} (Mixxx 2.3 to 2.5). "
                    "Nothing was changed: look for a newer Segue."
                )
            for table, needed in _COLUMNS.items():
                there = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
                if missing := needed - there:
                    raise ProgramUnknownError(
                        f"{self.path}: the table {table} lacks {', '.join(sorted(missing))}. Nothing was changed: "
                        "this is not the data base of a Mixxx that Segue knows."
                    )
        return version

    def last_played(self) -> Played | None:
        """The last row of the history; Mixxx writes one when a track has become the loudest."""
        with self._reading() as db:
            row = db.execute(
                "SELECT t.id, f.location, l.duration FROM PlaylistTracks t JOIN Playlists p ON p.id = t.playlist_id"
                " JOIN library l ON l.id = t.track_id JOIN track_locations f ON f.id = l.location"
                " WHERE p.hidden = ? ORDER BY t.id DESC LIMIT 1",
                (_HISTORY,),
            ).fetchone()
        return None if row is None else Played(int(row[0]), str(row[1]), float(row[2] or 0.0))

    def is_analysed(self, path: str) -> bool:
        """Whether Mixxx has analysed a file, so that whoever opens it does so to play it."""
        with self._reading() as db:
            return (
                db.execute(
                    "SELECT 1 FROM track_analysis a JOIN library l ON l.id = a.track_id"
                    " JOIN track_locations f ON f.id = l.location WHERE f.location = ? LIMIT 1",
                    (path,),
                ).fetchone()
                is not None
            )

    def ids(self, paths: Iterable[str]) -> dict[str, int]:
        """Ids of the tracks that Mixxx's library has, by path."""
        wanted = list(paths)
        marks = ",".join("?" * len(wanted))
        with self._reading() as db:
            rows = db.execute(
                "SELECT f.location, l.id FROM track_locations f JOIN library l ON l.location = f.id"  # noqa: S608 - marks
                f" WHERE f.location IN ({marks}) AND l.mixxx_deleted = 0 AND f.fs_deleted = 0",
                wanted,
            ).fetchall()
        return {str(path): int(number) for path, number in rows}

    def tracks(self, playlist: Playlist) -> list[int]:
        """What a playlist holds, in order."""
        with self._reading() as db:
            return _tracks(db, playlist.id)

    def write(self, lists: Mapping[Playlist, Sequence[int]]) -> list[Playlist]:
        """Give playlists new tracks in one transaction; returns those that are no longer there, or locked by the user.

        Raises
        ------
        ProgramBusyError
            Mixxx, or somebody else, writes just now: try again.

        """
        lost = []
        with self._writing() as db:
            for playlist, tracks in lists.items():
                if not _is_ours(db, playlist):
                    lost.append(playlist)
                elif _tracks(db, playlist.id) != list(tracks):
                    _replace(db, playlist.id, tracks)
        return lost

    def make(self, names: Iterable[str]) -> list[Playlist]:
        """Make playlists that are not there yet; Mixxx must be closed."""
        with self._writing() as db:
            made = []
            for name in names:
                row = db.execute("SELECT id FROM Playlists WHERE name = ? AND hidden = ?", (name, _PLAIN)).fetchone()
                made.append(Playlist(int(row[0]) if row else _make(db, name), name))
            return made

    def named(self, names: Iterable[str]) -> list[str]:
        """Which of these names the user's playlists have."""
        with self._reading() as db:
            taken = {str(row[0]) for row in db.execute("SELECT name FROM Playlists WHERE hidden = ?", (_PLAIN,))}
        return [name for name in names if name in taken]

    def remove(self, playlists: Iterable[Playlist]) -> None:
        """Remove playlists with their rows; Mixxx must be closed."""
        with self._writing() as db:
            for playlist in playlists:
                if _is_ours(db, playlist):
                    db.execute("DELETE FROM PlaylistTracks WHERE playlist_id = ?", (playlist.id,))
                    db.execute("DELETE FROM Playlists WHERE id = ?", (playlist.id,))

    def copy_to(self, path: Path) -> None:
        """Write a copy that is whole, whatever happens meanwhile."""
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with self._reading() as db:
            copy = sqlite3.connect(part)
            try:
                db.backup(copy)
            finally:
                copy.close()
        part.replace(path)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        # Not opened read-only: SQLite must be able to undo what a killed Mixxx left half done.
        with self._open(_READ_SECONDS) as db:
            db.execute("PRAGMA query_only = ON")
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._open(_WRITE_SECONDS) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    @contextmanager
    def _open(self, seconds: float) -> Iterator[sqlite3.Connection]:
        db: sqlite3.Connection | None = None
        try:
            db = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=rw", uri=True, timeout=seconds, isolation_level=None
            )
            yield db
        except sqlite3.OperationalError as error:
            raise ProgramBusyError(f"{self.path} cannot be used now ({error}): Mixxx is writing, try again.") from error
        except sqlite3.DatabaseError as error:
            raise ProgramUnknownError(f"{self.path} is damaged, or no data base of Mixxx: {error}.") from error
        finally:
            if db is not None:
                db.close()


def _schema(db: sqlite3.Connection) -> int:
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'settings'").fetchone() is None:
        return 0
    row = db.execute("SELECT value FROM settings WHERE name = 'mixxx.schema.version'").fetchone()
    return int(row[0]) if row and str(row[0]).isdigit() else 0


def _is_ours(db: sqlite3.Connection, playlist: Playlist) -> bool:
    """Whether the playlist is there as we made it, and not locked by the user."""
    found = db.execute(
        "SELECT 1 FROM Playlists WHERE id = ? AND name = ? AND hidden = ? AND coalesce(locked, 0) = 0",
        (playlist.id, playlist.name, _PLAIN),
    )
    return found.fetchone() is not None


def _tracks(db: sqlite3.Connection, playlist: int) -> list[int]:
    rows = db.execute("SELECT track_id FROM PlaylistTracks WHERE playlist_id = ? ORDER BY position, id", (playlist,))
    return [int(row[0]) for row in rows]


def _replace(db: sqlite3.Connection, playlist: int, tracks: Sequence[int]) -> None:
    db.execute("DELETE FROM PlaylistTracks WHERE playlist_id = ?", (playlist,))
    db.executemany(
        "INSERT INTO PlaylistTracks(playlist_id, track_id, position, pl_datetime_added)"
        " VALUES(?, ?, ?, CURRENT_TIMESTAMP)",
        [(playlist, track, position) for position, track in enumerate(tracks, 1)],
    )


def _make(db: sqlite3.Connection, name: str) -> int:
    made = db.execute(
        "INSERT INTO Playlists(name, position, hidden, date_created, date_modified)"
        " VALUES(?, (SELECT coalesce(max(position), 0) + 1 FROM Playlists), ?, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
        (name, _PLAIN),
    ).lastrowid
    assert made is not None
    return made
