"""What can be asked for paths and sets."""

# ruff: noqa: D103 - the functions are described where they are used, as the methods of `Client`

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from segue.client.asks import Ask, text_of
from segue.protocol import messages as m

Wished = m.Filters | Mapping[str, Any] | None


def path(start: str, end: str, steps: int, *, filters: Wished, preset: str | None, tonight: bool) -> Ask[m.Route]:
    wanted = {"start": text_of(start), "end": text_of(end), "steps": steps, "preset": preset, "tonight": tonight}
    return Ask("recommend.path", {**wanted, "filters": _filters(filters)}, m.Route)


def make_set(
    minutes: float,
    arc: str | Sequence[float],
    start: str | None,
    end: str | None,
    *,
    filters: Wished,
    preset: str | None,
    tonight: bool,
) -> Ask[m.Route]:
    wanted = {
        "minutes": minutes,
        "arc": arc if isinstance(arc, str) else list(arc),
        "start": None if start is None else text_of(start),
        "end": None if end is None else text_of(end),
        "preset": preset,
        "tonight": tonight,
    }
    return Ask("recommend.set", {**wanted, "filters": _filters(filters)}, m.Route)


def _filters(filters: Wished) -> Any:
    return msgspec.to_builtins(filters) if isinstance(filters, m.Filters) else dict(filters or {})
