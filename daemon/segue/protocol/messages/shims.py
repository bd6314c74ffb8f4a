"""Shims that the daemon starts by itself, since the user said so once."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from segue.protocol.messages.base import Message, Result, Text

ShimName = Annotated[str, Meta(min_length=1, max_length=64)]


class Shim(Result):
    """One shim, as the daemon sees it."""

    name: str
    state: str = "off"
    """``off``, ``running``, ``waiting`` (it ended, and is started again in a moment), ``elsewhere`` (another one follows the DJ program:
    it is started when that one has ended) or ``given-up`` (it ended at once, ten times, or has nothing to follow)."""
    always: bool = False
    """The daemon starts it whenever it starts itself."""
    settings: str | None = None
    """The DJ program's settings folder that it was told of."""
    pid: int | None = None
    starts: int = 0
    """By this daemon."""
    detail: str = ""
    """What it said last, where it is not running."""


class ShimList(Result):
    """All shims that are installed."""

    shims: list[Shim]


class StartShimParams(Message):
    """``settings``: the DJ program's settings folder; null: the usual one. ``always``: from now on, with every start of the daemon."""

    name: ShimName
    settings: Text | None = None
    always: bool = True


class ShimParams(Message):
    """``name``: as `shims.list` says it."""

    name: ShimName
