"""What all errors have in common."""

from __future__ import annotations

from typing import ClassVar


class SegueError(Exception):
    """Base of all errors that a user or a client may see. `str(error)` is a sentence for a DJ."""

    code: ClassVar[str] = "internal"

    @property
    def message(self) -> str:
        """The sentence alone."""
        return str(self)


def error_kinds() -> dict[str, type[SegueError]]:
    """Every class of error by its code, for errors that come from another process."""
    kinds: dict[str, type[SegueError]] = {}
    waiting: list[type[SegueError]] = [SegueError]
    while waiting:
        kind = waiting.pop()
        kinds.setdefault(kind.code, kind)
        waiting.extend(kind.__subclasses__())
    return kinds
