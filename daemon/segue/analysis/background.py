"""How a worker process makes itself small: after everything else on the machine, and never longer alive than the daemon."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Final

import psutil

_SET_PARENT_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of prctl(2)
_ORPHANED: Final = 3
_FIRST_TO_GO: Final = "800"


def step_back() -> None:
    """Run after everybody else: lowest priority for processor and disk, first to go when memory runs out."""
    process = psutil.Process()
    if sys.platform == "win32":
        process.nice(psutil.IDLE_PRIORITY_CLASS)
        process.ionice(psutil.IOPRIO_VERYLOW)
        return
    os.nice(19)
    if sys.platform == "linux":
        with contextlib.suppress(psutil.Error, OSError):  # containers may forbid it, and nothing depends on it
            process.ionice(psutil.IOPRIO_CLASS_IDLE)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)


def ignore_the_terminal() -> None:
    """Leave Ctrl-C and the end of the session to the daemon, which knows what is worth finishing."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def die_with_parent() -> None:
    """End this process when its parent ends, however it ends.

    On Linux the kernel sees to it, even while native code hangs; elsewhere a thread waits for the parent.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent.pid:  # it ended before the kernel was told
            os._exit(_ORPHANED)

    def wait() -> None:
        parent.join()
        os._exit(_ORPHANED)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def limit_growth(megabytes: int) -> None:
    """Let this process grow by no more than so many MiB from here on (Linux): the back-stop of the daemon's own watch."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415, there is none on Windows

        used = psutil.Process().memory_info().data
        ceiling = used + megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (ceiling, ceiling))
