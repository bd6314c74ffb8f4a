"""The query socket: requests in, answers out. One thread, which nothing that a client does can stop or slow down."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Any, Final, NamedTuple

import zmq
from msgspec import UNSET

from segue.errors import (
    BusyError,
    InvalidRequestError,
    MessageTooLargeError,
    SegueError,
    ShuttingDownError,
)
from segue.protocol.envelope import Fault, Request, decode_params, encode_error, encode_result, find_method, parse
from segue.protocol.messages import Message, Result
from segue.protocol.methods import MAX_REQUEST_BYTES
from segue.server.doorkeeper import Doorkeeper
from segue.server.doors import Door, bind, unlink
from segue.server.exchange import Exchange
from segue.server.lock import HomeLock

_log = logging.getLogger(__name__)

MAX_IN_FLIGHT: Final = 64
"""Requests of one client that wait for their answer; two full batches."""
MAX_IN_FLIGHT_ALL: Final = 512
"""The same of all clients, for one may come under many names."""
_MAX_FRAME_BYTES: Final = 4 * MAX_REQUEST_BYTES
"""libzmq hangs up on a client that sends more: up to here the refusal can be explained."""
_MAX_FRAMES: Final = 8
_QUEUE: Final = 100
"""Answers that wait for one client that does not read; later ones are dropped."""
_LINGER_MS: Final = 250
"""So that the answer to ``daemon.shutdown`` arrives."""
_STOP_SECONDS: Final = 10.0


class Origin(NamedTuple):
    """Where a request comes from."""

    client: str
    """The same for all requests of one connection."""
    local: bool
    """It came in by a door that only this machine can reach."""


Dispatch = Callable[[str, Message, Origin], Result | Future[Any]]
"""Method name, decoded parameters, origin → the result, or a future of it. Runs in the router's thread: what takes more
than a few milliseconds returns a future. Errors that are meant for the client are `SegueError`s."""


class _Waiting(NamedTuple):
    """A request whose answer is still a future."""

    request: Request
    exchange: Exchange
    slot: int
    future: Future[Any]


class Router:
    """Answers JSON-RPC requests on ROUTER sockets, in a thread of its own.

    Parameters
    ----------
    doors
        Where to listen. If one has keys, this thread also keeps the door for all sockets of the context.
    dispatch
        Does the work, see `Dispatch`.
    context
        The daemon's ZeroMQ context; it stays the caller's to terminate.
    lock
        The home's lock, held; without it a socket file that is there is not replaced.

    """

    def __init__(
        self,
        doors: Sequence[Door],
        dispatch: Dispatch,
        context: zmq.Context[zmq.Socket[bytes]],
        lock: HomeLock | None = None,
    ) -> None:
        self._doors = list(doors)
        self._dispatch = dispatch
        self._context = context
        self._lock = lock
        self._sockets: list[zmq.Socket[bytes]] = []
        self._doorkeeper: Doorkeeper | None = None
        self._bell = _Bell()
        self._finished: deque[_Waiting] = deque()
        self._waiting: dict[int, _Waiting] = {}
        self._in_flight: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segue-router", daemon=True)
        self.endpoints: list[str] = []
        """Where it listens, one a door, once started."""

    def start(self) -> None:
        """Bind, then answer.

        Raises
        ------
        DaemonError, ConfigError
            A place is taken; nothing is bound then.

        """
        try:
            keys = next((door.keys for door in self._doors if door.keys), None)
            if keys is not None:
                self._doorkeeper = Doorkeeper(self._context, keys)
            for door in self._doors:
                self._open(door)
        except BaseException:
            self._close()
            raise
        self._thread.start()

    def stop(self) -> None:
        """Tell those who wait that the daemon stops, close, remove the socket files. Nothing happens the second time."""
        self._stopping.set()
        self._bell.ring()
        if self._thread.ident is None:
            self._close()
        elif threading.current_thread() is not self._thread:
            self._thread.join(_STOP_SECONDS)

    def _open(self, door: Door) -> None:
        opened = self._context.socket(zmq.ROUTER)
        self._sockets.append(opened)
        opened.linger = _LINGER_MS
        opened.sndhwm = opened.rcvhwm = _QUEUE
        opened.maxmsgsize = _MAX_FRAME_BYTES
        opened.tcp_keepalive = 1
        # Without it an answer that cannot be delivered vanishes even where waiting would help; with it we decide.
        opened.router_mandatory = True
        self.endpoints.append(bind(opened, door, self._lock))

    # The thread -----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        poller = zmq.Poller()
        actions: dict[object, Callable[[], None]] = {self._bell.fileno(): self._bell.quieten}
        poller.register(self._bell.fileno(), zmq.POLLIN)
        if self._doorkeeper is not None:
            poller.register(self._doorkeeper.socket, zmq.POLLIN)
            actions[self._doorkeeper.socket] = self._doorkeeper.answer
        for number, opened in enumerate(self._sockets):
            poller.register(opened, zmq.POLLIN)
            actions[opened] = partial(self._receive, number)
        try:
            while not self._stopping.is_set():
                for ready, _ in poller.poll():
                    self._survive(actions[ready])
                self._survive(self._answer_finished)
            self._survive(self._turn_away)
        except zmq.ContextTerminated:
            _log.warning("the ZeroMQ context ended before the router")
        finally:
            self._close()

    def _survive(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception:  # noqa: BLE001 - the loop outlives everything; each is logged
            _log.exception("an unexpected error in the router; it goes on")

    def _receive(self, number: int) -> None:
        try:
            frames = self._sockets[number].recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return
        route, body = tuple(frames[:-1]), frames[-1]
        exchange = Exchange(number, route)
        if len(frames) > _MAX_FRAMES:
            exchange.route = route[:2] if route[1] == b"" else route[:1]
            exchange.refuse(InvalidRequestError("A request is one frame, behind an empty one for REQ sockets."))
        elif len(body) > MAX_REQUEST_BYTES:
            exchange.refuse(MessageTooLargeError(f"A request has at most {MAX_REQUEST_BYTES // 1024} KiB."))
        else:
            self._take(body, exchange)
        self._send_if_complete(exchange)

    def _take(self, body: bytes, exchange: Exchange) -> None:
        parsed = parse(body)
        exchange.expect(len(parsed.items), batch=parsed.batch)
        for slot, item in enumerate(parsed.items):
            if isinstance(item, Fault):
                exchange.put(slot, encode_error(item.id, item.error))
            else:
                self._serve(item, exchange, slot)

    def _serve(self, request: Request, exchange: Exchange, slot: int) -> None:
        origin = Origin(exchange.client, self._doors[exchange.door].local)
        try:
            self._check_load(origin.client)
            method = find_method(request.method)
            outcome = self._dispatch(method.name, decode_params(method, request.params), origin)
        except Exception as error:  # noqa: BLE001 - whatever it was, the client hears of it and the log too
            exchange.put(slot, _failure(request, error))
            return
        if not isinstance(outcome, Future):
            exchange.put(slot, _success(request, outcome))
            return
        waiting = _Waiting(request, exchange, slot, outcome)
        self._in_flight[origin.client] += 1
        self._waiting[id(waiting)] = waiting
        outcome.add_done_callback(lambda _: self._finish(waiting))

    def _check_load(self, client: str) -> None:
        if self._in_flight[client] >= MAX_IN_FLIGHT or len(self._waiting) >= MAX_IN_FLIGHT_ALL:
            raise BusyError("Too many requests wait for their answers. Wait for some, then ask again.")

    def _finish(self, waiting: _Waiting) -> None:
        """Any thread: the future of `waiting` is done."""
        self._finished.append(waiting)
        self._bell.ring()

    def _answer_finished(self) -> None:
        while self._finished:
            waiting = self._finished.popleft()
            self._forget(waiting)
            try:
                answer = _success(waiting.request, waiting.future.result())
            except (Exception, CancelledError) as error:  # noqa: BLE001 - as in `_serve`
                answer = _failure(waiting.request, error)
            waiting.exchange.put(waiting.slot, answer)
            self._send_if_complete(waiting.exchange)

    def _forget(self, waiting: _Waiting) -> None:
        self._waiting.pop(id(waiting), None)
        client = waiting.exchange.client
        self._in_flight[client] -= 1
        if self._in_flight[client] <= 0:
            del self._in_flight[client]

    def _turn_away(self) -> None:
        self._answer_finished()
        for waiting in list(self._waiting.values()):
            self._forget(waiting)
            waiting.exchange.put(waiting.slot, _failure(waiting.request, ShuttingDownError("Segue is stopping.")))
            self._send_if_complete(waiting.exchange)

    def _send_if_complete(self, exchange: Exchange) -> None:
        answer = exchange.answer()
        if answer is None:
            return
        try:
            self._sockets[exchange.door].send_multipart((*exchange.route, answer), zmq.NOBLOCK)
        except zmq.ZMQError as error:
            # The client is gone, or does not read: its answer is lost, and nobody else's.
            _log.debug("an answer was dropped: %s", error)

    def _close(self) -> None:
        for opened in self._sockets:
            opened.close()
        if self._doorkeeper is not None:
            self._doorkeeper.close()
        for endpoint in self.endpoints:
            unlink(endpoint)
        self._sockets.clear()
        self.endpoints.clear()
        self._bell.close()


class _Bell:
    """Wakes a poll from any thread: a socket pair, for ZeroMQ's own sockets belong to one thread."""

    def __init__(self) -> None:
        self._heard, self._rung = socket.socketpair()
        self._heard.setblocking(False)
        self._rung.setblocking(False)

    def fileno(self) -> int:
        return self._heard.fileno()

    def ring(self) -> None:
        # Full: it rings already. Closed: nobody listens any more.
        with contextlib.suppress(OSError):
            self._rung.send(b"!")

    def quieten(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._heard.recv(4096):
                continue

    def close(self) -> None:
        self._heard.close()
        self._rung.close()


def _success(request: Request, result: Any) -> bytes | None:
    if request.id is UNSET:
        return None
    try:
        return encode_result(request.id, result)
    except Exception as error:  # noqa: BLE001 - a handler's result that JSON cannot say
        return _failure(request, error)


def _failure(request: Request, error: BaseException) -> bytes | None:
    if isinstance(error, CancelledError):
        error = ShuttingDownError("The work was cancelled, for Segue is stopping.")
    if not isinstance(error, SegueError):
        _log.error("%s failed", request.method, exc_info=error)
        error = SegueError(f"Something went wrong inside Segue ({type(error).__name__}); its log says more.")
    return None if request.id is UNSET else encode_error(request.id, error)
