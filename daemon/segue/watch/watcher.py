"""The watcher: keeps the library's files in step with the watched folders."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Final

from watchdog.events import FileSystemEvent

from segue.errors import FolderNotFoundError, SegueError, ShuttingDownError
from segue.library import paths
from segue.protocol.messages import Folder
from segue.watch import mounts, reconcile, roots
from segue.watch.changes import Changes
from segue.watch.hints import Hints, outermost
from segue.watch.ledger import Ledger
from segue.watch.observer import EventSource, WatchLimitError
from segue.watch.roots import AWAY, EVENTS, POLLING, Root
from segue.watch.scan import look, scan

log = logging.getLogger(__name__)

CHECK_SECONDS: Final = 2.0
"""How often the watched folders themselves are looked at: are they there, are they the same."""
_GATHER_SECONDS: Final = 0.2
"""How long hints gather after the first one: a burst is looked at once."""
_TROUBLE_SECONDS: Final = 10.0
_STEP_SECONDS: Final = 30.0
"""How long `remove` waits at most for the step in hand."""


class Watcher:
    """One thread that looks at the watched folders whenever there is a reason to, and sleeps otherwise.

    Reasons: the start, events (which only say where to look), a folder that came back or was mounted anew, lost events, and
    time (often for drives that send no events, now and then for the others).
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        settle_seconds: float = 2.0,
        poll_seconds: float = 30.0,
        rescan_seconds: float = 900.0,
        on_queued: Callable[[int], None],
        on_changed: Callable[[list[int]], None],
        on_folder: Callable[[], None],
    ) -> None:
        """Prepare; `start` begins.

        Args:
            ledger: the library.
            settle_seconds: how long a file must stand still before it is taken.
            poll_seconds: how often folders without events are scanned.
            rescan_seconds: how often the others are.
            on_queued: called with the number of files that were queued.
            on_changed: called with tracks that are missing now, or there again.
            on_folder: called when a folder is watched in another way than before.

        """
        self._ledger = ledger
        self._poll_seconds, self._rescan_seconds = poll_seconds, rescan_seconds
        self._on_folder = on_folder
        self._changes = Changes(ledger, settle_seconds, on_queued=on_queued, on_changed=on_changed)
        self._events = EventSource(self._on_event, self._on_overflow)
        self._wake = threading.Condition()
        self._watched: list[str] = []
        self._roots: dict[str, Root] = {}
        self._present: list[Root] = []
        self._hints = Hints()
        self._hinted_at: float | None = None
        self._checked_at = float("-inf")
        self._stopping = False
        self._working = False
        self._trouble: str | None = None
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    # What others call -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Watch the library's folders; returns at once."""
        with self._wake:
            self._watched = [str(folder) for folder in self._ledger.folders()]
            self._renew_roots()
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; returns when the thread has ended."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def add(self, path: str | Path) -> None:
        """Watch a folder, which the library has been told of; it is scanned soon."""
        with self._wake:
            if str(path) not in self._watched:
                self._watched.append(str(path))
            self._renew_roots()
            self._check_soon()

    def remove(self, path: str | Path) -> None:
        """Watch a folder no more, unless it lies in another one.

        When this returns, nothing found in it before is on its way into the library: the library can forget its files.
        """
        with self._wake:
            self._watched = [folder for folder in self._watched if folder != str(path)]
            self._renew_roots()
            self._check_soon()
            if threading.current_thread() is not self._thread:
                self._wake.wait_for(lambda: not self._working, _STEP_SECONDS)

    def rescan(self, path: str | Path | None = None) -> None:
        """Compare a folder or file below a watched folder with the library soon; all folders without `path`.

        Raises:
            FolderNotFoundError: the path is below no watched folder.

        """
        is_folder, is_file = (False, False) if path is None else (Path(path).is_dir(), Path(path).is_file())
        with self._wake:
            if path is not None and self._root_of(str(path)) is None:
                raise FolderNotFoundError(
                    f"{paths.shown(path)} is in no watched folder: `segue folders add` watches a folder."
                )
            for root in self._roots.values():
                root.due = root.due or path is None or paths.is_below(root.path, path)
            if path is not None:
                self._hints.files |= set() if is_folder else {str(path)}
                self._hints.folders |= set() if is_file else {str(path)}
                self._hinted_at = self._hinted_at or time.monotonic()
            self._check_soon()

    def folders(self) -> list[Folder]:
        """Return the watched folders and how each is watched."""
        with self._wake:
            rows = [(path, self._root_of(path)) for path in self._watched]
        private = {str(path) for path in self._ledger.private_folders()}
        return [
            Folder(
                path=paths.shown(path),
                watch=root.watch if root else AWAY,
                detail=root.detail if root else None,
                files=self._ledger.count_under(path),
                private=path in private,
            )
            for path, root in rows
        ]

    def problems(self) -> list[str]:
        """Return what the user should know, one sentence each."""
        with self._wake:
            said = [
                f"{paths.shown(root.path)} {root.detail}."
                for root in self._roots.values()
                if root.watch != EVENTS and root.detail
            ]
            return [*said, *([self._trouble] if self._trouble else [])]

    @property
    def idle(self) -> bool:
        """Whether every folder was looked at and nothing waits to be."""
        with self._wake:
            return not (
                self._working
                or self._hints
                or self._changes.pending
                or any(root.due for root in self._roots.values())
                or self._checked_at == float("-inf")
            )

    # Events, on watchdog's thread -------------------------------------------------------------------------------

    def _on_event(self, event: FileSystemEvent, root: str) -> None:
        with self._wake:
            if self._hints.add(event, root) and self._hinted_at is None:
                self._hinted_at = time.monotonic()
                self._wake.notify_all()

    def _on_overflow(self) -> None:
        with self._wake:
            for root in self._roots.values():
                root.due = True
            self._check_soon()

    # The thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._sleep():
                try:
                    self._step()
                    self._trouble = None
                except ShuttingDownError:
                    return
                except (SegueError, OSError) as error:
                    # What was taken in hand is lost; a scan of everything finds it again.
                    log.warning("The watcher rests: %s", error)
                    self._trouble = str(error)
                    self._rest()
                except Exception as error:
                    # A fault of ours, or of who listens: a watcher that died of it would be missed by nobody.
                    log.exception("The watcher stumbled and starts over")
                    self._trouble = f"Watching the folders stumbled ({error}) and starts over: please report it."
                    self._rest()
        finally:
            with self._wake:
                self._working = False
                self._wake.notify_all()
            self._events.stop()

    def _sleep(self) -> bool:
        with self._wake:
            self._working = False
            self._wake.notify_all()
            while not self._stopping and (wait := self._next_at() - time.monotonic()) > 0:
                self._wake.wait(wait)
            self._working = True
            return not self._stopping

    def _next_at(self) -> float:
        times = [self._checked_at + CHECK_SECONDS]
        if self._hinted_at is not None:
            times.append(self._hinted_at + _GATHER_SECONDS)
        due = self._changes.next_due()
        return min(times if due is None else [*times, due])

    def _rest(self) -> None:
        with self._wake:
            for root in self._roots.values():
                root.due = True
            self._changes.clear()
            self._checked_at = time.monotonic() + _TROUBLE_SECONDS
            self._wake.wait_for(lambda: self._stopping, _TROUBLE_SECONDS)

    def _step(self) -> None:
        if time.monotonic() >= self._checked_at + CHECK_SECONDS:
            self._check_roots()
        self._present = self._present_roots()
        self._follow_hints()
        self._changes.settle(self._is_there)
        self._changes.confirm(self._is_there)

    def _check_roots(self) -> None:
        mounted = mounts.mounted()
        with self._wake:
            current = list(self._roots.values())
        for folder in set(self._events.armed()).difference(root.path for root in current):
            self._events.disarm(folder)
        news = [self._check(root, mounted) for root in current]
        # Only now: who asks whether all is done must not see the gap before the first scan.
        self._checked_at = time.monotonic()
        if any(news):
            self._on_folder()

    def _check(self, root: Root, mounted: list[mounts.Mount]) -> bool:
        try:
            signature = roots.sign(root.path, mounted)
        except OSError as error:
            return self._lose(root, error)
        news = False
        if signature != root.signature or self._must_arm(root):
            news = self._arm(root, mounted)
            root.was_filled = root.was_filled and signature == root.signature
            root.signature, root.due = signature, True
        if self._is_due(root):
            news = self._scan(root, mounted) or news
        return news

    def _lose(self, root: Root, error: OSError) -> bool:
        self._events.disarm(root.path)
        root.signature, root.due, root.was_filled = None, False, False
        if isinstance(error, FileNotFoundError):
            return root.show(AWAY, "is not there: is its drive connected? Nothing is forgotten meanwhile")
        return root.show(AWAY, f"cannot be read ({error.strerror}): nothing is forgotten meanwhile")

    def _must_arm(self, root: Root) -> bool:
        return root.path in self._events.armed() and not self._events.is_alive(root.path)

    def _arm(self, root: Root, mounted: list[mounts.Mount]) -> bool:
        every = f"is looked at every {self._poll_seconds:g} s"
        kind = roots.silent_drive(root.path, mounted)
        if kind is not None:
            self._events.disarm(root.path)
            return root.show(POLLING, f"{every}: it is on a drive that does not tell of all changes ({kind})")
        try:
            self._events.arm(root.path)
        except WatchLimitError:
            return root.show(
                POLLING,
                f"{every}: the system watches no more folders (raise fs.inotify.max_user_watches and max_user_instances)",
            )
        except OSError as error:
            return root.show(POLLING, f"{every}: the system does not watch it ({error.strerror})")
        return root.show(EVENTS, None)

    def _is_due(self, root: Root) -> bool:
        if root.due or root.scanned_at is None:
            return True
        if root.watch == AWAY:
            return roots.holds_anything(root.path)
        often = root.watch == POLLING or root.follows_links
        return time.monotonic() >= root.scanned_at + (self._poll_seconds if often else self._rescan_seconds)

    def _scan(self, root: Root, mounted: list[mounts.Mount]) -> bool:
        root.due = False
        found = scan(root.path, lambda: self._stopping or root.path not in self._roots)
        if root.path not in self._roots:
            return False
        root.scanned_at = time.monotonic()
        if root.path in found.unreadable:
            return root.show(AWAY, "cannot be read: nothing is forgotten meanwhile")
        if found.empty and not root.was_filled and self._ledger.count_under(root.path):
            return root.show(AWAY, "is empty: is its drive connected? Nothing is forgotten meanwhile")
        news = self._arm(root, mounted) if root.watch == AWAY else False
        root.was_filled = root.was_filled or not found.empty
        root.follows_links = found.follows_links
        away = root.mounted - found.mounted
        root.mounted |= found.mounted
        self._changes.take(reconcile.compare(self._ledger.each_file_under(root.path), found, away), found.changed_at)
        return news

    def _follow_hints(self) -> None:
        with self._wake:
            hints, self._hints, self._hinted_at = self._hints.cleaned(), Hints(), None
        for folder in hints.folders:
            self._follow_folder(folder)
        for path in hints.files:
            self._follow_file(path)
        self._changes.pair()

    def _follow_folder(self, folder: str) -> None:
        root = self._there(folder)
        if root is None:
            return
        if folder == root.path:
            root.due, self._checked_at = True, float("-inf")
            return
        row = self._ledger.file(folder)
        known = chain([] if row is None else [row], self._ledger.each_file_under(folder))
        found = scan(folder, lambda: self._stopping)
        try:
            if look(folder) is None:
                found.unreadable.clear()
        except OSError:
            return
        self._changes.take(reconcile.compare(known, found, root.mounted - found.mounted))

    def _follow_file(self, path: str) -> None:
        if self._there(path) is None:
            return
        try:
            stat = look(path)
        except OSError:
            return
        row = self._ledger.file(path)
        self._changes.take_one(path, row, stat)

    # Which folder ------------------------------------------------------------------------------------------------

    def _root_of(self, path: str) -> Root | None:
        return next((root for root in self._roots.values() if paths.is_below(path, root.path)), None)

    def _present_roots(self) -> list[Root]:
        """Return the folders that are there and are the ones they were."""
        with self._wake:
            current = [root for root in self._roots.values() if root.watch != AWAY]
        return [root for root in current if roots.is_the_same(root)]

    def _there(self, path: str) -> Root | None:
        return next((root for root in self._present if paths.is_below(path, root.path)), None)

    def _is_there(self, path: str) -> bool:
        return self._there(path) is not None

    def _renew_roots(self) -> None:
        wanted = outermost(self._watched)
        for path in [path for path in self._roots if path not in wanted]:
            del self._roots[path]
        for path in wanted:
            self._roots.setdefault(path, Root(path))

    def _check_soon(self) -> None:
        self._checked_at = float("-inf")
        self._wake.notify_all()
