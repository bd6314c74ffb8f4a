"""What the daemon tells on its own, as far as it makes suggestions old."""

from __future__ import annotations

import itertools
from typing import Final

from segue.client import Client
from segue.client.sync import EventStream
from segue.errors import SegueError

WISHES: Final = "wishes.changed"
GAP: Final = "gap"
"""Some events were missed: anything may have changed."""
_NAMES: Final = (
    WISHES,
    "track.indexed",
    "tracks.changed",
    "memory.changed",
    "models.changed",
    "night.started",
    "play.removed",
)
_LOOK_SECONDS: Final = 0.25
_AGAIN_SECONDS: Final = 3.0
_POLL_SECONDS: Final = 0.001
_MOST: Final = 500
"""Events that one look takes."""


class News:
    """Events of the daemon, read between other things. A daemon that goes and comes is met again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stream: EventStream | None = None
        self._next = 0.0

    def poll(self, now: float) -> set[str]:
        """Names of the events since the last look; ``gap`` where some were missed, as after a daemon was met again."""
        if now < self._next:
            return set()
        self._next = now + _LOOK_SECONDS
        try:
            return self._read()
        except SegueError:
            self.close()
            self._next = now + _AGAIN_SECONDS
            return set()

    def close(self) -> None:
        """Unsubscribe."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _read(self) -> set[str]:
        if self._stream is None:
            self._stream = self._client.events(_NAMES, timeout=_POLL_SECONDS)
            return {GAP}
        return {name for name, _ in itertools.islice(self._stream, _MOST)}
