"""The number by which an index knows whether it has the library's vectors."""

from __future__ import annotations

import sqlite3


def grow(db: sqlite3.Connection) -> None:
    """Raise the generation: the set of vectors changed."""
    db.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")


def read(db: sqlite3.Connection) -> int:
    """Return the number of changes of the set of vectors."""
    return int(db.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()[0])
