"""MP4 (m4a): items of the list in ``moov.udta.meta.ilst`` are replaced or added, every other atom keeps its bytes.

Standards: ISO/IEC 14496-12; Apple's QuickTime File Format, "Metadata". When ``moov`` grows and stands before the audio, the
tables of where the audio's chunks begin are moved along.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from segue.audio.tag_writing.copying import ROOM, copy, read, unclear
from segue.audio.tag_writing.names import FREEFORM

_Atom = tuple[bytes, bytes]
"""Name and content."""
_MEAN: Final = b"com.apple.itunes"
_TEXT: Final = 1
_NUMBER: Final = 21
_JSON_BEGINS: Final = b"ey"
_ON_THE_WAY: Final = (b"trak", b"mdia", b"minf", b"stbl")
_TABLES: Final = {b"stco": 4, b"co64": 8}
_FREE: Final = (b"free", b"skip")
_HANDLER: Final = bytes(8) + b"mdirappl" + bytes(9)


def rewrite_mp4(source: BinaryIO, target: BinaryIO, texts: Mapping[str, str]) -> None:
    """Write an MP4 file anew with these texts."""
    atoms = list(_top(source))
    if [name for name, _, _ in atoms].count(b"moov") != 1 or any(name == b"moof" for name, _, _ in atoms):
        raise unclear("an MP4 file in fragments")
    place = next(at for at, (name, _, _) in enumerate(atoms) if name == b"moov")
    _, start, end = atoms[place]
    head = 16 if read(source, start, 4) == b"\0\0\0\1" else 8
    moov = _with_texts(read(source, start + head, end - start - head), texts)
    after, filling = end, b""
    growth = 8 + len(moov) - (end - start)
    if growth and place + 1 < len(atoms):
        name, free_start, free_end = atoms[place + 1]
        room = free_end - free_start - growth
        if name in _FREE and room >= 8:
            after, growth, filling = free_end, 0, _free(room)
        else:
            moov = _moved(moov, end, growth)
    copy(source, target, 0, start)
    target.write(_atom(b"moov", moov) + filling)
    copy(source, target, after)


def _top(source: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the atoms that the file consists of."""
    end, at = source.seek(0, os.SEEK_END), 0
    while at + 8 <= end:
        header = read(source, at, 8)
        size = int.from_bytes(header[:4])
        if size == 1:
            size = int.from_bytes(read(source, at + 8, 8))
        elif size == 0:
            size = end - at
        if size < 8 or at + size > end:
            raise unclear("an atom that is longer than the file")
        yield header[4:], at, at + size
        at += size


def _children(content: bytes) -> tuple[list[_Atom], bytes]:
    """The atoms in an atom, and what is left behind them."""
    atoms, at = list[_Atom](), 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4])
        if size == 0 and not content[at:].strip(b"\0"):
            break
        if size < 8 or at + size > len(content):
            raise unclear("an atom that is longer than the one around it")
        atoms.append((content[at + 4 : at + 8], content[at + 8 : at + size]))
        at += size
    return atoms, content[at:]


def _with_texts(moov: bytes, texts: Mapping[str, str]) -> bytes:
    atoms, rest = _children(moov)
    place = next((at for at, (name, _) in enumerate(atoms) if name == b"udta"), None)
    if place is None:
        atoms.append((b"udta", _in_user_data(b"", texts)))
    else:
        atoms[place] = (b"udta", _in_user_data(atoms[place][1], texts))
    return _joined(atoms) + rest


def _in_user_data(udta: bytes, texts: Mapping[str, str]) -> bytes:
    atoms, rest = _children(udta)
    place = next((at for at, (name, _) in enumerate(atoms) if name == b"meta"), None)
    if place is None:
        atoms.append((b"meta", _in_meta(bytes(4) + _atom(b"hdlr", _HANDLER), texts)))
    else:
        atoms[place] = (b"meta", _in_meta(atoms[place][1], texts))
    return _joined(atoms) + rest


