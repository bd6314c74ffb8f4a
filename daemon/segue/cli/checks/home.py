"""The home: whether it can be written, is private, has room, and its library is whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from segue.cli.checks.finding import Finding, State
from segue.errors import LibraryDamagedError, SegueError
from segue.home import SOCKET_PATH_LIMIT, Home
from segue.library.connection import as_library_error

_ROOM_WARN: Final = 1 << 30
_ROOM_FAIL: Final = 100 << 20


def check_home(home: Home) -> Iterator[Finding]:
    """Look at a home, whether or not a daemon runs on it."""
    if not home.data_dir.exists():
        yield _place_for(home.data_dir)
        return
    yield _writable(home)
    yield _private(home)
    yield _sockets(home)
    yield _room(home)
    yield _library(home.library_file)


def _place_for(folder: Path) -> Finding:
    parent = next(path for path in folder.parents if path.exists())
    if os.access(parent, os.W_OK | os.X_OK):
        return Finding(State.OK, "home", f"{folder} is not there yet; `segue up` makes it.")
    return Finding(State.FAIL, "home", f"{folder} cannot be made in {parent}: choose another folder with --home.")


def _writable(home: Home) -> Finding:
    try:
        home.create()
    except SegueError as error:
        return Finding(State.FAIL, "home", error.message)
    return Finding(State.OK, "home", f"{home} can be written.")


def _private(home: Home) -> Finding:
    if sys.platform == "win32":
        return Finding(State.OK, "private", "Your user profile keeps it private.")
    open_to_others = [
        path
        for path, mask in ((home.runtime_dir, 0o077), (home.connection_file, 0o077), (home.library_file, 0o022))
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & mask
    ]
    if open_to_others:
        names = " and ".join(map(str, open_to_others))
        return Finding(State.FAIL, "private", f"Others can reach {names}: chmod go-rwx them.")
    return Finding(State.OK, "private", "Sockets and library are yours alone.")


def _sockets(home: Home) -> Finding:
    length = len(os.fsencode(home.runtime_dir / "events.sock"))
    if length <= SOCKET_PATH_LIMIT:
        return Finding(State.OK, "sockets", f"Their path has {length} of at most {SOCKET_PATH_LIMIT} bytes.")
    return Finding(
        State.WARN,
        "sockets",
        f"The home's path is too long for sockets ({length} bytes, {SOCKET_PATH_LIMIT} at most): "
        f"they are kept in your temporary folder. A shorter --home avoids that.",
    )


def _room(home: Home) -> Finding:
    free = shutil.disk_usage(home.data_dir).free
    room = f"{free / (1 << 30):.1f} GiB are free"
    if free < _ROOM_FAIL:
        return Finding(State.FAIL, "disk", f"Only {room} for {home}: make room.")
    if free < _ROOM_WARN:
        return Finding(State.WARN, "disk", f"Only {room} for {home}: make room before a large folder is indexed.")
    return Finding(State.OK, "disk", f"{room}.")


def _library(path: Path) -> Finding:
    if not path.exists():
        return Finding(State.OK, "library", "Empty: nothing has been indexed yet.")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            answers = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        trouble = as_library_error(error, path)
        if not isinstance(trouble, LibraryDamagedError):
            return Finding(State.FAIL, "library", trouble.message)
        answers = [str(error)]
    if answers == ["ok"]:
        return Finding(State.OK, "library", f"{path} is whole, {path.stat().st_size / (1 << 20):.1f} MiB.")
    return Finding(
        State.FAIL,
        "library",
        f"{path} is damaged ({'; '.join(answers)}). Restart Segue: it puts the damaged file aside and analyses anew.",
    )
