"""Tells the daemon what is on the decks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from segue.client import Client
from segue.errors import DaemonError, SegueError
from segue.protocol.messages import DeckParams
from segue_plugins.mixxx.decks import Deck

CLIENT: Final = "mixxx"
AGAIN_SECONDS: Final = 30.0
"""A daemon that was started anew knows nothing of the decks."""
_ABSENT_SECONDS: Final = (1.0, 2.0, 3.0, 5.0)
"""Between looks for a daemon that is not there, or does not answer."""
_PING_SECONDS: Final = 0.3
"""A daemon that is well answers a look in a hundredth of this; while it is waited for nobody looks at Mixxx."""
_FADER_SECONDS: Final = 0.5
"""A fader that is being moved is told of so often."""
_RATE_STEP: Final = 0.0005
_VOLUME_STEP: Final = 0.02
"""Also what the daemon takes for silence."""


class Teller:
    """Keeps the daemon's picture of the decks up to date; the daemon may come and go."""

    def __init__(self, client: Client, say: Callable[[str], None]) -> None:
        self.daemon_is_there = True
        self._client = client
        self._say = say
        self._told: dict[str, Deck] = {}
        """What the daemon was told last, by name; after a while without it only the names count."""
        self._next_all = 0.0
        self._next_fader: dict[str, float] = {}
        self._next_look = 0.0
        self._looks = 0

    def tell(self, decks: Iterable[Deck], now: float) -> None:
        """Tell of the decks that have changed, and of all of them now and then."""
        if not (self.daemon_is_there or self._look()):
            return
        again = now >= self._next_all
        there = {deck.name: deck for deck in decks}
        gone = {name: Deck(name, None) for name in self._told if name not in there}
        # What goes first: a deck that is known by another name now is never there twice.
        for name, deck in {**gone, **there}.items():
            if not (again or name in gone or self._is_news(deck, now)):
                continue
            if not self._call(deck):
                return
            if name in gone:
                del self._told[name]
                self._next_fader.pop(name, None)
            else:
                self._told[name] = deck
        if again:
            self._next_all = now + AGAIN_SECONDS

    def leave(self, now: float) -> None:
        """Empty all decks: nobody follows them any more."""
        self.daemon_is_there = True
        self.tell((), now)

    def greet(self) -> None:
        """See whether a daemon is there, before anything is on a deck."""
        try:
            self._client.call("daemon.ping", timeout=_PING_SECONDS)
        except SegueError as error:
            self.miss(error)

    def miss(self, error: SegueError) -> None:
        """No daemon is there, or it does not answer: say so once, and look for it now and then."""
        if self.daemon_is_there:
            self._say(f"{error} Waiting for it.")
            self._looks = 0
        self.daemon_is_there = False
        self._next_look = time.monotonic() + _ABSENT_SECONDS[min(self._looks, len(_ABSENT_SECONDS) - 1)]
        self._looks += 1

    def _look(self) -> bool:
        """See whether the daemon is there again; it may be another one, and is told of everything then."""
        if time.monotonic() < self._next_look:
            return False
        try:
            self._client.call("daemon.ping", timeout=_PING_SECONDS)
        except SegueError as error:
            self.miss(error)
            return False
        self._say("Segue is there again.")
        self.daemon_is_there = True
        self._next_all = 0.0
        return True

    def _is_news(self, deck: Deck, now: float) -> bool:
        old = self._told.get(deck.name)
        if old is None or _state(old) != _state(deck):
            return True
        if not _moved(old, deck) or now < self._next_fader.get(deck.name, 0.0):
            return False
        self._next_fader[deck.name] = now + _FADER_SECONDS
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
        return True


def _state(deck: Deck) -> tuple[object, ...]:
    """What is told of at once."""
    return (deck.path, deck.playing, deck.keylock, deck.number, _volume(deck) <= _VOLUME_STEP)


def _moved(old: Deck, new: Deck) -> bool:
    rate = abs((old.rate or 1.0) - (new.rate or 1.0)) > _RATE_STEP
    return rate or abs(_volume(old) - _volume(new)) > _VOLUME_STEP


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
