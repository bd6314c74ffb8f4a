"""Where a report goes: the terminal, a JSON file, and a page in Markdown with its plots."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from segue.cli.output import make_console
from segue_export.evaluation.listening import Progress
from segue_export.evaluation.tables import Table, grid, markdown, plain

About = dict[str, Any]
"""What was measured, with what."""


def write_report(
    folder: Path, name: str, title: str, about: About, tables: Sequence[Table], plots: Sequence[Path]
) -> None:
    """Write ``name.json`` and ``name.md`` into a folder; plots that lie there are shown on the page."""
    folder.mkdir(parents=True, exist_ok=True)
    report = {"about": about, "figures": plain(tables)}
    (folder / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    facts = [f"- {fact.replace('_', ' ')}: {value}" for fact, value in about.items() if value not in ("", None, [])]
    images = [f"![{plot.stem.replace('-', ' ')}]({plot.name})\n" for plot in plots]
    page = "\n\n".join([f"# {title}", "\n".join(facts), *map(markdown, tables), *images])
    (folder / f"{name}.md").write_text(page.rstrip() + "\n", encoding="utf-8")


def print_report(tables: Sequence[Table], about: About, *, as_json: bool) -> None:
    """Print tables, or one JSON object."""
    if as_json:
        print(msgspec.json.encode({"about": about, "figures": plain(tables)}).decode())
        return
    console = make_console()
    for table in tables:
        console.print(grid(table), "")


def progress() -> Progress:
    """Says on the error stream how far the listening is: on one line of a terminal, else every tenth part."""
    terminal = sys.stderr.isatty()

    def show(name: str, done: int, total: int) -> None:
        if terminal:
            print(f"\r{name}: {done} of {total} clips", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif done == total or done % max(total // 10, 1) == 0:
            print(f"{name}: {done} of {total} clips", file=sys.stderr, flush=True)

    return show
