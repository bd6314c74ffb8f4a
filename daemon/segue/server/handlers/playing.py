"""`deck.*` and `session.*`: what is on the decks, what was played."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future

from segue.errors import TrackNotFoundError, TrackNotReadyError
from segue.library.store import Library
from segue.protocol.messages import Deck, DeckList, DeckParams, LimitParams, Nothing, Play, PlayList, TrackParams
from segue.server.decks import Decks
from segue.server.handlers.references import References
from segue.server.indexer import ASKED, Indexer
from segue.server.router import Origin


class PlayingHandlers:
    """Decks and plays."""

    def __init__(
        self,
        library: Library,
        references: References,
        decks: Decks,
        indexer: Indexer,
        publish: Callable[[str, dict[str, object]], None],
    ) -> None:
        self._library = library
        self._references = references
        self._decks = decks
        self._indexer = indexer
        self._publish = publish

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
        return self._references.use(params.track, self._played)

    def _played(self, track: int) -> Play:
        play = self._library.add_play(track, time.time(), "user")
        self._publish("play.added", {"track": play.track, "title": play.title, "artist": play.artist, "at": play.at})
        return play

    def history(self, params: LimitParams, origin: Origin) -> PlayList:
        """What was played, latest first."""
        del origin
        return PlayList(plays=self._library.plays(params.limit))

    def _track(self, path: str | None) -> int | None:
        if path is None:
            return None
        try:
            return self._library.resolve(path)
        except TrackNotReadyError:
            self._library.raise_priority(path, ASKED)
        except TrackNotFoundError:
            pass  # not from a watched folder: the deck is known by its path alone
        return None
