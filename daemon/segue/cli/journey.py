"""`segue set --minutes`: a whole set along an arc."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segue.cli.ask import track_reference
from segue.cli.m3u import refuse_existing
from segue.cli.options import Options


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line says of a set."""

    minutes: float
    arc: str
    start: str | None
    end: str | None
    filters: dict[str, Any]
    """The protocol's `Filters`."""
    preset: str | None
    again: bool
    m3u8: Path | None
    relative: bool
    force: bool


def make(options: Options, wish: Wish) -> None:
    """Have a set made, and print it."""
    from segue.cli import route
    from segue.client import Client

    refuse_existing(wish.m3u8, force=wish.force)
    with Client(options.home()) as client:
        made = client.make_set(
            wish.minutes,
            wish.arc,
            None if wish.start is None else track_reference(wish.start),
            None if wish.end is None else track_reference(wish.end),
            filters=wish.filters,
            preset=wish.preset,
            tonight=not wish.again,
        )
    route.show(options, made, wish.m3u8, relative=wish.relative, force=wish.force)
