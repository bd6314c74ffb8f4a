"""An import that left tracks waiting: noted when it ends, and finished by the shim once Segue has listened to everything."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from segue.client import Client
from segue.errors import ProgramTakenError, SegueError
from segue.protocol.messages import Shim, Status
from segue_plugins.mixxx import importing
from segue_plugins.mixxx import record as records
from segue_plugins.mixxx import settings as places
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.importing import Imported
from segue_plugins.mixxx.record import Unfinished
from segue_plugins.mixxx.settings import SHIM, SHIM_LOCK, Settings
from segue_plugins.mixxx.voice import count
from segue_plugins.one_at_a_time import one_at_a_time

LOOK_SECONDS: Final = 30.0
"""Between looks; one of them reads a short file and, if there is something to do, asks the daemon how far it is."""
FIRST_SECONDS: Final = 6.0
"""Before the first look: whether a deck plays may not be seen for four seconds."""
_MOST_SECONDS: Final = 1800.0
"""Between two tries of an import that goes wrong each time: twice as long each time, and at most so long."""
_REST: Final = 4.0
"""After a piece of work the daemon is left alone for so many times as long: whoever loads a track just then hardly waits."""
_REST_SECONDS: Final = 1.0
"""And at most so long."""
_END_SECONDS: Final = 0.5
_AT_WORK: Final = frozenset({"running", "waiting", "elsewhere"})
"""States of a shim that runs, or soon does again."""


# What an import leaves behind ---------------------------------------------------------------------------------------


def begin(client: Client, settings: Settings, progress: importing.Progress) -> list[str]:
    """Take over what Mixxx knows, and note what is left of it; returns what there is to say. Errors as with `importing.run`."""
    done = importing.run(client, Database(settings.database), progress)
    return done.told(by_itself=_note(client, settings, done))


def call_off(settings: Settings) -> bool:
    """Let nobody finish an import; False: there was none to finish."""
    unfinished = _unfinished(settings)
    return unfinished is not None and records.strike_out(settings, unfinished)


def _note(client: Client, settings: Settings, done: Imported) -> bool:
    """Note whether something is left to do; returns whether somebody will do it."""
    try:
        home = client.status().home
        if not done.complete:
            unfinished = Unfinished(home=home, known=done.known, since=time.time())
            return records.note(settings, unfinished) and _is_followed(client, settings)
        there = _unfinished(settings)
        if there is not None and there.home == home:
            records.strike_out(settings, there)
    except (SegueError, OSError):
        pass  # the import itself is done; what is left is done when it is asked for
    return False


def _unfinished(settings: Settings) -> Unfinished | None:
    record = records.read(settings)
    return record.unfinished if record is not None else None


def _is_followed(client: Client, settings: Settings) -> bool:
    """Whether `segue mixxx` runs for this Mixxx, or the daemon lets it."""
    if any(_follows(shim, settings) for shim in client.shims().shims):
        return True
    try:
        with one_at_a_time(settings.own / SHIM_LOCK, "Mixxx"):
            return False
    except ProgramTakenError:
        return True


def _follows(shim: Shim, settings: Settings) -> bool:
    if shim.name != SHIM or shim.state not in _AT_WORK:
        return False
    folder = Path(shim.settings) if shim.settings is not None else places.find().folder
    return folder.samefile(settings.folder)


# Who finishes it ----------------------------------------------------------------------------------------------------


class _Interrupted(Exception):  # noqa: N818 - nothing is wrong
    """A deck plays, or the shim ends."""


class Finisher:
    """Finishes a noted import, in a thread of its own while it is entered: ten thousand tracks take seconds.

    Nothing begins before `hold` was told that no deck plays. What goes wrong is tried again; whatever dies meanwhile, the note stays, and
    taking over twice changes nothing.

    Parameters
    ----------
    settings
        Where Mixxx keeps its things.
    home
        Of the daemon that is followed; None: the usual one.

    """

    def __init__(self, settings: Settings, home: str | Path | None) -> None:
        self._settings = settings
        self._home = home
        self._database = Database(settings.database)
        self._plays = True
        self._ended = threading.Event()
        self._words: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._tried: Unfinished | None = None
        self._patience = LOOK_SECONDS
        self._next = 0.0
        """When the one that was tried in vain is tried again, and how long that was put off."""
        self._began = 0.0
        """The piece of work."""
        self._thread = threading.Thread(target=self._run, name="import", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End. A piece of work that takes longer is left to the end of the program."""
        self._ended.set()
        self._thread.join(_END_SECONDS)

    def hold(self, *, plays: bool) -> None:
        """Take whether a deck plays: then nothing begins, and what is at work leaves off after the piece that it does."""
        self._plays = plays

    def said(self) -> list[str]:
        """What there is to say since the last call. Returns at once."""
        return [self._words.get() for _ in range(self._words.qsize())]

    def look(self, now: float) -> None:
        """Finish what there is to finish, if it is time to. Errors of the client, and of Mixxx's data base: it is tried again."""
        unfinished = _unfinished(self._settings)
        if unfinished is None or self._plays:
            return
        if unfinished != self._tried:
            self._tried, self._patience, self._next = unfinished, LOOK_SECONDS, now
        if now < self._next:
            return
        with Client(self._home) as client:
            if _is_ready(client.status(), unfinished):
                self._finish(client, unfinished, now)

    def _run(self) -> None:
        seconds = FIRST_SECONDS
        while not self._ended.wait(seconds):
            seconds = LOOK_SECONDS
            # The shim itself says what is away; the next look will tell.
            with contextlib.suppress(SegueError, OSError):
                self.look(time.monotonic())

    def _finish(self, client: Client, unfinished: Unfinished, now: float) -> None:
        self._patience = min(2 * self._patience, _MOST_SECONDS)
        self._next = now + self._patience
        self._began = time.monotonic()
        try:
            done = importing.run(client, self._database, pause=self._pause)
        except _Interrupted:
            self._tried = None  # nothing went wrong
            return
        if done.complete and records.strike_out(self._settings, unfinished):
            self._words.put(_told(done.known - unfinished.known))

    def _pause(self) -> None:
        """Rest between two pieces of work; leave off when it is time to."""
        self._ended.wait(min(_REST * (time.monotonic() - self._began), _REST_SECONDS))
        self._began = time.monotonic()
        if self._plays or self._ended.is_set():
            raise _Interrupted


def _is_ready(status: Status, unfinished: Unfinished) -> bool:
    """Whether this daemon was asked, has listened to everything that it watches, and no deck plays."""
    listens = status.scanning or status.tracks.queued or status.analysing
    return status.home == unfinished.home and not (listens or status.gig_mode)


def _told(more: int) -> str:
    if more <= 0:
        return "Nothing more of Mixxx's values was left to take over."
    return f"Mixxx's values of {count(more, 'more track')} taken over."
