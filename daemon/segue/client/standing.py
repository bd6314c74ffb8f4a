"""The part of both clients that is about what holds until it is changed: wishes, and the shims that the daemon starts."""

from __future__ import annotations

from collections.abc import Mapping
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
    ) -> m.Wishes:
        """Change what shims are to ask for: what is named, and with `clear` all the rest goes; answers with what holds then.

        `filters` takes the place of all earlier ones; an empty `preset` is none.
        """
        return self.ask(asks.wish(lane, filters, preset, clear=clear))


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
    ) -> m.Wishes:
        """As `Client.wish`."""
        return await self.ask(asks.wish(lane, filters, preset, clear=clear))
