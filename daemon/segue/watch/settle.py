"""When a file is whole: its size and time of change stood still. Pure logic: stats and the time come from outside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from segue.library.files import FileStat


@dataclass(slots=True)
class _Waiting:
    stat: FileStat
    due: float


class Settler:
    """Files that wait until they stand still."""

    def __init__(self, seconds: float) -> None:
        """Files must stand still for `seconds`."""
        self._seconds = seconds
        self._waiting: dict[str, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, path: str) -> bool:
        return path in self._waiting

    def stats(self) -> list[FileStat]:
        """Return all that wait, as they were last seen."""
        return [waiting.stat for waiting in self._waiting.values()]

    def see(self, stat: FileStat, now: float) -> None:
        """Take note of a file's size and mtime; its wait starts anew when they differ from the last time."""
        known = self._waiting.get(stat.path)
        if known is None or known.stat != stat:
            self._waiting[stat.path] = _Waiting(stat, now + self._seconds)

    def drop(self, path: str) -> None:
        """Stop waiting for a file, because it is gone or was taken otherwise."""
        self._waiting.pop(path, None)

    def due(self, now: float) -> list[str]:
        """Return the files whose wait is over, if they look now as they did: look, then `settle`."""
        return [path for path, waiting in self._waiting.items() if waiting.due <= now]

    def settle(self, stats: Iterable[FileStat], now: float) -> list[FileStat]:
        """Take fresh stats of files that are due; return those that stood still, which leave. The others wait on."""
        still: list[FileStat] = []
        for stat in stats:
            waiting = self._waiting.get(stat.path)
            if waiting is not None and waiting.stat == stat and waiting.due <= now:
                still.append(stat)
                del self._waiting[stat.path]
            else:
                self.see(stat, now)
        return still

    def hold(self, path: str, now: float) -> None:
        """Let a file wait once more, though it stood still."""
        if path in self._waiting:
            self._waiting[path].due = now + self._seconds

    def next_due(self) -> float | None:
        """Return when `due` will next return something; None while nothing waits."""
        return min((waiting.due for waiting in self._waiting.values()), default=None)
