"""The client for ordinary programs: one call, one answer."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import zmq

from segue.client import asks
from segue.client.asks import Ask, Wishes
from segue.client.collection import Collecting
from segue.client.feedback import Feedback
from segue.client.journeys import Journeys
from segue.client.producer import Producer
from segue.client.sequence import EventSequence, NamedEvent
from segue.client.standing import Standing
from segue.client.tuning import Tuning
from segue.client.wire import CHECK_SECONDS, Finder, Transport, open_socket, restarted, timed_out
from segue.errors import DaemonNotRunningError
from segue.home import Home
from segue.protocol import messages as m
from segue.protocol.envelope import Answer, parse_answer
from segue.server.connection import ConnectionInfo

R = TypeVar("R")


class Client(Collecting, Producer, Feedback, Tuning, Journeys, Standing):
    """Asks the daemon of a home. A daemon that was restarted is found again; threads may share a client, and take turns.

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
    DaemonNotRunningError
        By every call: no daemon is there, or it went while it answered.
    RequestTimeoutError
        By every call: no answer came in time.
    SegueError
        By every call: the daemon's own errors, as the same class as there.

    """

    def __init__(
        self, home: Home | str | Path | None = None, *, timeout: float | None = None, transport: Transport = "local"
    ) -> None:
        self._finder = Finder(home, transport)
        self._timeout = timeout
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket: zmq.Socket[bytes] | None = None
        self._info: ConnectionInfo | None = None
        self._ids = itertools.count(1)
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect."""
        with self._turn:
            self._disconnect()
        self._context.term()

    def call(
        self, method: str, params: m.Message | Mapping[str, Any] | None = None, timeout: float | None = None
    ) -> Any:
        """Call any method by its name; returns its result struct."""
        return self.ask(asks.any_method(method, params), timeout)

    def ask(self, ask: Ask[R], timeout: float | None = None) -> R:
        """Ask, and wait for the answer."""
        seconds = next((limit for limit in (timeout, self._timeout) if limit is not None), ask.seconds)
        deadline = time.monotonic() + seconds
        with self._turn:
            request_id = next(self._ids)
            body = ask.encode(request_id)
            self._connect(self._finder.read()).send(body)
            while (left := deadline - time.monotonic()) > 0:
                answer = self._receive(request_id, min(left, CHECK_SECONDS))
                if answer is not None:
                    return ask.decode(answer)
                self._look_after(ask, body)
        raise timed_out(ask.method, seconds)

    def events(self, names: Collection[str] = (), *, timeout: float | None = None) -> EventStream:
        """Subscribe to events; iterate over the stream for pairs of name and `Event`, and close it.

        Between this and the first event a message may be missed, as later by a slow reader: an event named ``gap``
        then comes first. `names` lets only these through (and ``gap``). The stream ends when the daemon stops or after
        `timeout` seconds without any event.
        """
        return EventStream(self, self._finder, names, timeout)

    # Methods --------------------------------------------------------------------------------------------------------

    def next(self, track: str | None = None, limit: int = 10, **wishes: Unpack[Wishes]) -> m.Suggestions:
        """What to play after a track: a path, ``#12``, or words of its title or artist; without one: after what plays.

        ``wishes``: ``lane``, ``lanes``, ``also``, ``more``, ``less``, ``crate``, ``playlist``, ``filters``, ``preset``, ``tonight``,
        ``offer``.
        """
        return self.ask(asks.next_(track, limit, wishes))

    def track(self, track: str) -> m.Track:
        """One track: a path, ``#12``, or words of its title or artist."""
        return self.ask(asks.track(track))

    def analyse(self, path: str | Path, *, vector: bool = False) -> m.Analysis:
        """Analyse a file without adding it to the library."""
        return self.ask(asks.analyse(path, vector=vector))

    def set_values(
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
        return self.ask(said)

    def write_tags(
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
        return self.ask(asks.write_tags(track, values, notation, overwrite=overwrite, unsure=unsure, dry_run=dry_run))

    def doubts(self, about: Collection[str] = (), limit: int = 20, offset: int = 0) -> m.DoubtfulTracks:
        """Tracks whose sources disagree on ``bpm``, ``key`` or ``energy``, or of which only an unsure estimate is known."""
        return self.ask(asks.doubts(about, limit, offset))

    def search(self, text: str, limit: int = 20) -> m.TrackList:
        """Tracks by words."""
        return self.ask(asks.search(text, limit))

    def folders(self) -> m.FolderList:
        """The watched folders."""
        return self.ask(asks.folders())

    def add_folder(self, path: str | Path, *, private: bool | None = None) -> m.FolderList:
        """Watch a folder and index what is in it; the tracks of a private one are suggested to nobody."""
        return self.ask(asks.add_folder(path, private=private))

    def remove_folder(self, path: str | Path) -> m.FolderList:
        """Stop watching a folder and forget its files."""
        return self.ask(asks.remove_folder(path))

    def rescan(self, path: str | Path | None = None) -> m.Done:
        """Compare a folder, or all of them, with the library now."""
        return self.ask(asks.rescan(path))

    def failures(self, limit: int = 50) -> m.FailureList:
        """Files that could not be analysed."""
        return self.ask(asks.failures(limit))

    def update_deck(self, deck: m.DeckParams) -> m.Deck:
        """Tell what a deck holds."""
        return self.ask(asks.update_deck(deck))

    def decks(self) -> m.DeckList:
        """What is on the decks."""
        return self.ask(asks.decks())

    def history(self, limit: int = 50) -> m.PlayList:
        """What was played, latest first."""
        return self.ask(asks.history(limit))

    def use_models(self, name: str, *, now: bool = False) -> m.Done:
        """Change to another set of networks, or stay with the one in use; the work for it is done in the background."""
        return self.ask(asks.use_models(name, now=now))

    def remove_models(self, name: str) -> m.Done:
        """Delete an installed set of networks."""
        return self.ask(asks.remove_models(name))

    def ping(self, timeout: float | None = None) -> m.Pong:
        """Is it there: version and protocol."""
        return self.ask(asks.ping(), timeout)

    def status(self) -> m.Status:
        """Everything about the daemon."""
        return self.ask(asks.status())

    def pause(self) -> m.Done:
        """Stop analysing."""
        return self.ask(asks.pause())

    def resume(self) -> m.Done:
        """Analyse again."""
        return self.ask(asks.resume())

    def shutdown(self, *, drain: bool = True) -> m.Done:
        """Save and stop; the answer comes before the daemon is gone."""
        return self.ask(asks.shutdown(drain=drain))

    # Steps ----------------------------------------------------------------------------------------------------------

    def _connect(self, info: ConnectionInfo) -> zmq.Socket[bytes]:
        if self._socket is None or info != self._info:
            self._disconnect()
            found = self._finder.find()
            self._socket = self._context.socket(zmq.DEALER)
            open_socket(self._socket, self._finder.endpoints(found).query, found)
            self._info = found
        return self._socket

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = self._info = None

    def _receive(self, request_id: int, seconds: float) -> Answer | None:
        """Return the answer, None if it did not come; drops answers to what was given up before."""
        socket = self._socket
        assert socket is not None
        until = time.monotonic() + seconds
        while socket.poll(max(0, round(1000 * (until - time.monotonic())))):
            answer = parse_answer(socket.recv())
            if answer.id == request_id or (answer.id is None and answer.error is not None):
                return answer
        return None

    def _look_after(self, ask: Ask[R], body: bytes) -> None:
        """Make sure, while waiting, that the daemon that was asked is there; ask its successor where that is safe."""
        try:
            info = self._finder.find()
        except DaemonNotRunningError:
            self._disconnect()
            raise
        if info != self._info:
            if not ask.repeatable:
                self._disconnect()
                raise restarted(ask.method)
            self._connect(info).send(body)


class EventStream:
    """Iterator over events; belongs to one thread. Made by `Client.events`."""

    def __init__(
        self,
        client: Client,
        finder: Finder,
        names: Collection[str],
        timeout: float | None,
    ) -> None:
        self._finder = finder
        self._timeout = timeout
        self._sequence = EventSequence(names)
        self._ready: deque[NamedEvent] = deque()
        self._info = finder.find()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._subscribe()
        try:
            self._sequence.begin(client.status().seq)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> NamedEvent:
        """Wait for the next event.

        Raises
        ------
        DaemonNotRunningError
            The daemon went without a word.

        """
        until = None if self._timeout is None else time.monotonic() + self._timeout
        while not self._ready:
            left = CHECK_SECONDS if until is None else min(CHECK_SECONDS, until - time.monotonic())
            if left <= 0:
                raise StopIteration
            if self._socket.poll(max(1, round(1000 * left))):
                self._ready.extend(self._sequence.take(self._socket.recv_multipart()))
            else:
                self._look_after()
        return self._ready.popleft()

    def close(self) -> None:
        """Unsubscribe."""
        self._socket.close()
        self._context.term()

    def _subscribe(self) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.SUB)
        socket.subscribe(b"")
        open_socket(socket, self._finder.endpoints(self._info).events, self._info)
        return socket

    def _look_after(self) -> None:
        try:
            info = self._finder.read()
        except DaemonNotRunningError:
            if self._sequence.stopping:
                raise StopIteration from None
            raise
        if info != self._info:
            self._info = info
            self._socket.close()
            self._socket = self._subscribe()
            self._ready.extend(self._sequence.restart())
