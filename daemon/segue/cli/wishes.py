"""Options that say which tracks one wants to hear of: filters, the moment of the night, and what was played already."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

_Function = TypeVar("_Function", bound=Callable[..., Any])

PRESETS: Final = ("dj", "warm-up", "peak", "after-hours", "producer")


class Range(click.ParamType[tuple[float | None, float | None]]):
    """``120-128``, ``120-``, ``-128`` or ``125``, as two numbers or None."""

    name = "range"

    def __init__(self, kind: type[int | float], least: float = 0.0, most: float = math.inf) -> None:
        self._kind = kind
        self._least, self._most = least, most

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float | None, float | None]:
        """Read it."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)?\s*(-)?\s*(\d+(?:\.\d+)?)?\s*", str(value))
        if found is None or not (found[1] or found[3]):
            self.fail(f"“{value}” is no range: write 120-128, 120- or -128.", param, ctx)
        try:
            low, high = (None if text is None else self._kind(text) for text in (found[1], found[3]))
        except ValueError:
            self.fail(f"“{value}”: only whole numbers are meant here.", param, ctx)
        given = [number for number in (low, high) if number is not None]
        if not all(self._least <= number <= self._most for number in given):
            self.fail(f"“{value}” goes beyond what there is, {self._least:g} to {self._most:g}.", param, ctx)
        if given != sorted(given):
            self.fail(f"“{value}” is upside down: name the lower one first.", param, ctx)
        return (low, high) if found[2] else (low, low)


class OneOrRange(Range):
    """A number, also one that cannot be true, or a range."""

    name = "number"

    def __init__(self) -> None:
        super().__init__(float)

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float | None, float | None]:
        """Read it; one number is both ends."""
        try:
            number = float(str(value))
        except ValueError:
            return super().convert(value, param, ctx)
        return number, number


def place_options(command: _Function) -> _Function:
    """Add the options that `filters_of` reads, but for ``--bpm`` and ``--energy``."""
    for option in reversed(
        (
            click.option(
                "--crate",
                "crates",
                multiple=True,
                metavar="NAME",
                help="Only tracks of this crate, while it has any that fit.",
            ),
            click.option("--folder", "folders", multiple=True, metavar="DIR", help="Only tracks in this folder."),
            click.option("--genre", "genres", multiple=True, metavar="NAME", help="Only files of this genre."),
            click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only tracks that sound so."),
            click.option("--stars", type=click.IntRange(0, 5), help="Only tracks with so many stars or more."),
            click.option("--year", type=Range(int, 1, 9999), metavar="A-B", help="Only tracks of these years."),
        )
    ):
        command = option(command)
    return command


def filter_options(command: _Function) -> _Function:
    """Add the options that `filters_of` reads."""
    energy = click.option("--energy", type=Range(float, 1, 10), metavar="A-B", help="Only energies in this range.")
    bpm = click.option("--bpm", type=Range(float, 20, 999), metavar="A-B", help="Only tempi in this range.")
    return place_options(bpm(energy(command)))


def moment_options(command: _Function) -> _Function:
    """Add ``--preset`` and ``--again``."""
    preset = click.option("--preset", type=click.Choice(PRESETS), help="Weights for a moment of the night.")
    again = click.option("--again", is_flag=True, help="What was played tonight may come again.")
    return preset(again(command))


def filters_of(values: dict[str, Any]) -> dict[str, Any]:
    """Take the filters out of a command's options, as the protocol's `Filters`."""
    found: dict[str, Any] = {name: list(values.pop(name)) for name in ("crates", "genres", "tags")}
    found["folders"] = [_folder(text) for text in values.pop("folders")]
    found["rating"] = values.pop("stars")
    for name in ("bpm", "energy", "year"):
        low, high = values.pop(name) or (None, None)
        found |= {f"{name}_from": low, f"{name}_to": high}
    return {name: value for name, value in found.items() if value not in (None, [])}


def _folder(text: str) -> str:
    """A path made absolute; a bare name stays one, for it is looked for anywhere."""
    is_path = os.sep in text or "/" in text or text.startswith((".", "~")) or Path(text).is_dir()
    return str(Path(text).expanduser().absolute()) if is_path else text
