"""What can be asked for paths and sets."""

# ruff: noqa: D103 - the functions are described where they are used, as the methods of `Client`

from __future__ import annotations

from collections.abc import Sequence

from segue.client.asks import Ask, text_of
from segue.protocol import messages as m


def path(
    start: str, end: str, steps: int, *, filters: m.Filters | None, preset: str | None, tonight: bool
) -> Ask[m.Route]:
    wanted = m.PathParams(
        start=text_of(start),
        end=text_of(end),
        steps=steps,
        filters=filters or m.Filters(),
        preset=preset,
        tonight=tonight,
    )
    return Ask("recommend.path", wanted, m.Route)


def make_set(
    minutes: float,
    arc: str | Sequence[float],
    start: str | None,
    end: str | None,
    *,
    filters: m.Filters | None,
    preset: str | None,
    tonight: bool,
) -> Ask[m.Route]:
    wanted = m.SetlistParams(
        minutes=minutes,
        arc=arc if isinstance(arc, str) else list(arc),
        start=None if start is None else text_of(start),
        end=None if end is None else text_of(end),
        filters=filters or m.Filters(),
        preset=preset,
        tonight=tonight,
    )
    return Ask("recommend.set", wanted, m.Route)
