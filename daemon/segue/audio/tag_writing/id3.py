"""ID3v2 tags: frames are replaced or added, every other frame keeps its bytes, and the tag its version.

Standards: id3.org/id3v2.3.0, id3.org/id3v2.4.0-structure, id3.org/id3v2-00.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO, Final, NamedTuple

from segue.audio.tag_writing.copying import ROOM, copy, read, unclear
from segue.audio.tag_writing.names import ENERGY_FRAME, TEXT_FRAMES, USER_FRAMES

HEADER_BYTES: Final = 10
_UNSYNCHRONISED: Final = 0x80
_EXTENDED: Final = 0x40
_FOOTER: Final = 0x10
_OLD_NAMES: Final = {"TBPM": "TBP", "TKEY": "TKE", "TXXX": "TXX"}
_ENCODINGS: Final = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_WIDE: Final = (1, 2)


class _Frame(NamedTuple):
    name: str
    raw: bytes
    """With its header."""
    head: int
    """Length of its header."""


def rewrite_mpeg(source: BinaryIO, target: BinaryIO, texts: Mapping[str, str]) -> None:
    """Write an MPEG file anew with these texts in the ID3v2 tag before its audio."""
    size = tag_size(read_header(source, 0))
    tag = read(source, 0, size) if size else b""
    target.write(edited(tag, texts))
    copy(source, target, size)


def read_header(source: BinaryIO, start: int) -> bytes:
    """The bytes where a tag's header would be."""
    source.seek(start)
    return source.read(HEADER_BYTES)


def tag_size(header: bytes) -> int:
    """Length in bytes of the tag that begins so, 0 when none does."""
    if len(header) < HEADER_BYTES or not header.startswith(b"ID3") or max(header[6:10]) >= 0x80:
        return 0
    return HEADER_BYTES + _syncsafe(header[6:10]) + (HEADER_BYTES if header[3] == 4 and header[5] & _FOOTER else 0)


def edited(tag: bytes, texts: Mapping[str, str]) -> bytes:
    """A tag with these texts; a new one of version 2.3 where there is none. It keeps its length where there is room in it.

    Raises TagsUnsupportedError.
    """
    if not tag:
        tag = b"ID3\x03\x00\x00\x00\x00\x00\x00"
    version, flags = tag[3], tag[5]
    if version not in {2, 3, 4} or (version == 4 and flags & _FOOTER) or (version == 2 and flags & _EXTENDED):
        raise unclear("a rare kind of ID3 tag")
    body = tag[HEADER_BYTES:]
    whole = bool(flags & _UNSYNCHRONISED) and version < 4
    content = _synchronised(body) if whole else body
    if flags & _EXTENDED:
        content, flags = _without_extended_header(content, version), flags & ~_EXTENDED
    new = _replaced(_frames(content, version), texts, version)
    if whole:
        new = _unsynchronised(new)
    size = len(body) if len(new) <= len(body) else len(new) + ROOM
    return b"ID3" + bytes((version, tag[4], flags)) + _as_syncsafe(size) + new.ljust(size, b"\0")


def _frames(content: bytes, version: int) -> list[_Frame]:
    head, letters = (6, 3) if version == 2 else (10, 4)
    frames, at = list[_Frame](), 0
    while at + head <= len(content) and content[at]:
        name = content[at : at + letters]
        if not (name.isalnum() and name.isascii() and name.upper() == name):
            raise unclear("an ID3 frame without a name")
        number = content[at + letters : at + (6 if version == 2 else 8)]
        if version == 4 and max(number) >= 0x80:
            raise unclear("an ID3 frame with a wrong length")
        end = at + head + (_syncsafe(number) if version == 4 else int.from_bytes(number))
        if end > len(content):
            raise unclear("an ID3 frame that is longer than its tag")
        frames.append(_Frame(name.decode("ascii"), content[at:end], head))
        at = end
    if content[at:].strip(b"\0"):
        raise unclear("something that is no frame in the ID3 tag")
    return frames


def _replaced(frames: list[_Frame], texts: Mapping[str, str], version: int) -> bytes:
    waiting = dict(texts)
    parts = []
    for frame in frames:
        value, description = _value_of(frame, version)
        text = texts.get(value or "")
        if value is None or text is None:
            parts.append(frame.raw)
            continue
        parts.append(_frame(frame.name, text, description, version))
        if description is None or value == "energy":
            waiting.pop(value, None)
    for value, text in waiting.items():
        name = TEXT_FRAMES.get(value, "TXXX")
        parts.append(_frame(name, text, ENERGY_FRAME if name == "TXXX" else None, version))
    return b"".join(parts)


def _value_of(frame: _Frame, version: int) -> tuple[str | None, str | None]:
    """Which of our values a frame holds, if any, and the description of a frame that users name."""
    for value, name in TEXT_FRAMES.items():
        if frame.name in {name, _OLD_NAMES[name]}:
            return value, None
    if frame.name not in {"TXXX", "TXX"}:
        return None, None
    description = _description(frame, version)
    found = (value for value, names in USER_FRAMES.items() if description is not None and description.upper() in names)
    return next(found, None), description


def _description(frame: _Frame, version: int) -> str | None:
    content = frame.raw[frame.head :]
    if version > 2:
        flags = frame.raw[9]
        if (version == 3 and flags & 0xE0) or (version == 4 and flags & 0x4C):
            return None  # compressed, encrypted or in a group: it stays as it is
        if version == 4 and flags & 0x01:
            content = content[4:]
        if version == 4 and flags & 0x02:
            content = _synchronised(content)
    if not content or content[0] >= len(_ENCODINGS):
        return None
    end = _end_of_text(content[1:], wide=content[0] in _WIDE)
    try:
        return content[1 : 1 + end].decode(_ENCODINGS[content[0]])
    except UnicodeDecodeError:
        return None


def _end_of_text(content: bytes, *, wide: bool) -> int:
    if not wide:
        return content.find(b"\0") if b"\0" in content else len(content)
    return next((at for at in range(0, len(content) - 1, 2) if content[at : at + 2] == b"\0\0"), len(content))


def _frame(name: str, text: str, description: str | None, version: int) -> bytes:
    # Latin-1, which every version and every player knows; nothing in it looks like the start of MPEG audio.
    content = b"\0" + (b"" if description is None else description.encode("ascii") + b"\0") + text.encode("ascii")
    if version == 2:
        return _OLD_NAMES.get(name, name).encode() + len(content).to_bytes(3) + content
    size = _as_syncsafe(len(content)) if version == 4 else len(content).to_bytes(4)
    return name.encode() + size + b"\0\0" + content


def _without_extended_header(content: bytes, version: int) -> bytes:
    # It only holds a checksum and the length of the padding, of which neither would be true any more.
    size = _syncsafe(content[:4]) if version == 4 else 4 + int.from_bytes(content[:4])
    if size > len(content):
        raise unclear("an ID3 header that is longer than its tag")
    return content[size:]


def _synchronised(data: bytes) -> bytes:
    return data.replace(b"\xff\x00", b"\xff")


def _unsynchronised(data: bytes) -> bytes:
    parts = bytearray()
    for at, byte in enumerate(data):
        parts.append(byte)
        if byte == 0xFF and (at + 1 == len(data) or data[at + 1] >= 0xE0 or data[at + 1] == 0):
            parts.append(0)
    return bytes(parts)


def _syncsafe(data: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(data, (21, 14, 7, 0), strict=True))


def _as_syncsafe(number: int) -> bytes:
    if number >> 28:
        raise unclear("they are too large")
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
