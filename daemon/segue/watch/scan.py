"""Walking a music folder: what is there, and what could not be read."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from segue.library.files import FileStat
from segue.watch.naming import is_wanted_file, is_wanted_folder

_PAUSE_EVERY: Final = 256


@dataclass(slots=True)
class Scan:
    """What a walk found below one folder."""

    folder: str
    files: dict[str, FileStat] = field(default_factory=dict)
    changed_at: dict[str, float] = field(default_factory=dict)
    """Unix time of the last change of content or name, by path."""
    unreadable: list[str] = field(default_factory=list)
    """Folders that could not be looked into: what is below them is unknown, not gone."""
    mounted: set[str] = field(default_factory=set)
    """Folders on which another drive is mounted."""
    empty: bool = True
    """The folder itself holds nothing at all (names that begin with a dot apart)."""
    follows_links: bool = False
    """A folder behind a symbolic link was walked: changes in it send no events."""
    complete: bool = True
    """False when `pause` stopped the walk."""


def scan(folder: str, pause: Callable[[], bool] | None = None) -> Scan:
    """Walk a folder and everything below it. Never raises for what it cannot read.

    Folders behind symbolic links are walked after all real ones, each real folder once by device and inode: a loop ends,
    and a link to a folder that is walked anyway adds nothing.

    Args:
        folder: where to begin.
        pause: called now and then between folders; True stops the walk.

    """
    result = Scan(folder)
    seen: set[tuple[int, int]] = set()
    folders, links = deque([folder]), deque[str]()
    steps = 0
    while folders or links:
        here = folders.popleft() if folders else links.popleft()
        steps += 1
        if pause is not None and steps % _PAUSE_EVERY == 0 and pause():
            result.complete = False
            break
        _enter(here, result, seen, folders, links)
    return result


def _enter(here: str, result: Scan, seen: set[tuple[int, int]], folders: deque[str], links: deque[str]) -> None:
    try:
        status = os.stat(here)  # noqa: PTH116  100 000 Path objects would take longer than the walk
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(here) as entries:
            for entry in entries:
                _take(entry, result, here, folders, links)
        if here != result.folder and os.path.ismount(here):
            result.mounted.add(here)
    except OSError:
        result.unreadable.append(here)


def _take(entry: os.DirEntry[str], result: Scan, here: str, folders: deque[str], links: deque[str]) -> None:
    if here == result.folder and not entry.name.startswith("."):
        result.empty = False
    if is_wanted_file(entry.name) and _take_file(entry, result):
        return
    if not is_wanted_folder(entry.name):
        return
    if entry.is_symlink():
        if os.path.isdir(entry.path):  # noqa: PTH112  entry.is_dir() raises on a link that leads to itself
            links.append(entry.path)
            result.follows_links = True
        elif not os.path.exists(entry.path):  # noqa: PTH110
            # The drive behind the link may be away.
            result.unreadable.append(entry.path)
    elif entry.is_dir(follow_symlinks=False):
        folders.append(entry.path)


def _take_file(entry: os.DirEntry[str], result: Scan) -> bool:
    try:
        if not entry.is_file():
            return False
        status = entry.stat()
    except OSError:
        # It went away between the listing and the look, or is a link to nowhere.
        return True
    result.files[entry.path] = FileStat(entry.path, status.st_size, status.st_mtime_ns)
    result.changed_at[entry.path] = max(status.st_mtime, status.st_ctime)
    return True


def look(path: str) -> FileStat | None:
    """Return what one file is like now; None when there is no such file.

    Raises:
        OSError: it cannot be told, because a folder above it cannot be read.

    """
    try:
        status = os.stat(path)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None
    return FileStat(path, status.st_size, status.st_mtime_ns)
