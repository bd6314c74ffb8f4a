"""Where the files of tracks lie, and which of those folders are private."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from segue.library import paths

Place: TypeAlias = tuple[str, ...]
"""The folders that hold files of a track, sorted, as `os.fsdecode` gives them."""

NOWHERE: Final[Place] = ()
_SEPARATOR: Final = os.fsencode(os.sep)


class Whereabouts(NamedTuple):
    """Where a track is."""

    place: Place
    private: bool
    """All its files are in private folders."""


def of_tracks(db: sqlite3.Connection, ids: Sequence[int] | None) -> dict[int, Whereabouts]:
    """Return where tracks lie: by their files that are there, or by the missing ones where all are missing.

    Args:
        db: a reader.
        ids: only these tracks; None for all.

    """
    query = "SELECT track_id, path, state <> 'missing' FROM files WHERE track_id IS NOT NULL"
    rows = (
        db.execute(query)
        if ids is None
        else db.execute(f"{query} AND track_id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),))
    )
    present: dict[int, frozenset[bytes]] = {}
    missing: dict[int, frozenset[bytes]] = {}
    alone: dict[bytes, frozenset[bytes]] = {}
    for track_id, path, there in rows:
        name = path.rpartition(_SEPARATOR)[0]
        # Nearly every track has one file: the sets of one folder are shared.
        one = alone.get(name) or alone.setdefault(name, frozenset([name]))
        found = present if there else missing
        found[track_id] = found[track_id] | one if track_id in found else one
    folders = _Folders(db)
    return {track_id: folders.whereabouts(names) for track_id, names in (missing | present).items()}


def files(db: sqlite3.Connection, ids: str) -> dict[int, list[tuple[str, bool]]]:
    """Return the files of tracks, as they are shown, and whether each is there: the one that stands for a track first.

    That is one which is there, and a copy in a private folder only where there is no other.

    Args:
        db: a reader.
        ids: of tracks, as a JSON list.

    """
    folders = _Folders(db)
    rows = db.execute(
        """SELECT track_id, path, shown, state FROM files WHERE track_id IN (SELECT value FROM json_each(?))""", (ids,)
    )
    found: dict[int, list[tuple[bool, bool, bool, bytes, str]]] = {}
    for track_id, path, shown, state in rows:
        private = folders.is_private(path.rpartition(_SEPARATOR)[0])
        found.setdefault(track_id, []).append((state == "missing", private, state == "queued", path, shown))
    return {track_id: [(row[4], not row[0]) for row in sorted(of_one)] for track_id, of_one in found.items()}


class _Folders:
    """What is known of folders, each looked at once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        watched = db.execute("SELECT path, private FROM folders ORDER BY length(path) DESC").fetchall()
        self._watched = [(*paths.below(os.fsdecode(path)), bool(private)) for path, private in watched]
        self._known: dict[frozenset[bytes], Whereabouts] = {}
        self._private: dict[bytes, bool] = {}

    def whereabouts(self, names: frozenset[bytes]) -> Whereabouts:
        known = self._known.get(names)
        if known is None:
            place = tuple(sorted(os.fsdecode(name) or os.sep for name in names))
            known = self._known[names] = Whereabouts(place, all(map(self.is_private, names)))
        return known

    def is_private(self, name: bytes) -> bool:
        """As the innermost watched folder around it says."""
        if name not in self._private:
            inside = name + _SEPARATOR
            around = (private for low, high, private in self._watched if low <= inside < high)
            self._private[name] = next(around, False)
        return self._private[name]


def below(place: Place, folder: str) -> bool:
    """Whether a folder, or one below it, is among those that hold a track."""
    return any(paths.is_below(name, folder) for name in place)
