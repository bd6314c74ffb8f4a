"""The running Mixxx, and the audio files that it holds open."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from segue_plugins.mixxx.settings import Settings, named_in, usual_folders

_NAMES: Final = frozenset({"mixxx", "mixxx.exe", ".mixxx-wrapped", "mixxx-bin"})
_AUDIO: Final = re.compile(
    r".*\.(aac|aiff?|alac|caf|flac|m4[av]|mod|mov|mp[234]|og[ag]|opus|wav|wma|wv|xm)", re.IGNORECASE | re.DOTALL
)


class Handle(NamedTuple):
    """An audio file that is open."""

    path: str
    number: int
    """Of the handle; a file may be open more than once."""
    position: int | None
    """Bytes from its beginning, where the system tells; a file that is mapped into memory stays at 0."""


def find(settings: Settings) -> psutil.Process | None:
    """Return the Mixxx that runs on these settings."""
    return next(_running_on(settings), None)


def _running_on(settings: Settings) -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["name"]):
        if (process.info["name"] or "").lower() not in _NAMES:
            continue
        try:
            folder = _settings_of(process)
        except psutil.NoSuchProcess:
            continue
        except psutil.Error:  # another user's: it cannot be ours
            continue
        if any(_same(one, settings.folder) for one in (usual_folders() if folder is None else [folder])):
            yield process


def _settings_of(process: psutil.Process) -> Path | None:
    """The settings folder that it was told to use; None: the usual one."""
    named = named_in(process.cmdline())
    return named if named is None or named.is_absolute() else Path(process.cwd()) / named


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def held(process: psutil.Process) -> list[Handle]:
    """Return the audio files that it holds open.

    Raises
    ------
    psutil.Error
        It is gone, or not ours to look at.

    """
    if sys.platform == "linux":
        return _held_on_linux(process)
    return [
        Handle(file.path, file.fd, getattr(file, "position", None))
        for file in process.open_files()
        if _is_audio(file.path)
    ]


def _held_on_linux(process: psutil.Process) -> list[Handle]:
    """As `psutil.Process.open_files`, but only what is audio is looked at closely: this is done ten times a second."""
    folder = f"/proc/{process.pid}/fd"
    found: list[Handle] = []
    try:
        numbers = os.listdir(folder)  # noqa: PTH208 - names alone, and as fast as it goes
    except FileNotFoundError as error:
        raise psutil.NoSuchProcess(process.pid) from error
    except PermissionError as error:
        if process.status() == psutil.STATUS_ZOMBIE:
            raise psutil.NoSuchProcess(process.pid) from error
        raise psutil.AccessDenied(process.pid) from error
    for number in numbers:
        try:
            path = os.readlink(f"{folder}/{number}")  # noqa: PTH115 - as above
        except OSError:
            continue
        if path.startswith("/") and _is_audio(path):
            found.append(Handle(path, int(number), _position(process.pid, number)))
    return found


def _position(pid: int, number: str) -> int | None:
    try:
        with open(f"/proc/{pid}/fdinfo/{number}", encoding="ascii") as file:  # noqa: PTH123 - as above
            return int(file.readline().partition(":")[2])
    except (OSError, ValueError):
        return None


def _is_audio(path: str) -> bool:
    return _AUDIO.fullmatch(path) is not None
