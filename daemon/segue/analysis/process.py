"""One worker process, seen from the daemon: started, given a file at a time, watched, and killed when it goes too far."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

import msgspec
import psutil

from segue.analysis import wire, worker
from segue.errors import (
    AnalysisMemoryError,
    AnalysisTimeoutError,
    SegueError,
    WorkerCrashedError,
    WorkerError,
    WorkerStartError,
)

_START_SECONDS: Final = 180.0
_LOOK_SECONDS: Final = 0.1
_HELD_LOOK_SECONDS: Final = 0.25
_CAN_STAND_STILL: Final = sys.platform == "linux"
"""Elsewhere a process that stands still could not see that the daemon has died, and would stay for ever."""
_JOIN_SECONDS: Final = 10.0
_GRACE_SECONDS: Final = 1.0
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_environment_lock = threading.Lock()


class WorkerProcess:
    """A process that runs `segue.analysis.worker.main`. It belongs to the one thread that starts it."""

    def __init__(self, open_engine: worker.EngineFactory, memory_limit_mb: int) -> None:
        self._open_engine = open_engine
        self._memory_limit_mb = memory_limit_mb
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._watched: psutil.Process | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the process is there to be given a file."""
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self) -> int | None:
        """The process id while there is a process."""
        return None if self._process is None else self._process.pid

    def start(self) -> wire.WorkerReport:
        """Start the process and wait until it is warm.

        Raises the ModelError that it met, or WorkerError when it does not come up.
        """
        self.kill()
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        process = multiprocessing.get_context("spawn").Process(
            target=worker.main,
            args=(theirs, self._open_engine, self._memory_limit_mb),
            name="segue-worker",
            daemon=True,
        )
        try:
            with _environment_lock, _one_thread_each(), _signals_blocked():
                process.start()
        except OSError as error:
            ours.close()
            raise WorkerStartError(f"The system starts no analysis worker ({error}): close other programs.") from error
        finally:
            theirs.close()
        self._process, self._connection = process, ours
        try:
            self._watched = psutil.Process(process.pid)
            reply = self._reply("The analysis worker", _START_SECONDS)
        except (WorkerError, psutil.Error) as error:
            why = self._last_words() if isinstance(error, WorkerCrashedError) else error
            self.kill()
            raise WorkerStartError(f"The analysis worker does not start ({why}). Try `segue doctor`.") from error
        if isinstance(reply, wire.Ready):
            return reply.report
        self.kill()
        raise _error(reply)

    def use(self, open_engine: worker.EngineFactory) -> None:
        """Run this engine from the next start on."""
        self._open_engine = open_engine

    def run(self, job: wire.Job, seconds: float, held: Callable[[], bool] = lambda: False) -> wire.Answer:
        """Do a job within so many seconds; while it is `held` the process stands still, and so does its time.

        Raises the SegueError that the worker met; AnalysisTimeoutError, AnalysisMemoryError or WorkerCrashedError, after
        which the process is gone and may be started again.
        """
        self._send(wire.encode(job))
        try:
            reply = self._reply(job.name, seconds, held)
        except WorkerError:
            self.kill()
            raise
        if isinstance(reply, wire.Answer):
            return reply
        raise _error(reply)

    def is_swollen(self) -> bool:
        """Whether the process has kept so much memory that a fresh one is better for the next file."""
        return self._memory_mb() > self._memory_limit_mb / 2

    def kill(self) -> None:
        """End the process at once; it holds nothing that could be lost."""
        process, connection = self._process, self._connection
        self._process = self._connection = self._watched = None
        if process is not None:
            process.kill()
            process.join(_JOIN_SECONDS)
        if connection is not None:
            connection.close()

    def interrupt(self) -> None:
        """From another thread: make whatever the process does fail now."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ValueError):  # closed meanwhile
                process.kill()

    def _send(self, message: bytes) -> None:
        try:
            self._open().send_bytes(message)
        except OSError:
            # It died while it waited, which is not the fault of the file that comes next.
            self.start()
            self._open().send_bytes(message)

    def _open(self) -> Connection:
        assert self._connection is not None
        return self._connection

    def _reply(self, name: str, seconds: float, held: Callable[[], bool] = lambda: False) -> wire.Reply:
        connection = self._open()
        deadline = time.monotonic() + seconds
        try:
            while not connection.poll(_LOOK_SECONDS):
                deadline += self._stand_still(connection, held)
                self._judge(name, deadline, seconds)
            return wire.decode_reply(connection.recv_bytes())
        except (EOFError, OSError) as error:
            raise WorkerCrashedError(
                f"{name}: the analysis crashed ({self._last_words()}). The file may be damaged."
            ) from error
        except msgspec.DecodeError as error:
            raise WorkerCrashedError(f"{name}: the analysis answered nonsense ({error}).") from error

    def _stand_still(self, connection: Connection, held: Callable[[], bool]) -> float:
        """Suspend the process while it is held; returns for how many seconds it was."""
        if not _CAN_STAND_STILL or self._watched is None or not held():
            return 0.0
        began = time.monotonic()
        with contextlib.suppress(psutil.Error):  # it is gone, which the next look at the pipe will tell
            self._watched.suspend()
            while held() and not connection.poll(_HELD_LOOK_SECONDS):
                pass
            self._watched.resume()
        return time.monotonic() - began

    def _judge(self, name: str, deadline: float, seconds: float) -> None:
        if self._memory_mb() > self._memory_limit_mb:
            raise AnalysisMemoryError(f"{name} took more than {self._memory_limit_mb} MB of memory and was given up.")
        if time.monotonic() > deadline:
            raise AnalysisTimeoutError(f"{name} took longer than {seconds:.0f} seconds and was given up.")

    def _memory_mb(self) -> float:
        if self._watched is None:
            return 0.0
        try:
            return float(self._watched.memory_info().rss) / 1024**2
        except psutil.Error:
            return 0.0

    def _last_words(self) -> str:
        assert self._process is not None
        self._process.join(_GRACE_SECONDS)
        code = self._process.exitcode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return signal.Signals(-code).name
        return f"exit code {code}"


def _error(reply: wire.Reply) -> SegueError:
    if isinstance(reply, wire.Failure):
        return reply.error()
    return WorkerError("The analysis worker answered another question.")


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """Child processes started here do their linear algebra in one thread: these are read when numpy is loaded."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """Child processes started here begin with the terminal's signals blocked, before they can ignore them themselves."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # starting it later would lift the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
