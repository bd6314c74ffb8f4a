"""A look into a library from outside, beside a daemon that may be writing it: a few files of many."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from segue.library import paths


def some_files(library: Path, count: int) -> list[str]:
    """Return up to so many files that were analysed and are there, spread over the library; none when it cannot be read.

    One file a track. The library is opened for reading alone, whoever else has it open.
    """
    try:
        with closing(sqlite3.connect(f"{library.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)) as db:
            rows = db.execute("SELECT min(path) FROM files WHERE state = 'indexed' GROUP BY track_id").fetchall()
    except sqlite3.Error:
        return []
    found = [name for name in (paths.restored(row[0]) for row in rows) if Path(name).is_file()]
    if len(found) <= count:
        return found
    return [found[number * len(found) // count] for number in range(count)]
