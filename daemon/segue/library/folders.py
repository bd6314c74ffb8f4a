"""The watched folders."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from segue.errors import FolderNotFoundError
from segue.library import files, paths


def add(db: sqlite3.Connection, folder: Path) -> None:
    """Watch a folder; one that is watched already stays so."""
    db.execute("INSERT OR IGNORE INTO folders (path, added_at) VALUES (?, ?)", (paths.stored(folder), time.time()))


def every(db: sqlite3.Connection) -> list[Path]:
    """Return all watched folders in the order they were added."""
    return [Path(paths.restored(path)) for (path,) in db.execute("SELECT path FROM folders ORDER BY added_at, path")]


def remove(db: sqlite3.Connection, folder: Path) -> list[int]:
    """Stop watching a folder and forget the files below it that no other watched folder covers.

    Returns:
        The tracks that no present file is left of. What is known of them stays, under their identity.

    Raises:
        FolderNotFoundError: the folder is not watched.

    """
    if not db.execute("DELETE FROM folders WHERE path = ?", (paths.stored(folder),)).rowcount:
        raise FolderNotFoundError(
            f"The folder {paths.shown(folder)} is not watched: `segue folders` lists the ones that are."
        )
    where, values = "path >= ? AND path < ?", [*paths.below(folder)]
    for other in every(db):
        where += " AND NOT (path >= ? AND path < ?)"
        values += paths.below(other)
    affected = [row[0] for row in db.execute(f"SELECT DISTINCT track_id FROM files WHERE {where}", values) if row[0]]
    db.execute(f"DELETE FROM files WHERE {where}", values)
    return files.left_alone(db, affected, 1)
