"""Files that somebody waits for, listened to once, however often they are asked for."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from segue.analysis.pool import AnalysisPool
from segue.analysis.result import Probe, TrackAnalysis
from segue.errors import AnalysisMemoryError, AnalysisTimeoutError, AudioError, FileMissingError, FileUnreadableError

A = TypeVar("A", Probe, TrackAnalysis)

KEPT: Final = 96
"""Results that are kept, the last ones asked for: a probe and an analysis for each of a few dozen files."""
FAILED_SECONDS: Final = 60.0
"""So long a file that cannot be analysed is not tried again."""
_OF_THE_FILE: Final = (AudioError, AnalysisTimeoutError, AnalysisMemoryError)
"""What comes out the same the next time ..."""
_OF_THE_DRIVE: Final = (FileMissingError, FileUnreadableError)
"""... but for these."""


class _Key(NamedTuple):
    """What was asked for, and of which state of which file."""

    path: Path
    size: int
    mtime_ns: int
    model: str | None
    """Id of the networks; None: a probe."""


class Listening:
    """Probes and analyses for those who wait; may be used from any thread.

    A client may give up before a long file is done, and ask again: it joins what is under way, and finds the result afterwards.
    """

    def __init__(self, pool: AnalysisPool, clock: Callable[[], float] = time.monotonic) -> None:
        """Listen to nothing yet."""
        self._pool = pool
        self._clock = clock
        self._lock = threading.Lock()
        self._futures: OrderedDict[_Key, Future[Any]] = OrderedDict()
        """Under way, or done; what was asked for last is last."""
        self._failed: dict[_Key, float] = {}
        """When a file turned out to be one that cannot be analysed."""

    def probe(self, path: Path) -> Future[Probe]:
        """Identity, duration and tags of a file; see `AnalysisPool.probe`."""
        return self._once(path, None, lambda: self._pool.probe(path))

    def analyse(self, path: Path, duration: float, model: str) -> Future[TrackAnalysis]:
        """The analysis of a file of so many seconds by the networks of this id; see `AnalysisPool.analyse`."""
        return self._once(path, model, lambda: self._pool.analyse(path, duration, asked=True))

    def _once(self, path: Path, model: str | None, begin: Callable[[], Future[A]]) -> Future[A]:
        try:
            stat = path.stat()
        except OSError:  # it has just gone: whoever opens it says so
            return begin()
        key = _Key(path, stat.st_size, stat.st_mtime_ns, model)
        with self._lock:
            self._forget_failures()
            known: Future[A] | None = self._futures.get(key)
            if known is not None:
                self._futures.move_to_end(key)
                return known
            future: Future[A] = Future()
            self._futures[key] = future
            self._make_room()
        # Not under the lock: a pool that stops ends other futures here, whose steps would wait for it.
        begin().add_done_callback(lambda done: self._finish(key, done, future))
        return future

    def _make_room(self) -> None:
        """Forget what was not asked for for longest; what is under way is as much as there are clients who wait, and kept."""
        done = [key for key, future in self._futures.items() if future.done()]
        for key in done[: max(0, len(self._futures) - KEPT)]:
            self._forget(key)

    def _forget_failures(self) -> None:
        now = self._clock()
        for key in [key for key, at in self._failed.items() if now - at > FAILED_SECONDS]:
            self._forget(key)

    def _forget(self, key: _Key) -> None:
        self._futures.pop(key, None)
        self._failed.pop(key, None)

    def _finish(self, key: _Key, done: Future[A], future: Future[A]) -> None:
        """Keep a result, and for a while what is the file's own fault; then tell those who wait."""
        error = done.exception()
        if error is None:
            future.set_result(done.result())
            return
        with self._lock:
            if isinstance(error, _OF_THE_FILE) and not isinstance(error, _OF_THE_DRIVE):
                self._failed[key] = self._clock()
            else:
                self._forget(key)
        future.set_exception(error)
