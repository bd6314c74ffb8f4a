"""The queue → the workers → the library: one thread that keeps the analysis going and never in the DJ's way."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final, NamedTuple

from segue.analysis.pool import AnalysisPool
from segue.analysis.result import Probe, TrackAnalysis
from segue.errors import (
    DiskFullError,
    FileMissingError,
    LibraryError,
    ModelError,
    SegueError,
    ShuttingDownError,
    WorkerStartError,
)
from segue.library.files import FileRow
from segue.library.paths import shown
from segue.library.store import Library
from segue.server.listening import Listening
from segue.server.mirror import Mirror
from segue.server.progress import Pace

_log = logging.getLogger(__name__)

ASKED: Final = 100
"""Priority of a file that somebody asked for or that is on a deck: it comes first, in gig mode too."""
_RETRY_SECONDS: Final = 10.0
"""How long to wait before the work is tried again after trouble, a full disk for one."""

_GIG_LOOK_SECONDS: Final = 30.0
"""How often to look whether the decks have gone quiet: a shim that dies does not say so."""
_PROGRESS_SECONDS: Final = 0.25
"""Progress is told no more often than this."""

_STORE_SECONDS: Final = 5.0
"""How long a stop waits for what is just being written: the library closes next."""

_NOT_THE_FILES_FAULT: Final = (LibraryError, ModelError, WorkerStartError)


class _Finished(NamedTuple):
    row: FileRow
    probe: Probe | None
    future: Future[Probe] | Future[TrackAnalysis]


class Indexer:
    """Takes files from the queue in the library, newest and asked-for first, and stores what the workers find.

    The queue lives in the library: nothing that waits or is in work is lost when the daemon is killed.
    """

    def __init__(
        self,
        library: Library,
        pool: AnalysisPool,
        listening: Listening,
        mirror: Mirror,
        publish: Callable[[str, dict[str, object]], None],
        gig_mode: Callable[[], bool],
    ) -> None:
        self._library = library
        self._pool = pool
        self._listening = listening
        self._mirror = mirror
        self._publish = publish
        self._gig_mode = gig_mode
        self._in_work: dict[str, FileRow] = {}
        self._finished: queue.SimpleQueue[_Finished | None] = queue.SimpleQueue()
        self._paused = threading.Event()
        self._stopping = threading.Event()
        self._leaving = threading.Event()
        """Files in work are waited for no longer."""
        self._pace = Pace()
        self._problem: str | None = None
        self._retry_at = 0.0
        self._told = 0.0
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)

    # What others may call, from any thread --------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to work through the queue."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Take no new file, store what is finished within `timeout` seconds, end the thread.

        In gig mode files in work stand still: nobody waits for them, and they stay queued.
        """
        self._stopping.set()
        self.wake()
        self._thread.join(0.0 if self._gig_mode() else timeout)
        self._leaving.set()
        self.wake()
        self._thread.join(_STORE_SECONDS)

    def wake(self) -> None:
        """There may be something to do."""
        self._finished.put(None)

    def pause(self) -> None:
        """Take no new file until `resume`; the files in work are finished."""
        self._paused.set()

    def resume(self) -> None:
        """Take files again."""
        self._paused.clear()
        self.wake()

    @property
    def paused(self) -> bool:
        """Whether `pause` was asked for."""
        return self._paused.is_set()

    @property
    def in_work(self) -> list[str]:
        """Files in work now."""
        return [shown(path) for path in tuple(self._in_work)]

    @property
    def problem(self) -> str | None:
        """Why nothing can be stored just now, if so."""
        return self._problem

    def rate(self) -> float | None:
        """Files a minute; None while nothing is in work."""
        return self._pace.rate()

    def time_left(self, queued: int) -> float | None:
        """Seconds until the queue is empty at this rate."""
        return self._pace.time_left(queued) if queued else None

    # The thread -----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not (self._stopping.is_set() and (self._leaving.is_set() or not self._in_work)):
            try:
                self._feed()
                finished = self._finished.get(timeout=self._patience())
                if finished is not None:
                    self._settle(finished)
            except queue.Empty:
                continue
            except ShuttingDownError:
                return
            except Exception as error:  # noqa: BLE001 - an indexer that died of it would be missed by nobody
                self._suffer(error)

    def _patience(self) -> float | None:
        """How long to sleep: until woken, unless what holds us back may end without a word."""
        if self._problem and not self._stopping.is_set():
            return max(0.0, self._retry_at - time.monotonic())
        return _GIG_LOOK_SECONDS if self._gig_mode() else None

    def _recovered(self) -> bool:
        """Whether work may go on: there was no trouble, or it is time to try again, however often we were woken."""
        if self._problem and time.monotonic() >= self._retry_at:
            self._problem = None
            self._mirror.refresh([])
        return not self._problem

    def _feed(self) -> None:
        """Give the workers files: one more than there are workers, so that none waits for us."""
        room = self._pool.workers + 1 - len(self._in_work)
        if self._stopping.is_set() or not self._recovered() or room <= 0:
            return
        rows = [] if self._paused.is_set() else self._library.take(room, exclude=set(self._in_work))
        if self._gig_mode():
            rows = [row for row in rows if row.priority >= ASKED]
        if rows and not self._in_work:
            self._pace.begin()
        for row in rows:
            self._in_work[row.path] = row
            self._hand_over(row, None, self._pool.probe(Path(row.path)))

    def _hand_over(self, row: FileRow, probe: Probe | None, future: Future[Probe] | Future[TrackAnalysis]) -> None:
        future.add_done_callback(lambda done: self._finished.put(_Finished(row, probe, done)))

    def _settle(self, finished: _Finished) -> None:
        """A worker is done with a file: go on with it, or store what came of it."""
        goes_on = False
        try:
            goes_on = self._take_in(finished)
        finally:
            if not goes_on:
                self._end(finished.row)

    def _take_in(self, finished: _Finished) -> bool:
        """Whether the file is in work still."""
        row = finished.row
        try:
            result = finished.future.result()
            if isinstance(result, TrackAnalysis):
                assert finished.probe is not None
                self._store(row, finished.probe, result)
            elif not self._attach(row, result) and not self._stopping.is_set():
                self._hand_over(row, result, self._analyse(row, result.duration))
                return True
        except _NOT_THE_FILES_FAULT as error:
            self._suffer(error)
            return False  # not done with: it will be tried again
        except SegueError as error:
            self._fail(row, error)
        except Exception as error:  # noqa: BLE001 - it must not hold up all others
            _log.exception("%s", row.path)
            self._fail(row, SegueError(f"Segue stumbled over the file ({type(error).__name__}): please report it."))
        self._pace.finish()
        return False

    def _analyse(self, row: FileRow, duration: float) -> Future[TrackAnalysis]:
        """Analyse a file; one that is on a deck may have been asked about, and is listened to already."""
        model = self._library.model
        if row.priority < ASKED or model is None:
            return self._pool.analyse(Path(row.path), duration)
        return self._listening.analyse(Path(row.path), duration, model.name)

    def _attach(self, row: FileRow, probe: Probe) -> bool:
        """A moved, renamed, retagged or copied file whose audio is known needs no analysis."""
        track = self._library.attach(row.path, probe, as_of=row)
        if track is None:
            return False
        self._refresh(row, track)
        self._publish("track.indexed", {"id": track, "path": shown(row.path), "analysed": False})
        return True

    def _store(self, row: FileRow, probe: Probe, analysis: TrackAnalysis) -> None:
        if self._changed_meanwhile(row) or not self._library.accepts(analysis.model):
            return  # in the second case other networks have taken over: it is still queued, for them
        track = self._library.store(row.path, probe, analysis, as_of=row)
        self._refresh(row, track)
        self._publish("track.indexed", {"id": track, "path": shown(row.path), "analysed": True})

    def _refresh(self, row: FileRow, track: int) -> None:
        """The file's track is news, and so is the one that this file held before it was replaced."""
        before = row.track_id
        try:
            self._mirror.refresh([track] if before in (None, track) else [track, before])
        except Exception as error:  # noqa: BLE001 - it is stored, which no trouble behind that may undo
            self._suffer(error)

    def _changed_meanwhile(self, row: FileRow) -> bool:
        """Whether the file was replaced while it was analysed; then it is queued again as it is now."""
        try:
            now = Path(row.path).stat()
        except OSError:
            self._mirror.refresh(self._library.mark_missing([row.path]))
            return True
        if (now.st_size, now.st_mtime_ns) == (row.size, row.mtime_ns):
            return False
        # A renewal waits behind everything, but this is a new recording, for which somebody may wait.
        self._library.enqueue(row.path, now.st_size, now.st_mtime_ns, max(row.priority, 0))
        return True

    def _fail(self, row: FileRow, error: SegueError) -> None:
        try:
            if isinstance(error, FileMissingError):
                self._mirror.refresh(self._library.mark_missing([row.path]))
                return
            if self._stopping.is_set() or self._changed_meanwhile(row):
                return
            self._library.fail(row.path, error, as_of=row)
            if row.track_id is not None:
                self._mirror.refresh([row.track_id])
        except LibraryError as trouble:
            self._suffer(trouble)
            return
        _log.warning("%s: %s (%s)", row.path, error, error.code)
        self._publish("track.failed", {"path": shown(row.path), "code": error.code, "message": str(error)})

    def _suffer(self, error: Exception) -> None:
        """The library cannot be written now, or no worker starts. The file stays queued; nothing is lost, nothing is blamed on the file."""
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        if isinstance(error, SegueError):
            self._problem = str(error)
            level = logging.WARNING if isinstance(error, DiskFullError) else logging.ERROR
            _log.log(level, "indexing waits: %s (%s)", error, error.code)
        else:
            self._problem = f"Indexing stumbled ({type(error).__name__}) and tries again: please report it."
            _log.error("indexing stumbled", exc_info=error)

    def _end(self, row: FileRow) -> None:
        self._in_work.pop(row.path, None)
        now = time.monotonic()
        if self._in_work and now - self._told < _PROGRESS_SECONDS:
            return
        self._told = now
        counts = self._library.counts()
        self._publish(
            "progress",
            {
                "indexed": counts.indexed,
                "queued": counts.queued,
                "failed": counts.failed,
                "rate": self.rate(),
                "time_left": self.time_left(counts.queued),
                "path": shown(row.path),
            },
        )
