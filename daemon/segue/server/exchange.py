"""One message of a client and the answer that it gets."""

from __future__ import annotations

from segue.errors import SegueError
from segue.protocol.envelope import encode_batch, encode_error


class Exchange:
    """Collects the answers to the requests of one message, in their order.

    Parameters
    ----------
    door
        Number of the door where it came in.
    route
        The frames before the message: the client's identity and, of a REQ socket, an empty frame. The answer has
        the same.

    """

    def __init__(self, door: int, route: tuple[bytes, ...]) -> None:
        self.door = door
        self.route = route
        self._batch = False
        self._answers: list[bytes | None] = []
        self._open = 0

    @property
    def client(self) -> str:
        """The same for all messages of one connection."""
        return f"{self.door}:{self.route[0].hex()}"

    def expect(self, requests: int, *, batch: bool) -> None:
        """Say how many answers belong to it."""
        self._answers = [None] * requests
        self._open = requests
        self._batch = batch

    def put(self, slot: int, answer: bytes | None) -> None:
        """Put the answer to one request; None for a notification."""
        self._answers[slot] = answer
        self._open -= 1

    def refuse(self, error: SegueError) -> None:
        """Answer the whole message with an error."""
        self.expect(1, batch=False)
        self.put(0, encode_error(None, error))

    def answer(self) -> bytes | None:
        """Return the message to send back: None as long as it is incomplete, and for nothing but notifications."""
        answers = [answer for answer in self._answers if answer is not None]
        if self._open or not answers:
            return None
        return encode_batch(answers) if self._batch else answers[0]
