"""Who may come in over TCP: only holders of the key in the connection file. ZeroMQ's ZAP, RFC 27."""

from __future__ import annotations

from typing import Final

import zmq
from zmq.utils import z85

from segue.server.doors import Keys

_ENDPOINT: Final = "inproc://zeromq.zap.01"
_VERSION: Final = b"1.0"
_CURVE_FRAMES: Final = 7
"""Version, request id, domain, address, identity, mechanism, key."""


class Doorkeeper:
    """Answers libzmq's question whether a key may come in. `answer` is called by the thread that polls `socket`."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], keys: Keys) -> None:
        self._admitted = z85.decode(keys.client.client_public)
        self.socket = context.socket(zmq.REP)
        self.socket.linger = 0
        self.socket.bind(_ENDPOINT)

    def answer(self) -> None:
        """Answer one question that waits."""
        frames = self.socket.recv_multipart()
        question = frames[1] if len(frames) > 1 else b""
        if self._admits(frames):
            verdict = (b"200", b"OK", b"client")
        else:
            verdict = (b"400", b"this key is not the one in the connection file", b"")
        self.socket.send_multipart((_VERSION, question, *verdict, b""))

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def _admits(self, frames: list[bytes]) -> bool:
        return len(frames) == _CURVE_FRAMES and frames[5] == b"CURVE" and frames[6] == self._admitted
