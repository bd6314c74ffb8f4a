"""Answers that come later."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def then(first: Future[A], step: Callable[[A], B | Future[B]]) -> Future[B]:
    """A future of `step` on the result of `first`; errors of either come out of it."""
    last: Future[B] = Future()

    def finish(done: Future[B]) -> None:
        error = done.exception()
        if error is not None:
            last.set_exception(error)
        else:
            last.set_result(done.result())

    def proceed(done: Future[A]) -> None:
        try:
            result = step(done.result())
        except BaseException as error:  # noqa: BLE001  whatever it was, the one who waits must hear of it
            last.set_exception(error)
            return
        if isinstance(result, Future):
            result.add_done_callback(finish)
        else:
            last.set_result(result)

    first.add_done_callback(proceed)
    return last
