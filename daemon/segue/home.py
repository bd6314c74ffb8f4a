"""Where everything of one Segue lives: config, library, index, sockets, logs."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from segue.errors import DiskFullError, HomeNotWritableError, LibraryError

APP: Final = "segue"
HOME_VARIABLE: Final = "SEGUE_HOME"
SOCKET_PATH_LIMIT: Final = 103 if sys.platform == "darwin" else 107
"""Bytes in the path of a Unix socket (``sun_path`` less its final zero)."""
_LONGEST_SOCKET_NAME: Final = "events.sock"
_DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one Segue. Several homes live side by side, each with a daemon of its own."""

    config_dir: Path
    data_dir: Path
    state_dir: Path

    @classmethod
    def locate(cls, explicit: str | Path | None = None) -> Home:
        """Find the home, without touching the disk.

        `explicit` (``--home``) comes first, then ``SEGUE_HOME``: one folder for everything. Without both, the
        platform's own folders for config, data and state.
        """
        chosen = explicit or os.environ.get(HOME_VARIABLE)
        if chosen:
            root = _absolute(Path(chosen))
            return cls(root, root, root)
        return cls(
            platformdirs.user_config_path(APP, appauthor=False),
            platformdirs.user_data_path(APP, appauthor=False),
            platformdirs.user_state_path(APP, appauthor=False),
        )

    def __str__(self) -> str:
        return str(self.path)

    @property
    def path(self) -> Path:
        """What a user knows it by: the folder with the library."""
        return self.data_dir

    @property
    def config_file(self) -> Path:
        """What the user writes; the daemon only reads it."""
        return self.config_dir / "config.toml"

    @property
    def library_file(self) -> Path:
        """The SQLite database."""
        return self.data_dir / "library.db"

    @property
    def unfinished_file(self) -> Path:
        """Copies of music files that are being made, lest a killed daemon leaves one behind."""
        return self.data_dir / "unfinished"

    @property
    def index_dir(self) -> Path:
        """The saved vector index: a cache."""
        return self.data_dir / "index"

    @property
    def models_dir(self) -> Path:
        """Sets of networks that were installed, and which one is wanted."""
        return self.data_dir / "models"

    @property
    def lock_file(self) -> Path:
        """Beside the library, for it is the library that has only one writer."""
        return self.data_dir / "daemon.lock"

    @property
    def runtime_dir(self) -> Path:
        """0700; holds the connection file and, where their paths are short enough, the sockets.

        As Jupyter's it does not depend on ``XDG_RUNTIME_DIR``: a cron job has none, and a log-out empties it under a
        daemon that lives on.
        """
        return self.state_dir / "run"

    @property
    def connection_file(self) -> Path:
        """How clients find the daemon."""
        return self.runtime_dir / "connection.json"

    @property
    def log_dir(self) -> Path:
        """Logs, old ones too."""
        return self.state_dir / "logs"

    @property
    def log_file(self) -> Path:
        """The daemon's log."""
        return self.log_dir / "segued.log"

    def create(self) -> None:
        """Make the folders that are not there, for this user alone, and try whether they can be written.

        Raises
        ------
        HomeNotWritableError
            A folder cannot be made, is not ours, or cannot be written.
        DiskFullError
            The disk has no room for a folder.

        """
        try:
            for folder in (self.config_dir, self.data_dir, self.state_dir):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.index_dir, self.runtime_dir, self.log_dir):
                make_private(folder)
            for folder in {self.data_dir, self.runtime_dir}:
                _try_to_write(folder)
        except OSError as error:
            raise self.cannot_write(error) from error

    def socket_dir(self) -> Path:
        """Return a private folder whose path is short enough for sockets; makes it.

        `runtime_dir`, or else one under the temporary folder, named by user and home. Only the daemon asks: everybody
        else reads the endpoints in the connection file.
        """
        parents = dict.fromkeys((tempfile.gettempdir(), "/tmp"))  # noqa: S108 - the folder in it is private and checked
        candidates = [self.runtime_dir, *(Path(parent) / f"{APP}-{_user()}-{self._digest()}" for parent in parents)]
        problem: OSError | None = None
        for candidate in filter(_fits_a_socket, candidates):
            try:
                make_private(candidate)
            except OSError as error:
                problem = error
            else:
                return candidate
        raise HomeNotWritableError(
            f"No private folder with a short enough path was found for the sockets of {self}"
            f"{f' ({problem})' if problem else ''}. Choose a shorter --home, or set TMPDIR to a folder of yours."
        )

    def _digest(self) -> str:
        return hashlib.blake2b(os.fsencode(self.data_dir.resolve()), digest_size=6).hexdigest()

    def cannot_write(self, error: OSError) -> LibraryError:
        """Return the error that says why a write below the home failed and what to do."""
        place = error.filename or str(self)
        if error.errno in _DISK_FULL:
            return DiskFullError(f"The disk with {place} is full. Make room, then try again.")
        return HomeNotWritableError(
            f"Segue cannot write to {place} ({error.strerror or error}). "
            f"Make it writable for you, or choose another folder with --home."
        )


def make_private(folder: Path) -> None:
    """Make `folder` (and its parents) with mode 0700, or make sure that it is a real folder of this user's with 0700.

    Raises
    ------
    OSError
        It cannot be made, is a link or no folder, or belongs to somebody else.

    """
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        _check_private(folder)


def _check_private(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "it should be a folder, and no link", str(folder))
    if sys.platform == "win32":
        return
    if found.st_uid != os.getuid():
        raise PermissionError(errno.EPERM, "it belongs to another user", str(folder))
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def _try_to_write(folder: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".try-") as file:
        file.write(b"a full disk takes names, but no content")
        file.flush()


def _fits_a_socket(folder: Path) -> bool:
    path = folder / _LONGEST_SOCKET_NAME
    try:
        return len(str(path).encode()) <= SOCKET_PATH_LIMIT
    except UnicodeEncodeError:
        return False


def _user() -> str:
    if sys.platform == "win32":
        return "user"
    return str(os.getuid())


def _absolute(path: Path) -> Path:
    try:
        path = path.expanduser()
    except RuntimeError as error:
        raise HomeNotWritableError(f"There is no such user as in {path}. Write the folder's full path.") from error
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links, and a home behind a link is fine
