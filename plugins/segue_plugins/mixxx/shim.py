"""The loop: look at Mixxx, tell the daemon, keep the playlists right. Either side may come and go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from segue.client import Client
from segue_plugins.broadcast import Listener
from segue_plugins.mixxx.board import Board
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.decks import Deck
from segue_plugins.mixxx.finishing import Finisher
from segue_plugins.mixxx.link import Link
from segue_plugins.mixxx.lookout import FIND_SECONDS, Lookout
from segue_plugins.mixxx.news import News
from segue_plugins.mixxx.record import Record
from segue_plugins.mixxx.settings import Settings
from segue_plugins.mixxx.suggesting import Seed, Suggester
from segue_plugins.mixxx.telling import Teller

LOOK_SECONDS: Final = 0.08


class Shim:
    """Follows one Mixxx for one daemon.

    Parameters
    ----------
    finisher
        Of an import that left tracks waiting; it works beside us.
    follow
        ``loaded``: suggestions are for the track that was loaded last; ``playing``: for the one that is heard.
    link
        To the controller script, where there is one.
    broadcast
        A listener for Mixxx's own broadcast, where the user wants one.

    """

    def __init__(
        self,
        client: Client,
        settings: Settings,
        record: Record,
        board: Board,
        finisher: Finisher,
        *,
        follow: str = "loaded",
        link: Link | None = None,
        broadcast: Listener | None = None,
    ) -> None:
        database = Database(settings.database)
        self._follow = follow
        self._seed: Seed | None = None
        self._rate_of: str | None = None
        self._rate = 1.0
        self._link = link
        self._board = board
        self._finisher = finisher
        self._lookout = Lookout(settings, database, board.note, link=link, broadcast=broadcast)
        self._teller = Teller(client, board.note)
        self._news = News(client)
        self._suggester = Suggester(client, database, record, board, self._teller, self._redraw)

    def run(self) -> None:
        """Follow Mixxx until interrupted; the decks are emptied then."""
        self._teller.greet()
        try:
            while True:
                self.step()
                time.sleep(LOOK_SECONDS if self._lookout.sees_mixxx else FIND_SECONDS / 4)
        finally:
            self._news.close()
            self._lookout.close()
            self._teller.leave(time.monotonic())

    def step(self) -> None:
        """Look once, and do what follows from it."""
        now = time.monotonic()
        pressed = self._lookout.look(now)
        decks = self._lookout.decks.decks(now)
        seed = self._seed = self._choose(now)
        self._suggester.follow(seed, self._heard_rate(decks), now)
        self._teller.tell(decks, now)
        self._finisher.hold(plays=any(deck.playing for deck in decks))
        for said in self._finisher.said():
            self._board.note(said)
        for lane in pressed:
            self._suggester.press(lane, now)
        if self._teller.daemon_is_there and self._lookout.sees_mixxx:
            self._suggester.take(self._news.poll(now), now)
        self._suggester.step(now)

    def _choose(self, now: float) -> Seed | None:
        decks = self._lookout.decks
        if not decks.is_settled:
            return self._seed  # in a moment another track is the latest
        path = decks.latest
        if self._follow == "playing":
            path = decks.playing(now) or path
        return None if path is None else Seed(path, decks.paths)

    def _heard_rate(self, decks: Sequence[Deck]) -> float:
        """The tempo that a next track has to meet. A deck that was stopped goes on at the tempo at which it was heard."""
        path = self._seed.path if self._seed else None
        if path != self._rate_of:
            self._rate_of, self._rate = path, 1.0
        heard = [deck.rate for deck in decks if deck.path == path and deck.playing and deck.rate is not None]
        self._rate = heard[0] if heard else self._rate
        return self._rate

    def _redraw(self, is_new: bool) -> None:
        """Let Mixxx read the list on the screen again; of a new one the first row is selected if none is."""
        if self._link is not None and self._link.alive:
            self._link.send("redraw", first=is_new)
