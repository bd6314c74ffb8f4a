"""A table of figures, and its three forms: for a terminal, for a page in Markdown, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table as Grid

from segue_export.evaluation.estimates import Estimate, decimal

Cell = Estimate | float | int | str | None


@dataclass(frozen=True)
class Table:
    """Figures of one kind, row by row."""

    name: str
    """In the JSON."""
    title: str
    head: str
    """What the rows are."""
    rows: Mapping[str, Mapping[str, Cell]]
    """Every row has the same columns."""
    note: str = ""
    """What a reader must know to understand the figures."""

    @property
    def columns(self) -> list[str]:
        """Names of the columns, without the first."""
        return list(next(iter(self.rows.values()), {}))


def shown(cell: Cell) -> str:
    """A cell as text."""
    if cell is None:
        return "-"
    return decimal(cell) if isinstance(cell, float) else str(cell)


def grid(table: Table) -> Grid:
    """For a terminal."""
    drawn = Grid(title=table.title, title_justify="left", title_style="bold", caption=table.note or None)
    drawn.caption_justify = "left"
    drawn.add_column(table.head)
    for name in table.columns:
        drawn.add_column(name, justify="right")
    for name, row in table.rows.items():
        drawn.add_row(name, *map(shown, row.values()))
    return drawn


def markdown(table: Table) -> str:
    """For a page."""
    lines = [_line([table.head, *table.columns]), _line(["---", *("---:" for _ in table.columns)])]
    lines += [_line([name, *map(shown, row.values())]) for name, row in table.rows.items()]
    note = f"\n\n{table.note}" if table.note else ""
    return f"## {table.title}\n\n" + "\n".join(lines) + note + "\n"


def plain(tables: Sequence[Table]) -> dict[str, Any]:
    """For JSON: figures by table, row and column; an estimate is an object."""
    return {
        table.name: {name: {column: _value(cell) for column, cell in row.items()} for name, row in table.rows.items()}
        for table in tables
    }


def _value(cell: Cell) -> Any:
    return cell._asdict() if isinstance(cell, Estimate) else cell


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
