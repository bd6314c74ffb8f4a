"""A SQLite file page by page, without SQLite: what is left of a damaged library is read from single pages.

Source: https://www.sqlite.org/fileformat2.html, which SQLite promises to keep.
"""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from segue.library.connection import PAGE_BYTES

Cell = int | float | str | bytes | None
Row = tuple[Cell, ...]

_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_TABLE_LEAF, _TABLE_INTERIOR, _INDEX_LEAF, _INDEX_INTERIOR = 13, 5, 10, 2
_TREE_HEADER: Final = {_TABLE_LEAF: 8, _INDEX_LEAF: 8, _TABLE_INTERIOR: 12, _INDEX_INTERIOR: 12}
_CELL_BYTES_AT_MOST: Final = 16 * 1024 * 1024
_INTEGERS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_DOUBLE: Final = struct.Struct(">d")
_WAL_HEADER: Final = struct.Struct(">8I")
_WAL_FRAME: Final = struct.Struct(">6I")
_WAL_MAGIC: Final = 0x377F0682
"""Checksums over little-endian words; one more: big-endian."""


class BrokenPageError(ValueError):
    """A page, or a part of it, is not what its place in the file says."""


class Leaf(NamedTuple):
    """The rows of one page, as far as they can be read."""

    of_table: bool
    """Of a table with rowids; else of an index or a table without."""
    rows: list[tuple[int, Row]]
    """Rowid (0 where there is none) and columns."""
    whole: bool
    """Nothing of it was unreadable."""


