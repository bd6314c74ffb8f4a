"""Whether a file may be written, asked before the work and once more before its copy takes its place."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

from segue.errors import (
    DiskFullError,
    FileChangedError,
    FileLinkedError,
    FileMissingError,
    FileReadOnlyError,
    TagsError,
    TagsUnsupportedError,
)

_FULL: Final = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def look(path: Path, size: int, mtime_ns: int) -> os.stat_result:
    """The status of a plain file with one name that has not changed.

    Raises FileMissingError, FileLinkedError, FileChangedError, TagsUnsupportedError or an OSError.
    """
    try:
        status = path.lstat()
    except FileNotFoundError as error:
        raise FileMissingError(f"{path.name} is not there: it was moved or deleted.") from error
    if stat.S_ISLNK(status.st_mode):
        raise FileLinkedError(f"{path.name} is a link: name the file that it leads to.")
    if not stat.S_ISREG(status.st_mode):
        raise TagsUnsupportedError(f"{path.name} is not a plain file.")
    if status.st_nlink > 1:
        raise FileLinkedError(
            f"{path.name} has {status.st_nlink} names (hard links), which writing would part: nothing was written."
        )
    if (status.st_size, status.st_mtime_ns) != (size, mtime_ns):
        raise FileChangedError(
            f"{path.name} has changed since Segue looked at it: nothing was written. Try again in a moment."
        )
    return status


def refuse_read_only(path: Path, status: os.stat_result) -> None:
    """FileReadOnlyError when a file may not be written, also where its folder alone would let us replace it."""
    if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise FileReadOnlyError(f"{path.name} is read-only: make it writable if its tags are to be written.")


def as_tags_error(path: Path, error: OSError) -> TagsError | DiskFullError:
    """The error that says why the system did not let a file be written."""
    if error.errno in _FULL:
        return DiskFullError(f"The disk with {path.name} is full: nothing was written. Make room, then try again.")
    if error.errno in _FORBIDDEN:
        return FileReadOnlyError(f"{path.name} or its folder cannot be written ({error.strerror}).")
    return TagsError(f"{path.name} could not be written ({error.strerror or error}): it is as it was.")
