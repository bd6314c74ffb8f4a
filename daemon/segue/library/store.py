"""The library: the public face of this package."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from segue.analysis.result import ANALYSIS, Probe, TrackAnalysis
from segue.errors import ModelMissingError, SegueError, TrackNotReadyError
from segue.library import (
    crates,
    details,
    files,
    folder_list,
    folders,
    generation,
    load,
    models,
    resolve,
    search,
    tracks,
    work_keys,
)
from segue.library.arranging import Arranging
from segue.library.columns import Columns
from segue.library.connection import Database, damaged
from segue.library.details import MixPoints
from segue.library.files import Enqueued, FileRow, FileStat
from segue.library.learning import Learning
from segue.library.places import NOWHERE
from segue.library.renewing import Renewing
from segue.library.settling import Settling
from segue.library.tracks import Brief
from segue.library.trusting import Trusting
from segue.library.vocabulary import Vocabulary
from segue.library.works import Works
from segue.protocol.messages import Counts, FileFailure, Track

T = TypeVar("T")

_BULK: Final = 4000
"""Files written in one transaction, so that a bulk never holds an analysis up for long."""


class Library(Arranging, Learning, Renewing, Settling, Trusting, Works):
    """Everything that Segue knows, in one SQLite file.

    Safe to use from any thread: writes wait for one another, reads wait for nothing. What must not be lost (analyses,
    values, plays, folders) is on the disk when the call returns; the queue, which a scan finds again, may lag behind a
    power cut. Every method may raise LibraryError's subclasses: DiskFullError, LibraryDamagedError, HomeNotWritableError.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the library file.

        Raises:
            LibraryTooNewError: a newer version wrote it.
            LibraryDamagedError: it is damaged, or not a library.
            HomeNotWritableError: it, or its folder, cannot be written.
            DiskFullError: there is no room.

        """
        self._database = Database(path)
        self._words = load.Words(Vocabulary(""), Vocabulary(NOWHERE))
        try:
            work_keys.fill(self._database)
            with self._database.reading() as db:
                self._model = models.current(db)
                self._crate_ids = crates.ids(db)
            self._next = None
            self._copy_folder_list(even_if_empty=False)
        except ValueError as error:
            self._database.close()
            raise damaged(path) from error
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close the file; what is asked afterwards raises ShuttingDownError."""
        self._database.close()

    @property
    def trouble(self) -> str | None:
        """Why not all of the library can be read, once that was met; what can be is rescued by the next start."""
        return self._database.trouble

    def check(self) -> None:
        """Look through the whole file, for seconds when it is large. LibraryDamagedError when anything is wrong in it."""
        with self._database.writing() as db:
            found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            db.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 0)")
        if found != "ok":
            raise damaged(self._database.path)

    def generation(self) -> int:
        """Return a number that grows whenever the set of vectors in `columns` changes."""
        with self._database.reading() as db:
            return generation.read(db)

    # Folders ----------------------------------------------------------------------------------------------------

    def add_folder(self, path: Path) -> None:
        """Watch a folder."""
        with self._database.writing() as db:
            folders.add(db, path)
        self._copy_folder_list()

    def remove_folder(self, path: Path) -> list[int]:
        """Stop watching a folder and forget its files unless another folder covers them.

        What is known of their tracks stays under its identity: added again, they need no analysis.

        Returns:
            The tracks that were in those files.

        Raises:
            FolderNotFoundError: the folder is not watched.

        """
        with self._database.writing() as db:
            removed = folders.remove(db, path)
            if removed:
                generation.grow(db)
        self._copy_folder_list()
        return removed

    def folders(self) -> list[Path]:
        """Return the watched folders."""
        with self._database.reading() as db:
            return folders.every(db)

    def _copy_folder_list(self, *, even_if_empty: bool = True) -> None:
        watched = self.folders()
        if watched or even_if_empty:
            folder_list.write(self._database.path, watched, self.private_folders())

    # Files and the queue ----------------------------------------------------------------------------------------

    def file(self, path: str) -> FileRow | None:
        """Return what is known of one file."""
        with self._database.reading() as db:
            return files.get(db, path)

    def files_under(self, folder: str | Path) -> dict[str, FileRow]:
        """Return all known files below a folder by path, the missing ones among them."""
        return {row.path: row for row in self.each_file_under(folder)}

    def each_file_under(self, folder: str | Path) -> Iterator[FileRow]:
        """Go through all known files below a folder, one at a time: a hundred thousand are never in memory together."""
        with self._database.reading() as db:
            yield from files.under(db, str(folder))

    def count_under(self, folder: str | Path) -> int:
        """Count the files below a folder that are there."""
        with self._database.reading() as db:
            return files.count_under(db, str(folder))

    def enqueue(self, path: str, size: int, mtime_ns: int, priority: int = 0) -> bool:
        """Queue a file for analysis; False when it is known with this size and mtime."""
        return self.enqueue_many([FileStat(path, size, mtime_ns)], priority).queued > 0

    def enqueue_many(self, found: Iterable[FileStat], priority: int = 0) -> Enqueued:
        """Queue what is new or changed among some files; bring back at once what was missing and is unchanged."""
        queued, returned = 0, list[int]()
        for batch in _batches(found):
            with self._database.writing(durable=False) as db:
                result = files.enqueue(db, batch, priority, self._model_row())
            queued += result.queued
            returned += result.returned
        return Enqueued(queued, returned)

    def move_many(self, pairs: Iterable[tuple[str, str]]) -> int:
        """Follow files from old paths to new ones: their tracks stay present while the next probe confirms them."""
        moved = 0
        for batch in _batches(pairs):
            with self._database.writing(durable=False) as db:
                moved += files.move(db, batch)
        return moved

    def raise_priority(self, path: str, priority: int) -> None:
        """Let a queued file be taken earlier."""
        with self._database.writing(durable=False) as db:
            files.raise_priority(db, path, priority)

    def take(self, limit: int, exclude: Collection[str] = ()) -> list[FileRow]:
        """Return the next files to analyse, highest priority and then newest first; they stay queued until stored."""
        with self._database.reading() as db:
            return files.take(db, limit, exclude)

    def known(self, identity: str) -> int | None:
        """Return the track with this audio, if it needs no analysis.

        That is when the current networks have heard it, or those that are to take over, with this version of the analysis.
        """
        with self._database.reading() as db:
            found = tracks.find(db, identity)
            sound = {model.id for model in (models.current(db), self._next) if model is not None}
        return found[0] if found is not None and found[1] in sound and found[2] >= ANALYSIS else None

    def attach(self, path: str, probe: Probe, as_of: FileRow | None = None) -> int | None:
        """Link a file to the track that its audio is, if the current networks have analysed it: nothing else to do.

        Args:
            path: the file.
            probe: what it says of itself; its tags are taken over.
            as_of: the row that `take` gave: a file that has changed since stays queued.

        Returns:
            The track, or None: the file needs an analysis.

        """
        track_id = self.known(probe.identity)
        if track_id is None:
            return None
        with self._database.writing() as db:
            held = files.get(db, path)
            concerned = {track_id, held.track_id if held else None}
            before = _in_columns(db, concerned)
            files.link(db, path, track_id, as_of)
            tracks.retag(db, track_id, path, probe.tags)
            if _in_columns(db, concerned) != before:
                generation.grow(db)
        return track_id

    def store(self, path: str, probe: Probe, analysis: TrackAnalysis, as_of: FileRow | None = None) -> int:
        """Store a file's analysis in one transaction, which is on the disk when this returns.

        Args:
            path: the file.
            probe: its identity and tags.
            analysis: what the analysis says of it.
            as_of: the row that `take` gave: a file that has changed since stays queued, one that is gone stays gone.

        Returns:
            The track. A file that held another one before (`as_of.track_id`) has left that one.

        Raises:
            ModelMissingError: no networks were named with `set_model`.
            ModelMismatchError: the analysis is not of the networks in use, or not sound.

        """
        with self._database.writing() as db:
            track_id = self._store(db, path, probe, analysis, as_of)
            generation.grow(db)
        return track_id

    def store_many(self, analysed: Iterable[tuple[str, Probe, TrackAnalysis]]) -> list[int]:
        """Store many analyses in one transaction; return their tracks. Errors as with `store`."""
        with self._database.writing() as db:
            track_ids = [self._store(db, path, probe, analysis, None) for path, probe, analysis in analysed]
            generation.grow(db)
        return track_ids

    def _store(
        self, db: sqlite3.Connection, path: str, probe: Probe, analysis: TrackAnalysis, as_of: FileRow | None
    ) -> int:
        if self._model is None:
            raise ModelMissingError("The library was not told which networks are in use: restart the daemon.")
        tracks.adopt(db, path, probe.identity)
        track_id = tracks.put(db, path, probe, analysis, self._of(analysis.model) or self._model)
        files.link(db, path, track_id, as_of)
        return track_id

    def fail(self, path: str, error: SegueError, as_of: FileRow | None = None) -> None:
        """Remember that a file could not be analysed. It is tried again when it changes."""
        with self._database.writing() as db:
            files.fail(db, path, error, as_of)

    def mark_missing(self, paths: Iterable[str]) -> list[int]:
        """Remember that files are not there now, keep all that is known; return the tracks that were in them."""
        return self._in_bulk(paths, files.mark_missing)

    def forget(self, paths: Iterable[str]) -> list[int]:
        """Delete files from the library; return the tracks left with no present file."""
        return self._in_bulk(paths, files.forget)

    def _in_bulk(self, paths: Iterable[str], step: files.BulkStep) -> list[int]:
        alone: set[int] = set()
        for batch in _batches(paths):
            with self._database.writing(durable=False) as db:
                alone.update(step(db, batch))
        return sorted(alone)

    def failures(self, limit: int) -> list[FileFailure]:
        """Return the files that could not be analysed, latest first."""
        with self._database.reading() as db:
            return files.failures(db, limit)

    def counts(self) -> Counts:
        """Count files and tracks by state."""
        with self._database.reading() as db:
            model = models.current(db)
            return files.counts(db, None if model is None else model.id)

    # Tracks -----------------------------------------------------------------------------------------------------

    def columns(self, ids: Sequence[int] | None = None) -> Columns:
        """Return the numbers of all tracks (or of some) that the current networks analysed and that have a file.

        A track whose files are all missing is among them, not present. One whose stored vector is damaged is left out and
        queued again.
        """
        with self._database.reading() as db:
            loaded = load.columns(db, self._model, ids, self._words)
        if loaded.unsound:
            with self._database.writing() as db:
                models.distrust(db, loaded.unsound)
                generation.grow(db)
        return loaded.columns

    def vector(self, track_id: int) -> npt.NDArray[np.float32]:
        """Return a track's vector, shape (dim,).

        Raises:
            TrackNotReadyError: the current networks have not analysed it.

        """
        with self._database.reading() as db:
            model = models.current(db)
            vector = None if model is None else tracks.vector(db, track_id, model)
        if vector is None:
            raise TrackNotReadyError(f"Track #{track_id} waits to be analysed: try again in a moment.")
        return vector

    def track(self, track_id: int) -> Track:
        """Return one track with all that is known of it.

        Raises:
            TrackNotFoundError: there is none.

        """
        with self._database.reading() as db:
            return tracks.one(db, track_id)

    def tracks(self, ids: Sequence[int]) -> list[Track]:
        """Return tracks in the order of their ids, without their details; unknown ids are left out."""
        with self._database.reading() as db:
            return tracks.read(db, ids)

    def brief(self, ids: Sequence[int]) -> list[Brief]:
        """Return the little of each track that a list of suggestions shows, in the order of the ids."""
        with self._database.reading() as db:
            return tracks.brief(db, ids)

    def mix_points(self, ids: Collection[int]) -> dict[int, MixPoints]:
        """Return where tracks are mixed in and out, by id, where that is known."""
        with self._database.reading() as db:
            return details.mix_points(db, ids)

    def resolve(self, ref: str) -> int:
        """Return the track that ``#12``, a path, or words mean.

        Raises:
            TrackNotFoundError: nothing matches.
            TrackNotReadyError: what matches is not analysed yet, or could not be.

        """
        with self._database.reading() as db:
            return resolve.track_id(db, ref, models.current(db))

    def search(self, text: str, limit: int) -> list[int]:
        """Return tracks by the words of title, artist, album, genre, comment and file name, best first."""
        with self._database.reading() as db:
            return search.find(db, text, limit)

    def _model_row(self) -> int | None:
        return None if self._model is None else self._model.id


def _in_columns(db: sqlite3.Connection, track_ids: Iterable[int | None]) -> list[bool]:
    return [tracks.standing(db, track_id) > 0 for track_id in sorted(i for i in track_ids if i is not None)]


def _batches(items: Iterable[T]) -> Iterable[list[T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, _BULK)):
        yield batch
