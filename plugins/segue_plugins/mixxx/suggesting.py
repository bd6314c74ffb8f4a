"""Asks what to play next, and writes it into Mixxx's playlists."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from segue.client import Client
from segue.errors import DaemonError, LibraryEmptyError, ProgramBusyError, SegueError, TrackNotReadyError
from segue.protocol.messages import LaneName, Wishes
from segue_plugins.mixxx import lanes, news
from segue_plugins.mixxx.board import Board
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.lanes import Lists
from segue_plugins.mixxx.record import Record
from segue_plugins.mixxx.telling import ABSENT_SECONDS, Teller

_NOT_READY_SECONDS: Final = 1.0
_BUSY_SECONDS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Between tries while somebody else writes to Mixxx's data base; then the lists stay as they are until the next load."""
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
        self._wishes_known = False
        self._seed: Seed | None = None
        self._seen = 0.0
        """When the seed was seen; the board says how long it took from there."""
        self._rate = self._rate_asked = 1.0
        self._rate_since = 0.0
        self._ask_at: float | None = None
        """When to ask; None: nothing has changed."""
        self._lists: Lists | None = None
        """Suggestions that are still to be written."""
        self._tries = 0
        self._next_write = 0.0
        self._shown: Lists | None = None
        self._is_new = False
        """Whoever picks from the list begins at its top again: the track was one of it, or another lane was asked for."""

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
        except SegueError as error:
            self._board.note(str(error))
        self._is_new = True
        self._again(now)

    def take(self, names: set[str], now: float) -> None:
        """Take what the daemon told of: wishes at once, what grows now and then."""
        if not names:
            return
        if names & {news.WISHES, "gap"}:
            self._wishes_known = False
            self._again(now)
        elif self._ask_at is None:
            self._again(max(now, self._seen + _GROWN_SECONDS))

    def step(self, now: float) -> None:
        """Ask and write, as far as it is time to."""
        if self._ask_at is not None and now >= self._ask_at:
            self._ask(now)
        if self._lists is not None and time.monotonic() >= self._next_write:
            self._write(self._lists)

    def _again(self, when: float) -> None:
        if self._seed is not None:
            self._ask_at = when
            self._seen = when

    def _ask(self, now: float) -> None:
        assert self._seed is not None
        self._ask_at = None
        try:
            if not self._wishes_known:
                self._wishes = self._client.wishes()
                self._wishes_known = True
            path, on_decks = self._seed
            self._lists = lanes.ask(self._client, self._database, self._record, path, on_decks, self._wishes)
        except DaemonError as error:
            self._teller.miss(error)
            self._ask_at = now + ABSENT_SECONDS
        except ProgramBusyError:  # Mixxx writes, for milliseconds mostly
            self._ask_at = now + _BUSY_SECONDS[0]
        except (TrackNotReadyError, LibraryEmptyError):
            self._ask_at = now + _NOT_READY_SECONDS
        except SegueError as error:  # a file that Segue does not watch, say: until the next load
            self._board.note(str(error))
        else:
            self._teller.meet()
            self._tries = 0
            self._next_write = 0.0

    def _write(self, lists: Lists) -> None:
        try:
            lost = self._database.write(lists.tracks)
        except ProgramBusyError as error:
            self._wait(error)
            return
        self._lists = None
        for playlist in lost:
            self._board.note(
                f"The playlist {playlist.name} is gone, or locked: run `segue mixxx setup` with Mixxx closed."
            )
        if self._shown is None or self._shown.tracks != lists.tracks:
            self._redraw(self._is_new)
            self._is_new = False
        if self._shown is None or _told(self._shown) != _told(lists):
            self._board.lists(lists, time.monotonic() - self._seen)
        self._shown = lists

    def _wait(self, error: ProgramBusyError) -> None:
        if self._tries == len(_BUSY_SECONDS):
            self._board.note(f"{error} The lists stay as they are.")
            self._lists = None
            return
        self._next_write = time.monotonic() + _BUSY_SECONDS[self._tries]
        self._tries += 1


def _told(lists: Lists) -> tuple[object, ...]:
    """What a person would see a difference in."""
    return (lists.seed.path, lists.seed.rate, lists.tracks)
