"""Serato's crates and session files: tagged records, as described by Jan Holzhaus and others who took them apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from segue.errors import SetFileError
from segue.sets import text
from segue.sets.entry import ENTRIES_AT_MOST, Entry, Reading, TrackSet

MARK: Final = b"vrsn"
"""A file of Serato's begins with it."""
_HEAD: Final = 8
_LONGEST_SECONDS: Final = 1e6
_PATH, _TITLE, _ARTIST, _LENGTH, _START, _PLAYED = 2, 6, 7, 10, 28, 50
"""Numbers of fields of a session's record."""
_FIELDS: Final = {number.to_bytes(4, "big"): number for number in (_PATH, _TITLE, _ARTIST, _LENGTH, _START, _PLAYED)}


def read(path: Path, content: bytes) -> Reading:
    """Read a ``.crate`` (a playlist) or a ``.session`` (a history).

    Raises:
        SetFileError: it is neither.

    """
    whole = sum(_HEAD + len(body) for _, body in _records(content, 4)) == len(content)
    notes = [] if whole else ["the file breaks off: what comes before was read"]
    plays = list(_bodies(content, b"oent"))
    name = path.stem.replace("%%", "/")
    if plays:
        played = list(islice((entry for body in plays for entry in _session_entry(body)), ENTRIES_AT_MOST))
        return Reading("serato", [TrackSet(name, "history", played, text.date_in(name))], notes)
    tracks = list(_bodies(content, b"otrk"))
    if tracks or path.suffix.lower() == ".crate":
        root = _volume(path)
        return Reading("serato", [TrackSet(name, "playlist", [_crate_entry(body, root) for body in tracks])], notes)
    raise SetFileError(f"{path} is a file of Serato's, but neither a crate nor a session with tracks.")


def _records(content: bytes, width: int) -> Iterator[tuple[bytes, bytes]]:
    """Name (or number) and body of each record; ends where one does not fit."""
    at = 0
    while at + 2 * width <= len(content):
        size = int.from_bytes(content[at + width : at + 2 * width], "big")
        end = at + 2 * width + size
        if end > len(content):
            return
        yield content[at : at + width], content[at + 2 * width : end]
        at = end


def _bodies(content: bytes, wanted: bytes) -> Iterator[bytes]:
    return islice((body for tag, body in _records(content, 4) if tag == wanted), ENTRIES_AT_MOST)


def _crate_entry(body: bytes, root: str) -> Entry:
    for tag, value in _records(body, 4):
        if tag == b"ptrk":
            return Entry(path=root + _text(value))
    return Entry()


def _volume(crate: Path) -> str:
    """What the paths in a crate are relative to: the volume that holds the ``_Serato_`` folder (on the system's: its root)."""
    parts = crate.parts
    if parts[1:2] == ("Volumes",) and len(parts) > 3:
        return f"/Volumes/{parts[2]}/"
    return crate.anchor.replace("\\", "/") or "/"


def _session_entry(body: bytes) -> Iterator[Entry]:
    for tag, record in _records(body, 4):
        if tag != b"adat":
            continue
        fields = {_FIELDS[name]: value for name, value in _records(record, 4) if name in _FIELDS}
        if fields.get(_PLAYED, b"\1") == b"\0":
            continue
        started = int.from_bytes(fields.get(_START, b""), "big")
        yield Entry(
            path=_text(fields.get(_PATH, b"")) or None,
            artist=_text(fields.get(_ARTIST, b"")) or None,
            title=_text(fields.get(_TITLE, b"")) or None,
            duration=_seconds(_text(fields.get(_LENGTH, b""))),
            at=text.sane(started),
        )


def _text(value: bytes) -> str:
    return value.decode("utf-16-be", "replace").rstrip("\0")


def _seconds(written: str) -> float | None:
    minutes, colon, seconds = written.partition(":")
    try:
        whole = 60.0 * float(minutes) + float(seconds) if colon else 0.0
    except ValueError:
        return None
    return whole if 0 < whole < _LONGEST_SECONDS else None
