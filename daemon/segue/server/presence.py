"""What shows that a home has its daemon, lock and connection file: put right while it runs, should somebody remove it."""

from __future__ import annotations

import logging
import os

from segue.errors import DaemonNotRunningError, DaemonRunningError, SegueError
from segue.home import Home
from segue.server import connection
from segue.server.connection import ConnectionInfo
from segue.server.lock import HomeLock

_log = logging.getLogger(__name__)


class Presence:
    """The lock and the connection file of a running daemon. `keep` is called now and then."""

    def __init__(self, home: Home, lock: HomeLock, info: ConnectionInfo) -> None:
        self._home = home
        self._lock = lock
        self._info = info

    def keep(self) -> None:
        """Make lock and connection file anew where they were removed or damaged.

        A full or read-only disk is no reason to stop: it is tried again next time. Where another daemon has taken the
        home meanwhile, this process ends on the spot: a library has one writer.
        """
        try:
            self._lock.keep()
            if not self._announced():
                connection.write(self._home, self._info)
                _log.warning("the connection file was gone or damaged: written again")
        except DaemonRunningError as error:
            _log.critical("the lock file was removed, and another daemon has taken the home: %s", error)
            logging.shutdown()
            os._exit(1)  # closing the sockets in good order would remove those of the other daemon
        except SegueError as error:
            _log.debug("lock or connection file cannot be put right: %s", error)

    def _announced(self) -> bool:
        try:
            return connection.read(self._home) == self._info
        except DaemonNotRunningError:
            return False
