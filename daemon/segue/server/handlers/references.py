"""What a client writes for a track → the track: at once where it is quick, in another thread where it is a search."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TypeVar

from segue.library.store import Library
from segue.server.futures import then

R = TypeVar("R")


class References:
    """Resolves ``#12``, paths and words. Words may take a tenth of a second, and the router's thread must not wait."""

    def __init__(self, library: Library, executor: Executor) -> None:
        self._library = library
        self._executor = executor

    def use(self, reference: str, step: Callable[[int], R | Future[R]]) -> R | Future[R]:
        """Return `step` of the track's id, or a future of it; TrackNotFoundError or TrackNotReadyError without one."""
        if reference.startswith("#") or Path(reference).is_absolute():
            return step(self._library.resolve(reference))
        return then(self._executor.submit(self._library.resolve, reference), step)
