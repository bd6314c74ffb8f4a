"""Mixxx's data base: read at any time, written for milliseconds, and only what is ours. Everything that writes is here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from segue_plugins.mixxx.connection import KNOWN_SCHEMAS
from segue_plugins.mixxx.reading import AUTO_DJ, PLAIN, Entry, Played, Playlist, Reading, Values, is_there, tracks

__all__ = ["KNOWN_SCHEMAS", "Database", "Entry", "Played", "Playlist", "Values"]


class Database(Reading):
    """The data base of a settings folder.

    Whatever writes may raise ProgramBusyError: Mixxx, or somebody else, writes just now; nothing was changed, try again.
    """

    def write(self, lists: Mapping[Playlist, Sequence[int]]) -> list[Playlist]:
        """Give playlists new tracks in one transaction; returns those that are no longer there, or locked by the user."""
        lost = []
        with self._writing() as db:
            for playlist, wanted in lists.items():
                if not _may_write(db, playlist):
                    lost.append(playlist)
                elif tracks(db, playlist.id) != list(wanted):
                    _replace(db, playlist.id, wanted)
        return lost

    def append_auto_dj(self, ids: Iterable[int]) -> list[int]:
        """Put tracks behind all others of the Auto DJ queue; returns those that were not in it yet, and are now.

        Mixxx takes what it plays off the top by its place: nothing may ever be put there.
        """
        with self._writing() as db:
            queue = db.execute("SELECT id FROM Playlists WHERE hidden = ? ORDER BY id LIMIT 1", (AUTO_DJ,)).fetchone()
            if queue is None:
                return []
            held = set(tracks(db, queue[0]))
            added = [number for number in dict.fromkeys(ids) if number not in held]
            last = (
                db.execute("SELECT max(position) FROM PlaylistTracks WHERE playlist_id = ?", queue).fetchone()[0] or 0
            )
            _add(db, queue[0], added, last + 1)
        return added

    def make(self, names: Iterable[str]) -> list[Playlist]:
        """Make playlists, of which none is there yet; Mixxx must be closed."""
        with self._writing() as db:
            return [Playlist(_make(db, name), name) for name in names]

    def remove(self, playlists: Iterable[Playlist]) -> list[Playlist]:
        """Remove playlists with their rows, locked ones too; Mixxx must be closed. Returns those that were there."""
        with self._writing() as db:
            there = [playlist for playlist in playlists if is_there(db, playlist)]
            for playlist in there:
                db.execute("DELETE FROM PlaylistTracks WHERE playlist_id = ?", (playlist.id,))
                db.execute("DELETE FROM Playlists WHERE id = ?", (playlist.id,))
            return there


def _may_write(db: sqlite3.Connection, playlist: Playlist) -> bool:
    """Whether the playlist is there as we made it, and not locked by the user."""
    locked = db.execute("SELECT coalesce(locked, 0) FROM Playlists WHERE id = ?", (playlist.id,)).fetchone()
    return is_there(db, playlist) and not locked[0]


def _replace(db: sqlite3.Connection, playlist: int, wanted: Sequence[int]) -> None:
    db.execute("DELETE FROM PlaylistTracks WHERE playlist_id = ?", (playlist,))
    _add(db, playlist, wanted, 1)


def _add(db: sqlite3.Connection, playlist: int, wanted: Sequence[int], position: int) -> None:
    db.executemany(
        "INSERT INTO PlaylistTracks(playlist_id, track_id, position, pl_datetime_added)"
        " VALUES(?, ?, ?, CURRENT_TIMESTAMP)",
        [(playlist, track, number) for number, track in enumerate(wanted, position)],
    )


def _make(db: sqlite3.Connection, name: str) -> int:
    made = db.execute(
        "INSERT INTO Playlists(name, position, hidden, date_created, date_modified)"
        " VALUES(?, (SELECT coalesce(max(position), 0) + 1 FROM Playlists), ?, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
        (name, PLAIN),
    ).lastrowid
    assert made is not None
    return made
