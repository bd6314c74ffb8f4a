"""The way to another set of networks: one thread that has every track embedded anew, while the old set answers."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from segue.analysis.pool import AnalysisPool
from segue.analysis.result import Embedding
from segue.errors import FileMissingError, LibraryError, ModelError, SegueError, ShuttingDownError, WorkerStartError
from segue.library import other_vectors
from segue.library.other_vectors import Work
from segue.library.store import Library
from segue.protocol.messages import Renewal
from segue.server.progress import Pace
from segue.server.spaces import Named

_log = logging.getLogger(__name__)

AWAY_SHARE: Final = 0.1
"""A set takes over without the tracks whose files are away when they are no more than this share of the library."""
_BATCH: Final = 64
_LOOK_SECONDS: Final = 1.0
"""How often to look again whether files are back, the decks are quiet, or the queue is empty."""
_IDLE_SECONDS: Final = 3600.0
_RETRY_SECONDS: Final = 20.0
"""How long to wait after trouble, a full disk for one."""
_NOT_THE_FILES_FAULT: Final = (LibraryError, ModelError, WorkerStartError)


class Renewer:
    """Makes the vectors of the library's next networks and lets them take over when they are complete.

    The vectors are stored as they come: nothing is lost when the daemon is killed, and its next start goes on. It waits
    while a deck plays, while analysis is paused, and for new files, which are analysed first.
    """

    def __init__(
        self,
        library: Library,
        pool: AnalysisPool,
        held: Callable[[], bool],
        take_over: Callable[[Named], None],
        publish: Callable[[str, dict[str, object]], None],
    ) -> None:
        """Watch over the way to other networks; `take_over` is called, in this thread, when they are complete."""
        self._library = library
        self._pool = pool
        self._held = held
        self._take_over = take_over
        self._publish = publish
        self._turn = threading.RLock()
        """Held while the target changes, or takes over."""
        self._changed = threading.Condition()
        self._finished: deque[tuple[Named, Work, Future[Embedding]]] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="renewal", daemon=True)
        self._aim_at(None, now=False)
        self._problem: str | None = None

    # What others may call, from any thread --------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Begin no other track; end the thread within so many seconds."""
        self._stopping = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def aim(self, named: Named, *, now: bool = False) -> str:
        """Change to this set, or stay with it when it is the one in use. Returns a sentence that says what follows.

        With `now` it takes over as soon as every file that is there was read, however many are away.
        """
        with self._turn:
            model, before = self._library.model, self._target
            if model is not None and model.name == named.models.id:
                self._library.clear_next()
                self._aim_at(None, now=False)
                if before is not None:
                    self._tell(before, "cancelled")
                return f"Segue stays with {named.name}." if before else f"{named.name} is in use."
            self._library.set_next(named.models.id, named.models.labels, named.models.dim)
            self._aim_at(named, now=now)
            waiting = self._progress.waiting
        self._tell(named, "renewing")
        self._wake()
        if not waiting:
            return f"{named.name} takes over."
        return f"{waiting} tracks are listened to again in the background; {named.name} takes over when that is done."

    @property
    def target(self) -> Named | None:
        """The set that is to take over."""
        return self._target

    @property
    def problem(self) -> str | None:
        """What keeps it from going on, if so."""
        return self._problem

    def state(self) -> Renewal | None:
        """How far it is; None when there is nothing to change."""
        target, progress, failed = self._target, self._progress, len(self._failed)
        if target is None:
            return None
        waiting = max(0, progress.waiting - failed)
        state = "held" if self._held() else "running" if waiting else "waiting"
        return Renewal(
            set=target.name,
            id=target.models.id,
            state=state,
            done=progress.done,
            waiting=waiting,
            away=progress.away,
            failed=failed,
            time_left=self._pace.time_left(waiting) if waiting else None,
        )

    # The thread -----------------------------------------------------------------------------------------------------

    def _aim_at(self, target: Named | None, *, now: bool) -> None:
        self._in_work: set[int] = set()
        self._failed: set[int] = set()
        self._ready: deque[Work] = deque()
        self._after = 0
        self._now = now
        self._pace = Pace()
        self._pace.begin()
        self._target = target
        self._progress = other_vectors.Renewal(0, 0, 0) if target is None else self._library.renewal()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self) -> None:
        while not self._stopping:
            try:
                with self._turn:
                    self._step()
                self._sleep()
            except ShuttingDownError:
                return
            except Exception as error:  # noqa: BLE001 - a thread that died of it would be missed by nobody
                self._suffer(error)

    def _sleep(self) -> None:
        """Wait for a worker or for a new target; while there is one, look again now and then what can be done."""
        with self._changed:
            if not (self._stopping or self._finished):
                self._changed.wait(_IDLE_SECONDS if self._target is None else _LOOK_SECONDS)

    def _step(self) -> None:
        """Do what can be done now."""
        while self._finished:
            self._settle(*self._finished.popleft())
        target = self._target
        if target is None:
            return
        if self._library.next_model is None:  # it was taking over when something went wrong
            self._finish(target)
        elif not self._held():
            self._feed(target)
            if not self._in_work and self._is_complete():
                self._finish(target)

    def _feed(self, target: Named) -> None:
        """Give the workers files, one more than there are workers, as far as there are any to give."""
        while len(self._in_work) <= self._pool.workers:
            work = self._next()
            if work is None:
                return
            if _is_unchanged(work):
                self._in_work.add(work.track_id)
                future = self._pool.embed(Path(work.path), work.duration, target.models.folder)
                future.add_done_callback(lambda done, work=work: self._take_in(target, work, done))  # type: ignore[misc]

    def _take_in(self, target: Named, work: Work, future: Future[Embedding]) -> None:
        self._finished.append((target, work, future))
        self._wake()

    def _next(self) -> Work | None:
        """The next track; None at the end of the library, from where it begins at the front again."""
        while not self._ready:
            found = self._library.renewal_work(self._after, _BATCH)
            self._after = found[-1].track_id if found else 0
            if not found:
                return None
            self._progress = self._library.renewal()
            done_with = self._failed | self._in_work
            self._ready.extend(work for work in found if work.track_id not in done_with)
        return self._ready.popleft()

    def _settle(self, target: Named, work: Work, future: Future[Embedding]) -> None:
        if target is not self._target:
            return
        self._in_work.discard(work.track_id)
        try:
            embedding = future.result()
            if _is_unchanged(work) and self._library.store_renewed(work.track_id, embedding):
                self._progress = self._progress._replace(
                    done=self._progress.done + 1, waiting=max(0, self._progress.waiting - 1)
                )
                self._pace.finish()
            self._problem = None
        except (ShuttingDownError, *_NOT_THE_FILES_FAULT):
            raise
        except FileMissingError:
            return  # the watcher sees to it
        except SegueError as error:
            _log.warning("%s: %s (%s)", work.path, error, error.code)
            self._failed.add(work.track_id)

    def _is_complete(self) -> bool:
        self._progress = progress = self._library.renewal()
        if progress.waiting > len(self._failed):
            return False
        return self._now or progress.away <= AWAY_SHARE * (progress.done + progress.away + progress.waiting)

    def _finish(self, target: Named) -> None:
        self._take_over(target)
        self._aim_at(None, now=False)
        self._tell(target, "in-use")

    def _tell(self, named: Named, state: str) -> None:
        self._publish("models.changed", {"set": named.name, "id": named.models.id, "state": state})

    def _suffer(self, error: Exception) -> None:
        """Nothing can be stored or embedded now: what is not done is done later, and no file is blamed."""
        if isinstance(error, SegueError):
            self._problem = str(error)
            _log.error("the change of networks waits: %s (%s)", error, error.code)
        else:
            self._problem = (
                f"The change of networks stumbled ({type(error).__name__}) and tries again: please report it."
            )
            _log.error("the change of networks stumbled", exc_info=error)
        with self._changed:
            if not self._stopping:
                self._changed.wait(_RETRY_SECONDS)


def _is_unchanged(work: Work) -> bool:
    """Whether the file is the one that the library knows; if not, the watcher sees to it."""
    try:
        now = Path(work.path).stat()
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns) == (work.size, work.mtime_ns)
