"""The part of the library that learns from what is played, and forgets it on demand."""

from __future__ import annotations

import time
from collections.abc import Sequence

from segue.library import matching, memory, opinions, plays, recall
from segue.library.connection import Database, erasing
from segue.library.matching import Wanted
from segue.library.memory import Learned, PairRow
from segue.library.opinions import OpinionRow
from segue.library.plays import Nights
from segue.library.recall import Forget
from segue.protocol.messages import Forgotten, MemoryPage, Opinion, Play


class Learning:
    """What `Library` can do about plays, transitions and opinions; its methods may be called from any thread."""

    _database: Database

    # Plays ------------------------------------------------------------------------------------------------------

    def add_play(self, track_id: int, at: float, source: str) -> Play:
        """Remember that a track was played at a time (Unix seconds), and what it followed.

        Raises:
            TrackNotFoundError: there is no such track.

        """
        with self._database.writing() as db:
            return plays.add(db, track_id, at, source)

    def undo_play(self, track_id: int | None) -> Play:
        """Take the last play back, or the last play of a track, with what was learned from it.

        Raises:
            TrackNotFoundError: there is no such play.

        """
        with self._database.writing() as db:
            return plays.undo(db, track_id)

    def plays(self, limit: int) -> list[Play]:
        """Return the last plays, latest first."""
        with self._database.reading() as db:
            return plays.latest(db, limit)

    def plays_since(self, at: float) -> list[Play]:
        """Return the plays from a time on, oldest first."""
        with self._database.reading() as db:
            return plays.since(db, at)

    def start_night(self, at: float) -> None:
        """Begin a night at a time, Unix seconds."""
        with self._database.writing() as db:
            plays.start_night(db, at)

    def nights(self, gap: float) -> Nights:
        """Return the last night and the one before; so many seconds of silence, or a command, part two nights."""
        with self._database.reading() as db:
            return plays.nights(db, gap)

    # Transitions ------------------------------------------------------------------------------------------------

    def add_blend(self, from_id: int, to_id: int, at: float, seconds: float | None) -> None:
        """Learn that one track followed another on the decks, both heard for so many seconds (None: unknown)."""
        with self._database.writing() as db:
            memory.add_blend(db, from_id, to_id, at, seconds)

    def add_thrown_out(self, from_id: int, to_id: int, at: float) -> None:
        """Learn that a track was tried after another and taken off at once."""
        with self._database.writing() as db:
            memory.add_thrown_out(db, from_id, to_id, at)

    def add_taken(self, from_id: int, to_id: int, at: float) -> None:
        """Learn that a track was put on a deck that had been suggested after another."""
        with self._database.writing() as db:
            memory.add_taken(db, from_id, to_id, at)

    def learned_pairs(self) -> list[PairRow]:
        """Return what is known of pairs of tracks, summed up."""
        with self._database.reading() as db:
            return memory.pairs(db)

    def match(self, wanted: Sequence[Wanted]) -> list[int | None]:
        """Find the tracks that another program calls by path, file name, or artist and title; None where there is none."""
        with self._database.reading() as db:
            return matching.find(db, wanted)

    def learn(
        self, path: str, kind: str, counts: tuple[int, int, int], history: list[Learned], playlists: list[Learned]
    ) -> tuple[int, int]:
        """Learn from a file of another program; what is known already is not learned twice.

        Args:
            path: the file.
            kind: its format.
            counts: sets in it, their tracks, and how many of them the library has.
            history: what was played in this order.
            playlists: what was only put into this order.

        Returns:
            The import's number, and how many transitions were new.

        """
        with self._database.reading() as db:  # all that takes time is done before the others have to wait
            found = memory.news(db, history, playlists)
        with self._database.writing() as db, erasing(db):
            number = recall.add_import(db, path, kind, *counts)
            return number, memory.add_news(db, number, found)

    # Opinions ---------------------------------------------------------------------------------------------------

    def rate(self, track_id: int, after_id: int | None, liked: bool | None) -> Opinion:
        """Remember that a track is liked or not, always or after another; None forgets it.

        Raises:
            TrackNotFoundError: there is no such track, or no opinion to forget.

        """
        with self._database.writing() as db:
            return opinions.put(db, track_id, after_id, liked, time.time())

    def opinions(self) -> list[OpinionRow]:
        """Return all opinions."""
        with self._database.reading() as db:
            return opinions.every(db)

    # What is known, and forgetting it ---------------------------------------------------------------------------

    def memory_page(self, track_id: int | None, limit: int, offset: int) -> MemoryPage:
        """Return what was learned, of all tracks or of one. TrackNotFoundError when there is no such track."""
        with self._database.reading() as db:
            return recall.page(db, track_id, limit, offset)

    def forget_learned(self, what: Forget) -> Forgotten:
        """Forget what was learned; nothing of it can be read in the file then.

        Raises:
            InvalidParamsError: nothing was named, or no such source.
            TrackNotFoundError: there is no such import.

        """
        with self._database.writing() as db, erasing(db):
            forgotten = recall.forget(db, what)
        self._database.empty_log()
        return forgotten

    @property
    def is_log_to_empty(self) -> bool:
        """What was forgotten may still lie in the write-ahead log, for somebody was reading: `empty_log` is to be called again."""
        return self._database.is_log_to_empty

    def empty_log(self) -> None:
        """Take what was forgotten out of the write-ahead log, unless somebody reads for longer than a moment."""
        self._database.empty_log()
