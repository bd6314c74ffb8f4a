"""Draw the learning curves of runs: ``segue-train plot RUN ... --out curves.png``."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from segue_export.trainer import CHECKPOINT

_NOTHING: Final = "nothing was logged yet: a run writes a row every twenty steps"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="segue-train plot", description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs, each with its log.csv")
    parser.add_argument("--out", type=Path, required=True, help="the picture (.png, .svg or .pdf)")
    options = parser.parse_args(arguments)
    draw({str(run): read_log(run / "log.csv") for run in options.runs}, options.out)
    print(options.out)
    return 0


def read_log(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Each logged column as (minutes, values); what a row leaves empty is left out."""
    if not path.exists() and (path.parent / CHECKPOINT).exists():
        raise SystemExit(f"{path.parent}: {_NOTHING}")
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise SystemExit(f"{path} cannot be read: {error.strerror}; is this the folder of a run?") from error
    columns: dict[str, tuple[list[float], list[float]]] = {}
    for row in rows:
        for name, value in row.items():
            if value and name not in {"step", "minutes", "views", "crops"}:
                minutes, values = columns.setdefault(name, ([], []))
                minutes.append(float(row["minutes"]))
                values.append(float(value))
    return columns


def draw(logs: dict[str, dict[str, tuple[list[float], list[float]]]], out: Path) -> None:
    """One panel for each term, one line for each run."""
    import matplotlib as mpl  # noqa: PLC0415  # slow to import, and only the plot needs it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    terms = list(dict.fromkeys(name for log in logs.values() for name in log))
    if not terms:
        raise SystemExit(_NOTHING)
    columns = min(3, len(terms))
    rows = -(-len(terms) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(4 * columns, 2.6 * rows), squeeze=False)
    for panel in panels.flat[len(terms) :]:
        panel.set_axis_off()
    for panel, term in zip(panels.flat, terms, strict=False):
        for number, (run, log) in enumerate(logs.items()):
            if term in log:
                panel.plot(*log[term], label=run, color=f"C{number}", linewidth=1.2)
        panel.set_title(term)
        panel.set_xlabel("minutes")
        panel.grid(alpha=0.3)
    panels.flat[0].legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(out, dpi=120)
    plt.close(figure)
