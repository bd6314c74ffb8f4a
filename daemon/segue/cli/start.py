"""Starting the daemon in the background, and saying in a sentence why when it does not start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from segue.cli.output import clean
from segue.client import Client
from segue.errors import DaemonNotRunningError, DaemonStartError, RequestTimeoutError
from segue.home import Home
from segue.server import connection, lock

if TYPE_CHECKING:
    import psutil

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05
_PING_SECONDS: Final = 2.0
_LOG_LINES: Final = 8
_TAIL_BYTES: Final = 8192


def is_running(home: Home) -> bool:
    """Whether a daemon answers for this home."""
    try:
        with Client(home) as client:
            client.ping(timeout=_PING_SECONDS)
    except (DaemonNotRunningError, RequestTimeoutError):
        return False
    return True


def start_daemon(home: Home, home_option: str | None, seconds: float = _START_SECONDS) -> bool:
    """Start a daemon that outlives us and wait until it answers; returns False when one answers already.

    `home_option` is ``--home`` as the user gave it.

    Raises
    ------
    DaemonStartError
        It ended, or stays silent; the sentence has its own words or the end of its log.
    HomeNotWritableError, DiskFullError
        There is no place for its files.

    """
    if is_running(home):
        return False
    home.create()
    words = home.log_dir / "start.log"
    with words.open("wb") as output:
        process = _launch(home, home_option, output)
    deadline = time.monotonic() + seconds
    while not is_running(home):
        if process.poll() is not None and not is_running(home):  # it may have lost a race against another start
            raise DaemonStartError(_last_words(process.returncode, words, home))
        if time.monotonic() > deadline:
            raise DaemonStartError(
                f"Segue was started as process {process.pid} but does not answer after {seconds:.0f} s. "
                f"The end of its log {home.log_file}:\n{_tail(home.log_file)}"
            )
        time.sleep(_LOOK_SECONDS)
    return True


def stop_daemon(home: Home, seconds: float = _STOP_SECONDS, *, drain: bool = False) -> bool:
    """Stop the daemon and wait until its process is gone; returns False when none was running.

    One that cannot be asked, because its connection file or its sockets were removed, is found by its lock.
    Raises RequestTimeoutError when it is still there after `seconds`.
    """
    import psutil

    try:
        process = _asked_to_stop(home, drain=drain) or _told_to_stop(home)
        if process is None:
            return False
        process.wait(seconds)
    except psutil.NoSuchProcess:
        return False
    except psutil.TimeoutExpired as error:
        raise RequestTimeoutError(
            f"Segue was told to stop, but process {error.pid} is still there after {seconds:.0f} s. "
            f"Its log is {home.log_file}."
        ) from error
    return True


def _asked_to_stop(home: Home, *, drain: bool) -> psutil.Process | None:
    import psutil

    try:
        process = psutil.Process(connection.read(home).pid)
        with Client(home) as client:
            client.shutdown(drain=drain)
    except (DaemonNotRunningError, psutil.NoSuchProcess):
        return None
    return process


def _told_to_stop(home: Home) -> psutil.Process | None:
    """Send SIGTERM to the process that holds the lock, when it is a daemon of ours."""
    import psutil

    pid = lock.holder(home)
    if pid is None:
        return None
    process = psutil.Process(pid)
    try:
        is_daemon = any("segue" in part for part in process.cmdline())
    except psutil.AccessDenied:
        is_daemon = False
    if not is_daemon:
        return None
    process.terminate()
    return process


def _launch(home: Home, home_option: str | None, output: IO[bytes]) -> subprocess.Popen[bytes]:
    # -P: a folder called `segue` in the working directory must not be taken for the program.
    command = [sys.executable, "-P", "-m", "segue.server.main"]
    if home_option is not None or os.environ.get("SEGUE_HOME"):
        command += ["--home", str(home)]  # a relative SEGUE_HOME would mean another folder to the daemon
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    else:
        flags = 0
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=home.data_dir,
        start_new_session=True,
        creationflags=flags,
    )


def _last_words(code: int, words: Path, home: Home) -> str:
    said = _tail(words).strip()
    if said.startswith("segued: ") and "\n" not in said:
        return said.removeprefix("segued: ")  # it knew why, and said so in a sentence
    return (
        f"Segue did not start (it ended with code {code}). `segue doctor` may know more. "
        f"What it said last:\n{said or _tail(home.log_file) or '  nothing'}"
    )


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()[-_LOG_LINES:]
    except OSError:
        return ""
    return "\n".join(clean(line) for line in lines)
