"""What can be asked about what holds until it is changed: wishes, and the shims that the daemon starts."""

# ruff: noqa: D103 - the functions are described where they are used, as the methods of `Client`

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from segue.client.asks import Ask, path_of, text_of
from segue.protocol import messages as m


def wishes() -> Ask[m.Wishes]:
    return Ask("session.wishes", m.Nothing(), m.Wishes)


def wish(
    lane: m.LaneName | None, filters: m.Filters | Mapping[str, Any] | None, preset: str | None, *, clear: bool
) -> Ask[m.Wished]:
    named: Mapping[str, Any] = msgspec.to_builtins(filters) if isinstance(filters, m.Filters) else filters or {}
    said = None if filters is None else {name: _said(value) for name, value in named.items()}
    return Ask("session.wish", {"lane": lane, "filters": said, "preset": preset, "clear": clear}, m.Wished)


def shims() -> Ask[m.ShimList]:
    return Ask("shims.list", m.Nothing(), m.ShimList)


def start_shim(name: str, settings: str | Path | None, *, always: bool) -> Ask[m.Shim]:
    folder = None if settings is None else path_of(settings)
    return Ask("shims.start", m.StartShimParams(name=name, settings=folder, always=always), m.Shim)


def stop_shim(name: str) -> Ask[m.Shim]:
    return Ask("shims.stop", m.ShimParams(name=name), m.Shim)


def _said(value: object) -> object:
    if isinstance(value, str):
        return text_of(value)
    return [_said(one) for one in value] if isinstance(value, list | tuple | set | frozenset) else value
