"""`deck.*` and `session.*`: what is on the decks, what was played."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Final

from segue.errors import InvalidParamsError, SegueError, TrackNotFoundError, TrackNotReadyError
from segue.library.store import Library
from segue.protocol.messages import (
    Deck,
    DeckList,
    DeckParams,
    LimitParams,
    Night,
    Nothing,
    Play,
    PlayedParams,
    PlayList,
    UndoPlayedParams,
)
from segue.server.decks import Decks
from segue.server.futures import then
from segue.server.handlers.references import References
from segue.server.indexer import ASKED, Indexer
from segue.server.learner import Learner
from segue.server.router import Origin

_log = logging.getLogger(__name__)

_CHANGED: Final = ("deck", "number", "path", "track", "playing", "rate", "keylock", "volume", "confidence")
"""What the event `deck.changed` tells of a deck."""
_AHEAD_SECONDS: Final = 60.0
"""Two clocks of one machine or network may differ by so much."""


class PlayingHandlers:
    """Decks and plays. What writes to the library may wait for a long write, and so has another thread than questions."""

    def __init__(
        self,
        library: Library,
        references: References,
        decks: Decks,
        indexer: Indexer,
        learner: Learner,
        publish: Callable[[str, dict[str, object]], None],
        executor: Executor,
    ) -> None:
        self._library = library
        self._references = references
        self._decks = decks
        self._indexer = indexer
        self._learner = learner
        self._publish = publish
        self._executor = executor

    def update(self, params: DeckParams, origin: Origin) -> Deck:
        """Take a shim's word for what a deck holds; an unanalysed file on a deck is analysed first."""
        del origin
        track = self._track(params.path)
        title, artist = self._name(track)
        deck = self._decks.update(
            Deck(
                deck=params.deck,
                number=params.number,
                path=params.path,
                track=track,
                title=title,
                artist=artist,
                playing=params.playing,
                rate=params.rate,
                keylock=params.keylock,
                volume=params.volume,
                confidence=params.confidence,
                client=params.client,
            )
        )
        self._indexer.wake()
        self._learner.deck(deck)
        self._publish("deck.changed", {name: getattr(deck, name) for name in _CHANGED})
        return deck

    def decks(self, params: Nothing, origin: Origin) -> DeckList:
        """What is on the decks."""
        del params, origin
        return DeckList(decks=self._decks.all())

    def mark_played(self, params: PlayedParams, origin: Origin) -> Play | Future[Play]:
        """Remember that a track was played, now or at a time."""
        del origin
        now = time.time()
        at = now if params.at is None else params.at
        if at > now + _AHEAD_SECONDS:
            raise InvalidParamsError(
                "`at` lies in the future: it is the Unix time, in seconds, at which the track began."
            )
        return self._references.use(params.track, lambda track: self._learner.play(track, at))

    def undo_played(self, params: UndoPlayedParams, origin: Origin) -> Play | Future[Play]:
        """Take the last play back, or the last one of a track."""
        del origin
        if params.track is None:
            return self._learner.undo_play(None)
        return self._references.use(params.track, self._learner.undo_play)

    def new_night(self, params: Nothing, origin: Origin) -> Future[Night]:
        """Begin a night: nothing was played tonight."""
        del params, origin
        return then(self._learner.new_night(time.time()), lambda _: self._learner.night.night())

    def night(self, params: Nothing, origin: Origin) -> Future[Night]:
        """The night so far."""
        del params, origin
        return self._executor.submit(self._learner.night.night)

    def history(self, params: LimitParams, origin: Origin) -> PlayList:
        """What was played, latest first."""
        del origin
        return PlayList(plays=self._library.plays(params.limit))

    def _track(self, path: str | None) -> int | None:
        if path is None or not Path(path).is_absolute():
            return None
        try:
            return self._library.resolve(path)
        except TrackNotReadyError:
            self._executor.submit(self._hurry, path)
        except TrackNotFoundError:
            pass  # not from a watched folder: the deck is known by its path alone
        return None

    def _name(self, track: int | None) -> tuple[str | None, str | None]:
        """Title and artist, where the library has the track."""
        found = [] if track is None else self._library.brief([track])
        return (found[0].title, found[0].artist) if found else (None, None)

    def _hurry(self, path: str) -> None:
        try:
            self._library.raise_priority(path, ASKED)
        except SegueError as error:  # nobody waits for this: the file is analysed later
            _log.warning("%s is not analysed first: %s", path, error)
        self._indexer.wake()
