"""Vorbis comments in FLAC, Ogg Vorbis and Opus: comments are replaced or added, all others keep their bytes.

Standards: xiph.org/vorbis/doc/v-comment.html, RFC 9639 (FLAC), RFC 7845 (Opus in Ogg).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO, Final

from mutagen.ogg import OggPage, error

from segue.audio.tag_writing import id3
from segue.audio.tag_writing.copying import ROOM, copy, read, unclear
from segue.audio.tag_writing.names import COMMENTS

_PADDING: Final = 1
_COMMENTS: Final = 4
_LAST: Final = 0x80
_MAX_BLOCK: Final = 0xFF_FFFF
_PACKETS: Final = (b"\x03vorbis", b"OpusTags")
_HEADER_PAGES: Final = 4096
_JSON_BEGINS: Final = b"ey"


def rewrite_flac(source: BinaryIO, target: BinaryIO, texts: Mapping[str, str]) -> None:
    """Write a FLAC file anew with these texts; an ID3 tag before it stays."""
    start = id3.tag_size(id3.read_header(source, 0))
    if read(source, start, 4) != b"fLaC":
        raise unclear("the beginning of a FLAC file")
    blocks, at = list[tuple[int, bytes]](), start + 4
    while not blocks or not blocks[-1][0] & _LAST:
        head = read(source, at, 4)
        blocks.append((head[0], read(source, at + 4, int.from_bytes(head[1:]))))
        at += 4 + len(blocks[-1][1])
    plain = _with_comments([(kind & ~_LAST, content) for kind, content in blocks], texts)
    copy(source, target, 0, start + 4)
    target.writelines(bytes((kind,)) + len(content).to_bytes(3) + content for kind, content in plain[:-1])
    kind, content = plain[-1]
    target.write(bytes((kind | _LAST,)) + len(content).to_bytes(3) + content)
    copy(source, target, at)


def rewrite_ogg(source: BinaryIO, target: BinaryIO, texts: Mapping[str, str]) -> None:
    """Write an Ogg file with Vorbis or Opus anew with these texts."""
    copy(source, target, 0)
    target.seek(0)
    try:
        pages = _comment_pages(target)
        packets = OggPage.to_packets(pages)
        name = next(name for name in _PACKETS if packets[0].startswith(name))
        packets[0] = name + edited(packets[0][len(name) :], texts)
        new = OggPage.from_packets(packets, pages[0].sequence)
        OggPage.replace(target, pages, new)
    except (error, EOFError, ValueError) as problem:
        raise unclear("the pages of an Ogg file") from problem


def edited(data: bytes, texts: Mapping[str, str]) -> bytes:
    """A comment header with these texts; what follows the comments (a framing bit, padding) stays."""
    vendor, at = _taken(data, 0)
    count, at = int.from_bytes(data[at : at + 4], "little"), at + 4
    comments = []
    for _ in range(count):
        comment, at = _taken(data, at)
        comments.append(comment)
    rest = data[at:]
    new = _replaced(comments, texts)
    parts = [_sized(vendor), len(new).to_bytes(4, "little"), *map(_sized, new), rest]
    return b"".join(parts)


def _replaced(comments: list[bytes], texts: Mapping[str, str]) -> list[bytes]:
    waiting = dict(texts)
    new = []
    for comment in comments:
        name, equals, content = comment.partition(b"=")
        upper = name.decode("ascii", "replace").upper()
        value = next((v for v, names in COMMENTS.items() if upper == names.first or upper in names.others), None)
        # Mixed In Key's JSON says more than the one value.
        if value is None or value not in texts or not equals or content.startswith(_JSON_BEGINS):
            new.append(comment)
            continue
        new.append(name + b"=" + texts[value].encode())
        if upper == COMMENTS[value].first:
            waiting.pop(value, None)
    return new + [f"{COMMENTS[value].first}={text}".encode() for value, text in waiting.items()]


def _with_comments(blocks: list[tuple[int, bytes]], texts: Mapping[str, str]) -> list[tuple[int, bytes]]:
    places = [place for place, (kind, _) in enumerate(blocks) if kind == _COMMENTS]
    if len(places) > 1:
        raise unclear("two blocks of comments")
    before = sum(4 + len(content) for _, content in blocks)
    if places:
        new = [*blocks]
        new[places[0]] = (_COMMENTS, edited(blocks[places[0]][1], texts))
    else:
        new = [blocks[0], (_COMMENTS, edited(bytes(8), texts)), *blocks[1:]]
    if max(len(content) for _, content in new) > _MAX_BLOCK:
        raise unclear("they are too large")
    growth = sum(4 + len(content) for _, content in new) - before
    paddings = [place for place, (kind, _) in enumerate(new) if kind == _PADDING]
    if not growth:
        return new
    if not paddings:
        return [*new, (_PADDING, bytes(ROOM))]
    room = len(new[paddings[-1]][1]) - growth
    new[paddings[-1]] = (_PADDING, bytes(room if 0 <= room <= _MAX_BLOCK else ROOM))
    return new


def _comment_pages(file: BinaryIO) -> list[OggPage]:
    for _ in range(_HEADER_PAGES):
        page = OggPage(file)
        if page.packets and page.packets[0].startswith(_PACKETS):
            break
    else:
        raise unclear("no comments at the beginning of an Ogg file")
    pages = [page]
    while not (pages[-1].complete or len(pages[-1].packets) > 1):
        page = OggPage(file)
        if page.serial == pages[0].serial:
            pages.append(page)
    return pages


def _taken(data: bytes, at: int) -> tuple[bytes, int]:
    size = int.from_bytes(data[at : at + 4], "little")
    end = at + 4 + size
    if at + 4 > len(data) or end > len(data):
        raise unclear("a comment that is longer than its block")
    return data[at + 4 : end], end


def _sized(content: bytes) -> bytes:
    return len(content).to_bytes(4, "little") + content
