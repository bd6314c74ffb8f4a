"""A shim that the daemon started ends when the daemon does."""

from __future__ import annotations

import _thread
import os
import sys
import threading


def end_with_daemon() -> None:
    """Interrupt the main thread, as Ctrl-C would, once standard input is closed: the daemon holds its other end.

    A pipe closes however its holder dies, on every system; a process number may be somebody else's by then.
    """

    def wait() -> None:
        while os.read(stdin, 4096):
            pass  # the daemon says nothing
        _thread.interrupt_main()

    stdin = sys.stdin.fileno()
    threading.Thread(target=wait, name="daemon's end", daemon=True).start()
