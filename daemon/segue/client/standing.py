"""The part of both clients that is about what holds until it is changed: wishes, and the shims that the daemon starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from segue.client import asks_standing as asks
from segue.client.asks import Ask
from segue.protocol import messages as m

R = TypeVar("R")


class Standing:
    """What `Client` can say and ask of wishes and shims."""

    def ask(self, ask: Ask[R], timeout: float | None = None) -> R:
        """Ask, and wait for the answer."""
        raise NotImplementedError

    def wishes(self) -> m.Wishes:
        """What shims are to ask for: lane, filters, preset."""
        return self.ask(asks.wishes())

    def wish(
        self,
        *,
        lane: m.LaneName | None = None,
        filters: m.Filters | Mapping[str, Any] | None = None,
        preset: str | None = None,
        clear: bool = False,
    ) -> m.Wished:
        """Change what shims are to ask for: what is named, and with `clear` all the rest goes; answers with what holds.

        `filters` takes the place of all earlier ones; an empty `preset` is none. The answer says how many tracks meet the filters.
        """
        return self.ask(asks.wish(lane, filters, preset, clear=clear))

    def shims(self) -> m.ShimList:
        """The shims that are installed."""
        return self.ask(asks.shims())

    def start_shim(self, name: str, settings: str | Path | None = None, *, always: bool = True) -> m.Shim:
        """Let the daemon start a shim, for a DJ program's settings folder; `always`: with every start of its own, too."""
        return self.ask(asks.start_shim(name, settings, always=always))

    def stop_shim(self, name: str) -> m.Shim:
        """End a shim that the daemon started; it starts it no more."""
        return self.ask(asks.stop_shim(name))


class AsyncStanding:
    """The same for `AsyncClient`."""

    async def ask(self, ask: Ask[R], timeout: float | None = None) -> R:  # noqa: ASYNC109 - as in `AsyncClient`
        """Ask, and wait for the answer."""
        raise NotImplementedError

    async def wishes(self) -> m.Wishes:
        """As `Client.wishes`."""
        return await self.ask(asks.wishes())

    async def wish(
        self,
        *,
        lane: m.LaneName | None = None,
        filters: m.Filters | Mapping[str, Any] | None = None,
        preset: str | None = None,
        clear: bool = False,
    ) -> m.Wished:
        """As `Client.wish`."""
        return await self.ask(asks.wish(lane, filters, preset, clear=clear))

    async def shims(self) -> m.ShimList:
        """As `Client.shims`."""
        return await self.ask(asks.shims())

    async def start_shim(self, name: str, settings: str | Path | None = None, *, always: bool = True) -> m.Shim:
        """As `Client.start_shim`."""
        return await self.ask(asks.start_shim(name, settings, always=always))

    async def stop_shim(self, name: str) -> m.Shim:
        """As `Client.stop_shim`."""
        return await self.ask(asks.stop_shim(name))
