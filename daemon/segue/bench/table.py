"""Tables that people have made: their separator, encoding and names of columns are found out, and nothing is guessed silently.

`csv.Sniffer` is not asked: it takes letters for separators, and a comma inside of names for one between them.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from segue.errors import BenchFileError

COLUMNS: Final = {
    "path": ("path", "file", "filename", "filepath", "location", "audio"),
    "bpm": ("bpm", "tempo"),
    "key": ("key", "initialkey", "tonality", "camelot"),
    "group": ("style", "group", "genre"),
    "trusted": ("keytrusted", "trustedkey"),
    "bpm_confidence": ("bpmconfidence", "tempoconfidence"),
    "key_confidence": ("keyconfidence", "keystrength"),
    "seconds": ("seconds", "duration"),
    "cpu": ("cpuseconds", "cpu"),
    "error": ("error",),
}
"""Names of columns by meaning, the preferred first; case, blanks, hyphens and underscores do not count."""
_WITHOUT_HEADER: Final = ("path", "bpm", "key", "group")
_SEPARATORS: Final = (",", ";", "\t", "|")
_NOTHING: Final = frozenset({"", "-", "?", "x", "none", "null", "nan", "n/a", "na", "unknown"})
_NO_LETTER: Final = re.compile(r"[\s_-]+")
_EXCEL: Final = re.compile(r'"?sep=(.)"?')
_CELL_LIMIT: Final = 1 << 17


class Problem(NamedTuple):
    """Something in a table that could not be used."""

    line: int
    """Of the file, from 1."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table, by the meaning of its cells."""

    line: int
    cells: dict[str, str]

    def text(self, meaning: str) -> str:
        """A cell without blanks around it; empty where there is nothing, or what stands for nothing ("-", "n/a")."""
        cell = self.cells.get(meaning, "").strip()
        return "" if meaning != "path" and cell.casefold() in _NOTHING else cell

    def number(self, meaning: str) -> float | None:
        """A cell as a number, also with a decimal comma; None when it is empty. Raises ValueError when it is none."""
        cell = self.text(meaning)
        if not cell:
            return None
        value = float(cell.replace(",", ".") if "." not in cell else cell)
        if not math.isfinite(value):
            raise ValueError(cell)
        return value


@dataclass(frozen=True, slots=True)
class Table:
    """A table with what could not be read of it."""

    meanings: frozenset[str]
    """Of the columns that were recognised."""
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]


def read_table(path: Path) -> Table:
    """Read a table with a column of paths. Raises BenchFileError when it is no such table."""
    text = _read(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise BenchFileError(f"{path} is empty: it should begin with a line such as path,bpm,key.")
    declared = _EXCEL.fullmatch(first.strip())
    separator, order, has_header = _layout(path, text, declared[1] if declared else None)
    records: list[Record] = []
    problems: list[Problem] = []
    to_skip = bool(declared) + has_header
    for line, last, cells in _rows(path, text, separator):
        if to_skip:
            to_skip -= 1
        elif last > line:
            problems.append(
                Problem(
                    line, f"a quotation mark is opened and not closed on this line; lines {line} to {last} are left out"
                )
            )
        elif any(cell.strip() for cell in cells[len(order) :]):
            problems.append(
                Problem(
                    line,
                    f"{len(cells)} cells in {len(order)} columns; put a path with {separator!r} in it in quotation marks",
                )
            )
        else:
            records.append(Record(line, {name: cell for name, cell in zip(order, cells, strict=False) if name}))
    return Table(frozenset(name for name in order if name), tuple(records), tuple(problems))


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BenchFileError(f"{path} cannot be read ({error.strerror or error}).") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _layout(path: Path, text: str, declared: str | None) -> tuple[str, tuple[str, ...], bool]:
    """Separator, meaning of each column (empty for others), and whether there is a header."""
    best: tuple[int, str, tuple[str, ...], bool] | None = None
    for separator in (declared,) if declared else _SEPARATORS:
        rows = (cells for _, _, cells in _rows(path, text, separator))
        if declared:
            next(rows, None)
        cells = next(rows, [])
        order = _meanings(cells)
        if "path" in order:
            found = (100 + sum(map(bool, order)), separator, order, True)
        elif _looks_like_values(cells):
            found = (len(cells), separator, _WITHOUT_HEADER[: len(cells)], False)
        else:
            continue
        best = found if best is None or found[0] > best[0] else best
    if best is None:
        raise BenchFileError(
            f"{path} has no column of paths: its first line should name the columns, as in path,bpm,key."
        )
    return best[1:]


def _meanings(cells: list[str]) -> tuple[str, ...]:
    names = [_NO_LETTER.sub("", cell).casefold() for cell in cells]
    order = [""] * len(cells)
    for meaning, aliases in COLUMNS.items():
        index = next((names.index(alias) for alias in aliases if alias in names), None)
        if index is not None:
            order[index] = meaning
    return tuple(order)


def _looks_like_values(cells: list[str]) -> bool:
    """Whether a first line is a row: a path, then a number or nothing."""
    if not 2 <= len(cells) <= len(_WITHOUT_HEADER):
        return False
    try:
        return Record(1, {"bpm": cells[1]}).number("bpm") is not None or (len(cells) > 2 and not cells[1].strip())
    except ValueError:
        return False


def _rows(path: Path, text: str, separator: str) -> Iterator[tuple[int, int, list[str]]]:
    """First line, last line and cells of each row that is not blank."""
    csv.field_size_limit(_CELL_LIMIT)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, skipinitialspace=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, reader.line_num, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise BenchFileError(f"{path}, line {line}: {error}. It should be a table such as path,bpm,key.") from error
