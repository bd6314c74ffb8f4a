"""A daemon's sockets with a stub behind them: real endpoints, real connection file, answers made up here."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zmq

from segue.config import Config
from segue.errors import TrackNotFoundError
from segue.home import Home
from segue.protocol import messages as m
from segue.server import connection
from segue.server.connection import ConnectionInfo
from segue.server.doors import choose_doors, connection_info
from segue.server.events import Events
from segue.server.lock import HomeLock
from segue.server.router import Origin, Router


class StubServer:
    """Answers `daemon.ping` and `daemon.status`; `handlers` adds to that by method name."""

    def __init__(self, home: Path, *, config: Config | None = None, **handlers: Callable[[Any], Any]) -> None:
        self.home = Home.locate(home)
        self.config = config or Config()
        self.handlers = {name.replace("__", "."): handler for name, handler in handlers.items()}
        self.origins: list[Origin] = []

    def start(self) -> Self:
        self.home.create()
        self.lock = HomeLock(self.home)
        self.lock.acquire()
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.doors = choose_doors(self.home, self.config)
        self.router = Router(self.doors.query, self.dispatch, self.context, self.lock)
        self.events = Events(self.doors.events, self.context, self.lock)
        self.router.start()
        self.events.start()
        self.info: ConnectionInfo = connection_info(self.router.endpoints, self.events.endpoints, self.doors.keys)
        connection.write(self.home, self.info)
        return self

    def stop(self) -> None:
        connection.remove(self.home, self.info)
        self.router.stop()
        self.events.stop()
        self.context.term()
        self.lock.release()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def dispatch(self, method: str, params: m.Message, origin: Origin) -> m.Result | Future[Any]:
        self.origins.append(origin)
        if method in self.handlers:
            answer: m.Result | Future[Any] = self.handlers[method](params)
            return answer
        if method == "daemon.ping":
            return m.Pong(version="stub", protocol=1)
        if method == "daemon.status":
            return self.status()
        raise TrackNotFoundError("The stub knows no track.")

    def status(self) -> m.Status:
        return m.Status(
            pid=os.getpid(), version="stub", protocol=1, home=str(self.home), uptime=0.0, rate=None, time_left=None,
            tracks=m.Counts(indexed=0, queued=0, failed=0), analysing=[], scanning=False, paused=False, gig_mode=False, folders=[],
            models={}, provider="none", workers=0, endpoints={}, seq=self.events.seq,
            index=m.IndexState(state="empty", vectors=0, generation=0),
        )  # fmt: skip
