"""How fast the queue shrinks, and when it will be empty."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_WINDOW_SECONDS = 120.0
_FORGET_SECONDS = 30.0
"""After this long without a finished file there is no rate to speak of."""


class Pace:
    """Files a minute over the last two minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._finished: deque[float] = deque(maxlen=4096)
        self._began: float | None = None

    def begin(self) -> None:
        """Work starts after a rest."""
        self._finished.clear()
        self._began = self._clock()

    def finish(self) -> None:
        """One file is done, well or badly."""
        self._finished.append(self._clock())

    def rate(self) -> float | None:
        """Files a minute; None while nothing is or was lately in work."""
        now = self._clock()
        while self._finished and now - self._finished[0] > _WINDOW_SECONDS:
            self._finished.popleft()
        if self._began is None or not self._finished or now - self._finished[-1] > _FORGET_SECONDS:
            return None
        since = max(self._began, now - _WINDOW_SECONDS)
        return 60.0 * len(self._finished) / max(now - since, 0.5)

    def time_left(self, queued: int) -> float | None:
        """Seconds until `queued` files are done at this rate; None without a rate."""
        rate = self.rate()
        return None if rate is None or rate <= 0 else 60.0 * queued / rate
