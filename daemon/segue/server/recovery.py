"""A damaged library is put aside, never deleted, and what can still be read of it is carried over."""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from segue.errors import LibraryDamagedError
from segue.library.store import Library

_log = logging.getLogger(__name__)


def open_library(path: Path) -> tuple[Library, str | None]:
    """Open the library; a damaged one is put aside and begun anew with the folders that can be read from it.

    Returns the library and a sentence for the user when that had to be done. The music is analysed again then: only
    the database is lost, and its remains are kept beside the new one.
    """
    try:
        return Library(path), None
    except LibraryDamagedError as error:
        _log.error("%s", error)
    folders = _readable_folders(path)
    aside = path.with_name(f"{path.stem}.damaged-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    library = Library(path)
    for folder in folders:
        library.add_folder(folder)
    watched = f"the {len(folders)} folders it watched were carried over" if folders else "add your folders again"
    return (
        library,
        f"The library was damaged; it is kept as {aside.name}, and everything is analysed again ({watched}).",
    )


def _readable_folders(path: Path) -> list[Path]:
    """The watched folders, as far as the damaged file still tells them."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return [Path(row[0]) for row in connection.execute("SELECT path FROM folders")]
    except sqlite3.Error:
        return []
