"""Titles inside an Ogg stream: the comments of Vorbis, Opus and FLAC, at the beginning of each of its chained parts.

RFC 3533 (Ogg), the Vorbis I specification (comment header), RFC 7845 (Opus) and RFC 9639 (FLAC in Ogg).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

_CAPTURE: Final = b"OggS"
_HEADER_BYTES: Final = 27
_MOST_STREAMS: Final = 8
_MOST_PACKET_BYTES: Final = 4 * 1024 * 1024
"""A comment may hold a picture; what is larger is no comment."""
_MOST_FIELDS: Final = 1024
_FIRST: Final = 0x02
_CONTINUED: Final = 0x01
_COMMENT_BLOCK: Final = 4
"""Type of FLAC's metadata block."""


class _Page(NamedTuple):
    serial: int
    flags: int
    lacing: bytes
    body: bytes


@dataclass(slots=True)
class _Stream:
    """A logical stream whose comments have not come yet."""

    codec: str = ""
    packet: bytearray = field(default_factory=bytearray)


class OggComments:
    """Fed with a stream piece by piece, gives the comments that it comes by. Whatever is no Ogg is skipped."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._streams: dict[int, _Stream] = {}

    def feed(self, data: bytes) -> list[dict[str, str]]:
        """Take the next bytes; returns the fields of each comment in them, names in lower case."""
        self._buffer += data
        return [comments for page in self._pages() for comments in self._read(page)]

    def _pages(self) -> Iterator[_Page]:
        buffer = self._buffer
        while True:
            start = buffer.find(_CAPTURE)
            if start < 0:
                del buffer[: max(0, len(buffer) - len(_CAPTURE) + 1)]
                return
            del buffer[:start]
            if len(buffer) < _HEADER_BYTES:
                return
            count = buffer[26]
            lacing = bytes(buffer[_HEADER_BYTES : _HEADER_BYTES + count])
            end = _HEADER_BYTES + count + sum(lacing)
            if buffer[4] != 0:  # another version: no page at all
                del buffer[: len(_CAPTURE)]
                continue
            if len(lacing) < count or len(buffer) < end:
                return
            body = bytes(buffer[_HEADER_BYTES + count : end])
            page = _Page(int.from_bytes(buffer[14:18], "little"), buffer[5], lacing, body)
            del buffer[:end]
            yield page

    def _read(self, page: _Page) -> Iterator[dict[str, str]]:
        if page.flags & _FIRST:
            if len(self._streams) >= _MOST_STREAMS:
                self._streams.clear()
            self._streams[page.serial] = _Stream()
        stream = self._streams.get(page.serial)
        if stream is None:
            return
        if not page.flags & _CONTINUED:
            stream.packet.clear()
        for packet in _packets(page, stream):
            if not stream.codec:
                stream.codec = _codec(packet)
                if not stream.codec:
                    del self._streams[page.serial]
                    return
                continue
            comments = _comments(packet, stream.codec)
            if comments is not None:
                del self._streams[page.serial]
                yield comments
                return
        if len(stream.packet) > _MOST_PACKET_BYTES:
            del self._streams[page.serial]


def _packets(page: _Page, stream: _Stream) -> Iterator[bytes]:
    """The packets that end on this page; what is begun stays in the stream."""
    start = 0
    for length in page.lacing:
        stream.packet += page.body[start : start + length]
        start += length
        if length < 255:
            packet = bytes(stream.packet)
            stream.packet.clear()
            yield packet


def _codec(packet: bytes) -> str:
    for codec, head in (("vorbis", b"\x01vorbis"), ("opus", b"OpusHead"), ("flac", b"\x7fFLAC")):
        if packet.startswith(head):
            return codec
    return ""


def _comments(packet: bytes, codec: str) -> dict[str, str] | None:
    """Read a comment packet; None when it is none, an empty answer when it is damaged."""
    if codec == "vorbis" and packet.startswith(b"\x03vorbis"):
        return _fields(packet[7:])
    if codec == "opus" and packet.startswith(b"OpusTags"):
        return _fields(packet[8:])
    if codec == "flac" and packet and packet[0] & 0x7F == _COMMENT_BLOCK:
        return _fields(packet[4:])
    return {} if codec != "flac" or not packet or packet[0] == 0xFF else None


def _fields(data: bytes) -> dict[str, str]:
    """Read name=value pairs, as far as they are whole; of several values the first."""
    found: dict[str, str] = {}
    place = 4 + int.from_bytes(data[:4], "little")
    count = int.from_bytes(data[place : place + 4], "little")
    place += 4
    for _ in range(min(count, _MOST_FIELDS)):
        if place + 4 > len(data):
            break
        length = int.from_bytes(data[place : place + 4], "little")
        text = data[place + 4 : place + 4 + length].decode("utf-8", errors="replace")
        place += 4 + length
        name, equals, value = text.partition("=")
        if equals and place <= len(data):
            found.setdefault(name.strip().lower(), value)
    return found
