"""The loop: look at what is said to play, tell the daemon."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from segue.client import Client
from segue.errors import DaemonNotRunningError, RequestTimeoutError, SegueError
from segue.protocol.messages import DeckParams
from segue_plugins.nowplaying.match import find_path

_log = logging.getLogger(__name__)

CLIENT: Final = "nowplaying"
LOOK_SECONDS: Final = 0.5
_AGAIN_SECONDS: Final = 5.0
"""A daemon that was started anew knows nothing of the deck, and every daemon forgets one of which it hears nothing."""
_UNKNOWN_AGAIN_SECONDS: Final = 5.0
"""A title that is in no library yet may be there soon."""
_ABSENT_SECONDS: Final = 2.0


class Shim:
    """Follows one text for one deck: a path, or ``Artist - Title``, and nothing while nothing plays."""

    def __init__(self, client: Client, read: Callable[[], str], deck: str) -> None:
        self._client = client
        self._read = read
        self._deck = deck
        self._line: str | None = None
        """What the daemon was last told of."""
        self._next_tell = 0.0
        self._daemon_is_there = True

    def run(self) -> None:
        """Follow it until interrupted; the deck is emptied then."""
        try:
            while True:
                self.look()
                time.sleep(LOOK_SECONDS)
        finally:
            self._leave()

    def look(self) -> None:
        """Tell the daemon when it says something new, and now and then when it does not."""
        line = self._read()
        now = time.monotonic()
        if line == self._line and now < self._next_tell:
            return
        if not self._daemon_is_there and now < self._next_tell:
            return
        self._next_tell = now + self._tell(line)

    def _tell(self, line: str) -> float:
        """Tell what plays; returns after how many seconds to tell again."""
        try:
            path = find_path(self._client, line)
            # What is in no library plays all the same: analysis must stay out of the way.
            self._client.update_deck(DeckParams(deck=self._deck, path=path, playing=bool(line), client=CLIENT))
        except (DaemonNotRunningError, RequestTimeoutError) as error:
            if self._daemon_is_there:
                _log.warning("%s Waiting for it.", error)
            self._daemon_is_there = False
            return _ABSENT_SECONDS
        except SegueError as error:  # the daemon refuses this line, a path it does not take for one, say
            _log.warning("%s", error)
            path = None
        self._daemon_is_there = True
        self._line = line
        return _UNKNOWN_AGAIN_SECONDS if line and path is None else _AGAIN_SECONDS

    def _leave(self) -> None:
        try:
            self._client.update_deck(DeckParams(deck=self._deck, client=CLIENT))
        except SegueError:
            return  # the daemon is gone: there is no deck to empty
