"""`deck.*` and `session.*`: what is on the decks, what was played."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path

from segue.errors import SegueError, TrackNotFoundError, TrackNotReadyError
from segue.library.store import Library
from segue.protocol.messages import Deck, DeckList, DeckParams, LimitParams, Nothing, Play, PlayList, TrackParams
from segue.server.decks import Decks
from segue.server.handlers.references import References
from segue.server.indexer import ASKED, Indexer
from segue.server.router import Origin

_log = logging.getLogger(__name__)


class PlayingHandlers:
    """Decks and plays. What writes to the library may wait for a long write, and so has another thread than questions."""

    def __init__(
        self,
        library: Library,
        references: References,
        decks: Decks,
        indexer: Indexer,
        publish: Callable[[str, dict[str, object]], None],
        executor: Executor,
    ) -> None:
        self._library = library
        self._references = references
        self._decks = decks
        self._indexer = indexer
        self._publish = publish
        self._executor = executor

    def update(self, params: DeckParams, origin: Origin) -> Deck:
        """Take a shim's word for what a deck holds; an unanalysed file on a deck is analysed first."""
        del origin
        deck = self._decks.update(
            Deck(
                deck=params.deck,
                path=params.path,
                track=self._track(params.path),
                playing=params.playing,
                rate=params.rate,
                keylock=params.keylock,
                client=params.client,
            )
        )
        self._indexer.wake()
        self._publish(
            "deck.changed",
            {"deck": deck.deck, "path": deck.path, "track": deck.track, "playing": deck.playing, "rate": deck.rate},
        )
        return deck

    def decks(self, params: Nothing, origin: Origin) -> DeckList:
        """What is on the decks."""
        del params, origin
        return DeckList(decks=self._decks.all())

    def mark_played(self, params: TrackParams, origin: Origin) -> Play | Future[Play]:
        """Remember that a track was played now."""
        del origin
        return self._references.use(params.track, lambda track: self._executor.submit(self._played, track))

    def _played(self, track: int) -> Play:
        play = self._library.add_play(track, time.time(), "user")
        self._publish("play.added", {"track": play.track, "title": play.title, "artist": play.artist, "at": play.at})
        return play

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

    def _hurry(self, path: str) -> None:
        try:
            self._library.raise_priority(path, ASKED)
        except SegueError as error:  # nobody waits for this: the file is analysed later
            _log.warning("%s is not analysed first: %s", path, error)
        self._indexer.wake()
