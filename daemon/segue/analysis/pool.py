"""The analysis workers: processes of their own, so that a bad file never hurts anyone else.

One thread here keeps one process busy: it hands over a file, waits, and knows which file to blame when the process dies.
Each pair has its own pipe; a process that is killed in mid-word leaves no lock behind that another one would wait for.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from segue.analysis import wire
from segue.analysis.process import WorkerProcess
from segue.analysis.result import Embedding, Heard, Likeness, Probe, TrackAnalysis
from segue.analysis.wire import WorkerReport
from segue.analysis.worker import EngineFactory, open_analysis_engine
from segue.audio.tag_writing.plan import TagOutcome, TagRequest
from segue.errors import SegueError, ShuttingDownError, WorkerError, WorkerStartError

if TYPE_CHECKING:
    from segue.networks.providers import ProviderChoice

__all__ = ["AnalysisPool", "WorkerReport"]

_log = logging.getLogger(__name__)

_BASE_SECONDS: Final = 60.0
_UNKNOWN_MINUTES: Final = 15.0
_PROBE, _ASKED, _ANALYSE, _EMBED, _END = range(5)
_EXIT_SECONDS: Final = 5.0


class _Item(NamedTuple):
    """A job in the queue; probes come first, for they are quick and save analyses, then what somebody waits for."""

    rank: int
    number: int
    job: wire.Job | None
    seconds: float
    future: Future[Any]


class AnalysisPool:
    """Runs probes and analyses in worker processes; may be used from any thread, and as a context manager."""

    def __init__(
        self,
        models: Path,
        *,
        workers: int,
        provider: ProviderChoice = "auto",
        seconds_per_minute: float = 20.0,
        memory_limit_mb: int = 2048,
        base_seconds: float = _BASE_SECONDS,
        open_engine: EngineFactory | None = None,
    ) -> None:
        """Start the workers; they warm up in the background.

        An analysis may take `base_seconds` and `seconds_per_minute` of audio, and `memory_limit_mb` MiB; what goes beyond is
        killed. `open_engine` makes what the workers run; it is called in each of them.
        """
        self.workers = workers
        self._seconds_per_minute = seconds_per_minute
        self._base_seconds = base_seconds
        self._queue: queue.PriorityQueue[_Item] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._report: Future[WorkerReport] = Future()
        self._stopping = threading.Event()
        self._hold: Callable[[str], bool] = lambda _: False
        self._provider = provider
        self._models = b""
        engine = open_engine or partial(open_analysis_engine, models, provider)
        self._processes = [WorkerProcess(engine, memory_limit_mb) for _ in range(workers)]
        self._threads = [
            threading.Thread(target=self._serve, args=(process,), name=f"worker-{number}", daemon=True)
            for number, process in enumerate(self._processes)
        ]
        atexit.register(self.stop, drain=False, timeout=_EXIT_SECONDS)
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(drain=False, timeout=_EXIT_SECONDS)

    def probe(self, path: Path) -> Future[Probe]:
        """Identity, duration and tags of a file. The future fails with a SegueError and with nothing else."""
        return self._submit(_PROBE, "probe", path, self._base_seconds)

    def analyse(self, path: Path, duration: float, *, asked: bool = False) -> Future[TrackAnalysis]:
        """Analyse a file of so many seconds (0: not known), before others if somebody has `asked` for it and waits.

        The future fails with a SegueError and with nothing else.
        """
        return self._submit(_ASKED if asked else _ANALYSE, "analyse", path, self._limit(duration), models=self._models)

    def listen(self, path: Path, duration: float) -> Future[Heard]:
        """As `analyse`, for somebody who waits, with sections and windows heard each by itself."""
        return self._submit(_ASKED, "listen", path, self._limit(duration), models=self._models)

    def compare(
        self, path: Path, other: Path, duration: float, speeds: Sequence[float]
    ) -> Future[tuple[Likeness, ...]]:
        """Stretches of a file that are nearly ones of another, for somebody who waits; `duration` is that of both together.

        `speeds` as in `segue.analysis.likeness.likenesses`. The future fails with a SegueError and with nothing else.
        """
        job = wire.Job("compare", os.fsencode(path), other=os.fsencode(other), speeds=tuple(speeds))
        return self._put(_ASKED, job, self._limit(duration))

    def embed(self, path: Path, duration: float, models: Path) -> Future[Embedding]:
        """What the networks of a folder say of a file, after everything else that is to do.

        The future fails with a SegueError and with nothing else.
        """
        return self._submit(_EMBED, "embed", path, self._limit(duration), models=os.fsencode(models))

    def retag(self, path: Path, request: TagRequest) -> Future[TagOutcome]:
        """Make a copy of a file with other tags, beside it; as soon as a worker is free, for it is quick.

        The future fails with a SegueError and with nothing else. When the worker was killed over it, a piece of the copy may
        be left.
        """
        return self._submit(_PROBE, "retag", path, self._base_seconds, tags=request)

    def use(self, models: Path) -> None:
        """Analyse with the networks of this folder from now on; what was handed over before keeps its own."""
        self._models = os.fsencode(models)
        for process in self._processes:
            process.use(partial(open_analysis_engine, models, self._provider))

    def hold(self, held: Callable[[str], bool]) -> None:
        """Let files stand still in the midst of their analysis while ``held``, told their path, says so.

        What somebody waits for is never held, and lets a worker that stands still go on until it is free for it.
        """
        self._hold = held

    def describe(self) -> WorkerReport:
        """What the workers are, as soon as the first one is warm. Raises the SegueError that keeps it from that."""
        return self._report.result()

    @property
    def provider(self) -> str:
        """What runs the networks; empty until a worker is warm."""
        report = self._report
        return report.result().provider if report.done() and report.exception() is None else ""

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that are there now."""
        return [pid for process in self._processes if (pid := process.pid) is not None]

    def stop(self, drain: bool, timeout: float) -> None:
        """End the workers within so many seconds.

        With `drain` the files in work are finished, as far as the time allows; what is left fails with ShuttingDownError.
        """
        deadline = time.monotonic() + timeout
        self._stopping.set()
        self._empty_queue()
        for _ in self._threads:
            self._queue.put(_Item(_END, next(self._numbers), None, 0.0, Future()))
        if drain:
            for thread in self._threads:
                thread.join(max(deadline - time.monotonic(), 0.0))
        for process in self._processes:
            process.interrupt()
        for thread in self._threads:
            thread.join(_EXIT_SECONDS)
        _fail(self._report, _shutting_down())
        atexit.unregister(self.stop)

    def _limit(self, duration: float) -> float:
        minutes = duration / 60.0 if duration > 0 else _UNKNOWN_MINUTES
        return self._base_seconds + self._seconds_per_minute * minutes

    def _submit(
        self, rank: int, task: Any, path: Path, seconds: float, models: bytes = b"", tags: TagRequest | None = None
    ) -> Future[Any]:
        return self._put(rank, wire.Job(task, os.fsencode(path), models, tags), seconds)

    def _put(self, rank: int, job: wire.Job, seconds: float) -> Future[Any]:
        future: Future[Any] = Future()
        self._queue.put(_Item(rank, next(self._numbers), job, seconds, future))
        if self._stopping.is_set():  # after putting, so that nothing slips past the last look into the queue
            self._empty_queue()
        return future

    def _empty_queue(self) -> None:
        ends = []
        while True:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item.job is None:
                ends.append(item)
            else:
                _fail(item.future, _shutting_down())
        for item in ends:
            self._queue.put(item)

    def _serve(self, process: WorkerProcess) -> None:
        """The life of one thread: it starts the process that it keeps busy, and ends after it."""
        try:
            self._warm_up(process)
            while not self._stopping.is_set():
                item = self._queue.get()
                if item.job is None:
                    break
                if item.future.set_running_or_notify_cancel():
                    self._do(process, item)
        finally:
            process.kill()

    def _is_held(self, item: _Item) -> bool:
        if item.job is None or item.rank <= _ASKED or self._stopping.is_set():
            return False
        with self._queue.mutex:
            somebody_waits = bool(self._queue.queue) and self._queue.queue[0].rank <= _ASKED
        return not somebody_waits and self._hold(str(item.job.path))

    def _do(self, process: WorkerProcess, item: _Item) -> None:
        job, future = item.job, item.future
        assert job is not None
        try:
            if not process.is_alive:
                process.start()
            reply = process.run(job, item.seconds, partial(self._is_held, item))
        except SegueError as error:
            _fail(future, _shutting_down() if self._stopping.is_set() else error)
        except Exception as error:  # noqa: BLE001 - who waits must hear of it, and the next file needs this thread
            _log.exception("%s", job.name)
            process.kill()
            _fail(future, WorkerError(f"{job.name} could not be handed to a worker ({type(error).__name__}: {error})."))
        else:
            future.set_result(_content(reply))
        if process.is_swollen():
            process.kill()

    def _warm_up(self, process: WorkerProcess) -> None:
        try:
            report = process.start()
        except SegueError as error:
            if not self._stopping.is_set():  # else it was `stop` that ended it
                _log.error("a worker does not start: %s", error)
                _fail(self._report, error)
        except Exception as error:  # noqa: BLE001 - the next file tries again
            _log.exception("a worker does not start")
            _fail(self._report, WorkerStartError(f"The analysis worker does not start ({error}). Try `segue doctor`."))
        else:
            _succeed(self._report, report)


def _content(
    answer: wire.Answer,
) -> Probe | TrackAnalysis | Heard | Embedding | tuple[Likeness, ...] | TagOutcome:
    match answer:
        case wire.Listened():
            return answer.heard
        case wire.Compared():
            return answer.likenesses
        case wire.Probed():
            return answer.probe
        case wire.Embedded():
            return answer.embedding
        case wire.Retagged():
            return answer.outcome
        case _:
            return answer.analysis


def _shutting_down() -> ShuttingDownError:
    return ShuttingDownError("Segue is stopping: the file stays in the queue for the next start.")


def _fail(future: Future[Any], error: SegueError) -> None:
    try:
        future.set_exception(error)
    except InvalidStateError:
        return  # it is decided already: by another worker, or by whoever cancelled it


def _succeed(future: Future[Any], result: object) -> None:
    try:
        future.set_result(result)
    except InvalidStateError:
        return
