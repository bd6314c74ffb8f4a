"""Copying parts of a file, and reading what must be there."""

from __future__ import annotations

from typing import BinaryIO, Final

from segue.errors import TagsUnsupportedError

MAX_TAG_BYTES: Final = 128 * 1024 * 1024
"""A larger tag is not read into memory."""
ROOM: Final = 2048
"""Bytes left free behind a tag that had to grow, so that the next change finds room."""
_BLOCK: Final = 1024 * 1024


def copy(source: BinaryIO, target: BinaryIO, start: int, end: int | None = None) -> None:
    """Append bytes ``start``..``end`` of one file (to its end without `end`) to another."""
    source.seek(start)
    left = None if end is None else end - start
    while left is None or left > 0:
        block = source.read(_BLOCK if left is None else min(_BLOCK, left))
        if not block:
            if left is not None:
                raise unclear("it is shorter than it says")
            return
        target.write(block)
        left = None if left is None else left - len(block)


def read(source: BinaryIO, start: int, size: int) -> bytes:
    """Read so many bytes. TagsUnsupportedError when they are not there, or too many."""
    if size > MAX_TAG_BYTES:
        raise unclear("they are too large")
    source.seek(start)
    data = source.read(size)
    if len(data) != size:
        raise unclear("it is shorter than it says")
    return data


def unclear(why: str) -> TagsUnsupportedError:
    """The error for tags that are not as the standard has them."""
    return TagsUnsupportedError(
        f"Its tags are not built as Segue knows them ({why}): nothing was written. Saving them once with another tag "
        "editor may help."
    )
