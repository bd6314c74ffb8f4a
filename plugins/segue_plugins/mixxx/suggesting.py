"""Asks what to play next, and writes it into Mixxx's playlists."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from segue.client import Client
from segue.errors import (
    CrateNotFoundError,
    DaemonError,
    LibraryEmptyError,
    ProgramBusyError,
    ProgramError,
    RequestTimeoutError,
    SegueError,
    TrackNotReadyError,
)
from segue.protocol.messages import LaneName, Wishes
from segue_plugins.mixxx import lanes, news
from segue_plugins.mixxx.board import Board
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.lanes import Lists
from segue_plugins.mixxx.record import Record
from segue_plugins.mixxx.telling import Teller

_NOT_READY_SECONDS: Final = 1.0
_LATE_SECONDS: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Between questions about a file that Segue has to listen to first; it goes on listening meanwhile."""
_BUSY_SECONDS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Between tries while somebody else uses Mixxx's data base; then the lists stay as they are until the next load."""
_GROWN_SECONDS: Final = 10.0
"""A library that is being indexed changes all the time: the lists follow it no faster than so."""
_RATE_SECONDS: Final = 1.0
"""A tempo fader that has stood still for so long means it ..."""
_RATE_STEP: Final = 0.005
"""... if it has moved by so much of the tempo."""


class Seed(NamedTuple):
    """What suggestions are for."""

    path: str
    on_decks: frozenset[str]
    """What is never suggested: it is on a deck already."""


