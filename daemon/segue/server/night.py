"""The night in memory: what a question for the next track must not bring again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from segue.library.plays import Nights
from segue.library.store import Library
from segue.protocol.messages import Night
from segue.recommend.tonight import Tonight

_HOUR: Final = 3600.0
_AHEAD_SECONDS: Final = 1e-3


class NightKeeper:
    """Knows which tracks were played tonight, without asking the library when a question waits."""

    def __init__(
        self,
        library: Library,
        gap_hours: float,
        *,
        last_night_counts: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Read the plays.

        Args:
            library: where they are.
            gap_hours: so many hours of silence end a night.
            last_night_counts: what was played the night before is not suggested again either.
            clock: Unix seconds.

        """
        self._library = library
        self._gap = gap_hours * _HOUR
        self._last_night_counts = last_night_counts
        self._clock = clock
        self._lock = threading.Lock()
        self._nights = Nights(None, [], [])
        self._over_at = 0.0
        self._tonight = Tonight()
        self.reload()

    @property
    def gap(self) -> float:
        """Seconds of silence that end a night."""
        return self._gap

    def reload(self) -> None:
        """Read the plays again: something was played, or taken back, or a night was begun."""
        with self._lock:
            self._nights = self._library.nights(self._gap)
            self._publish()

    def tonight(self) -> Tonight:
        """The tracks of the night so far, from memory."""
        if self._clock() > self._over_at:
            with self._lock:
                self._publish()
        return self._tonight

    def night(self) -> Night:
        """The night with titles, from the library."""
        with self._lock:
            nights = self._current()
        if not nights.tonight and not nights.before:
            return Night(started=nights.started, plays=[])
        first = min(row.at for row in (*nights.before, *nights.tonight))
        plays = self._library.plays_since(first)
        begun = nights.tonight[0].at if nights.tonight else float("inf")
        ended = nights.before[-1].at if nights.before else float("-inf")
        return Night(
            started=nights.started,
            plays=[play for play in plays if play.at >= begun],
            last_night=[play for play in plays if play.at <= ended] if self._last_night_counts else [],
        )

    def _current(self) -> Nights:
        """The nights as they are now: after hours of silence the last one is over."""
        nights = self._nights
        last = max((row.at for row in nights.tonight), default=nights.started or 0.0)
        if self._clock() - last <= self._gap:
            return nights
        return Nights(None, [], nights.tonight or nights.before)

    def _publish(self) -> None:
        nights = self._current()
        last = max((row.at for row in nights.tonight), default=nights.started)
        self._over_at = float("inf") if last is None else last + self._gap + _AHEAD_SECONDS
        rows = [*(nights.before if self._last_night_counts else ()), *nights.tonight]
        tracks = tuple(row.track for row in rows)
        if tracks != self._tonight.tracks:
            self._tonight = Tonight(tracks, self._tonight.version + 1)
