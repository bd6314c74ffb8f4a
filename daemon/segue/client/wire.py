"""Finding the daemon of a home and connecting to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import zmq

from segue.errors import DaemonNotRunningError, RequestTimeoutError
from segue.home import Home
from segue.server import connection
from segue.server.connection import ConnectionInfo, Endpoints

Transport = Literal["local", "tcp"]

CHECK_SECONDS: Final = 0.5
"""How often a client that waits looks whether its daemon is still there."""


class Finder:
    """Knows where the daemon of a home listens.

    Parameters
    ----------
    home
        A home, its folder, or None for the usual one.
    transport
        ``local``: what is best on this machine; ``tcp``: TCP with CURVE keys, where the settings ask for it.

    """

    def __init__(self, home: Home | str | Path | None, transport: Transport) -> None:
        self.home = home if isinstance(home, Home) else Home.locate(home)
        self._transport = transport

    def read(self) -> ConnectionInfo:
        """Read the connection file: quick, done before every request.

        Raises
        ------
        DaemonNotRunningError
            There is none, or its process is gone.

        """
        return connection.read(self.home)

    def find(self) -> ConnectionInfo:
        """Read the connection file and make sure that somebody listens there.

        Raises
        ------
        DaemonNotRunningError
            No daemon is there.

        """
        info = self.read()
        if not connection.listens(self.endpoints(info).query):
            raise connection.not_running(self.home, "nobody listens at its socket")
        return info

    def endpoints(self, info: ConnectionInfo) -> Endpoints:
        """Choose by the transport.

        Raises
        ------
        DaemonNotRunningError
            The daemon does not listen on TCP.

        """
        if self._transport == "local":
            return info.endpoints
        if info.tcp is None:
            raise DaemonNotRunningError('The daemon does not listen on TCP: set tcp = "127.0.0.1:0" in config.toml.')
        return info.tcp


def open_socket(socket: zmq.Socket[Any], endpoint: str, info: ConnectionInfo) -> None:
    """Set the options of a new client socket and connect it."""
    socket.linger = 0
    if endpoint.startswith("tcp://"):
        socket.ipv6 = "[" in endpoint
        if info.curve is not None:
            socket.curve_serverkey = info.curve.server_public.encode()
            socket.curve_publickey = info.curve.client_public.encode()
            socket.curve_secretkey = info.curve.client_secret.encode()
    socket.connect(endpoint)


def timed_out(method: str, seconds: float) -> RequestTimeoutError:
    """Return the error that says that no answer came in time."""
    return RequestTimeoutError(
        f"Segue did not answer {method} within {seconds:g} seconds. It may be busy: try again, or look at its log."
    )


def restarted(method: str) -> DaemonNotRunningError:
    """Return the error that says that nobody knows whether the daemon did what was asked."""
    return DaemonNotRunningError(
        f"Segue was restarted while it answered {method}. Look whether it was done, then ask again."
    )
