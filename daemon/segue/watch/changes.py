"""What was found on the disk on its way into the library: new files settle, vanished ones get time to turn up elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from segue.library.files import FileRow, FileStat
from segue.watch import reconcile
from segue.watch.ledger import Ledger
from segue.watch.naming import companions
from segue.watch.reconcile import Difference
from segue.watch.scan import look
from segue.watch.settle import Settler

LIVE_PRIORITY: Final = 1
"""Of files that turn up while Segue runs: the DJ has just put them there."""
_STALLED_SECONDS: Final = 600.0
"""A download that stood still this long is taken as it is."""


class Changes:
    """New files until they stand still, vanished files until it is clear that they were not moved."""

    def __init__(
        self,
        ledger: Ledger,
        settle_seconds: float,
        *,
        on_queued: Callable[[int], None],
        on_changed: Callable[[list[int]], None],
    ) -> None:
        """Hold new and vanished files for `settle_seconds` before the library is told."""
        self._ledger = ledger
        self._seconds = settle_seconds
        self._on_queued = on_queued
        self._on_changed = on_changed
        self._settler = Settler(settle_seconds)
        self._gone: dict[str, tuple[FileRow, float]] = {}

    @property
    def pending(self) -> bool:
        """Whether anything waits."""
        return bool(len(self._settler) or self._gone)

    def next_due(self) -> float | None:
        """Return when there is something to do, by `time.monotonic`; None while nothing waits."""
        times = [due for _, due in self._gone.values()]
        settles = self._settler.next_due()
        return min(times if settles is None else [*times, settles], default=None)

    def clear(self) -> None:
        """Forget what waits: a scan will find it again."""
        self._settler = Settler(self._seconds)
        self._gone.clear()

    def take(self, found: Difference, changed_at: Mapping[str, float] | None = None) -> None:
        """Take what a scan found.

        Args:
            found: the difference to the library.
            changed_at: Unix time of each file's last change, as a scan of a whole folder gives it: what has not changed
                for long need not settle. Without it everything settles.

        """
        now, wall = time.monotonic(), time.time()
        self._lose(found.vanished, now)
        still: list[FileStat] = []
        for stat in found.fresh:
            self._gone.pop(stat.path, None)
            if changed_at is not None and wall - changed_at[stat.path] - self._seconds >= 0:
                still.append(stat)
            else:
                self._settler.see(stat, now)
        moved = self._move(still)
        self._enqueue([stat for stat in still if stat.path not in moved], priority=0)

    def take_one(self, path: str, row: FileRow | None, stat: FileStat | None) -> None:
        """Take what a look at one file found: what the library knows of it, and what it is like now."""
        now = time.monotonic()
        if stat is None:
            self._settler.drop(path)
            if row is not None and row.state != "missing":
                self._lose([row], now)
            return
        self._gone.pop(path, None)
        if reconcile.is_news(row, stat):
            self._settler.see(stat, now)
        else:
            self._settler.drop(path)

    def pair(self) -> None:
        """Find out which vanished files turned up under another path."""
        if self._gone and len(self._settler):
            self._move(self._settler.stats())

    def settle(self, is_there: Callable[[str], bool]) -> None:
        """Queue the files that stood still; `is_there` says whether a file's watched folder is there."""
        now = time.monotonic()
        looks: list[FileStat] = []
        for path in self._settler.due(now):
            stat = _look(path) if is_there(path) else None
            if stat is None:
                self._settler.drop(path)
            elif _is_downloading(stat):
                self._settler.hold(path, now)
            else:
                looks.append(stat)
        self._enqueue(self._settler.settle(looks, now), LIVE_PRIORITY)

    def confirm(self, is_there: Callable[[str], bool]) -> None:
        """Tell the library which files are missing, after they had time to turn up elsewhere."""
        now = time.monotonic()
        due = [path for path, (_, at) in self._gone.items() if at <= now]
        missing: list[str] = []
        for path in due:
            row, _ = self._gone.pop(path)
            try:
                stat = look(path)
            except OSError:
                continue  # A folder above cannot be read: the file is not gone for that.
            if stat is not None:
                self.take_one(path, row, stat)
            elif is_there(path):
                missing.append(path)
        if missing:
            self._tell(self._ledger.mark_missing(missing))

    def _lose(self, rows: Iterable[FileRow], now: float) -> None:
        for row in rows:
            self._settler.drop(row.path)
            self._gone.setdefault(row.path, (row, now + self._seconds))

    def _move(self, fresh: list[FileStat]) -> set[str]:
        pairs = [
            (old, new)
            for old, new in reconcile.pair_moves([row for row, _ in self._gone.values()], fresh)
            if self._holds_no_track(new)
        ]
        if not pairs:
            return set()
        moved = self._ledger.move_many(pairs)
        for old, new in pairs:
            self._gone.pop(old, None)
            self._settler.drop(new)
        self._on_queued(moved)
        return {new for _, new in pairs}

    def _holds_no_track(self, path: str) -> bool:
        row = self._ledger.file(path)
        return row is None or row.track_id is None

    def _enqueue(self, stats: list[FileStat], priority: int) -> None:
        if not stats:
            return
        result = self._ledger.enqueue_many(stats, priority)
        if result.queued:
            self._on_queued(result.queued)
        self._tell(result.returned)

    def _tell(self, track_ids: list[int]) -> None:
        if track_ids:
            self._on_changed(track_ids)


def _look(path: str) -> FileStat | None:
    try:
        return look(path)
    except OSError:
        return None


def _is_downloading(stat: FileStat) -> bool:
    for path in companions(stat.path, empty=stat.size == 0):
        beside = _look(path)
        if beside is not None and time.time() - beside.mtime_ns / 1e9 < _STALLED_SECONDS:
            return True
    return False
