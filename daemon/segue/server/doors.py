"""Where the daemon listens: a socket in a private folder, and TCP where it is asked for, always with CURVE keys."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import zmq

import segue
from segue.config import Address, Config
from segue.errors import ConfigError, DaemonError
from segue.home import Home
from segue.protocol.methods import PROTOCOL_VERSION
from segue.server.connection import ConnectionInfo, CurveKeys, Endpoints
from segue.server.lock import HomeLock

_IPC: Final = "ipc://"
_ZAP_DOMAIN: Final = b"segue"


@dataclass(frozen=True, slots=True)
class Keys:
    """The CURVE keys of one run of the daemon, as Z85 text."""

    client: CurveKeys
    """What the connection file holds."""
    server_secret: str = field(repr=False)

    @classmethod
    def generate(cls) -> Keys:
        """Make new keys."""
        server_public, server_secret = zmq.curve_keypair()
        client_public, client_secret = zmq.curve_keypair()
        client = CurveKeys(
            server_public=server_public.decode(),
            client_public=client_public.decode(),
            client_secret=client_secret.decode(),
        )
        return cls(client, server_secret.decode())


@dataclass(frozen=True, slots=True)
class Door:
    """One place where a socket listens; with keys only for those who know them."""

    endpoint: str
    keys: Keys | None = None

    @property
    def local(self) -> bool:
        """Whether only this machine can come in."""
        return self.endpoint.startswith((_IPC, "inproc://", "tcp://127.", "tcp://[::1]"))


@dataclass(frozen=True, slots=True)
class Doors:
    """All places of one daemon. The first of `query` and of `events` are for clients on this machine."""

    query: list[Door]
    events: list[Door]
    keys: Keys | None
    """None where there is no TCP."""


def choose_doors(home: Home, config: Config) -> Doors:
    """Say where the daemon of `home` shall listen; binds nothing.

    Raises
    ------
    HomeNotWritableError
        There is no private folder for sockets.
    ConfigError
        The TCP address of the settings is wrong.

    """
    address = config.tcp_address()
    local = _local_endpoints(home)
    if local is None and address is None:
        address = Address("127.0.0.1", 0)
    keys = Keys.generate() if address else None
    query, events = ([], []) if local is None else ([Door(local.query)], [Door(local.events)])
    if address:
        query.append(Door(address.query, keys))
        events.append(Door(address.events, keys))
    return Doors(query, events, keys)


def _local_endpoints(home: Home) -> Endpoints | None:
    if sys.platform == "win32" or not zmq.has("ipc"):
        return None
    folder = home.socket_dir()
    return Endpoints(query=f"{_IPC}{folder / 'query.sock'}", events=f"{_IPC}{folder / 'events.sock'}")


def connection_info(query: Sequence[str], events: Sequence[str], keys: Keys | None) -> ConnectionInfo:
    """Describe the running daemon for the connection file, from the bound endpoints of its `Router` and `Events`."""
    both = [Endpoints(query=one, events=other) for one, other in zip(query, events, strict=True)]
    return ConnectionInfo(
        pid=os.getpid(),
        started=time.time(),
        version=segue.__version__,
        protocol=PROTOCOL_VERSION,
        endpoints=both[0],
        tcp=next((ends for ends in both if ends.query.startswith("tcp://")), None),
        curve=keys.client if keys else None,
    )


def bind(socket: zmq.Socket[bytes], door: Door, lock: HomeLock | None = None) -> str:
    """Bind `socket` and return the endpoint with its real port.

    A second bind on a live socket file would steal its clients without an error, so a file that is there is only
    replaced while `lock` is held, and only if it is a socket.

    Raises
    ------
    DaemonError
        The place is taken.
    ConfigError
        A TCP port is in use or the address is not this machine's.

    """
    path = Path(door.endpoint.removeprefix(_IPC)) if door.endpoint.startswith(_IPC) else None
    if path is not None:
        _remove_stale(path, lock)
    if door.keys is not None:
        _lock_with_curve(socket, door.keys)
    if door.endpoint.startswith("tcp://["):
        socket.ipv6 = True
    try:
        socket.bind(door.endpoint)
    except zmq.ZMQError as error:
        problem = f"Segue cannot listen at {door.endpoint} ({error.strerror})."
        if path is None:
            raise ConfigError(f"{problem} Choose another `tcp` in config.toml, such as 127.0.0.1:0.") from error
        raise DaemonError(f"{problem} Choose another folder with --home.") from error
    if path is not None:
        path.chmod(0o600)
    return socket.getsockopt(zmq.LAST_ENDPOINT).decode().rstrip("\0")  # type: ignore[union-attr]


def unlink(endpoint: str) -> None:
    """Remove the socket file of an endpoint that was bound here."""
    if endpoint.startswith(_IPC):
        Path(endpoint.removeprefix(_IPC)).unlink(missing_ok=True)


def _remove_stale(path: Path, lock: HomeLock | None) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if lock is None or not lock.held:
        raise DaemonError(f"{path} is there already, and without the home's lock it is not ours to replace.")
    if not stat.S_ISSOCK(mode):
        raise DaemonError(f"{path} is there and is no socket. Move it away, then start Segue again.")
    path.unlink()


def _lock_with_curve(socket: zmq.Socket[bytes], keys: Keys) -> None:
    socket.curve_server = True
    socket.curve_secretkey = keys.server_secret.encode()
    socket.zap_domain = _ZAP_DOMAIN
    # Without somebody who answers for the domain CURVE alone would let every key in.
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
