"""The part of both clients that is about weights."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from segue.client import asks_tuning as asks
from segue.client.asks import Ask
from segue.protocol import messages as m

R = TypeVar("R")
_NOTHING: Final[Mapping[str, float]] = MappingProxyType({})


class Tuning:
    """What `Client` can say and ask of weights."""

    def ask(self, ask: Ask[R], timeout: float | None = None) -> R:
        """Ask, and wait for the answer."""
        raise NotImplementedError

    def weights(self, preset: str | None = None) -> m.WeightList:
        """What counts how much in a score; with a preset: on top of one's own."""
        return self.ask(asks.weights(preset))

    def tune(
        self,
        changes: Mapping[str, float] = _NOTHING,
        preset: str | None = None,
        *,
        learn: bool = False,
        reset: bool = False,
    ) -> m.WeightList:
        """Change weights: by name, to those of a preset, to what one's own sets teach, or back."""
        return self.ask(asks.tune(changes, preset, learn=learn, reset=reset))


class AsyncTuning:
    """The same for `AsyncClient`."""

    async def ask(self, ask: Ask[R], timeout: float | None = None) -> R:  # noqa: ASYNC109 - as in `AsyncClient`
        """Ask, and wait for the answer."""
        raise NotImplementedError

    async def weights(self, preset: str | None = None) -> m.WeightList:
        """As `Client.weights`."""
        return await self.ask(asks.weights(preset))

    async def tune(
        self,
        changes: Mapping[str, float] = _NOTHING,
        preset: str | None = None,
        *,
        learn: bool = False,
        reset: bool = False,
    ) -> m.WeightList:
        """As `Client.tune`."""
        return await self.ask(asks.tune(changes, preset, learn=learn, reset=reset))
