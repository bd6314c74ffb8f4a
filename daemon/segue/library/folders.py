"""The watched folders."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from segue.errors import FolderNotFoundError
from segue.library import paths


def add(db: sqlite3.Connection, folder: Path) -> None:
    """Watch a folder, which is private where the watched folder around it is; one that is watched already stays as it is."""
    around = (
        private
        for path, private in db.execute("SELECT path, private FROM folders ORDER BY length(path) DESC")
        if paths.is_below(folder, os.fsdecode(path))
    )
    db.execute("INSERT OR IGNORE INTO folders VALUES (?, ?, ?)", (paths.stored(folder), time.time(), next(around, 0)))


def every(db: sqlite3.Connection) -> list[Path]:
    """Return all watched folders in the order they were added."""
    return [Path(paths.restored(path)) for (path,) in db.execute("SELECT path FROM folders ORDER BY added_at, path")]


def private(db: sqlite3.Connection) -> list[Path]:
    """Return the watched folders whose tracks are suggested to nobody."""
    return [
        Path(paths.restored(path)) for (path,) in db.execute("SELECT path FROM folders WHERE private ORDER BY path")
    ]


def set_private(db: sqlite3.Connection, folder: Path, private: bool) -> list[int]:
    """Say whether the tracks below a watched folder are suggested; return those that have a file there.

    Raises:
        FolderNotFoundError: the folder is not watched.

    """
    changed = "UPDATE folders SET private = ? WHERE path = ?"
    if not db.execute(changed, (private, paths.stored(folder))).rowcount:
        raise _not_watched(folder)
    rows = db.execute(
        "SELECT DISTINCT track_id FROM files WHERE path >= ? AND path < ? AND track_id > 0", paths.below(folder)
    )
    return [row[0] for row in rows]


def remove(db: sqlite3.Connection, folder: Path) -> list[int]:
    """Stop watching a folder and forget the files below it that no other watched folder covers.

    Returns:
        The tracks that were in those files, some of which may have others. What is known of them stays, under their identity.

    Raises:
        FolderNotFoundError: the folder is not watched.

    """
    if not db.execute("DELETE FROM folders WHERE path = ?", (paths.stored(folder),)).rowcount:
        raise _not_watched(folder)
    where, values = "path >= ? AND path < ?", [*paths.below(folder)]
    for other in every(db):
        where += " AND NOT (path >= ? AND path < ?)"
        values += paths.below(other)
    affected = [row[0] for row in db.execute(f"SELECT DISTINCT track_id FROM files WHERE {where}", values) if row[0]]
    db.execute(f"DELETE FROM files WHERE {where}", values)
    return sorted(affected)


def _not_watched(folder: Path) -> FolderNotFoundError:
    return FolderNotFoundError(
        f"The folder {paths.shown(folder)} is not watched: `segue folders` lists the ones that are."
    )
