"""The loop: look at Mixxx, tell the daemon, write its suggestions. Either side may come and go."""

from __future__ import annotations

import logging
import os
import time
from typing import Final

import psutil

from segue.client import Client
from segue.errors import (
    DaemonError,
    LibraryEmptyError,
    ProgramBusyError,
    ProgramError,
    SegueError,
    TrackNotFoundError,
    TrackNotReadyError,
)
from segue.protocol.messages import DeckParams
from segue_plugins.mixxx import lanes, process
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.decks import Deck, Decks
from segue_plugins.mixxx.lanes import Lists
from segue_plugins.mixxx.settings import Settings
from segue_plugins.mixxx.setup import Record

_log = logging.getLogger(__name__)

CLIENT: Final = "mixxx"
LOOK_SECONDS: Final = 0.08
HISTORY_SECONDS: Final = 0.5
_FIND_SECONDS: Final = 2.0
_TELL_AGAIN_SECONDS: Final = 30.0
"""A daemon that was started anew knows nothing of the decks."""
_ABSENT_SECONDS: Final = 2.0
_NOT_READY_SECONDS: Final = 1.0
_BUSY_SECONDS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Between tries while somebody else writes to Mixxx's data base; then the lists stay as they are until the next load."""


class Shim:
    """Follows one Mixxx for one daemon."""

    def __init__(self, client: Client, settings: Settings, record: Record, *, follow: str, ease: bool) -> None:
        self._client = client
        self._settings = settings
        self._record = record
        self._follow = follow
        self._ease = ease
        self._database = Database(settings.database)
        self._decks = Decks(self._is_analysed)
        self._mixxx: psutil.Process | None = None
        self._told: dict[str, Deck] = {}
        self._next_find = self._next_history = self._next_tell = 0.0
        self._next_ask = self._next_write = 0.0
        self._row = -1
        self._stamp = 0
        self._seed: str | None = None
        self._on_decks: frozenset[str] = frozenset()
        self._seen = 0.0
        """When the seed was seen, for the log."""
        self._wanted = False
        self._lists: Lists | None = None
        """Suggestions that are still to be written."""
        self._tries = 0
        self._daemon_is_there = True

    def run(self) -> None:
        """Follow Mixxx until interrupted; the decks are emptied then."""
        try:
            while True:
                self.step()
                time.sleep(LOOK_SECONDS if self._mixxx else _FIND_SECONDS / 4)
        finally:
            self._decks.forget()
            self._next_tell = 0.0
            self._daemon_is_there = True
            self._tell(time.monotonic())

    def step(self) -> None:
        """Look once, and do what follows from it."""
        now = time.monotonic()
        self._look(now)
        self._choose(now)
        self._tell(now)
        if self._wanted and now >= self._next_ask:
            self._ask()
        if self._lists is not None and time.monotonic() >= self._next_write:
            self._write(self._lists)

    # Looking --------------------------------------------------------------------------------------------------------

    def _look(self, now: float) -> None:
        if self._mixxx is None:
            self._find(now)
        if self._mixxx is None:
            return
        try:
            handles = process.held(self._mixxx)
        except psutil.AccessDenied:
            _log.warning("The system does not let Segue look at Mixxx: run both as the same user.")
            self._lose(now + 60.0)
            return
        except psutil.Error:
            self._lose(now)
            _log.info("Mixxx is closed.")
            return
        self._decks.look(handles, now)
        if now >= self._next_history:
            self._next_history = now + HISTORY_SECONDS
            self._listen()

    def _find(self, now: float) -> None:
        if now < self._next_find:
            return
        self._next_find = now + _FIND_SECONDS
        found = process.find(self._settings)
        if found is None:
            return
        try:
            self._database.check()  # it may be a newer Mixxx than at the last look
            last = self._database.last_played()
        except ProgramBusyError:
            return  # it is just starting
        self._row = last.row if last else -1
        self._mixxx = found
        _log.info("Mixxx %s is open (process %d).", self._settings.version, found.pid)

    def _lose(self, until: float) -> None:
        self._mixxx = None
        self._next_find = until
        self._decks.forget()

    def _listen(self) -> None:
        """Read the history when the data base has changed."""
        try:
            stamp = os.stat(self._settings.database).st_mtime_ns  # noqa: PTH116 - twice a second
            if stamp == self._stamp:
                return
            last = self._database.last_played()
        except (OSError, ProgramError):
            return  # the next look will tell
        self._stamp = stamp
        if last is not None and last.row != self._row:
            self._row = last.row
            self._decks.heard(last.path, last.seconds, time.monotonic())

    def _is_analysed(self, path: str) -> bool:
        try:
            return self._database.is_analysed(path)
        except ProgramError:
            return False

    def _choose(self, now: float) -> None:
        """Choose the track that suggestions are for; without any deck the lists stay as they are."""
        seed = self._decks.latest
        if self._follow == "playing":
            seed = self._decks.playing(now) or seed
        if (seed, self._decks.paths) == (self._seed, self._on_decks):
            return
        self._seed = seed
        self._on_decks = self._decks.paths
        self._seen = now
        self._lists = None
        self._wanted = seed is not None
        self._next_ask = 0.0

    # Telling --------------------------------------------------------------------------------------------------------

    def _tell(self, now: float) -> None:
        """Tell the daemon which decks have changed, and all of them now and then."""
        if not self._daemon_is_there and now < self._next_tell:
            return
        again = now >= self._next_tell
        decks = {deck.name: deck for deck in self._decks.decks(now)}
        gone = {name: Deck(name, None) for name in self._told if name not in decks}
        for name, deck in {**decks, **gone}.items():
            old = self._told.get(name)
            changed = old is None or (old.path, old.playing) != (deck.path, deck.playing)
            if changed or (again and deck.path is not None):
                if not self._call(deck):
                    self._next_tell = now + _ABSENT_SECONDS
                    return
                self._told[name] = deck
        for name in gone:
            del self._told[name]
        if again:
            self._next_tell = now + _TELL_AGAIN_SECONDS

    def _call(self, deck: Deck) -> bool:
        """Tell of one deck; False when no daemon is there."""
        try:
            self._client.update_deck(DeckParams(deck=deck.name, path=deck.path, playing=deck.playing, client=CLIENT))
        except DaemonError as error:
            self._miss(error)
            return False
        except SegueError as error:  # it refuses this path, say
            _log.warning("%s", error)
        self._meet()
        return True

    def _miss(self, error: SegueError) -> None:
        if self._daemon_is_there:
            _log.warning("%s Waiting for it.", error)
        self._daemon_is_there = False
        self._told.clear()

    def _meet(self) -> None:
        if not self._daemon_is_there:
            _log.warning("Segue is there again.")
            self._next_tell = 0.0
        self._daemon_is_there = True

    # Suggesting -----------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        assert self._seed is not None
        try:
            self._lists = lanes.ask(
                self._client, self._database, self._record, self._seed, self._on_decks, ease=self._ease
            )
        except DaemonError as error:
            self._miss(error)
            self._next_ask = time.monotonic() + _ABSENT_SECONDS
        except (TrackNotReadyError, LibraryEmptyError, ProgramBusyError):
            self._next_ask = time.monotonic() + _NOT_READY_SECONDS
        except TrackNotFoundError as error:
            _log.warning("%s", error)
            self._wanted = False
        except SegueError as error:
            _log.warning("%s", error)
            self._wanted = False
        else:
            self._meet()
            self._wanted = False
            self._tries = 0
            self._next_write = 0.0

    def _write(self, lists: Lists) -> None:
        try:
            lost = self._database.write(lists.tracks)
        except ProgramBusyError as error:
            if self._tries == len(_BUSY_SECONDS):
                _log.warning("%s The lists stay as they are.", error)
                self._lists = None
                return
            self._next_write = time.monotonic() + _BUSY_SECONDS[self._tries]
            self._tries += 1
            return
        self._lists = None
        for playlist in lost:
            _log.warning(
                "The playlist %s is gone, or locked: run `segue mixxx setup` with Mixxx closed.", playlist.name
            )
        _log.info(
            "After %s: %s%s (%.0f ms)",
            lists.seed,
            ", ".join(f"{playlist.name} {len(tracks)}" for playlist, tracks in lists.tracks.items()),
            _left_out(lists.unknown),
            1000 * (time.monotonic() - self._seen),
        )


def _left_out(count: int) -> str:
    """Say how many suggestions Mixxx cannot show."""
    if not count:
        return ""
    return f"; {count} {'is' if count == 1 else 'are'} not in Mixxx's library"
