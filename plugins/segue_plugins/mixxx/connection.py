"""How Mixxx's data base is opened: at any time, for a moment, and only one whose layout we know."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from segue.errors import ProgramBusyError, ProgramError, ProgramSetupError, ProgramUnknownError

KNOWN_SCHEMAS: Final = frozenset({32, 39})
"""Of Mixxx 2.3, and 2.4 and 2.5."""
_COLUMNS: Final = {
    "Playlists": {"id", "name", "position", "hidden", "date_created", "date_modified", "locked"},
    "PlaylistTracks": {"id", "playlist_id", "track_id", "position", "pl_datetime_added"},
    "library": {"id", "location", "duration", "mixxx_deleted"},
    "track_locations": {"id", "location", "fs_deleted"},
    "track_analysis": {"track_id"},
}
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_PRIMARY: Final = 0xFF
"""Of a code of SQLite's; the rest are details."""
_READ_SECONDS: Final = 0.1
_WRITE_SECONDS: Final = 0.15
"""How long one try waits for Mixxx's own write; whoever asks tries again later."""


class Connection:
    """The data base of a settings folder, opened anew for each question."""

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

    def copy_to(self, path: Path) -> None:
        """Write a copy that is whole, whatever happens meanwhile. ProgramSetupError when it cannot be written."""
        part = path.with_suffix(".part")
        try:
            part.unlink(missing_ok=True)
            with self._reading() as db:
                _copy(db, part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise ProgramSetupError(f"{path} cannot be written ({error.strerror}). Nothing was changed.") from error
            raise

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
            if str(error).startswith("no such "):
                raise ProgramUnknownError(
                    f"{self.path} is not the data base of a Mixxx that Segue knows: {error}."
                ) from error
            if getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _BUSY:
                raise ProgramBusyError(
                    f"{self.path} cannot be used now ({error}): Mixxx or another program writes to it, try again."
                ) from error
            raise ProgramError(
                f"{self.path} cannot be used ({error}): is it there, may you write there, and is the disk full?"
            ) from error
        except sqlite3.DatabaseError as error:
            raise ProgramUnknownError(f"{self.path} is damaged, or no data base of Mixxx: {error}.") from error
        finally:
            if db is not None:
                db.close()


def _copy(db: sqlite3.Connection, path: Path) -> None:
    copy = sqlite3.connect(path)
    try:
        db.backup(copy)
    finally:
        copy.close()


def _schema(db: sqlite3.Connection) -> int:
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'settings'").fetchone() is None:
        return 0
    row = db.execute("SELECT value FROM settings WHERE name = 'mixxx.schema.version'").fetchone()
    return int(row[0]) if row and str(row[0]).isdigit() else 0
