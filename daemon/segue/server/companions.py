"""Shims that live and die with the daemon: started, started again when they die, ended.

The daemon knows no DJ program. What is installed is found by the names of entry points, and runs as a process of its own.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from segue.home import Home
from segue.protocol.messages import Shim

_log = logging.getLogger(__name__)

GROUP: Final = "segue.companions"
"""Of entry points: name of the shim, and the module that ``python -m`` runs with ``--companion``."""
TAKEN: Final = 3
"""Exit code of a shim that found another one at work."""
NOTHING: Final = 4
"""Exit code of a shim whose DJ program is not set up for it: trying again would not help."""
BACK_OFF_SECONDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Before it is started again, by how often in a row it ended at once."""
AT_ONCE_SECONDS: Final = 10.0
"""A shim that lived for less ended at once ..."""
AT_ONCE_AT_MOST: Final = 10
"""... and after so many of these it is left alone."""
STOP_SECONDS: Final = 2.5
"""Between the polite word and the rude one, and between that and the last."""
_LOG_BYTES: Final = 500_000
_LOG_COPIES: Final = 2
_LINE_BYTES: Final = 4096
_SAID_AT_MOST: Final = 500
"""Characters of its last words."""


def installed() -> dict[str, str]:
    """The shims of this installation, by name: the module that is run."""
    return {entry.name: entry.module.removesuffix(".__main__") for entry in entry_points(group=GROUP)}


class Companion:
    """One shim that is kept running by a thread of its own, until `stop`."""

    def __init__(self, shim: Shim, command: Sequence[str], log_file: Path, changed: Callable[[], None]) -> None:
        """Start it.

        Args:
            shim: name, settings and whether it is always started; the rest is kept up to date here.
            command: what is run. Its standard input is closed when it should end.
            log_file: what it says is written there.
            changed: called whenever its state has changed, in its thread.

        """
        self._shim = shim
        self._command = command
        self._changed = changed
        self._ending = threading.Event()
        self._starting = threading.Lock()
        self._has_nothing = False
        self._process: subprocess.Popen[bytes] | None = None
        # A shim's lines are written as they are, for they have a time of their own.
        self._log_file = log_file
        self._log = logging.handlers.RotatingFileHandler(
            log_file,
            maxBytes=_LOG_BYTES,
            backupCount=_LOG_COPIES,
            encoding="utf-8",
            errors="backslashreplace",
            delay=True,
        )
        self._thread = threading.Thread(target=self._run, name=f"shim {shim.name}", daemon=True)
        self._thread.start()

    @property
    def shim(self) -> Shim:
        """Its state now."""
        return self._shim

    @property
    def problem(self) -> str | None:
        """What the user should know."""
        if self._shim.state != "given-up":
            return None
        detail = self._shim.detail.removeprefix("segue: ")
        said = f": {detail}" if detail else "."
        if self._has_nothing:
            return f"The shim for {self._shim.name} has nothing to follow, and is left alone until Segue starts again{said}"
        return (
            f"The shim for {self._shim.name} ended {AT_ONCE_AT_MOST} times at once, and is left alone{said} "
            f"Its log is {self._log_file}. Start it again when that is mended, or restart Segue."
        )

    def begin_to_stop(self) -> None:
        """Ask it to end, and start it no more."""
        self._ending.set()
        with self._starting:
            if self._process is not None and self._process.stdin is not None:
                with contextlib.suppress(OSError):
                    self._process.stdin.close()

    def stop(self) -> None:
        """End it, whatever it takes."""
        self.begin_to_stop()
        for last_word in (None, subprocess.Popen.terminate, subprocess.Popen.kill):
            if last_word is not None and self._process is not None:
                last_word(self._process)
            self._thread.join(STOP_SECONDS)
            if not self._thread.is_alive():
                break
        self._log.close()

    def _run(self) -> None:
        at_once = 0
        while not self._ending.is_set():
            began = time.monotonic()
            code, said = self._once()
            if self._ending.is_set():
                break
            lived = time.monotonic() - began
            at_once = at_once + 1 if lived < AT_ONCE_SECONDS else 0
            self._has_nothing = code == NOTHING
            if self._has_nothing or (code != TAKEN and at_once >= AT_ONCE_AT_MOST):
                self._become("given-up", said)
                _log.error("%s", self.problem)
                return
            _log.warning("the shim %s ended with %s after %.0f s: %s", self._shim.name, code, lived, said)
            self._become("elsewhere" if code == TAKEN else "waiting", said)
            self._ending.wait(BACK_OFF_SECONDS[min(at_once, len(BACK_OFF_SECONDS)) - 1 if at_once else 0])
        self._become("off", "")

    def _once(self) -> tuple[int | None, str]:
        """Run it to its end; returns its exit code and its last words."""
        said = ""
        try:
            process = self._spawn()
        except OSError as error:
            return None, str(error)
        if process is None:
            return None, ""
        assert process.stdout is not None
        with process:
            while line := process.stdout.readline(_LINE_BYTES):
                text = line.decode("utf-8", "backslashreplace").rstrip()
                self._log.handle(logging.makeLogRecord({"msg": text}))
                said = text[:_SAID_AT_MOST] or said
        return process.returncode, said

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        with self._starting:
            if self._ending.is_set():
                return None
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        self._become("running", "", self._process.pid)
        return self._process

    def _become(self, state: str, detail: str, pid: int | None = None) -> None:
        old = self._shim
        self._shim = Shim(
            name=old.name,
            state=state,
            always=old.always,
            settings=old.settings,
            pid=pid,
            starts=old.starts + (pid is not None),
            detail=detail,
        )
        self._changed()


def command(module: str, home: Home, settings: str | None) -> list[str]:
    """How a shim is run: ``-P``, for what lies in the daemon's working folder is no part of it."""
    in_one_folder = home.config_dir == home.data_dir == home.state_dir  # else it is the usual one
    at = ["--home", str(home)] if in_one_folder else []
    named = [] if settings is None else ["--settings", settings]
    return [sys.executable, "-P", "-m", module, *at, *named, "--companion"]
