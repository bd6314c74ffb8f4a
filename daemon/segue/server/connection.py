"""The connection file: how a client finds the daemon of a home. 0600 in a 0700 folder, for it may hold CURVE keys."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import stat
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from segue.errors import DaemonNotRunningError
from segue.home import Home

_MAX_BYTES: Final = 64 * 1024
_PROBE_SECONDS: Final = 2.0


class Endpoints(Struct, kw_only=True, frozen=True):
    """The two ZeroMQ endpoints of a daemon."""

    query: str
    """ROUTER: requests and answers."""
    events: str
    """PUB: what happens."""


class CurveKeys(Struct, kw_only=True, frozen=True):
    """What a client needs for an endpoint that begins with ``tcp://``; Z85 text."""

    server_public: str
    """``ZMQ_CURVE_SERVERKEY``."""
    client_public: str
    """``ZMQ_CURVE_PUBLICKEY``; the same for all clients."""
    client_secret: str
    """``ZMQ_CURVE_SECRETKEY``."""


class ConnectionInfo(Struct, kw_only=True, frozen=True):
    """The content of the connection file, a JSON object."""

    pid: int
    """The daemon's process."""
    started: float
    """Unix time."""
    version: str
    """Of Segue."""
    protocol: int
    """Version of the protocol."""
    endpoints: Endpoints
    """What a client on this machine uses: ``ipc://`` sockets, or ``tcp://`` on Windows."""
    tcp: Endpoints | None = None
    """The same over TCP, where the settings ask for it."""
    curve: CurveKeys | None = None
    """For every ``tcp://`` endpoint."""


def write(home: Home, info: ConnectionInfo) -> None:
    """Write the connection file, whole or not at all, readable by this user only.

    Raises
    ------
    DiskFullError, HomeNotWritableError
        There is no room for it, or no right to write it.

    """
    target = home.connection_file
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(6)}")
    try:
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(info)) + b"\n")
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise home.cannot_write(error) from error


def read(home: Home) -> ConnectionInfo:
    """Read the connection file and make sure that its daemon lives.

    Raises
    ------
    DaemonNotRunningError
        There is none, it is damaged, it is not this user's, or its process is gone.

    """
    info = _decode(home.connection_file, home)
    if not process_lives(info.pid):
        raise not_running(home, f"process {info.pid} has ended without a word")
    return info


def remove(home: Home, info: ConnectionInfo) -> None:
    """Remove the connection file if it is still the one of `info`."""
    with contextlib.suppress(DaemonNotRunningError, FileNotFoundError):
        found = _decode(home.connection_file, home)
        if (found.pid, found.started) == (info.pid, info.started):
            home.connection_file.unlink()


def listens(endpoint: str) -> bool:
    """Whether somebody accepts connections at `endpoint`: tells a daemon from a process that has only inherited its pid."""
    parts = urlsplit(endpoint)
    try:
        if parts.scheme == "ipc" and sys.platform != "win32":
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(_PROBE_SECONDS)
                probe.connect(endpoint.removeprefix("ipc://"))
        else:
            socket.create_connection((parts.hostname or "", parts.port or 0), _PROBE_SECONDS).close()
    except (OSError, ValueError):
        return False
    return True


def not_running(home: Home, why: str) -> DaemonNotRunningError:
    """Return the error that says so and what to do."""
    return DaemonNotRunningError(f"Segue is not running for {home} ({why}). Start it with `segue up`.")


def _decode(path: Path, home: Home) -> ConnectionInfo:
    try:
        with path.open("rb") as stream:
            _check_ours(os.fstat(stream.fileno()), path)
            return msgspec.json.decode(stream.read(_MAX_BYTES), type=ConnectionInfo)
    except FileNotFoundError as error:
        raise not_running(home, "there is no connection file") from error
    except OSError as error:
        raise not_running(home, f"{path} cannot be used: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise not_running(home, f"{path} is damaged") from error


def _check_ours(found: os.stat_result, path: Path) -> None:
    if sys.platform == "win32":
        return
    if found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(None, "another user could have written it", str(path))


if sys.platform == "win32":
    import ctypes

    _SYNCHRONIZE: Final = 0x00100000
    _STILL_RUNNING: Final = 0x102

    def process_lives(pid: int) -> bool:
        """Whether a process with this id is there."""
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(_SYNCHRONIZE, False, pid)
        if not handle:
            return False
        try:
            return bool(kernel.WaitForSingleObject(handle, 0) == _STILL_RUNNING)
        finally:
            kernel.CloseHandle(handle)

else:

    def process_lives(pid: int) -> bool:
        """Whether a process with this id is there."""
        if pid <= 0:
            return False
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return True
