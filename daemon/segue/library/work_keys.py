"""Which work each track is a version of."""

from __future__ import annotations

import sqlite3

from segue.library import versions
from segue.library.connection import Database


def key(title: str, artist: str | None) -> int:
    """Return the hash of a work as the signed number that SQLite keeps; 0: unknown."""
    number = versions.work_key(title, artist)
    return number - (1 << 64) if number >= 1 << 63 else number


def fill(database: Database) -> int:
    """Name the works of all tracks, unless this version's judgement has done so before; return how many tracks that were.

    A hundred thousand take some seconds, once.
    """
    with database.reading() as db:
        if _made_with(db) == versions.STEMS:
            return 0
    with database.writing() as db:
        rows = db.execute("SELECT id, title, artist FROM tracks").fetchall()
        db.executemany(
            "UPDATE tracks SET work_key = ? WHERE id = ?",
            ((key(title, artist), number) for number, title, artist in rows),
        )
        db.execute("INSERT OR REPLACE INTO meta VALUES ('stems', ?)", (versions.STEMS,))
    return len(rows)


def _made_with(db: sqlite3.Connection) -> int | None:
    row = db.execute("SELECT value FROM meta WHERE name = 'stems'").fetchone()
    return None if row is None else row[0]
