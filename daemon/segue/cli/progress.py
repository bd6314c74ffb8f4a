"""The live progress of the indexing, from the daemon's status."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from segue.cli.output import clean, minutes, plural

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from segue.client import Client
    from segue.protocol.messages import Status

_LOOK_SECONDS: Final = 0.25
_LINE_SECONDS: Final = 15.0
"""How often a line is printed where there is no terminal to draw on."""
_CALM_LOOKS: Final = 2
"""A folder that was just added may not have been looked at yet: an end counts when it is seen twice running."""


def follow(client: Client, console: Console) -> Status:
    """Show the progress until nothing is left to do, or analysis is held back; returns the last status."""
    return _draw(client, console) if console.is_terminal else _print_lines(client, console)


def is_idle(status: Status) -> bool:
    """Whether every file in the folders is known and done with."""
    return not (status.scanning or status.analysing or status.tracks.queued)


def is_held_back(status: Status) -> bool:
    """Whether analysis waits: it is paused, or a deck plays."""
    return (status.paused or status.gig_mode) and not (status.scanning or status.analysing)


class Tally:
    """How many files there were to do since we began to look, and how many of them are done."""

    def __init__(self) -> None:
        self._queued: int | None = None
        self.done = 0
        self.total = 0

    def update(self, status: Status) -> None:
        """Take a new status: the queue shrinks by what is done and grows by what is found."""
        queued = status.tracks.queued
        before = queued if self._queued is None else self._queued
        self.done += max(0, before - queued)
        self.total = self.done + queued
        self._queued = queued


def facts(status: Status, tally: Tally) -> str:
    """``34 of 60 files · 57 a minute · 0:28 left · 2 failed``."""
    parts = [f"{tally.done} of {plural(tally.total, 'file')}"]
    if status.rate:
        parts.append(f"{status.rate:.0f} a minute")
    if status.time_left:
        parts.append(f"{minutes(status.time_left)} left")
    if status.tracks.failed:
        parts.append(f"{status.tracks.failed} failed")
    return " · ".join(parts)


def _looks(client: Client, tally: Tally) -> Iterator[Status]:
    """The daemon's status again and again; ends when there is no more to wait for."""
    calm = 0
    while calm < _CALM_LOOKS:
        status = client.status()
        tally.update(status)
        yield status
        calm = calm + 1 if is_idle(status) or is_held_back(status) else 0
        time.sleep(_LOOK_SECONDS)


def _draw(client: Client, console: Console) -> Status:
    from rich.live import Live
    from rich.spinner import Spinner

    tally, spinner = Tally(), Spinner("dots")
    with Live(spinner, console=console, transient=True, refresh_per_second=8) as live:
        for status in _looks(client, tally):
            live.update(_picture(status, tally, spinner))
    return status


def _picture(status: Status, tally: Tally, spinner: RenderableType) -> RenderableType:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    line = Table.grid(padding=(0, 1))
    if not tally.total:
        line.add_row(spinner, "Looking through the folders")
        return line
    bar = ProgressBar(total=tally.total, completed=tally.done, width=16)
    line.add_row(spinner, "Indexing", bar, facts(status, tally))
    in_work = clean(PurePath(status.analysing[0]).name) if status.analysing else ""
    notes = [Text(f"Note: {clean(problem)}", style="yellow") for problem in status.problems]
    return Group(line, Text(f"  {in_work}", style="dim", no_wrap=True, overflow="ellipsis"), *notes)


def _print_lines(client: Client, console: Console) -> Status:
    tally, told, problems = Tally(), time.monotonic(), set[str]()
    for status in _looks(client, tally):
        if not is_idle(status):  # else the summary says it
            for problem in set(status.problems) - problems:
                console.print(f"Note: {clean(problem)}", soft_wrap=True)
            problems |= set(status.problems)
        if tally.total and time.monotonic() - told >= _LINE_SECONDS:
            told = time.monotonic()
            console.print(f"Indexing: {facts(status, tally)}", soft_wrap=True)
    return status
