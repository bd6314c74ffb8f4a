"""The part of both clients that is about nights, opinions and what was learned."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from segue.client import asks_feedback as asks
from segue.client.asks import Ask
from segue.client.asks_feedback import LessonKind
from segue.protocol import messages as m

R = TypeVar("R")


class Feedback:
    """What `Client` can say and ask of nights and of what was learned."""

    def ask(self, ask: Ask[R], timeout: float | None = None) -> R:
        """Ask, and wait for the answer."""
        raise NotImplementedError

    def mark_played(self, track: str, at: float | None = None) -> m.Play:
        """Remember that a track was played, now or at a time (Unix seconds)."""
        return self.ask(asks.mark_played(track, at))

    def undo_played(self, track: str | None = None) -> m.Play:
        """Take the last play back, or the last one of a track."""
        return self.ask(asks.undo_played(track))

    def new_night(self) -> m.Night:
        """Begin a night: nothing was played tonight."""
        return self.ask(asks.new_night())

    def night(self) -> m.Night:
        """The night so far."""
        return self.ask(asks.night())

    def rate(self, track: str, liked: bool | None, after: str | None = None) -> m.Opinion:
        """Like (True) or dislike (False) a track, always or after another one; None takes it back."""
        return self.ask(asks.rate(track, liked, after))

    def learn(self, path: str | Path, kind: LessonKind = "auto") -> m.Lesson:
        """Learn from a file with sets or playlists of another program."""
        return self.ask(asks.learn(path, kind))

    def memory(self, track: str | None = None, limit: int = 20, offset: int = 0) -> m.MemoryPage:
        """What was learned, of all tracks or of one."""
        return self.ask(asks.memory(track, limit, offset))

    def forget(
        self, track: str | None = None, source: str | None = None, *, everything: bool = False, plays: bool = False
    ) -> m.Forgotten:
        """Forget what was learned of a track, from a source (``night``, ``deck``, ``taken``, ``imports``, ``import:3``, ``opinions``), or
        all of it; `plays` too only where that is asked for.
        """  # noqa: D205 - one sentence
        return self.ask(asks.forget(track, source, everything=everything, plays=plays))


class AsyncFeedback:
    """The same for `AsyncClient`."""

    async def ask(self, ask: Ask[R], timeout: float | None = None) -> R:  # noqa: ASYNC109 - as in `AsyncClient`
        """Ask, and wait for the answer."""
        raise NotImplementedError

    async def mark_played(self, track: str, at: float | None = None) -> m.Play:
        """As `Client.mark_played`."""
        return await self.ask(asks.mark_played(track, at))

    async def undo_played(self, track: str | None = None) -> m.Play:
        """As `Client.undo_played`."""
        return await self.ask(asks.undo_played(track))

    async def new_night(self) -> m.Night:
        """As `Client.new_night`."""
        return await self.ask(asks.new_night())

    async def night(self) -> m.Night:
        """As `Client.night`."""
        return await self.ask(asks.night())

    async def rate(self, track: str, liked: bool | None, after: str | None = None) -> m.Opinion:
        """As `Client.rate`."""
        return await self.ask(asks.rate(track, liked, after))

    async def learn(self, path: str | Path, kind: LessonKind = "auto") -> m.Lesson:
        """As `Client.learn`."""
        return await self.ask(asks.learn(path, kind))

    async def memory(self, track: str | None = None, limit: int = 20, offset: int = 0) -> m.MemoryPage:
        """As `Client.memory`."""
        return await self.ask(asks.memory(track, limit, offset))

    async def forget(
        self, track: str | None = None, source: str | None = None, *, everything: bool = False, plays: bool = False
    ) -> m.Forgotten:
        """As `Client.forget`."""
        return await self.ask(asks.forget(track, source, everything=everything, plays=plays))
