"""The part of both clients that is about paths and sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from segue.client import asks_journeys as asks
from segue.client.asks import Ask
from segue.client.asks_journeys import Wished
from segue.protocol import messages as m

R = TypeVar("R")

ARC = "warmup-peak-down"


class Journeys:
    """What `Client` can ask for beyond the next track."""

    def ask(self, ask: Ask[R], timeout: float | None = None) -> R:
        """Ask, and wait for the answer."""
        raise NotImplementedError

    def path(
        self,
        start: str,
        end: str,
        steps: int = 8,
        *,
        filters: Wished = None,
        preset: str | None = None,
        tonight: bool = True,
    ) -> m.Route:
        """`steps` + 1 tracks from one to another that mix at every step; `tonight`: without what was played tonight."""
        return self.ask(asks.path(start, end, steps, filters=filters, preset=preset, tonight=tonight))

    def make_set(
        self,
        minutes: float,
        arc: str | Sequence[float] = ARC,
        start: str | None = None,
        end: str | None = None,
        *,
        filters: Wished = None,
        preset: str | None = None,
        tonight: bool = True,
    ) -> m.Route:
        """A whole set along an arc: names of parts joined with dashes, or energies of 1..10."""
        return self.ask(asks.make_set(minutes, arc, start, end, filters=filters, preset=preset, tonight=tonight))


class AsyncJourneys:
    """The same for `AsyncClient`."""

    async def ask(self, ask: Ask[R], timeout: float | None = None) -> R:  # noqa: ASYNC109 - as in `AsyncClient`
        """Ask, and wait for the answer."""
        raise NotImplementedError

    async def path(
        self,
        start: str,
        end: str,
        steps: int = 8,
        *,
        filters: Wished = None,
        preset: str | None = None,
        tonight: bool = True,
    ) -> m.Route:
        """As `Client.path`."""
        return await self.ask(asks.path(start, end, steps, filters=filters, preset=preset, tonight=tonight))

    async def make_set(
        self,
        minutes: float,
        arc: str | Sequence[float] = ARC,
        start: str | None = None,
        end: str | None = None,
        *,
        filters: Wished = None,
        preset: str | None = None,
        tonight: bool = True,
    ) -> m.Route:
        """As `Client.make_set`."""
        return await self.ask(asks.make_set(minutes, arc, start, end, filters=filters, preset=preset, tonight=tonight))
