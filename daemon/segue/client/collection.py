"""The part of both clients that is about crates and promoted tracks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeVar

from segue.client import asks_collection as asks
from segue.client.asks import Ask
from segue.protocol import messages as m

R = TypeVar("R")


class Collecting:
    """What `Client` can say and ask of crates."""

    def ask(self, ask: Ask[R], timeout: float | None = None) -> R:
        """Ask, and wait for the answer."""
        raise NotImplementedError

    def crates(self) -> m.CrateList:
        """All crates by name."""
        return self.ask(asks.crates())

    def crate(self, name: str, limit: int = 200, offset: int = 0) -> m.TrackList:
        """The tracks of a crate, in its order."""
        return self.ask(asks.crate(name, limit, offset))

    def set_crate(
        self, name: str, tracks: Collection[str], *, add: bool = False, source: str = "user"
    ) -> m.CrateChange:
        """Let a crate hold these tracks, behind those that are in it (`add`) or in their place.

        `source` is ``user``, or the name of a DJ program whose crate is copied; what others keep in it stays.
        """
        return self.ask(asks.set_crate(name, tracks, None, add=add, take_out=False, source=source))

    def take_over(self, tracks: Sequence[m.Said]) -> m.TakenOver:
        """Take over what a DJ program says of up to 500 tracks."""
        return self.ask(asks.take_over(tracks))

    def take_out_of_crate(self, name: str, tracks: Collection[str]) -> m.CrateChange:
        """Take tracks out of a crate."""
        return self.ask(asks.set_crate(name, tracks, None, add=False, take_out=True))

    def read_crate(self, path: str | Path, name: str | None = None, *, add: bool = False) -> m.CrateChange:
        """Let a crate hold the tracks of a playlist in a file; without a name each playlist becomes a crate of its own."""
        return self.ask(asks.set_crate(name, (), path, add=add, take_out=False))

    def remove_crate(self, name: str) -> m.CrateList:
        """Remove a crate; its tracks stay."""
        return self.ask(asks.remove_crate(name))

    def promote(self, track: str, *, promoted: bool = True) -> m.Track:
        """Let a track be suggested although its folder is private, or no more."""
        return self.ask(asks.promote(track, promoted=promoted))


class AsyncCollecting:
    """The same for `AsyncClient`."""

    async def ask(self, ask: Ask[R], timeout: float | None = None) -> R:  # noqa: ASYNC109 - as in `AsyncClient`
        """Ask, and wait for the answer."""
        raise NotImplementedError

    async def crates(self) -> m.CrateList:
        """As `Client.crates`."""
        return await self.ask(asks.crates())

    async def crate(self, name: str, limit: int = 200, offset: int = 0) -> m.TrackList:
        """As `Client.crate`."""
        return await self.ask(asks.crate(name, limit, offset))

    async def set_crate(
        self, name: str, tracks: Collection[str], *, add: bool = False, source: str = "user"
    ) -> m.CrateChange:
        """As `Client.set_crate`."""
        return await self.ask(asks.set_crate(name, tracks, None, add=add, take_out=False, source=source))

    async def take_over(self, tracks: Sequence[m.Said]) -> m.TakenOver:
        """As `Client.take_over`."""
        return await self.ask(asks.take_over(tracks))

    async def take_out_of_crate(self, name: str, tracks: Collection[str]) -> m.CrateChange:
        """As `Client.take_out_of_crate`."""
        return await self.ask(asks.set_crate(name, tracks, None, add=False, take_out=True))

    async def read_crate(self, path: str | Path, name: str | None = None, *, add: bool = False) -> m.CrateChange:
        """As `Client.read_crate`."""
        return await self.ask(asks.set_crate(name, (), path, add=add, take_out=False))

    async def remove_crate(self, name: str) -> m.CrateList:
        """As `Client.remove_crate`."""
        return await self.ask(asks.remove_crate(name))

    async def promote(self, track: str, *, promoted: bool = True) -> m.Track:
        """As `Client.promote`."""
        return await self.ask(asks.promote(track, promoted=promoted))
