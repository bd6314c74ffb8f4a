"""One daemon a home: a lock that the system lets go of however its holder dies."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import Final

from segue.errors import DaemonRunningError
from segue.home import Home

_RETRY_SECONDS: Final = 0.05


class HomeLock:
    """The right to write a home. It is held before any socket is bound or the library is opened.

    The lock belongs to the open file: child processes must be spawned, not forked, or they would keep it.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._file is not None

    def acquire(self, timeout: float = 0.0) -> None:
        """Take the lock, waiting for up to `timeout` seconds for a daemon that is about to end.

        A lock file that a killed daemon left behind is just taken.

        Raises
        ------
        DaemonRunningError
            Another process holds it; names its pid.
        HomeNotWritableError, DiskFullError
            The lock file cannot be opened or written, or the file system has no locks.

        """
        if not self.held:
            self._file = self._take(timeout)

    def keep(self) -> None:
        """Take the lock anew where its file was removed or replaced: locks belong to files, not to names.

        Raises
        ------
        DaemonRunningError
            Another process has taken it meanwhile.
        HomeNotWritableError, DiskFullError
            A new lock file cannot be opened or written; the old lock is held all the same.

        """
        if self._file is None or self._is_in_place(self._file):
            return
        old, self._file = self._file, self._take(0.0)
        os.close(old)

    def release(self) -> None:
        """Let go; nothing happens when it is not held. The file stays: removing it would race with a new holder."""
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    def _take(self, timeout: float) -> int:
        with contextlib.ExitStack() as undo:
            try:
                file = os.open(self._home.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
                undo.callback(os.close, file)
                self._wait_for(file, timeout)
                _write_pid(file)
            except OSError as error:
                raise self._home.cannot_write(error) from error
            undo.pop_all()
            return file

    def _is_in_place(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), self._home.lock_file.stat())
        except FileNotFoundError:
            return False
        except OSError:
            return True  # a folder that cannot be read tells nothing

    def _wait_for(self, file: int, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not _try_lock(file):
            if time.monotonic() >= deadline:
                raise self._taken(file)
            time.sleep(_RETRY_SECONDS)

    def _taken(self, file: int) -> DaemonRunningError:
        pid = _read_pid(file)
        holder = f"as process {pid}" if pid else "as another process"
        return DaemonRunningError(
            f"Segue already runs for {self._home}, {holder}. Just use it, or stop it first with `segue down`."
        )


def holder(home: Home) -> int | None:
    """Return the process that holds a home's lock; None when nobody does, or when its file does not say."""
    try:
        file = os.open(home.lock_file, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if _try_lock(file) else _read_pid(file)
    except OSError:
        return None
    finally:
        os.close(file)


def _read_pid(file: int) -> int | None:
    os.lseek(file, 0, os.SEEK_SET)
    text = os.read(file, 32).strip()
    return int(text) if text.isdigit() else None


def _write_pid(file: int) -> None:
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, f"{os.getpid()}\n".encode())


if sys.platform == "win32":
    import msvcrt

    _LOCK_OFFSET: Final = 1 << 30
    """Windows locks keep others from reading: lock a byte far behind the pid."""

    def _try_lock(file: int) -> bool:
        os.lseek(file, _LOCK_OFFSET, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
