"""Printing: JSON for programs, a console for people, and text from files that cannot play tricks on a terminal."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console


def print_json(value: Any) -> None:
    """Print a message or a plain object as JSON on one line."""
    import msgspec

    text = msgspec.json.encode(value).decode()
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:  # a program must read the very characters: JSON can spell them in ASCII
        text = json.dumps(json.loads(text))
    click.echo(text)


def make_console(*, stderr: bool = False) -> Console:
    """Return a console that leaves a closed pipe to the program instead of ending it by itself."""
    from rich.console import Console

    class PipeConsole(Console):
        def on_broken_pipe(self) -> NoReturn:
            raise BrokenPipeError

    return PipeConsole(stderr=stderr, highlight=False, emoji=False, markup=False)


def clean(text: str) -> str:
    """Text from a file's tags or name without control characters: it must not move the cursor or change colours."""
    return "".join(character if character.isprintable() else " " for character in text)


def minutes(seconds: float | None) -> str:
    """A length as ``6:05`` or ``1:02:03``; a dash when it is unknown."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def plural(count: int, noun: str) -> str:
    """``1 track``, ``2 tracks``, ``1 234 tracks``."""
    digits = f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")
    return f"{digits} {noun}" if count == 1 else f"{digits} {noun}s"
