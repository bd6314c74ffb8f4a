"""Which rows of which tables a damaged library still holds."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from segue.library.pages import BrokenPageError, Cell, Leaf, PageFile, Row

_TABLES: Final = (
    "meta", "models", "tracks", "vectors", "files", "track_values", "folders", "plays", "words_content", "track_details",
    "night_starts", "transitions", "opinions", "imports", "settings", "crates", "crate_tracks",
)  # fmt: skip
_WITHOUT_ROWID: Final = frozenset({"meta", "track_values", "opinions", "settings", "crate_tracks"})
_LIKE_OTHERS: Final = frozenset({"night_starts", "settings", "crate_tracks"})
"""Tables whose rows may be taken for those of others: where their tree is lost, so are they."""
_LATEST_FIRST: Final = {"tracks": 16, "files": 10, "track_values": 5}
"""The column that tells the newer of two copies of a row."""
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "INTEGER": (int,),
    "REAL": (int, float),
    "TEXT": (str,),
    "BLOB": (bytes,),
    "": (int, float, str),
}

IDENTITIES: Final = "sqlite_autoindex_tracks_1"
"""Of an index: identity and track."""
MODELS: Final = "sqlite_autoindex_models_1"
"""Of an index: name, labels, dim and model."""
PLAY_TIMES: Final = "plays_at"
"""Of an index: time and play."""
PLAY_TRACKS: Final = "plays_track"
"""Of an index: track and play."""

FOLDERS: Final = "sqlite_autoindex_folders_1"
"""Of an index: path and row."""


class _Column(NamedTuple):
    kinds: tuple[type, ...]
    nullable: bool
    is_rowid: bool = False


class _Shape(NamedTuple):
    of_table: bool
    least: int
    """Columns that every row has: later ones were added by a migration, with a default."""
    columns: tuple[_Column, ...]
    guessable: bool = True
    """No other table's rows look like these."""


def _index(*kinds: tuple[type, ...], guessable: bool) -> _Shape:
    columns = tuple(_Column(kind, nullable=False) for kind in kinds)
    return _Shape(of_table=False, least=len(columns), columns=columns, guessable=guessable)


_INDEXES: Final = {
    IDENTITIES: _index((str,), (int,), guessable=True),
    MODELS: _index((str,), (str,), (int,), (int,), guessable=True),
    FOLDERS: _index((bytes,), (int,), guessable=False),
    PLAY_TIMES: _index((int, float), (int,), guessable=False),
    PLAY_TRACKS: _index((int,), (int,), guessable=False),
}


class Remains:
    """What can be read of a library file, table by table.

    Pages that belong to a table's tree come first; then those that lost their tree, known by the shape of their rows.
    """

    def __init__(self, file: PageFile, db: sqlite3.Connection) -> None:
        """Look through all pages.

        Args:
            file: the damaged library.
            db: a sound library of this version, which tells the shapes of the tables.

        """
        self._file = file
        self._shapes = {name: _shape(db, name) for name in _TABLES} | _INDEXES
        self._pages: dict[str, list[int]] = {name: [] for name in self._shapes}
        self._strays: dict[str, list[int]] = {name: [] for name in self._shapes}
        self.broken: set[str] = set(_TABLES)
        """Tables of which something is lost; grows while rows are read."""
        self.next_track = 0
        """The highest track number that was given, as far as it is known."""
        seen: set[int] = set()
        self._follow_trees(seen)
        self._sort_strays(seen | file.free())

    def rows(self, name: str) -> Iterator[Row]:
        """Yield the rows of a table or index that have its shape, the rowid in its column; the same key may come twice."""
        for number in self._pages[name]:
            leaf = self._leaf(number)
            kept = self._fitting(name, leaf)
            if not leaf.whole or len(kept) < len(leaf.rows) or leaf.of_table != self._shapes[name].of_table:
                self.broken.add(name)
            yield from kept
        strays = (row for number in self._strays[name] for row in self._fitting(name, self._leaf(number)))
        if name in _LATEST_FIRST:
            stamp = _LATEST_FIRST[name]
            yield from sorted(strays, key=lambda row: _number(row[stamp]), reverse=True)
        else:
            yield from strays

    def _follow_trees(self, seen: set[int]) -> None:
        if not self._file.has_header:
            return
        for name, root in self._roots(seen).items():
            pages, whole = self._file.tree(root, seen)
            if name in self._pages:
                self._pages[name] = pages
                if whole:
                    self.broken.discard(name)
            elif name == "sqlite_sequence":
                self._read_sequence(pages)

    def _roots(self, seen: set[int]) -> dict[str, int]:
        roots: dict[str, int] = {}
        for number in self._file.tree(1, seen)[0]:
            for _, row in self._leaf(number).rows:
                if len(row) == 5 and isinstance(row[1], str) and isinstance(row[3], int) and row[3] > 1:
                    roots[row[1]] = row[3]
        return roots

    def _read_sequence(self, pages: list[int]) -> None:
        for number in pages:
            for _, row in self._leaf(number).rows:
                if len(row) == 2 and row[0] == "tracks" and isinstance(row[1], int):
                    self.next_track = max(self.next_track, row[1])

    def _sort_strays(self, settled: set[int]) -> None:
        for number in range(1, self._file.count + 1):
            if number in settled:
                continue
            leaf = self._leaf(number)
            for name, shape in self._shapes.items():
                if shape.guessable and self._fitting(name, leaf):
                    self._strays[name].append(number)

    def _leaf(self, number: int) -> Leaf:
        try:
            return self._file.leaf(number)
        except BrokenPageError:
            return Leaf(of_table=False, rows=[], whole=False)

    def _fitting(self, name: str, leaf: Leaf) -> list[Row]:
        shape = self._shapes[name]
        if leaf.of_table != shape.of_table:
            return []
        fitting = (_fit(rowid, row, shape) for rowid, row in leaf.rows)
        return [row for row in fitting if row is not None]


def _shape(db: sqlite3.Connection, table: str) -> _Shape:
    columns = []
    least = 0
    for number, _, kind, not_null, default, key in db.execute(f"PRAGMA table_info({table})"):
        of_table = table not in _WITHOUT_ROWID
        is_rowid = bool(key) and of_table and kind == "INTEGER"
        nullable = not (not_null or key)
        columns.append(_Column(_KINDS[kind], nullable, is_rowid))
        if default is None and not nullable:
            least = number + 1
    if table == "words_content":
        least = len(columns)
    return _Shape(table not in _WITHOUT_ROWID, least, tuple(columns), table not in _LIKE_OTHERS)


def _fit(rowid: int, row: Row, shape: _Shape) -> Row | None:
    if not shape.least <= len(row) <= len(shape.columns):
        return None
    for cell, column in zip(row, shape.columns, strict=False):
        if cell is None:
            fits = column.nullable or column.is_rowid
        elif isinstance(cell, float) and not math.isfinite(cell):
            fits = False
        else:
            fits = isinstance(cell, column.kinds) and not column.is_rowid
        if not fits:
            return None
    return tuple(rowid if column.is_rowid else cell for cell, column in zip(row, shape.columns, strict=False))


def _number(cell: Cell) -> float:
    return cell if isinstance(cell, int | float) else 0.0
