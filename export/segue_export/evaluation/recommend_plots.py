"""A picture of the suggestions' figures: who finds the next track, and what each part gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from segue_export.evaluation.estimates import Estimate, decimal
from segue_export.evaluation.plots import COLOURS
from segue_export.evaluation.tables import Cell, Table

_STYLE: Final[dict[Any, Any]] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "font.size": 9,
    "svg.hashsalt": "segue",
    "svg.fonttype": "none",
}
_PANELS: Final = (("next", ("hit@1", "hit@5", "hit@10")), ("purity", ("of 1", "of 5", "of 10")))


def draw(tables: Sequence[Table], folder: Path) -> list[Path]:
    """Draw what the tables hold as ``recommend.svg`` in a folder; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {table.name: table for table in tables}
    bars = [(named[name], columns) for name, columns in _PANELS if name in named]
    parts = [named[name] for name in ("ablation", "ablation_untaught", "ablation_tuned") if name in named]
    with mpl.rc_context(_STYLE):
        heights = [1.0 + 0.42 * len(table.rows) for table, _ in bars] + [1.0 + 0.2 * len(one.rows) for one in parts]
        figure = Figure(figsize=(8, sum(heights)), layout="constrained")
        axes = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        for place, (table, columns) in enumerate(bars):
            _grouped(axes[place], table, columns)
        for place, table in enumerate(parts, start=len(bars)):
            _differences(axes[place], table)
        path = folder / "recommend.svg"
        figure.savefig(path, metadata={"Date": None, "Creator": None})
    return [path]


def _grouped(axes: Axes, table: Table, columns: Sequence[str]) -> None:
    """One group of bars for each row, with the intervals."""
    place = np.arange(len(table.rows), dtype=float)[::-1]
    for at, column in enumerate(columns):
        cells = [row[column] for row in table.rows.values()]
        values = np.array([_number(cell) for cell in cells])
        low, high = (np.array([getattr(cell, end, _number(cell)) for cell in cells]) for end in ("low", "high"))
        bars = axes.barh(
            place + 0.27 * (1 - at), values, 0.25, color=COLOURS[at], label=column, xerr=[values - low, high - values],
            error_kw={"elinewidth": 0.7, "ecolor": "#666666"},
        )  # fmt: skip
        axes.bar_label(bars, [decimal(float(value)) for value in values], padding=12, fontsize=7)
    axes.set_yticks(place, list(table.rows))
    axes.set_title(table.title)
    axes.margins(x=0.12)
    axes.legend(frameon=False, loc="upper right")


def _differences(axes: Axes, table: Table) -> None:
    """What each part gives, in thousandths of MRR."""
    rows = {name.removeprefix("without "): row for name, row in table.rows.items() if name != "all parts"}
    # As the table says it: "+92.6 ±16.5 *".
    said = [str(row["the part gives"]).replace("±", "").split() for row in rows.values()]
    values, spread = [float(one[0]) for one in said], [float(one[1]) for one in said]
    place = np.arange(len(rows))[::-1]
    axes.barh(
        place, values, xerr=spread, color=[COLOURS[2] if value >= 0 else COLOURS[3] for value in values],
        error_kw={"elinewidth": 0.7, "ecolor": "#666666"},
    )  # fmt: skip
    axes.axvline(0.0, color="#666666", linewidth=0.7)
    axes.set_yticks(place, list(rows))
    axes.set_title(table.title)
    axes.set_xlabel("thousandths of MRR that the part gives")


def _number(cell: Cell) -> float:
    return cell.value if isinstance(cell, Estimate) else float(cell or 0.0)
