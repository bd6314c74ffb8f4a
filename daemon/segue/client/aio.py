"""The client for asyncio: many calls at once on one connection."""

# ruff: noqa: ASYNC109 - the same signatures as those of `Client`, with the same errors

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncGenerator, Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import zmq
import zmq.asyncio

from segue.client import asks
from segue.client.asks import Ask, Wishes
from segue.client.collection import AsyncCollecting
from segue.client.feedback import AsyncFeedback
from segue.client.journeys import AsyncJourneys
from segue.client.producer import AsyncProducer
from segue.client.sequence import EventSequence, NamedEvent
from segue.client.standing import AsyncStanding
from segue.client.tuning import AsyncTuning
from segue.client.wire import CHECK_SECONDS, Finder, Transport, open_socket, restarted, timed_out
from segue.errors import DaemonNotRunningError, ProtocolError
from segue.home import Home
from segue.protocol import messages as m
from segue.protocol.envelope import Answer, Id, parse_answer
from segue.server.connection import ConnectionInfo

R = TypeVar("R")

_log = logging.getLogger(__name__)


class AsyncClient(AsyncCollecting, AsyncProducer, AsyncFeedback, AsyncTuning, AsyncJourneys, AsyncStanding):
    """As `Client`, for one event loop. Calls run side by side; a call that is cancelled harms no other.

    On Windows ZeroMQ needs a selector loop: ``asyncio.run(..., loop_factory=asyncio.SelectorEventLoop)``.

    Parameters
    ----------
    home
        A home, its folder, or None for the usual one (``SEGUE_HOME`` or the platform's folders).
    timeout
        Seconds to wait for an answer; None: as fits the method.
    transport
        ``local``, or ``tcp`` where the settings ask for it.

    Raises
    ------
    DaemonNotRunningError, RequestTimeoutError, SegueError
        By every call, as with `Client`.

    """

    def __init__(
        self, home: Home | str | Path | None = None, *, timeout: float | None = None, transport: Transport = "local"
    ) -> None:
        self._finder = Finder(home, transport)
        self._timeout = timeout
        self._context = zmq.asyncio.Context()
        self._socket: zmq.asyncio.Socket | None = None
        self._reader: asyncio.Task[None] | None = None
        self._info: ConnectionInfo | None = None
        self._ids = itertools.count(1)
        self._answers: dict[Id, asyncio.Future[Answer]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Disconnect."""
        reader = self._reader
        self._disconnect()
        if reader is not None:
            await asyncio.wait((reader,))
        self._context.term()

    async def call(
        self, method: str, params: m.Message | Mapping[str, Any] | None = None, timeout: float | None = None
    ) -> Any:
        """Call any method by its name; returns its result struct."""
        return await self.ask(asks.any_method(method, params), timeout)

    async def ask(self, ask: Ask[R], timeout: float | None = None) -> R:
        """Ask, and wait for the answer."""
        seconds = next((limit for limit in (timeout, self._timeout) if limit is not None), ask.seconds)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        request_id = next(self._ids)
        body = ask.encode(request_id)
        answer = self._answers[request_id] = loop.create_future()
        try:
            asked = await self._send(body)
            while (left := deadline - loop.time()) > 0:
                await asyncio.wait((answer,), timeout=min(left, CHECK_SECONDS))
                if answer.done():
                    return ask.decode(answer.result())
                asked = await self._look_after(ask, body, asked)
        finally:
            del self._answers[request_id]
        raise timed_out(ask.method, seconds)

    async def events(self, names: Collection[str] = ()) -> AsyncGenerator[NamedEvent, None]:
        """Iterate over events, as `Client.events`; ends when the daemon stops."""
        sequence = EventSequence(names)
        info = await asyncio.to_thread(self._finder.find)
        socket = self._subscribe(info)
        try:
            sequence.begin((await self.status()).seq)
            while True:
                if await socket.poll(round(1000 * CHECK_SECONDS)):
                    for named in sequence.take(await socket.recv_multipart()):
                        yield named
                    continue
                try:
                    now = self._finder.read()
                except DaemonNotRunningError:
                    if sequence.stopping:
                        return
                    raise
                if now != info:
                    info = now
                    socket.close()
                    socket = self._subscribe(info)
                    for named in sequence.restart():
                        yield named
        finally:
            socket.close()

    # Methods --------------------------------------------------------------------------------------------------------

    async def next(self, track: str | None = None, limit: int = 10, **wishes: Unpack[Wishes]) -> m.Suggestions:
        """What to play after a track: a path, ``#12``, or words of its title or artist; without one: after what plays.

        ``wishes``: ``lane``, ``lanes``, ``also``, ``more``, ``less``, ``crate``, ``playlist``, ``filters``, ``preset``, ``tonight``,
        ``offer``.
        """
        return await self.ask(asks.next_(track, limit, wishes))

    async def track(self, track: str) -> m.Track:
        """One track: a path, ``#12``, or words of its title or artist."""
        return await self.ask(asks.track(track))

    async def analyse(self, path: str | Path, *, vector: bool = False) -> m.Analysis:
        """Analyse a file without adding it to the library."""
        return await self.ask(asks.analyse(path, vector=vector))

    async def set_values(
        self,
        track: str,
        *,
        bpm: float | None = None,
        key: str | None = None,
        energy: float | None = None,
        rating: int | None = None,
        clear: Collection[str] = (),
        source: str = "user",
    ) -> m.Track:
        """Say what a track's tempo, key, energy or rating is, or take away (`clear`) what was said; answers with the track then.

        `source` is ``user``, or ``dj`` where a shim passes on what its DJ program says.
        """
        said = asks.set_values(track, bpm=bpm, key=key, energy=energy, rating=rating, clear=clear, source=source)
        return await self.ask(said)

    async def write_tags(
        self,
        track: str,
        values: Collection[str] = (),
        *,
        notation: str = "camelot",
        overwrite: bool = False,
        unsure: bool = False,
        dry_run: bool = False,
    ) -> m.TagWrites:
        """Write the values that hold (``bpm``, ``key``, ``energy``; all without `values`) into the tags of a track's files."""
        return await self.ask(
            asks.write_tags(track, values, notation, overwrite=overwrite, unsure=unsure, dry_run=dry_run)
        )

    async def doubts(self, about: Collection[str] = (), limit: int = 20, offset: int = 0) -> m.DoubtfulTracks:
        """Tracks whose sources disagree on ``bpm``, ``key`` or ``energy``, or of which only an unsure estimate is known."""
        return await self.ask(asks.doubts(about, limit, offset))

    async def search(self, text: str, limit: int = 20) -> m.TrackList:
        """Tracks by words."""
        return await self.ask(asks.search(text, limit))

    async def folders(self) -> m.FolderList:
        """The watched folders."""
        return await self.ask(asks.folders())

    async def add_folder(self, path: str | Path, *, private: bool | None = None) -> m.FolderList:
        """Watch a folder and index what is in it; the tracks of a private one are suggested to nobody."""
        return await self.ask(asks.add_folder(path, private=private))

    async def remove_folder(self, path: str | Path) -> m.FolderList:
        """Stop watching a folder and forget its files."""
        return await self.ask(asks.remove_folder(path))

    async def rescan(self, path: str | Path | None = None) -> m.Done:
        """Compare a folder, or all of them, with the library now."""
        return await self.ask(asks.rescan(path))

    async def failures(self, limit: int = 50) -> m.FailureList:
        """Files that could not be analysed."""
        return await self.ask(asks.failures(limit))

    async def update_deck(self, deck: m.DeckParams) -> m.Deck:
        """Tell what a deck holds."""
        return await self.ask(asks.update_deck(deck))

    async def decks(self) -> m.DeckList:
        """What is on the decks."""
        return await self.ask(asks.decks())

    async def history(self, limit: int = 50) -> m.PlayList:
        """What was played, latest first."""
        return await self.ask(asks.history(limit))

    async def use_models(self, name: str, *, now: bool = False) -> m.Done:
        """Change to another set of networks, or stay with the one in use; the work for it is done in the background."""
        return await self.ask(asks.use_models(name, now=now))

    async def remove_models(self, name: str) -> m.Done:
        """Delete an installed set of networks."""
        return await self.ask(asks.remove_models(name))

    async def ping(self, timeout: float | None = None) -> m.Pong:
        """Is it there: version and protocol."""
        return await self.ask(asks.ping(), timeout)

    async def status(self) -> m.Status:
        """Everything about the daemon."""
        return await self.ask(asks.status())

    async def pause(self) -> m.Done:
        """Stop analysing."""
        return await self.ask(asks.pause())

    async def resume(self) -> m.Done:
        """Analyse again."""
        return await self.ask(asks.resume())

    async def shutdown(self, *, drain: bool = True) -> m.Done:
        """Save and stop; the answer comes before the daemon is gone."""
        return await self.ask(asks.shutdown(drain=drain))

    # Steps ----------------------------------------------------------------------------------------------------------

    async def _send(self, body: bytes) -> ConnectionInfo:
        """Send, connecting first where needed; returns the daemon that was asked."""
        if self._socket is None or self._finder.read() != self._info:
            info = await asyncio.to_thread(self._finder.find)
            if info != self._info:
                self._disconnect()
                self._connect(info)
        assert self._socket is not None
        assert self._info is not None
        asked = self._info
        await self._socket.send(body)
        return asked

    def _connect(self, info: ConnectionInfo) -> None:
        socket = self._context.socket(zmq.DEALER)
        open_socket(socket, self._finder.endpoints(info).query, info)
        self._socket, self._info = socket, info
        self._reader = asyncio.create_task(self._read(socket))

    def _disconnect(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
        if self._socket is not None:
            self._socket.close()
        self._socket = self._info = self._reader = None

    async def _read(self, socket: zmq.asyncio.Socket) -> None:
        while True:
            body = await socket.recv()
            try:
                answer = parse_answer(body)
            except ProtocolError as error:
                _log.warning("%s", error)
                continue
            waiting = self._answers.get(answer.id)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)

    async def _look_after(self, ask: Ask[R], body: bytes, asked: ConnectionInfo) -> ConnectionInfo:
        """Make sure, while waiting, that the daemon that was asked is there; ask its successor where that is safe."""
        if await asyncio.to_thread(self._finder.find) == asked:
            return asked
        if not ask.repeatable:
            raise restarted(ask.method)
        return await self._send(body)

    def _subscribe(self, info: ConnectionInfo) -> zmq.asyncio.Socket:
        socket = self._context.socket(zmq.SUB)
        socket.subscribe(b"")
        open_socket(socket, self._finder.endpoints(info).events, info)
        return socket