def _in_meta(meta: bytes, texts: Mapping[str, str]) -> bytes:
    # QuickTime's own atom of this name lacks the version that ISO's begins with.
    head = b"" if meta[4:8] == b"hdlr" else meta[:4]
    atoms, rest = _children(meta[len(head) :])
    before = len(_joined(atoms))
    place = next((at for at, (name, _) in enumerate(atoms) if name == b"ilst"), None)
    if place is None:
        atoms.append((b"ilst", _in_list(b"", texts)))
    else:
        atoms[place] = (b"ilst", _in_list(atoms[place][1], texts))
    growth = len(_joined(atoms)) - before
    free = next((at for at in range(len(atoms) - 1, -1, -1) if atoms[at][0] == b"free"), None)
    if free is not None and growth:
        room = len(atoms[free][1]) - growth
        atoms[free] = (b"free", bytes(room if room >= 0 else ROOM))
    elif growth:
        atoms.append((b"free", bytes(ROOM)))
    return head + _joined(atoms) + rest


def _in_list(ilst: bytes, texts: Mapping[str, str]) -> bytes:
    items, rest = _children(ilst)
    if rest:
        raise unclear("something that is no item in the list")
    waiting = {value: text for value, text in texts.items() if value != "bpm" or not text.isdigit()}
    number = texts.get("bpm")
    new = list[_Atom]()
    for name, content in items:
        if name == b"tmpo" and number is not None:
            new.append(_tempo(number))
            number = None
            continue
        value = _value_of(content) if name == b"----" else None
        if value is None or value not in texts:
            new.append((name, content))
            continue
        new.append((name, _with_data(content, texts[value])))
        waiting.pop(value, None)
    if number is not None:
        new.append(_tempo(number))
    return _joined([*new, *(_freeform(FREEFORM[value].first, text) for value, text in waiting.items())])


def _tempo(text: str) -> _Atom:
    whole = min(max(math.floor(float(text) + 0.5), 0), 0xFFFF)
    return b"tmpo", _data(_NUMBER, whole.to_bytes(2))


def _value_of(content: bytes) -> str | None:
    """Which of our values a free item holds, if any and if it is plain text."""
    parts = dict(_children(content)[0])
    mean, name, data = (parts.get(part, b"") for part in (b"mean", b"name", b"data"))
    if mean[4:].lower() != _MEAN or data[8:].startswith(_JSON_BEGINS):
        return None
    wanted = name[4:].decode("utf-8", "replace").upper()
    return next(
        (value for value, names in FREEFORM.items() if wanted in {names.first.upper(), *names.others}),
        None,
    )


def _with_data(content: bytes, text: str) -> bytes:
    kept = [(name, part) for name, part in _children(content)[0] if name != b"data"]
    return _joined(kept) + _data(_TEXT, text.encode())


def _freeform(name: str, text: str) -> _Atom:
    parts = [(b"mean", bytes(4) + b"com.apple.iTunes"), (b"name", bytes(4) + name.encode())]
    return b"----", _joined(parts) + _data(_TEXT, text.encode())


def _moved(content: bytes, after: int, by: int) -> bytes:
    """The same with every chunk of audio that begins behind an offset so many bytes later."""
    atoms, rest = _children(content)
    new = []
    for name, part in atoms:
        if name in _ON_THE_WAY:
            new.append((name, _moved(part, after, by)))
        elif name in _TABLES:
            new.append((name, part[:8] + _table(part[8:], _TABLES[name], after, by)))
        else:
            new.append((name, part))
    return _joined(new) + rest


def _table(entries: bytes, width: int, after: int, by: int) -> bytes:
    offsets = (int.from_bytes(entries[at : at + width]) for at in range(0, len(entries), width))
    try:
        return b"".join((offset + by if offset >= after else offset).to_bytes(width) for offset in offsets)
    except OverflowError:
        raise unclear("no room below 4 GiB") from None


def _data(kind: int, content: bytes) -> bytes:
    return _atom(b"data", kind.to_bytes(4) + bytes(4) + content)


def _free(size: int) -> bytes:
    return _atom(b"free", bytes(size - 8))


def _joined(atoms: list[_Atom]) -> bytes:
    return b"".join(_atom(name, content) for name, content in atoms)


def _atom(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4) + name + content
