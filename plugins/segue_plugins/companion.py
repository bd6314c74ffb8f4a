"""A shim that the daemon started ends when the daemon does."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from types import FrameType


def end_with_daemon() -> None:
    """Interrupt the main thread, as Ctrl-C would, once standard input is closed: the daemon holds its other end.

    A pipe closes however its holder dies, on every system; a process number may be somebody else's by then. To be called
    in the main thread. SIGTERM is a Ctrl-C, too, from then on.
    """
    # Not SIGINT: a program that a script has started in the background may ignore it.
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_wait, name="daemon's end", daemon=True).start()


def _wait() -> None:
    # Not sys.stdin, whose lock this thread would hold when the shim ends for another reason: Python aborts then.
    while os.read(0, 4096):
        pass  # the daemon says nothing
    if sys.platform == "win32":
        _thread.interrupt_main(signal.SIGTERM)  # there a process that is sent a signal just ends
    else:
        os.kill(os.getpid(), signal.SIGTERM)  # it wakes a main thread that sleeps


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt
