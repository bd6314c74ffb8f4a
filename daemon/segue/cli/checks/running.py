"""The daemon and the system's limits for watching folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import segue
from segue.cli.checks.finding import Finding, State
from segue.client import Client
from segue.errors import DaemonNotRunningError, SegueError
from segue.home import Home
from segue.protocol.messages import Status

_INOTIFY: Final = Path("/proc/sys/fs/inotify")
_MOST_FOLDERS: Final = 500_000
"""Stop counting there: a folder tree with loops of mounts must not hold the doctor up."""
_FEW_INSTANCES: Final = 16


def check_running(home: Home) -> Iterator[Finding]:
    """Look at the daemon of a home, its folders, and whether the system can watch them."""
    try:
        with Client(home, timeout=5.0) as client:
            status = client.status()
    except DaemonNotRunningError as error:
        yield _not_running(home, error)
        status = None
    except SegueError as error:
        yield Finding(State.FAIL, "daemon", error.message)
        status = None
    if status is not None:
        yield _running(status)
        yield from (Finding(State.WARN, "daemon", problem) for problem in status.problems)
        yield from _away(status)
    if _INOTIFY.is_dir():
        yield _inotify([folder.path for folder in status.folders] if status else [])


def _not_running(home: Home, error: DaemonNotRunningError) -> Finding:
    if home.connection_file.exists():
        return Finding(State.WARN, "daemon", error.message)
    return Finding(State.OK, "daemon", "Not running; `segue up` starts it.")


def _running(status: Status) -> Finding:
    if status.version != segue.__version__:
        return Finding(
            State.WARN,
            "daemon",
            f"Version {status.version} is running and {segue.__version__} is installed: `segue down`, then `segue up`.",
        )
    return Finding(State.OK, "daemon", f"Running as process {status.pid}, {status.tracks.indexed} tracks ready.")


def _away(status: Status) -> Iterator[Finding]:
    for folder in status.folders:
        if folder.watch == "away":
            yield Finding(
                State.WARN, "folders", f"{folder.path} is not there: is its drive connected? Nothing is lost."
            )


def _inotify(folders: Iterable[str]) -> Finding:
    """Every watched folder, with all below it, needs a watch; every program an instance."""
    watches, instances = _limit("max_user_watches"), _limit("max_user_instances")
    needed = _count_folders(folders)
    if needed > watches // 2:
        return Finding(
            State.WARN,
            "inotify",
            f"Your music has {needed} folders and the system watches at most {watches} for all programs: "
            f"sudo sysctl fs.inotify.max_user_watches={max(524_288, 4 * needed)}",
        )
    if instances < _FEW_INSTANCES:
        advice = f"Only {instances} programs may watch folders: sudo sysctl fs.inotify.max_user_instances=128"
        return Finding(State.WARN, "inotify", advice)
    return Finding(State.OK, "inotify", f"{watches} folders can be watched, {needed} are.")


def _limit(name: str) -> int:
    return int((_INOTIFY / name).read_text())


def _count_folders(folders: Iterable[str]) -> int:
    count = 0
    for folder in folders:
        for _ in os.walk(folder):
            count += 1
            if count >= _MOST_FOLDERS:
                return count
    return count
