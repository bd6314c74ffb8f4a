"""What is said to a person at a terminal, and asked there."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

_YES: Final = frozenset({"y", "yes"})
_NO: Final = frozenset({"n", "no"})


class Voice:
    """Says and asks; asks only where somebody can answer."""

    def __init__(self, *, yes: bool = False, no_input: bool = False) -> None:
        self._yes = yes
        self.asks = not yes and not no_input and sys.stdin.isatty() and sys.stdout.isatty()
        self.failed = False
        """Whether a problem was told."""

    def say(self, *lines: str) -> None:
        """Print lines."""
        print(*lines, sep="\n", flush=True)  # noqa: T201 - a program's words to its user

    def tell(self, problem: str) -> None:
        """Print what went wrong, and go on."""
        self.failed = True
        print(f"segue: {problem}", file=sys.stderr, flush=True)  # noqa: T201 - as above

    def ask(self, question: str, *, answer: bool | None = None, default: bool = True) -> bool:
        """Ask for yes or no. An `answer` that was given as an option is taken; where nobody can answer, it is no."""
        if answer is not None or self._yes:
            return self._yes if answer is None else answer
        while self.asks:
            try:
                said = input(f"{question} [{'Y/n' if default else 'y/N'}] ").strip().lower()
            except EOFError:
                self.asks = False
                break
            if not said:
                return default
            if said in _YES | _NO:
                return said in _YES
            self.say("Please answer y or n.")
        return False

    def progress(self, done: int, total: int) -> None:
        """Show how far it is, on a terminal only."""
        if sys.stderr.isatty():
            end = "\n" if done == total else ""
            print(f"\r  {done} of {total} tracks", end=end, file=sys.stderr, flush=True)  # noqa: T201 - as above


def count(number: int, what: str) -> str:
    """So many of something, in words: *1 track*, *2 tracks*."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def listed(items: Iterable[str], at_most: int = 6) -> str:
    """A few of them in one line."""
    those = list(items)
    more = f" and {len(those) - at_most} more" if len(those) > at_most else ""
    return ", ".join(those[:at_most]) + more
