"""The part of both clients that is for those who make music."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final, TypeVar

from segue.client import asks_producer as asks
from segue.client.asks import Ask
from segue.protocol import messages as m

R = TypeVar("R")

RECORDS: Final = 96
"""Records that a file is compared with where nobody says how many."""


class Producer:
    """What `Client` can ask about sections, versions, changes and closeness."""

    def ask(self, ask: Ask[R], timeout: float | None = None) -> R:
        """Ask, and wait for the answer."""
        raise NotImplementedError

    def similar(
        self, path: str | Path, limit: int = 10, section: str = "whole", *, close: bool = False
    ) -> m.Suggestions:
        """What sounds like an audio file, in the library or not, or like its ``intro``, ``drop`` or ``outro``.

        With `close` a suggestion that a part of the file is nearly a part of says so in its notes.
        """
        return self.ask(asks.similar(path, limit, section, close=close))

    def check(self, path: str | Path, records: int = RECORDS, against: Collection[str] = ()) -> m.Closeness:
        """Whether stretches of a file are nearly ones of owned records: those that it sounds most like, and named ones."""
        return self.ask(asks.check(path, records, against))

    def work(self, track: str) -> m.Work:
        """All versions of the work of a track, or of a file that is in no library (an absolute path)."""
        return self.ask(asks.work(track))

    def changes(self, track: str, since: str | None = None) -> m.Changes:
        """What changed from the version before, or from another one (``v6``, or a track), to a track or a file."""
        return self.ask(asks.changes(track, since))


class AsyncProducer:
    """The same for `AsyncClient`."""

    async def ask(self, ask: Ask[R], timeout: float | None = None) -> R:  # noqa: ASYNC109 - as in `AsyncClient`
        """Ask, and wait for the answer."""
        raise NotImplementedError

    async def similar(
        self, path: str | Path, limit: int = 10, section: str = "whole", *, close: bool = False
    ) -> m.Suggestions:
        """As `Client.similar`."""
        return await self.ask(asks.similar(path, limit, section, close=close))

    async def check(self, path: str | Path, records: int = RECORDS, against: Collection[str] = ()) -> m.Closeness:
        """As `Client.check`."""
        return await self.ask(asks.check(path, records, against))

    async def work(self, track: str) -> m.Work:
        """As `Client.work`."""
        return await self.ask(asks.work(track))

    async def changes(self, track: str, since: str | None = None) -> m.Changes:
        """As `Client.changes`."""
        return await self.ask(asks.changes(track, since))
