"""Tells the daemon what is on the decks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from segue.client import Client
from segue.errors import DaemonError, SegueError
from segue.protocol.messages import DeckParams
from segue_plugins.mixxx.decks import Deck

CLIENT: Final = "mixxx"
AGAIN_SECONDS: Final = 30.0
"""A daemon that was started anew knows nothing of the decks."""
ABSENT_SECONDS: Final = 2.0
_FADER_SECONDS: Final = 0.5
"""A fader that is being moved is told of so often."""
_RATE_STEP: Final = 0.0005
_VOLUME_STEP: Final = 0.02


class Teller:
    """Keeps the daemon's picture of the decks up to date; the daemon may come and go."""

    def __init__(self, client: Client, say: Callable[[str], None]) -> None:
        self.daemon_is_there = True
        self._client = client
        self._say = say
        self._told: dict[str, Deck] = {}
        self._next_tell = self._next_fader = 0.0

    def tell(self, decks: Iterable[Deck], now: float) -> None:
        """Tell of the decks that have changed, and of all of them now and then."""
        if not self.daemon_is_there and now < self._next_tell:
            return
        again = now >= self._next_tell
        there = {deck.name: deck for deck in decks}
        gone = {name: Deck(name, None) for name in self._told if name not in there}
        # What goes first: a deck that is known by another name now is never there twice.
        for name, deck in {**gone, **there}.items():
            if not (self._is_news(deck, now) or (again and deck.path is not None)):
                continue
            if not self._call(deck):
                self._next_tell = now + ABSENT_SECONDS
                return
            self._told[name] = deck
        for name in gone:
            self._told.pop(name, None)
        if again:
            self._next_tell = now + AGAIN_SECONDS

    def leave(self, now: float) -> None:
        """Empty all decks: nobody follows them any more."""
        self._next_tell = 0.0
        self.daemon_is_there = True
        self.tell((), now)

    def miss(self, error: SegueError) -> None:
        """No daemon is there: say so once."""
        if self.daemon_is_there:
            self._say(f"{error} Waiting for it.")
        self.daemon_is_there = False
        self._told.clear()

    def meet(self) -> None:
        """The daemon has answered."""
        if not self.daemon_is_there:
            self._say("Segue is there again.")
            self._next_tell = 0.0
        self.daemon_is_there = True

    def _is_news(self, deck: Deck, now: float) -> bool:
        old = self._told.get(deck.name)
        if old is None or (old.path, old.playing, old.keylock) != (deck.path, deck.playing, deck.keylock):
            return True
        if not _moved(old, deck) or now < self._next_fader:
            return False
        self._next_fader = now + _FADER_SECONDS
        return True

    def _call(self, deck: Deck) -> bool:
        """Tell of one deck; False when no daemon is there."""
        try:
            self._client.update_deck(_params(deck))
        except DaemonError as error:
            self.miss(error)
            return False
        except SegueError as error:  # it refuses this path, say
            self._say(str(error))
        self.meet()
        return True


def _moved(old: Deck, new: Deck) -> bool:
    rate = abs((old.rate or 1.0) - (new.rate or 1.0)) > _RATE_STEP
    volume = abs(_volume(old) - _volume(new)) > _VOLUME_STEP or (_volume(new) == 0.0) != (_volume(old) == 0.0)
    return rate or volume or old.number != new.number


def _volume(deck: Deck) -> float:
    return 1.0 if deck.volume is None else deck.volume


def _params(deck: Deck) -> DeckParams:
    return DeckParams(
        deck=deck.name,
        path=deck.path,
        playing=deck.playing,
        rate=deck.rate or 1.0,
        keylock=True if deck.keylock is None else deck.keylock,
        number=deck.number,
        volume=_volume(deck),
        confidence=deck.confidence,
        client=CLIENT,
    )
