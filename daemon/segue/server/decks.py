"""What the DJ programs' decks hold, as the shims tell it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from segue.protocol.messages import Deck

_STALE_SECONDS = 15 * 60.0
"""A shim that has said nothing for this long is gone; its decks no longer hold analysis back."""
_MOST_DECKS = 64


class Decks:
    """The last word of each deck."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._decks: dict[str, Deck] = {}
        self._lock = threading.Lock()

    def update(self, deck: Deck) -> Deck:
        """Take a shim's word; returns it with its time. The oldest of too many decks is dropped."""
        deck.updated = self._clock()
        with self._lock:
            self._decks.pop(deck.deck, None)
            self._decks[deck.deck] = deck
            while len(self._decks) > _MOST_DECKS:
                self._decks.pop(next(iter(self._decks)))
        return deck

    def all(self) -> list[Deck]:
        """Every deck that is still being spoken of, by name."""
        now = self._clock()
        with self._lock:
            return sorted(
                (deck for deck in self._decks.values() if now - deck.updated < _STALE_SECONDS),
                key=lambda deck: deck.deck,
            )

    def heard(self) -> Deck | None:
        """The deck that plays, rather one that is heard in the room; of several the one spoken of last."""
        those = [deck for deck in self.all() if deck.playing and deck.path]
        return max(those, key=lambda deck: (not deck.is_silent, deck.updated), default=None)

    def playing_one(self, track: int | None, path: str) -> Deck | None:
        """The deck that plays a track, or a file that is in no library; of several the one heard, and spoken of last."""
        those = [
            deck
            for deck in self.all()
            if deck.playing and ((track is not None and deck.track == track) or deck.path == path)
        ]
        return max(those, key=lambda deck: (not deck.is_silent, deck.updated), default=None)

    def hold(self, path: str) -> bool:
        """Whether the analysis of a file stands still: a deck plays, and no deck holds this file."""
        decks = self.all()
        return any(deck.playing for deck in decks) and all(deck.path != path for deck in decks)

    def playing(self) -> bool:
        """A deck plays, be it in the headphones only: the daemon is in gig mode."""
        return any(deck.playing for deck in self.all())
