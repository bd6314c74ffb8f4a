"""Everything that can be seen and heard of Mixxx, gathered for `Decks`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

import psutil

from segue.errors import ProgramBusyError, ProgramError, ProgramUnknownError
from segue_plugins.broadcast import Listener
from segue_plugins.mixxx import process, title
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.decks import Decks
from segue_plugins.mixxx.link import Link
from segue_plugins.mixxx.naming import Naming
from segue_plugins.mixxx.script import VERSION, DeckReport, Lane, Overload, Pressed
from segue_plugins.mixxx.settings import Settings

FIND_SECONDS: Final = 2.0
HISTORY_SECONDS: Final = 0.5
_TITLE_SECONDS: Final = 1.0
_FILES_SECONDS: Final = 0.0 if sys.platform == "linux" else 0.5
"""Between looks at the open files: only Linux tells of them for next to nothing."""
_OVERLOAD_SECONDS: Final = 60.0


class Lookout:
    """Follows one Mixxx: its process, its open files, its history, its script, its broadcast."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        say: Callable[[str], None],
        *,
        link: Link | None = None,
        broadcast: Listener | None = None,
    ) -> None:
        self.decks = Decks(self._is_analysed, durations=self._durations, find=self._find)
        self._settings = settings
        self._database = database
        self._say = say
        self._link = link
        self._broadcast = broadcast
        self._mixxx: psutil.Process | None = None
        self._waits = False
        self._trouble = ""
        self._blind = False
        """The system does not let us see which files Mixxx has open."""
        self._linked = False
        self._next_find = self._next_files = self._next_history = self._next_title = 0.0
        self._row = -1
        self._stamp = 0
        self._title: title.Watch | None = None
        self._naming = Naming(self._by_name, lambda _: None)
        self._script = VERSION
        self._overloads: int | None = None
        self._next_overload = 0.0

    @property
    def sees_mixxx(self) -> bool:
        """Mixxx is open."""
        return self._mixxx is not None

    def look(self, now: float) -> list[Lane]:
        """Look once; returns the lanes that buttons asked for."""
        if self._mixxx is None:
            self._meet(now)
        pressed = self._listen_to_script(now)
        if self._mixxx is None:
            return pressed
        if not self._see_files(self._mixxx, now):
            return pressed
        if now >= self._next_history:
            self._next_history = now + HISTORY_SECONDS
            self._read_history(now)
        if now >= self._next_title:
            self._next_title = now + _TITLE_SECONDS
            self._read_title(now)
        return pressed

    def close(self) -> None:
        """Watch the window no more."""
        watch, self._title = self._title, None
        if watch is not None:
            watch.close()

    def _meet(self, now: float) -> None:
        if now < self._next_find:
            return
        self._next_find = now + FIND_SECONDS
        found = process.find(self._settings)
        if found is None:
            if not self._waits:
                self._say("Mixxx is not open: waiting for it.")
            self._waits = True
            return
        try:
            self._database.check()  # it may be a newer Mixxx than at the last look
            last = self._database.last_played()
        except ProgramBusyError:
            return  # it is just starting
        except ProgramUnknownError:
            raise
        except ProgramError as error:  # its drive is away, say
            if str(error) != self._trouble:
                self._say(str(error))
            self._trouble = str(error)
            return
        self._row = last.row if last else -1
        self._mixxx = found
        self._blind = False
        self._overloads = None
        self._title = title.watch(found.pid)
        name = f"Mixxx {self._settings.version}".rstrip()
        self._say(f"{name} is open (process {found.pid}).")

    def _lose(self, now: float) -> None:
        self._mixxx = None
        self._next_find = now
        self.close()
        self.decks.forget()
        self._waits = True
        self._say("Mixxx is closed.")

    def _see_files(self, mixxx: psutil.Process, now: float) -> bool:
        """Take the files that are open; False when Mixxx is gone."""
        try:
            if self._blind:
                if mixxx.is_running() and mixxx.status() != psutil.STATUS_ZOMBIE:
                    return True
                raise psutil.NoSuchProcess(mixxx.pid)
            if now >= self._next_files:
                self._next_files = now + _FILES_SECONDS
                self.decks.look(process.held(mixxx), now)
        except psutil.AccessDenied:
            self._blind = True
            self.decks.forget()
            self._say(
                "The system does not let Segue see which files Mixxx has open (run both as the same user): it goes by "
                "Mixxx's history and the controller script alone."
            )
        except psutil.Error:
            self._lose(now)
            return False
        except OSError:
            return True  # too many files are open, say: not seen this time
        return True

    def _read_history(self, now: float) -> None:
        try:
            stamp = os.stat(self._settings.database).st_mtime_ns  # noqa: PTH116 - twice a second
            if stamp == self._stamp:
                return
            last = self._database.last_played()
        except (OSError, ProgramError):
            return  # the next look will tell
        self._stamp = stamp
        if last is not None and last.row > self._row:
            self.decks.heard(last.path, last.seconds, now)
        self._row = last.row if last else -1  # rows may be taken away, too

    def _listen_to_script(self, now: float) -> list[Lane]:
        if self._link is None:
            return []
        pressed: list[Lane] = []
        for report in self._link.poll():
            if isinstance(report, DeckReport):
                self.decks.told(report, now)
            elif isinstance(report, Pressed):
                pressed.append(report.lane)
            elif isinstance(report, Overload):
                self._count_overloads(report.count, now)
            elif report.version not in {VERSION, self._script}:
                self._script = report.version
                self._say(
                    "Mixxx runs the script of another version of Segue: close it, run `segue mixxx setup`, start it again."
                )
        if self._link.alive != self._linked:
            self._linked = self._link.alive
            if self._linked:
                self._say("The controller script answers: deck numbers, tempo and faders are known.")
            else:
                self.decks.silent(now)
        return pressed

    def _read_title(self, now: float) -> None:
        """Take what a broadcast, or else Mixxx's window, says is heard."""
        song = self._broadcast.latest() if self._broadcast is not None else None
        text = song.text if song else self._title.latest() if self._title else None
        if text:
            self.decks.named(self._naming.path(text, now), now)
        elif text is not None:  # the window names no track: nothing plays
            self.decks.hushed(now)

    def _count_overloads(self, count: int, now: float) -> None:
        """Say when Mixxx's sound broke up, whoever was to blame: a DJ wants to know."""
        before, self._overloads = self._overloads, count
        if before is not None and count > before and now >= self._next_overload:
            self._next_overload = now + _OVERLOAD_SECONDS
            self._say(f"Mixxx's sound was late: {count} times since it was started.")

    def _by_name(self, artist: str, name: str) -> str | None:
        try:
            return self._database.by_name(artist, name)
        except ProgramError:
            return None

    def _is_analysed(self, path: str) -> bool:
        try:
            return self._database.is_analysed(path)
        except ProgramError:
            return False

    def _durations(self, paths: list[str]) -> dict[str, float]:
        try:
            return self._database.durations(paths)
        except ProgramError:
            return {}

    def _find(self, duration: float, bpm: float) -> str | None:
        try:
            return self._database.find(duration, bpm)
        except ProgramError:
            return None
