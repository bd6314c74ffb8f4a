"""The events socket: PUB, numbered, from any thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Final

import zmq

from segue.protocol.envelope import encode_notification
from segue.protocol.messages import Event
from segue.server.doors import Door, bind, unlink
from segue.server.lock import HomeLock

_QUEUE: Final = 1000
"""Messages that wait for one slow subscriber before it loses some; it sees a gap in the numbers."""
_LINGER_MS: Final = 250
"""So that the last word, ``daemon.stopping``, arrives."""


class Events:
    """Publishes what happens: topic frame (the name), then a JSON-RPC notification with an `Event` as its params.

    Parameters
    ----------
    doors
        Where to listen.
    context
        The daemon's ZeroMQ context; for doors with keys, the one that its `Router` has too, for it keeps the door.
    lock
        The home's lock, held; without it a socket file that is there is not replaced.

    """

    def __init__(
        self, doors: Sequence[Door], context: zmq.Context[zmq.Socket[bytes]], lock: HomeLock | None = None
    ) -> None:
        self._doors = list(doors)
        self._context = context
        self._lock = lock
        # A socket may change threads behind a full fence, which a mutex is; PUB never blocks.
        self._mutex = threading.Lock()
        self._sockets: list[zmq.Socket[bytes]] = []
        self._seq = 0
        self.endpoints: list[str] = []
        """Where it listens, one a door, once started."""

    @property
    def seq(self) -> int:
        """Number of the last event."""
        return self._seq

    def start(self) -> None:
        """Bind.

        Raises
        ------
        DaemonError, ConfigError
            A place is taken.

        """
        try:
            for door in self._doors:
                socket = self._context.socket(zmq.PUB)
                self._sockets.append(socket)
                socket.linger = _LINGER_MS
                socket.sndhwm = _QUEUE
                self.endpoints.append(bind(socket, door, self._lock))
        except BaseException:
            self.stop()
            raise

    def publish(self, name: str, data: Mapping[str, object] | None = None) -> None:
        """Tell all subscribers, from any thread, without ever waiting.

        `name` is one of `segue.protocol.messages.EventName`; `data` holds what JSON can say, msgspec structs too.
        Before the start and after the stop it only counts.
        """
        with self._mutex:
            self._seq += 1
            event = Event(seq=self._seq, at=time.time(), data=dict(data or {}))
            frames = (name.encode(), encode_notification(name, event))
            for socket in self._sockets:
                socket.send_multipart(frames, zmq.NOBLOCK)

    def stop(self) -> None:
        """Close the sockets and remove their files."""
        with self._mutex:
            for socket in self._sockets:
                socket.close()
            self._sockets.clear()
            for endpoint in self.endpoints:
                unlink(endpoint)
            self.endpoints.clear()
