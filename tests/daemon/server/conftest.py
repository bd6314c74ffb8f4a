import pytest
import zmq


class KeepingContext:
    """Makes sockets and keeps them until the end of the test: a client that nobody holds any more is a ResourceWarning."""

    def __init__(self):
        self._context = zmq.Context()
        self._sockets = []

    def socket(self, kind):
        self._sockets.append(self._context.socket(kind))
        self._sockets[-1].linger = 0
        return self._sockets[-1]

    def close(self):
        for socket in self._sockets:
            socket.close()
        self._context.term()


@pytest.fixture
def context():
    made = KeepingContext()
    yield made
    made.close()
