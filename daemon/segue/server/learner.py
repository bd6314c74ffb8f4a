"""What was learned, in memory, and kept in step with the library: the memory, the night, and what the decks tell."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from typing import Final

from segue.errors import SegueError
from segue.library.memory import Learned
from segue.library.recall import Forget
from segue.library.store import Library
from segue.protocol.messages import Deck, Forgotten, Opinion, Play, Suggestions
from segue.recommend.catalogue import Snapshot
from segue.recommend.memory import Memory, Transition
from segue.recommend.memory import Opinion as Liking
from segue.server.night import NightKeeper
from segue.server.witness import AGAIN_SECONDS, Blended, Fact, PlayedOnDeck, Taken, Witness

_log = logging.getLogger(__name__)

_LOOKED_AT: Final = 20
"""Of each list: what stands further down is loaded for other reasons."""


class Learner:
    """Remembers what is played and liked. What writes runs in one thread of its own; reading `memory` never waits."""

    def __init__(
        self,
        library: Library,
        night: NightKeeper,
        snapshot: Callable[[], Snapshot],
        publish: Callable[[str, dict[str, object]], None],
        one_by_one: Executor,
    ) -> None:
        """Read what was learned.

        Args:
            library: where all of it is kept.
            night: told of every play.
            snapshot: the tracks in memory, in which the learned ones are looked up ahead of the first question.
            publish: takes an event's name and data.
            one_by_one: one thread, in which all writing is done in the order in which it was asked for.

        """
        self._library = library
        self.night = night
        """What was played tonight."""
        self._snapshot = snapshot
        self._publish = publish
        self._one_by_one = one_by_one
        self._witness = Witness()
        self._watching = threading.Lock()
        self._reading = threading.Lock()
        self._memory = Memory.empty()
        self.reload()

    @property
    def memory(self) -> Memory:
        """What was learned; it never changes, another one takes its place."""
        return self._memory

    def reload(self) -> None:
        """Make the memory anew from the library."""
        with self._reading:
            pairs = [Transition(*row) for row in self._library.learned_pairs()]
            memory = Memory.of(pairs, [Liking(*row) for row in self._library.opinions()])
            memory.warm(self._snapshot())
            self._memory = memory

    # Decks ----------------------------------------------------------------------------------------------------------

    def deck(self, deck: Deck) -> None:
        """Take a deck's word; what follows from it is written soon."""
        with self._watching:
            self._conclude(self._witness.deck(deck))

    def offer(self, shown: Suggestions) -> None:
        """Remember what is suggested after a track: what of it is loaded soon was taken."""
        if shown.seed.id is None:
            return
        lists = (shown.suggestions, *(lane.suggestions for lane in shown.lanes))
        tracks = {one.id for suggestions in lists for one in suggestions[:_LOOKED_AT]}
        with self._watching:
            self._witness.offer(shown.seed.id, tracks, time.time())

    def tick(self, now: float) -> None:
        """Let time go on: call it every few seconds."""
        try:
            with self._watching:
                self._conclude(self._witness.tick(now))
            if self._library.is_log_to_empty:
                self._one_by_one.submit(self._library.empty_log)
        except Exception:  # noqa: BLE001 - the daemon must not end for want of a conclusion
            _log.exception("an unexpected error about the decks; it goes on")

    def _conclude(self, facts: Sequence[Fact]) -> None:
        if facts:
            self._one_by_one.submit(self._write, facts)

    def _write(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            try:
                self._write_one(fact)
            except SegueError as error:  # nobody waits for this: the track was removed, or the disk is full
                _log.warning("what a deck told is not remembered: %s", error)
        self._changed()

    def _write_one(self, fact: Fact) -> None:
        if isinstance(fact, PlayedOnDeck):
            # The witness forgets when the daemon is started again; the library does not.
            if self._plays_near(fact.track, fact.at):
                return
            self._tell("play.added", self._library.add_play(fact.track, fact.at, "deck"))
        elif isinstance(fact, Blended):
            self._library.add_blend(fact.from_id, fact.to_id, fact.at, fact.seconds)
        elif isinstance(fact, Taken):
            self._library.add_taken(fact.from_id, fact.to_id, fact.at)
        else:
            self._library.add_thrown_out(fact.from_id, fact.to_id, fact.at)

    # Plays ----------------------------------------------------------------------------------------------------------

    def play(self, track: int, at: float) -> Future[Play]:
        """Remember that somebody says that a track was played; what a deck told of already is that play."""
        with self._watching:
            self._witness.announce(track, at)
        return self._one_by_one.submit(self._play, track, at)

    def _plays_near(self, track: int, at: float) -> list[Play]:
        plays = self._library.plays_since(at - AGAIN_SECONDS)
        return [play for play in plays if play.track == track and play.at <= at + AGAIN_SECONDS]

    def _play(self, track: int, at: float) -> Play:
        for told in self._plays_near(track, at):
            if told.source == "deck":
                return told
        play = self._library.add_play(track, at, "user")
        self._changed()
        self._tell("play.added", play)
        return play

    def undo_play(self, track: int | None) -> Future[Play]:
        """Take the last play back, or the last one of a track."""
        return self._one_by_one.submit(self._undo, track)

    def _undo(self, track: int | None) -> Play:
        play = self._library.undo_play(track)
        with self._watching:
            self._witness.forget(play.track)
        self._changed()
        self._tell("play.removed", play)
        return play

    def new_night(self, at: float) -> Future[None]:
        """Begin a night."""
        return self._one_by_one.submit(self._new_night, at)

    def _new_night(self, at: float) -> None:
        self._library.start_night(at)
        self.night.reload()
        self._publish("night.started", {"at": at})

    # Opinions, lessons, forgetting ----------------------------------------------------------------------------------

    def rate(self, track: int, after: int | None, liked: bool | None) -> Future[Opinion]:
        """Remember an opinion; None takes it back."""
        return self._one_by_one.submit(self._rate, track, after, liked)

    def _rate(self, track: int, after: int | None, liked: bool | None) -> Opinion:
        opinion = self._library.rate(track, after, liked)
        self._changed()
        return opinion

    def learn(
        self, path: str, kind: str, counts: tuple[int, int, int], history: list[Learned], playlists: list[Learned]
    ) -> tuple[int, int]:
        """Learn from a file, in this thread; see `Library.learn`."""
        learned = self._library.learn(path, kind, counts, history, playlists)
        self._changed()
        return learned

    def forget(self, what: Forget) -> Future[Forgotten]:
        """Forget what was learned."""
        return self._one_by_one.submit(self._forget, what)

    def _forget(self, what: Forget) -> Forgotten:
        forgotten = self._library.forget_learned(what)
        self._changed()
        return forgotten

    def _changed(self) -> None:
        self.reload()
        self.night.reload()
        self._publish("memory.changed", {"pairs": self._memory.pairs})

    def _tell(self, name: str, play: Play) -> None:
        self._publish(
            name,
            {"track": play.track, "title": play.title, "artist": play.artist, "at": play.at, "source": play.source},
        )
