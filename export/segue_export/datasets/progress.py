"""What a build shows of itself: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Final, Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from segue_export.datasets.items import Item

_LINE_SECONDS: Final = 15.0
T = TypeVar("T")


class Progress:
    """Shows how many of `total` things (``recordings``, ``packages``) are done, and names every file that is bad."""

    def __init__(self, unit: str, total: int, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._unit, self._total, self._done = unit, total, 0
        self._counts: Counter[str] = Counter()
        self._last = time.monotonic()
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[counts]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(unit, total=total, counts="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()
        if kind is None and not self._console.is_terminal:
            self._line()

    def count(self, things: Iterable[T]) -> Iterator[T]:
        """The same things; each counts when the next one is asked for."""
        for thing in things:
            yield thing
            self.advance()

    def report(self, item: Item, status: str) -> None:
        """Take note of a recording's status without counting it as a step."""
        self._counts[status.partition(":")[0]] += 1
        if status.startswith("bad"):
            self._console.print(f"{item.group}: {item.path}: {status}", markup=False, soft_wrap=True)

    def step(self, item: Item, status: str) -> None:
        """Take note of a recording's status, and count it."""
        self.report(item, status)
        self.advance()

    def advance(self) -> None:
        """Count one."""
        self._done += 1
        self._bar.update(self._task, advance=1, counts=self._said())
        if not self._console.is_terminal and time.monotonic() - self._last > _LINE_SECONDS:
            self._line()

    def _line(self) -> None:
        self._last = time.monotonic()
        print(
            f"{self._done} of {self._total} {self._unit}{'; ' if self._counts else ''}{self._said()}",
            file=sys.stderr,
            flush=True,
        )

    def _said(self) -> str:
        return ", ".join(f"{count} {status}" for status, count in self._counts.most_common())
