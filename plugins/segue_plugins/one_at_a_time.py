"""One shim at a time for a DJ program: a lock that the system lets go of however its holder dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segue.errors import ProgramSetupError, ProgramTakenError

TAKEN: int = 3
"""Exit code of a shim that found another one at work; the daemon then leaves the field to that one."""


@contextmanager
def one_at_a_time(file: Path, program: str) -> Iterator[None]:
    """Hold the lock on a file, which is made and stays: removing it would race with the next holder.

    Raises
    ------
    ProgramTakenError
        Another shim holds it; says which process.
    ProgramSetupError
        The file cannot be made or locked.

    """
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ProgramSetupError(f"{file} cannot be written ({error.strerror}): is {program} set up?") from error
    try:
        if not _is_ours(file, handle):
            holder = os.read(handle, 32).decode("ascii", "replace").strip()
            raise ProgramTakenError(
                f"Segue follows this {program} already{f', as process {holder}' if holder else ''}: that one is enough. "
                f"`segue status` says whether the daemon has started it."
            )
        yield
    finally:
        os.close(handle)


def _is_ours(file: Path, handle: int) -> bool:
    try:
        if not _try_lock(handle):
            return False
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        os.lseek(handle, 0, os.SEEK_SET)
    except OSError as error:
        raise ProgramSetupError(f"{file} cannot be locked ({error.strerror}).") from error
    return True


if sys.platform == "win32":
    import msvcrt

    _LOCK_OFFSET = 1 << 30
    """Windows locks keep others from reading: lock a byte far behind the process's number."""

    def _try_lock(handle: int) -> bool:
        os.lseek(handle, _LOCK_OFFSET, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
