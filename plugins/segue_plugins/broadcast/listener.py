"""The sockets: one thread of its own, on this computer only, many clients, none of which can hold it up."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from segue.errors import ProgramLinkError
from segue_plugins.broadcast.connection import Connection
from segue_plugins.broadcast.song import Song

_log = logging.getLogger(__name__)

PASSWORD: Final = "segue"  # noqa: S105 - of a port that only this computer reaches; --password names another
_HOST: Final = "127.0.0.1"
_MOST_CLIENTS: Final = 16
_PIECE: Final = 64 * 1024
_HEAD_SECONDS: Final = 10.0
"""So long a client may take to say what it wants."""
_SILENT_SECONDS: Final = 60.0
"""A broadcast that sends nothing for so long is dead."""
_LINGER_SECONDS: Final = 2.0
"""So long the other side has to read the last answer."""
_TICK_SECONDS: Final = 0.5


class _Client:
    """A connection with its socket and its times."""

    def __init__(self, sock: socket.socket, connection: Connection) -> None:
        self.sock = sock
        self.connection = connection
        self.began = self.last = time.monotonic()
        self.closing: float | None = None

    def is_late(self, now: float) -> bool:
        """Whether it has had its time."""
        if self.closing is not None:
            return now - self.closing > _LINGER_SECONDS
        if self.connection.state == "stream":
            return now - self.last > _SILENT_SECONDS
        return now - self.began > _HEAD_SECONDS


class Listener:
    """Takes the broadcast of a DJ program as an Icecast or Shoutcast server would; asked for its last title.

    Shoutcast programs send their sound to the next port, which is opened too if it is free.

    Raises
    ------
    ProgramLinkError
        The port is taken.

    """

    def __init__(self, port: int, password: str = PASSWORD) -> None:
        self._password = password
        self._song: Song | None = None
        self._clients: dict[socket.socket, _Client] = {}
        self._ended = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._servers = [_bind(port)]
        self.port: int = self._servers[0].getsockname()[1]
        with suppress(ProgramLinkError, OverflowError):
            self._servers.append(_bind(self.port + 1))
        self._waker, self._woken = socket.socketpair()
        for sock in (*self._servers, self._woken):
            self._selector.register(sock, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="broadcast", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_on_air(self) -> bool:
        """Whether a program broadcasts to it now."""
        return any(client.connection.state == "stream" for client in list(self._clients.values()))

    def latest(self) -> Song | None:
        """The last title that was said; None: nobody broadcasts, or has not said one yet. Returns at once."""
        return self._song

    def close(self) -> None:
        """Stop listening."""
        self._ended.set()
        with suppress(OSError):  # it was closed before
            self._waker.send(b".")
        self._thread.join(5.0)

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                for key, _ in self._selector.select(_TICK_SECONDS):
                    sock = key.fileobj
                    assert isinstance(sock, socket.socket)
                    if sock in self._servers:
                        self._accept(sock)
                    elif sock in self._clients:
                        self._read(self._clients[sock])
                now = time.monotonic()
                for client in [client for client in self._clients.values() if client.is_late(now)]:
                    self._drop(client)
        finally:
            for client in list(self._clients.values()):
                self._drop(client)
            for sock in (*self._servers, self._waker, self._woken):
                sock.close()
            self._selector.close()

    def _accept(self, server: socket.socket) -> None:
        try:
            sock, _ = server.accept()
        except OSError:  # it is gone already, or the process has no handle left
            time.sleep(0.01)
            return
        if len(self._clients) >= _MOST_CLIENTS:
            sock.close()
            return
        sock.setblocking(False)
        self._clients[sock] = _Client(sock, Connection(self._password, self._say, lambda: self.is_on_air))
        self._selector.register(sock, selectors.EVENT_READ)

    def _read(self, client: _Client) -> None:
        try:
            data = client.sock.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        client.last = time.monotonic()
        try:
            answer = client.connection.feed(data)
        except Exception:  # noqa: BLE001 - whatever a client sends must not end the listening
            _log.exception("broadcast: a client was sent away")
            self._drop(client)
            return
        if answer:
            with suppress(OSError):  # an answer fits into any buffer; who does not read it is not there
                client.sock.send(answer)
        if client.connection.state == "closing" and client.closing is None:
            client.closing = client.last
            with suppress(OSError):
                client.sock.shutdown(socket.SHUT_WR)

    def _drop(self, client: _Client) -> None:
        self._selector.unregister(client.sock)
        del self._clients[client.sock]
        client.sock.close()
        if client.connection.state == "stream" and not self.is_on_air:
            self._say(None)

    def _say(self, song: Song | None) -> None:
        if song is not None and self._song is not None and song.text == self._song.text:
            return
        self._song = song
        _log.debug("broadcast: %s", song.text if song else "nothing")


def _bind(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where another program could take the port away
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((_HOST, port))
        sock.listen(8)
        sock.setblocking(False)
    except (OSError, OverflowError) as error:
        sock.close()
        raise ProgramLinkError(
            f"Port {port} of this computer cannot be listened on ({error}): choose another one with --broadcast, "
            "and set the DJ program to the same."
        ) from error
    return sock