class Suggester:
    """Keeps the playlists right for one seed at a time. Nothing here blocks for longer than one question does."""

    def __init__(
        self,
        client: Client,
        database: Database,
        record: Record,
        board: Board,
        teller: Teller,
        redraw: Callable[[bool], None],
    ) -> None:
        self._client = client
        self._database = database
        self._record = record
        self._board = board
        self._teller = teller
        self._redraw = redraw
        self._wishes = Wishes()
        self._seed: Seed | None = None
        self._seen = 0.0
        """When the seed was seen; the board says how long it took from there."""
        self._rate = self._rate_asked = 1.0
        self._rate_since = 0.0
        self._ask_at: float | None = None
        """When to ask; None: nothing has changed."""
        self._lists: Lists | None = None
        """Suggestions that are still to be written."""
        self._late = self._busy = 0
        """Tries in a row that failed, of the daemon and of Mixxx's data base."""
        self._next_write = 0.0
        self._shown: Lists | None = None
        self._is_new = False
        """Whoever picks from the list begins at its top again: the track was one of it, or another lane was asked for."""
        self._said = ""

    def follow(self, seed: Seed | None, rate: float, now: float) -> None:
        """Suggest for this seed from now on; with None the lists stay as they are.

        ``rate``: tempo at which it is played, in terms of its own.
        """
        if seed != self._seed:
            if seed is not None and self._shown is not None:
                self._is_new = seed.path in self._shown.paths
            self._seed = seed
            self._seen = now
            self._rate_asked = rate
            self._lists = None
            self._late = self._busy = 0
            self._said = ""
            self._ask_at = None if seed is None else now
        if rate != self._rate:
            self._rate = rate
            self._rate_since = now
        moved = abs(self._rate - self._rate_asked) >= _RATE_STEP
        if moved and now - self._rate_since >= _RATE_SECONDS:
            self._rate_asked = self._rate
            self._again(now)

    def press(self, lane: LaneName, now: float) -> None:
        """Take a direction that a button asks for; the daemon is told, so that every program follows."""
        self._board.note(f"A button asks for: {lane}.")
        try:
            self._wishes = self._client.wish(lane=lane)
        except DaemonError as error:
            self._teller.miss(error)
            return
        except SegueError as error:
            self._board.note(str(error))
            return
        self._is_new = True
        self._again(now)

    def take(self, names: set[str], now: float) -> None:
        """Take what the daemon told of: wishes at once, what grows now and then."""
        if names & {news.WISHES, news.GAP} and self._wishes_changed():
            self._again(now)
        elif names - {news.WISHES} and self._ask_at is None:
            self._again(max(now, self._seen + _GROWN_SECONDS))

    def step(self, now: float) -> None:
        """Ask and write, as far as it is time to."""
        if self._ask_at is not None and now >= self._ask_at and self._teller.daemon_is_there:
            self._ask()
        if self._lists is not None and time.monotonic() >= self._next_write:
            self._write(self._lists)

    def _again(self, when: float) -> None:
        if self._seed is not None:
            self._ask_at = when
            self._seen = when

    def _wishes_changed(self) -> bool:
        """Whether the user wishes something else than at the last look."""
        before = self._wishes
        try:
            self._wishes = self._client.wishes()
        except DaemonError as error:
            self._teller.miss(error)
        except SegueError as error:
            self._say(error)
        return self._wishes != before

    def _ask(self) -> None:
        assert self._seed is not None
        self._ask_at = None
        try:
            self._lists = self._asked(self._seed)
        except RequestTimeoutError:
            self._say_listening()
            self._ask_later(_LATE_SECONDS[min(self._late, len(_LATE_SECONDS) - 1)])
            self._late += 1
        except DaemonError as error:
            self._teller.miss(error)
            self._ask_later(0.0)  # as soon as it is there again
        except ProgramBusyError as error:
            if self._is_patient(error):
                self._ask_later(_BUSY_SECONDS[self._busy - 1])
        except (TrackNotReadyError, LibraryEmptyError):
            self._ask_later(_NOT_READY_SECONDS)
        except (
            SegueError
        ) as error:  # nothing can be said of this file, say: better nothing than what was for another one
            self._say(error)
            self._lists = lanes.nothing(self._record)
            self._next_write = 0.0
        else:
            self._late = self._busy = 0
            self._said = ""
            self._next_write = 0.0

    def _asked(self, seed: Seed) -> Lists:
        wishes = self._wishes
        try:
            return lanes.ask(self._client, self._database, self._record, *seed, wishes)
        except CrateNotFoundError as error:
            if not wishes.filters.crates:
                raise
            self._say(error, "It is left out of what you wish.")
            without = msgspec.structs.replace(wishes.filters, crates=[])
            wishes = msgspec.structs.replace(wishes, filters=without)
            return lanes.ask(self._client, self._database, self._record, *seed, wishes)

    def _ask_later(self, seconds: float) -> None:
        self._ask_at = time.monotonic() + seconds

    def _write(self, lists: Lists) -> None:
        try:
            lost = self._database.write(lists.tracks)
        except ProgramBusyError as error:
            if self._is_patient(error):
                self._next_write = time.monotonic() + _BUSY_SECONDS[self._busy - 1]
            else:
                self._lists = None
            return
        except ProgramError as error:
            self._say(error)
            self._lists = None
            return
        self._lists = None
        self._busy = 0
        for playlist in lost:
            self._board.note(
                f"The playlist {playlist.name} is gone, or locked: run `segue mixxx setup` with Mixxx closed."
            )
        self._show(lists)

    def _show(self, lists: Lists) -> None:
        """Let Mixxx draw what has changed, and tell whoever looks at the terminal."""
        shown, self._shown = self._shown, lists
        is_new, self._is_new = self._is_new, False
        if shown is None or shown.tracks != lists.tracks:
            self._redraw(is_new)
        if lists.seed is not None and (shown is None or _told(shown) != _told(lists)):
            self._board.lists(lists, time.monotonic() - self._seen)

    def _is_patient(self, error: ProgramBusyError) -> bool:
        """Count a try that failed; False when there were enough."""
        if self._busy == len(_BUSY_SECONDS):
            self._say(error, "The lists stay as they are.")
            self._busy = 0
            return False
        self._busy += 1
        return True

    def _say_listening(self) -> None:
        assert self._seed is not None
        name = self._seed.path.replace("\\", "/").rpartition("/")[2]
        self._say_once(f"Segue still listens to {name}: its suggestions come later.")

    def _say(self, error: SegueError, more: str = "") -> None:
        self._say_once(f"{error} {more}".rstrip())

    def _say_once(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._board.note(text)


def _told(lists: Lists) -> tuple[object, ...]:
    """What a person would see a difference in."""
    seed = lists.seed
    given_up = [tuple(lane.relaxed) for lane in lists.lanes]
    return (seed and (seed.path, seed.rate), lists.tracks, given_up)