class PageFile:
    """The pages of a library file as SQLite would see them: those in a sound write-ahead log come first."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            header = self._file.read(_HEADER_BYTES)
        except OSError:
            header = b""
        self.has_header = header.startswith(_MAGIC) and len(header) == _HEADER_BYTES
        size = int.from_bytes(header[16:18], "big") if self.has_header else PAGE_BYTES
        self.page_bytes = size if 512 <= size <= 32768 and size & (size - 1) == 0 else PAGE_BYTES
        reserved = header[20] if self.has_header else 0
        self._usable = self.page_bytes - (reserved if reserved < 64 else 0)
        self._newer = _newer_pages(path.with_name(path.name + "-wal"), self.page_bytes)
        length = self._file.seek(0, 2)
        self.count = max(-(-length // self.page_bytes), max(self._newer, default=0))
        if 1 in self._newer:
            self.has_header = self._newer[1].startswith(_MAGIC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def page(self, number: int) -> bytes:
        """Return a page (from 1). BrokenPageError: there is none, or the disk does not give it."""
        if number in self._newer:
            return self._newer[number]
        if not 0 < number <= self.count:
            raise BrokenPageError(f"page {number} of {self.count}")
        try:
            self._file.seek((number - 1) * self.page_bytes)
            content = self._file.read(self.page_bytes)
        except OSError as error:
            raise BrokenPageError(f"page {number}: {error}") from error
        return content.ljust(self.page_bytes, b"\0")

    def free(self) -> set[int]:
        """Return the pages that hold nothing any more, as far as their list can be read."""
        found: set[int] = set()
        try:
            trunk = int.from_bytes(self.page(1)[32:36], "big") if self.has_header else 0
            while trunk and trunk not in found:
                content = self.page(trunk)
                found.add(trunk)
                trunk, listed = struct.unpack_from(">2I", content)
                found.update(struct.unpack_from(f">{min(listed, self._usable // 4 - 2)}I", content, 8))
        except BrokenPageError:
            pass
        return found

    def tree(self, root: int, seen: set[int]) -> tuple[list[int], bool]:
        """Return the pages of a tree that hold rows, in their order, from its root, and whether all were found.

        Args:
            root: number of the first page.
            seen: pages that belong to a tree; those met are added, and none is visited twice.

        """
        found: list[int] = []
        whole = True
        open_ends = [root]
        while open_ends:
            number = open_ends.pop()
            try:
                kind, children = self._children(number)
            except BrokenPageError:
                whole = False
                continue
            if number in seen:
                whole = False
                continue
            seen.add(number)
            open_ends += reversed(children)
            if kind != _TABLE_INTERIOR:
                found.append(number)
        return found, whole

    def leaf(self, number: int) -> Leaf:
        """Return the rows of a page. BrokenPageError: it is no page of a tree."""
        content = self.page(number)
        _, kind, count, cells = self._cells(number, content)
        if kind == _TABLE_INTERIOR:
            return Leaf(of_table=True, rows=[], whole=True)
        rows: list[tuple[int, Row]] = []
        for cell in cells:
            try:
                rows.append(self._row(content, cell + (4 if kind == _INDEX_INTERIOR else 0), kind == _TABLE_LEAF))
            except (BrokenPageError, IndexError, struct.error, UnicodeDecodeError):
                continue
        return Leaf(kind == _TABLE_LEAF, rows, len(rows) == count)

    def _cells(self, number: int, content: bytes) -> tuple[int, int, int, list[int]]:
        """Where the page's header is, its kind, how many cells it claims, and where those are that can be."""
        start = _HEADER_BYTES if number == 1 else 0
        kind = content[start]
        if kind not in _TREE_HEADER:
            raise BrokenPageError(f"page {number} is of kind {kind}")
        first = start + _TREE_HEADER[kind]
        count = int.from_bytes(content[start + 3 : start + 5], "big")
        if first + 2 * count > self._usable:
            raise BrokenPageError(f"page {number} claims {count} cells")
        places = struct.unpack_from(f">{count}H", content, first)
        return start, kind, count, [place for place in places if first + 2 * count <= place < self._usable]

    def _children(self, number: int) -> tuple[int, list[int]]:
        content = self.page(number)
        start, kind, _, cells = self._cells(number, content)
        if kind not in (_TABLE_INTERIOR, _INDEX_INTERIOR):
            return kind, []
        children = [int.from_bytes(content[cell : cell + 4], "big") for cell in cells]
        return kind, [*children, int.from_bytes(content[start + 8 : start + 12], "big")]

    def _row(self, content: bytes, at: int, of_table: bool) -> tuple[int, Row]:
        size, at = _varint(content, at)
        rowid = 0
        if of_table:
            rowid, at = _varint(content, at)
            rowid -= (rowid >> 63) << 64
        return rowid, _record(self._payload(content, at, size, of_table))

    def _payload(self, content: bytes, at: int, size: int, of_table: bool) -> bytes:
        usable = self._usable
        most = usable - 35 if of_table else (usable - 12) * 64 // 255 - 23
        if size > _CELL_BYTES_AT_MOST:
            raise BrokenPageError(f"a row of {size} bytes")
        if size <= most:
            here = size
        else:
            least = (usable - 12) * 32 // 255 - 23
            here = least + (size - least) % (usable - 4)
            here = here if here <= most else least
        if at + here > usable:
            raise BrokenPageError("a row beyond its page")
        payload = content[at : at + here]
        if here == size:
            return payload
        parts, missing, following = [payload], size - here, int.from_bytes(content[at + here : at + here + 4], "big")
        while missing > 0:
            more = self.page(following)
            following = int.from_bytes(more[:4], "big")
            parts.append(more[4 : min(usable, 4 + missing)])
            missing -= len(parts[-1])
        return b"".join(parts)


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for _ in range(8):
        byte = content[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    return value << 8 | content[at], at + 1


def _record(payload: bytes) -> Row:
    end, at = _varint(payload, 0)
    if end > len(payload):
        raise BrokenPageError("a row without its columns")
    kinds = []
    while at < end:
        kind = payload[at]
        if kind < 0x80:  # nearly always; this loop is most of the work of a rescue
            at += 1
        else:
            kind, at = _varint(payload, at)
        kinds.append(kind)
    at = end
    row: list[Cell] = []
    for kind in kinds:
        cell, at = _column(payload, at, kind)
        row.append(cell)
    if at != len(payload):
        raise BrokenPageError("a row of another length than its columns")
    return tuple(row)


def _column(payload: bytes, at: int, kind: int) -> tuple[Cell, int]:
    if kind >= 12:
        end = at + (kind - 12) // 2
        cell = payload[at:end]
        return (cell.decode() if kind & 1 else cell), end
    if kind in _INTEGERS:
        end = at + _INTEGERS[kind]
        return int.from_bytes(payload[at:end], "big", signed=True), end
    if kind == 7:
        return _DOUBLE.unpack_from(payload, at)[0], at + 8
    if kind in (8, 9):
        return kind - 8, at
    if kind == 0:
        return None, at
    raise BrokenPageError(f"a column of kind {kind}")


def _newer_pages(path: Path, page_bytes: int) -> dict[int, bytes]:
    """The pages of a write-ahead log up to the last commit whose checksum is right."""
    try:
        log = path.read_bytes()
    except OSError:
        return {}
    if len(log) < _WAL_HEADER.size:
        return {}
    magic, _, size, _, *salts, first, second = _WAL_HEADER.unpack_from(log)
    order = ">" if magic & 1 else "<"
    sums = _checksum(log[:24], order, (0, 0))
    if magic & ~1 != _WAL_MAGIC or size != page_bytes or sums != (first, second):
        return {}
    committed: dict[int, bytes] = {}
    pending: dict[int, bytes] = {}
    step = _WAL_FRAME.size + page_bytes
    for at in range(_WAL_HEADER.size, len(log) - step + 1, step):
        number, commit, *own_salts, first, second = _WAL_FRAME.unpack_from(log, at)
        content = log[at + _WAL_FRAME.size : at + step]
        sums = _checksum(log[at : at + 8] + content, order, sums)
        if own_salts != salts or sums != (first, second):
            break
        pending[number] = content
        if commit:
            committed |= pending
            pending = {}
    return committed


def _checksum(content: bytes, order: str, start: tuple[int, int]) -> tuple[int, int]:
    first, second = start
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
