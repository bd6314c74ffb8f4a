"""Ctrl-C in the commands of this package: one sentence, an exit status of its own, and nothing half-written."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import current_thread, main_thread
from typing import Any, Final, ParamSpec

INTERRUPTED: Final = 130
"""Exit status of a command that was interrupted: 128 and the signal's number, as shells have it."""

_Given = ParamSpec("_Given")


def interruptible(sentence: str) -> Callable[[Callable[_Given, int]], Callable[_Given, int]]:
    """Make a command that ends with this sentence on the error stream, and `INTERRUPTED`, when Ctrl-C is pressed."""

    def around(command: Callable[_Given, int]) -> Callable[_Given, int]:
        @wraps(command)
        def run(*given: _Given.args, **named: _Given.kwargs) -> int:
            try:
                return command(*given, **named)
            except KeyboardInterrupt:
                print(sentence, file=sys.stderr)
                return INTERRUPTED

        return run

    return around


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started in here stay deaf to Ctrl-C, from their first instruction on.

    Ctrl-C reaches every process of a terminal; the one that started the others answers it.
    """
    with _answered_by(signal.SIG_IGN):
        yield


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """In here the first Ctrl-C asks for an end at the next good place; the second one does not wait for it."""

    def ask(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()

    with _answered_by(ask):
        yield


@contextmanager
def undivided() -> Iterator[None]:
    """What is done in here, such as putting files in place that belong together, is done before Ctrl-C counts."""
    pressed: list[bool] = []
    with _answered_by(lambda *_: pressed.append(True)):
        yield
    if pressed:
        raise KeyboardInterrupt


@contextmanager
def _answered_by(handler: Any) -> Iterator[None]:
    """Another answer to Ctrl-C for a while; where it is ignored, as in a shell's background, it stays ignored."""
    if current_thread() is not main_thread() or signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
