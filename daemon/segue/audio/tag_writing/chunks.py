"""WAV (RIFF) and AIFF: an ID3 tag in a chunk of its own; every other chunk keeps its bytes and its place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import BinaryIO, Final, Literal, NamedTuple

from segue.audio.tag_writing import id3
from segue.audio.tag_writing.copying import copy, read, unclear

_HEAD: Final = 12
_NAMES: Final = (b"id3 ", b"ID3 ")
_MAX: Final = 0xFFFF_FFFF


class _Chunk(NamedTuple):
    name: bytes
    start: int
    """Of its header."""
    size: int
    """Of its content."""

    @property
    def end(self) -> int:
        return self.start + 8 + self.size


def rewrite_wave(source: BinaryIO, target: BinaryIO, texts: Mapping[str, str]) -> None:
    """Write a WAV file anew with these texts."""
    _rewrite(source, target, texts, "little", b"id3 ")


def rewrite_aiff(source: BinaryIO, target: BinaryIO, texts: Mapping[str, str]) -> None:
    """Write an AIFF file anew with these texts."""
    _rewrite(source, target, texts, "big", b"ID3 ")


def _rewrite(
    source: BinaryIO, target: BinaryIO, texts: Mapping[str, str], order: Literal["little", "big"], name: bytes
) -> None:
    head = read(source, 0, _HEAD)
    file_end = source.seek(0, os.SEEK_END)
    end = 8 + int.from_bytes(head[4:8], order)
    if end > file_end + 1:  # a last byte that only fills up may be left out
        raise unclear("it is shorter than it says")
    end = min(end, file_end)
    chunks = _chunks(source, end, order)
    tags = [chunk for chunk in chunks if chunk.name in _NAMES]
    if len(tags) > 1:
        raise unclear("two ID3 tags")
    before = tags[0].start if tags else end
    after = min(tags[0].end + (tags[0].size & 1), end) if tags else end
    tag = read(source, tags[0].start + 8, tags[0].size) if tags else b""
    if tag and id3.tag_size(tag[: id3.HEADER_BYTES]) != len(tag):
        raise unclear("an ID3 tag that does not fill its chunk")
    new = id3.edited(tag, texts)
    filling = b"\0" * (before & 1)
    chunk = (tags[0].name if tags else name) + len(new).to_bytes(4, order) + new + b"\0" * (len(new) & 1)
    total = before + len(filling) + len(chunk) + (end - after) - 8
    if total > _MAX:
        raise unclear("no room below 4 GiB")
    target.write(head[:4] + total.to_bytes(4, order) + head[8:])
    copy(source, target, _HEAD, before)
    target.write(filling + chunk)
    copy(source, target, after)


def _chunks(source: BinaryIO, end: int, order: Literal["little", "big"]) -> list[_Chunk]:
    found, at = list[_Chunk](), _HEAD
    while at + 8 <= end:
        header = read(source, at, 8)
        chunk = _Chunk(header[:4], at, int.from_bytes(header[4:], order))
        if chunk.end > end:
            raise unclear("a chunk that is longer than the file")
        found.append(chunk)
        at = chunk.end + (chunk.size & 1)
    return found
