"""Reading tables (CSV, TSV, Parquet) row by row, with errors that name the row and the column."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from segue_export.datasets.build import DatasetError

Policy = Literal["skip", "stop"]
"""What to do about a bad row."""
POLICIES: Final[tuple[Policy, ...]] = ("skip", "stop")
_NAMED: Final = 20
"""So many bad rows are named; of the others only the number is said."""


class BadRowError(Exception):
    """A row that cannot be used."""

    def __init__(self, column: str, expected: str, found: str) -> None:
        super().__init__(f"column {column!r}: {expected} is expected, and it says {found!r}")
        self.column = column


@dataclass(frozen=True)
class Row:
    """One row of a table."""

    number: int
    """As a spreadsheet counts: the row of column names is 1."""
    cells: dict[str, str]
    """By column name, stripped of space; every column of the table is there."""


class BadRows:
    """Keeps count of bad rows; the first one ends everything when the policy says so."""

    def __init__(self, path: Path, policy: Policy) -> None:
        self._path, self._policy = path, policy
        self._said: list[str] = []
        self.count = 0

    def take(self, row: int, error: BadRowError | str) -> None:
        """Note a bad row. Raises DatasetError with the policy ``stop``."""
        said = f"{self._path.name}, row {row}: {error}"
        if self._policy == "stop":
            raise DatasetError(f"{said}. Mend the row, or leave such rows out with --bad-rows skip")
        self.count += 1
        if self.count <= _NAMED:
            self._said.append(said)

    def notes(self) -> list[str]:
        """What there is to say about all of them."""
        more = self.count - len(self._said)
        return [*(f"left out: {said}" for said in self._said), *([f"left out: {more} more bad rows"] if more else [])]


class Table:
    """A table in a file: ``.csv`` (comma or semicolon), ``.tsv``, or ``.parquet``.

    Raises DatasetError when it is missing, empty, or no text.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.suffix == ".parquet":
            from segue_export.datasets.parquet import read_rows  # noqa: PLC0415  # an optional dependency

            self.columns, self._cells = read_rows(path)
            return
        self._delimiter = _delimiter(path)
        header = next(self._lines(), [])
        self.columns = tuple(name.strip() for name in header)
        if not any(self.columns):
            raise DatasetError(f"{path} is empty: a first row with the names of the columns is expected")
        twice = {name for name in self.columns if name and self.columns.count(name) > 1}
        if twice:
            raise DatasetError(f"{path} names the column {min(twice)!r} twice; rename one of them")
        self._cells = self._read

    def rows(self, bad: BadRows | None = None) -> Iterator[Row]:
        """All rows but empty ones; rows of another length than the first are bad (or skipped, when nobody wants to know)."""
        for number, cells in enumerate(self._cells(), 2):
            if not any(cells):
                continue
            if len(cells) != len(self.columns):
                if bad is not None:
                    bad.take(number, f"it has {len(cells)} cells, and the first row names {len(self.columns)} columns")
                continue
            yield Row(number, dict(zip(self.columns, (cell.strip() for cell in cells), strict=True)))

    def _read(self) -> Iterator[list[str]]:
        lines = self._lines()
        next(lines, None)
        yield from lines

    def _lines(self) -> Iterator[list[str]]:
        yield from read_lines(self.path, self._delimiter)


def read_lines(path: Path, delimiter: str) -> Iterator[list[str]]:
    """Cells of each line of a text table, the first included. Raises DatasetError when it cannot be read."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from csv.reader(file, delimiter=delimiter)
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except csv.Error as error:
        raise DatasetError(f"{path} is no table of text: {error}") from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}") from error


def _delimiter(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            first = file.readline()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}") from error
    return max(("\t", ",", ";"), key=first.count)


def find_column(columns: tuple[str, ...], names: tuple[str, ...]) -> str | None:
    """The first of these names that the table has, whatever its capitals, spaces and underscores."""
    plain = {_plain(column): column for column in reversed(columns)}
    return next((plain[_plain(name)] for name in names if _plain(name) in plain), None)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def binary_columns(table: Table) -> frozenset[str]:
    """Columns that say 0 or 1 in every row (or nothing), and something in at least one."""
    open_columns = set(table.columns)
    spoken: set[str] = set()
    for row in table.rows():
        for column in tuple(open_columns):
            cell = row.cells[column]
            if cell:
                spoken.add(column)
                if cell not in {"0", "1", "0.0", "1.0"}:
                    open_columns.discard(column)
    return frozenset(open_columns & spoken)


Cells = Callable[[], Iterator[list[str]]]
