"""Opening the library file, one writer and many readers, and SQLite's errors as sentences."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from segue.errors import (
    DiskFullError,
    HomeNotWritableError,
    LibraryDamagedError,
    LibraryError,
    ShuttingDownError,
)
from segue.library import paths, schema

PAGE_BYTES: Final = 8192
"""Five rows of vector and tags fit one page; SQLite's default of 4096 holds two and wastes a third."""
BUSY_SECONDS: Final = 10.0
WAL_BYTES: Final = 64 * 1024 * 1024
"""The write-ahead log is cut back to this after a burst."""
_MOMENT_MS: Final = 500
_FULL_BELOW: Final = 256 * 1024
_SIGNS_OF_DAMAGE: Final = ("malformed", "no such table", "Could not decode to UTF-8")
"""In the messages of errors without a code."""


class Database:
    """The library file: any number of threads may read while one writes.

    Reading uses a pool of connections, each lent to one thread at a time; writing uses one connection behind a lock.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file, and bring it to this version.

        Raises:
            LibraryTooNewError: a newer version wrote it.
            LibraryDamagedError: it is damaged, or not a library.
            HomeNotWritableError: it, or its folder, cannot be written.
            DiskFullError: there is no room.

        """
        self.path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._closed = False
        self.is_log_to_empty = False
        """Somebody read for too long when `empty_log` was last called: it is done after the next write, or when called again."""
        self.trouble: str | None = None
        """Why not all of the library can be read, once that was met."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_writable(path) from error
        with self._sentences():
            self._writer = self._open_writer()
        self._durable = True

    @contextlib.contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Lend the writer for one transaction, which is undone when the block raises.

        Args:
            durable: the commit is on the disk when the block ends (`synchronous=FULL`). Without it a power cut may lose
                the last commits, as a whole; a killed process never does.

        """
        with self._lock, self._sentences():
            self._refuse_when_closed()
            if durable != self._durable:
                self._writer.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                self._undo()
                raise
            if self.is_log_to_empty:
                # What was written is written, whatever comes of this.
                with contextlib.suppress(sqlite3.Error):
                    self._empty_log(wait_ms=0)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a reader, which sees one state of the library for the whole block."""
        with self._sentences():
            db = self._borrow()
            sound = False
            try:
                db.execute("BEGIN")
                yield db
                sound = True
            finally:
                # A reader that raised may hold a half-read statement: it is closed rather than lent again.
                self._give_back(db, sound=sound)

    def empty_log(self) -> None:
        """Bring the write-ahead log into the file and cut it to nothing: at once, or later where somebody reads for long."""
        with self._lock, self._sentences():
            self._refuse_when_closed()
            self._empty_log(_MOMENT_MS)

    def close(self) -> None:
        """Close every connection; what is asked afterwards raises ShuttingDownError."""
        with self._lock, self._idle_lock:
            if self._closed:
                return
            self._closed = True
            for db in self._idle:
                db.close()
            self._idle.clear()
            self._writer.close()

    def _open_writer(self) -> sqlite3.Connection:
        db = _connect(self.path)
        try:
            db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
            db.execute("PRAGMA cache_size = -16384")
            schema.migrate(db)
        except BaseException:
            db.close()
            raise
        return db

    def _borrow(self) -> sqlite3.Connection:
        with self._idle_lock:
            self._refuse_when_closed()
            if self._idle:
                return self._idle.pop()
        db = _connect(self.path)
        db.execute("PRAGMA query_only = ON")
        db.execute("PRAGMA cache_size = -16384")  # the inner pages of 100 000 tracks stay in memory
        return db

    def _give_back(self, db: sqlite3.Connection, *, sound: bool) -> None:
        with self._idle_lock:
            if sound and not self._closed:
                db.execute("COMMIT")
                self._idle.append(db)
            else:
                db.close()

    def _empty_log(self, wait_ms: int) -> None:
        self.is_log_to_empty = True
        self._writer.execute(f"PRAGMA busy_timeout = {wait_ms}")
        try:
            ((busy, *_),) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            self._writer.execute(f"PRAGMA busy_timeout = {round(1000 * BUSY_SECONDS)}")
        self.is_log_to_empty = bool(busy)

    def _undo(self) -> None:
        # SQLite has already rolled back by itself after a full disk or a failed read.
        if self._writer.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ShuttingDownError("The library is closed: the daemon is stopping.")

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            meant = as_library_error(error, self.path)
            if isinstance(meant, LibraryDamagedError):
                self._suspect(meant)
            raise meant from error

    def _suspect(self, error: LibraryDamagedError) -> None:
        """Remember the damage, and leave a mark for the next start, which then looks through the whole file."""
        if self.trouble is None:
            self.trouble = str(error)
            with contextlib.suppress(OSError):
                suspicion(self.path).touch()


@contextlib.contextmanager
def erasing(db: sqlite3.Connection) -> Iterator[None]:
    """Overwrite what is deleted, rather than only giving its place free."""
    db.execute("PRAGMA secure_delete = ON").fetchall()
    try:
        yield
    finally:
        db.execute("PRAGMA secure_delete = OFF").fetchall()


def suspicion(path: Path) -> Path:
    """Return the file whose presence says that damage was met in a library."""
    return path.with_suffix(".suspect")


def as_library_error(error: sqlite3.Error, path: Path) -> LibraryError:
    """Say in a sentence what SQLite's error means for this library file, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0)
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return _disk_full(path)
        case sqlite3.SQLITE_IOERR if _disk_is_full(path):
            return _disk_full(path)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_FORMAT:
            return damaged(path)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return _not_writable(path)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LibraryError(f"Another program holds the library {paths.shown(path)}: close it and try again.")
        case sqlite3.SQLITE_IOERR:
            return LibraryError(
                f"The disk with the library {paths.shown(path)} does not answer ({error}): "
                "check that the drive is connected, then start Segue again."
            )
        case _ if any(sign in str(error) for sign in _SIGNS_OF_DAMAGE):
            return damaged(path)
        case _:
            return LibraryError(f"The library {paths.shown(path)} could not do that: {error}.")


def _connect(path: Path) -> sqlite3.Connection:
    # Autocommit: transactions are begun where they are meant. A connection is lent to one thread at a time.
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _disk_is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _FULL_BELOW
    except OSError:
        return False


def _disk_full(path: Path) -> DiskFullError:
    return DiskFullError(
        f"The disk with the library {paths.shown(path)} is full: make room on it. "
        "What was indexed so far is safe, and the rest waits."
    )


def damaged(path: Path) -> LibraryDamagedError:
    """Return the error that says that a library is damaged and what to do."""
    return LibraryDamagedError(
        f"The library {paths.shown(path)} is damaged: restart Segue (`segue down`, `segue up`), "
        "what can be read is rescued then."
    )


def _not_writable(path: Path) -> HomeNotWritableError:
    return HomeNotWritableError(
        f"The library {paths.shown(path)} cannot be written: make {paths.shown(path.parent)} writable for you, "
        "or choose another folder with --home."
    )
