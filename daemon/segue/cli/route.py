"""Paths and sets as a table, and as a playlist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from segue.cli.options import Options
from segue.cli.output import clean, make_console, minutes, plural, print_json

if TYPE_CHECKING:
    from rich.console import Group
    from rich.text import Text

    from segue.protocol.messages import Route, Step


def show(options: Options, route: Route, m3u8: Path | None, *, relative: bool, force: bool) -> None:
    """Print a route, after writing it to a playlist where one is asked for."""
    left_out: list[str] = []
    if m3u8 is not None:
        from segue.cli import m3u

        left_out = m3u.write(m3u8, route.tracks, relative=relative, force=force)
    if options.json:
        print_json(route)
    else:
        make_console().print(_table(route))
        if m3u8 is not None:
            click.echo(f"{plural(len(route.tracks) - len(left_out), 'track')} written to {clean(str(m3u8))}.")
    for path in left_out:
        click.echo(f"segue: left out of the playlist, for its name has a line break: {clean(path)}", err=True)


def _table(route: Route) -> Group:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, expand=True, header_style="dim", padding=(0, 1))
    timed = route.seconds is not None
    table.add_column("at" if timed else "step", justify="right", style="dim", no_wrap=True)
    table.add_column("match", justify="right", no_wrap=True)
    table.add_column("track", ratio=1)
    for name in ("bpm", "key", "nrg"):
        table.add_column(name, justify="right", no_wrap=True)
    for number, step in enumerate(route.tracks):
        table.add_row(
            minutes(step.begins) if timed else str(number),
            "" if step.score is None else f"{100 * step.score:.0f}",
            _cell(step),
            "-" if step.bpm is None else f"{step.bpm:.1f}",
            step.camelot or "-",
            "-" if step.energy is None else f"{step.energy:.0f}",
        )
    notes = [Text(_summary(route), style="dim")]
    if route.relaxed:
        notes.append(Text(f"For want of music: {'; '.join(map(clean, route.relaxed))}.", style="yellow"))
    return Group(table, Text(), *notes)


def _cell(step: Step) -> Text:
    from rich.text import Text

    cell = Text(clean(step.title), style="bold")
    if step.artist:
        cell.append(f" - {clean(step.artist)}", style="not bold")
    if step.score is not None:
        cell.append(f"\n{clean(step.why)}", style="dim not bold")
    for note in step.notes:
        cell.append(f"\n{clean(note)}", style="yellow not bold")
    return cell


def _summary(route: Route) -> str:
    """``13 tracks, 1:00:24, the weakest step matches 61``."""
    parts = [plural(len(route.tracks), "track"), "" if route.seconds is None else minutes(route.seconds)]
    if route.weakest is not None:
        parts.append(f"the weakest step matches {100 * route.weakest:.0f}")
    return ", ".join(filter(None, parts))
