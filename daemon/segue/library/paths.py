"""Paths as the library keeps them: the very bytes of the file system, and a text form that may travel in JSON."""

from __future__ import annotations

import os
from pathlib import Path

_SEPARATOR = os.fsencode(os.sep)
_AFTER_SEPARATOR = bytes([_SEPARATOR[0] + 1])


def stored(path: str | os.PathLike[str]) -> bytes:
    """Encode a path for the data base.

    File names are bytes on most systems and need not be valid text: a Latin-1 name reaches Python with lone surrogates,
    which SQLite's TEXT refuses. The bytes are lossless, and nothing merges the composed and decomposed form of a name.
    """
    return os.fsencode(path)


def restored(path: bytes) -> str:
    """Decode what `stored` has encoded."""
    return os.fsdecode(path)


def shown(path: str | os.PathLike[str]) -> str:
    """Return the path as valid Unicode for messages and JSON: bytes that are no text become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")


def found(text: str) -> str:
    """Return the path that `shown` gave as text: a name with U+FFFD is looked up in its folder, if only one fits."""
    if "\ufffd" not in text or os.path.lexists(text):
        return text
    path = Path(text).anchor
    for part in Path(text).parts[1:]:
        name = part
        if "\ufffd" in part:
            try:
                names = [entry.name for entry in Path(path).iterdir() if shown(entry.name) == part]
            except (OSError, ValueError):
                return text
            if len(names) != 1:
                return text
            name = names[0]
        path = os.path.join(path, name)  # noqa: PTH118 - the loop is about text
    return path


def below(folder: str | os.PathLike[str]) -> tuple[bytes, bytes]:
    """Return the half-open range that the stored paths below a folder fall into."""
    stem = stored(folder).rstrip(_SEPARATOR)
    return stem + _SEPARATOR, stem + _AFTER_SEPARATOR


def is_below(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> bool:
    """Whether a path lies below a folder, or is the folder."""
    name = stored(path)
    low, high = below(folder)
    return low <= name < high or name.rstrip(_SEPARATOR) == low[:-1]
