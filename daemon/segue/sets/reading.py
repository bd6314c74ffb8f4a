"""From a file to the sets in it, whatever program wrote it."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final

from segue.errors import SetFileError
from segue.sets import m3u, mixxx, rekordbox, serato, text, tracklist, traktor
from segue.sets.entry import Reading

_ROOT = re.compile(rb"<(?P<name>[A-Za-z_][\w.-]*)[\s>/]")
_SPACES = re.compile(rb"\s*")
_PROLOGUE: Final = ((b"<?", b"?>"), (b"<!--", b"-->"), (b"<!DOCTYPE", b">"))
"""How that begins and ends which may come before the outermost element."""
_HEAD_BYTES: Final = 64 * 1024
_BYTES_AT_MOST: Final = 32 * 1024 * 1024
"""Of what is no XML: that alone says as much of a track that it takes more."""


def read_sets(path: Path) -> Reading:
    """Read a file by what is in it; its name only decides between texts.

    Raises:
        FileMissingError, FileUnreadableError: it is not there, or may not be read.
        SetFileError: no sets can be read in it.

    """
    if path.is_file() and _head(path).startswith(mixxx.MARK):
        reading = mixxx.read(path)
    else:
        reading = _read_bytes(path, text.read_bytes(path))
    if not any(one.entries for one in reading.sets):
        why = f": {reading.notes[0]}" if reading.notes else ""
        raise SetFileError(f"{path} holds no set or playlist with tracks{why}.")
    return reading


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(len(mixxx.MARK))
    except OSError:  # `read_bytes` says what is wrong
        return b""


def _read_bytes(path: Path, content: bytes) -> Reading:
    root = _root(content[:_HEAD_BYTES])
    if root is None and len(content) > _BYTES_AT_MOST:
        raise SetFileError(f"{path} is larger than {_BYTES_AT_MOST // 1024**2} MB: that is no list of tracks.")
    if content.startswith(serato.MARK):
        return serato.read(path, content)
    if root == b"DJ_PLAYLISTS":
        return rekordbox.read(path, content)
    if root == b"NML":
        return traktor.read(path, content)
    if root is not None:
        raise SetFileError(f"{path} is XML, but neither rekordbox's nor Traktor's.")
    if path.suffix.lower() in {".m3u", ".m3u8"} or text.decode(content[:_HEAD_BYTES]).lstrip().startswith("#EXTM3U"):
        return m3u.read(path, content)
    return tracklist.read(path, content)


def _root(head: bytes) -> bytes | None:
    """Name of the outermost element; None for what is no XML."""
    at = _past_spaces(head, len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0)
    while (closing := _closing(head, at)) is not None:
        end = head.find(closing, at)
        if end < 0:
            return None
        at = _past_spaces(head, end + len(closing))
    found = _ROOT.match(head, at)
    return None if found is None else found["name"]


def _closing(head: bytes, at: int) -> bytes | None:
    """What ends the part of the prologue that begins here; None where none does."""
    for opening, closing in _PROLOGUE:
        if head[at : at + len(opening)].upper() == opening:
            return closing
    return None


def _past_spaces(head: bytes, at: int) -> int:
    found = _SPACES.match(head, at)
    return at if found is None else found.end()
