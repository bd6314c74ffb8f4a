"""The system's file events, by watchdog: arming, telling whether an arm still lives, and when events were lost."""

from __future__ import annotations

import errno
import logging
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Final

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

_WANTED: Final[list[type[FileSystemEvent]]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
"""Not the opening and reading of files: our own analysis does that all the time."""
_LIMITS: Final = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_OVERFLOW_LOGGER: Final = "watchdog.observers.inotify_c"


class WatchLimitError(Exception):
    """The system watches no more folders."""


class EventSource:
    """The events of any number of folders, each armed and disarmed by itself."""

    def __init__(self, on_event: Callable[[FileSystemEvent, str], None], on_overflow: Callable[[], None]) -> None:
        """Call `on_event` with each event and its armed folder, `on_overflow` when events were lost."""
        self._on_event = on_event
        self._overflow = _OverflowListener(on_overflow)
        self._observer: BaseObserver | None = None
        self._armed: dict[str, ObservedWatch] = {}

    def arm(self, folder: str) -> None:
        """Watch a folder and all below it; once more after it was gone.

        Raises:
            WatchLimitError: the system watches no more folders.
            OSError: the folder cannot be watched for another reason.

        """
        self.disarm(folder)
        try:
            observer = self._running()
            handler = _Handler(folder, self._on_event)
            self._armed[folder] = observer.schedule(handler, folder, recursive=True, event_filter=_WANTED)
            self._probe_limit(observer)
        except OSError as error:
            self.disarm(folder)
            if error.errno in _LIMITS:
                raise WatchLimitError from error
            raise

    def disarm(self, folder: str) -> None:
        """Watch a folder no more; nothing happens when it was not."""
        watch = self._armed.pop(folder, None)
        if watch is not None and self._observer is not None:
            self._observer.unschedule(watch)

    def is_alive(self, folder: str) -> bool:
        """Whether events of a folder still come: after its removal the observer itself lives on, deaf."""
        watch = self._armed.get(folder)
        if watch is None or self._observer is None or not _hears(self._observer):
            return False
        return any(emitter.watch == watch and emitter.is_alive() for emitter in self._observer.emitters.copy())

    def armed(self) -> list[str]:
        """Return the folders that were armed and not disarmed since."""
        return list(self._armed)

    def stop(self) -> None:
        """Disarm everything."""
        logging.getLogger(_OVERFLOW_LOGGER).removeHandler(self._overflow)
        self._armed.clear()
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def _running(self) -> BaseObserver:
        if self._observer is not None and not _hears(self._observer):
            self.stop()
        if self._observer is None:
            # watchdog warns when a folder that was moved out comes back. Where warnings are errors, that would end the
            # thread that reads the events.
            warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning, r"watchdog\.")
            self._observer = Observer()
            self._observer.start()
            logging.getLogger(_OVERFLOW_LOGGER).addHandler(self._overflow)
        return self._observer

    @staticmethod
    def _probe_limit(observer: BaseObserver) -> None:
        # watchdog says nothing when the limit is reached on a subfolder: one more watch tells.
        if sys.platform == "linux":
            observer.unschedule(observer.schedule(FileSystemEventHandler(), "/", event_filter=[DirDeletedEvent]))


def _hears(observer: BaseObserver) -> bool:
    # On Linux one more thread reads the events, and the observer does not notice its end.
    reader = getattr(observer, "_inotify_fd", None)
    return observer.is_alive() and (not isinstance(reader, threading.Thread) or reader.is_alive())


class _Handler(FileSystemEventHandler):
    def __init__(self, folder: str, on_event: Callable[[FileSystemEvent, str], None]) -> None:
        self._folder = folder
        self._on_event = on_event

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._on_event(event, self._folder)


class _OverflowListener(logging.Handler):
    """Hears of an overflow of the kernel's event queue, of which watchdog writes to its log and tells no handler."""

    def __init__(self, on_overflow: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._on_overflow = on_overflow

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._on_overflow()
