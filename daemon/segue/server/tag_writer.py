"""Writes values that hold into the tags of files: a worker makes the copy, and only here it takes the file's place.

A file is either as it was or whole with its new tags, whatever happens: the copy is on the disk and compared with the file
before one rename puts it there. The library is told at once, so that no scan need look at the file again.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from segue.analysis.pool import AnalysisPool
from segue.audio.tag_writing.guard import as_tags_error, look
from segue.audio.tag_writing.plan import TagOutcome, TagRequest
from segue.errors import (
    FileChangedError,
    FileInUseError,
    FileMissingError,
    LibraryError,
    PathNotAllowedError,
    SegueError,
    TrackNotReadyError,
)
from segue.library.files import FileRow, FileStat, is_renewed
from segue.library.paths import shown
from segue.library.store import Library
from segue.library.values import SURE
from segue.protocol.messages import TagWrite, Track, Value, WriteTagsParams
from segue.server.decks import Decks
from segue.server.mirror import Mirror
from segue.server.unfinished import Unfinished

_log = logging.getLogger(__name__)

NAMES: Final = ("bpm", "key", "energy")


class TagWriter:
    """Writes one file after another; called by one thread alone, which it keeps waiting."""

    def __init__(
        self, library: Library, pool: AnalysisPool, decks: Decks, mirror: Mirror, unfinished: Unfinished
    ) -> None:
        self._library = library
        self._pool = pool
        self._decks = decks
        self._mirror = mirror
        self._unfinished = unfinished

    def tidy(self) -> None:
        """Delete the copies that a killed daemon has left. What goes wrong is tried again at the next start."""
        try:
            self._unfinished.tidy()
        except OSError as error:
            _log.warning("copies that were left behind could not be looked for: %s", error)

    def write(self, track_id: int, paths: Sequence[str], params: WriteTagsParams) -> list[TagWrite]:
        """Write the values of a track into files of it; one that cannot be written does not hold up the others."""
        track = self._library.track(track_id)
        found = []
        for path in paths:
            try:
                found.append(self._write(track, path, params))
            except SegueError as error:
                _log.warning("tags of %s: %s (%s)", path, error, error.code)
                found.append(TagWrite(path=shown(path), state="failed", code=error.code, message=str(error)))
        return found

    def _write(self, track: Track, path: str, params: WriteTagsParams) -> TagWrite:
        row = self._allowed(track.id, path)
        file = Path(path)
        try:
            copy = self._unfinished.begin(file)
        except OSError as error:
            raise LibraryError(f"Segue cannot write into its own folder ({error}): `segue doctor`.") from error
        try:
            request = _request(track, row, copy, params, self._library.identity(track.id))
            outcome = self._pool.retag(file, request).result()
            if outcome.probe is None:
                return _told(path, outcome, "planned" if params.dry_run and outcome.texts else "unchanged")
            self._replace(track.id, row, copy)
        finally:
            with suppress(OSError):
                self._unfinished.end(copy)
        self._take_over(track, path, outcome)
        return _told(path, outcome, "written")

    def _allowed(self, track_id: int, path: str) -> FileRow:
        """The library's row of a file that may be written; raises the SegueError that says why not."""
        row = self._library.file(path)
        if row is None or row.state == "missing":
            raise FileMissingError(f"{shown(path)} is not there: it was moved or deleted.")
        real = Path(os.path.realpath(Path(path).parent))
        if not any(real.is_relative_to(os.path.realpath(folder)) for folder in self._library.folders()):
            raise PathNotAllowedError(f"{shown(path)} is below no watched folder: Segue writes nowhere else.")
        _refuse_unknown(row, track_id)
        self._refuse_playing(track_id, path)
        return row

    def _refuse_playing(self, track_id: int, path: str) -> None:
        if any(deck.playing and (deck.path == path or deck.track == track_id) for deck in self._decks.all()):
            raise FileInUseError(f"{shown(path)} is playing: its tags are left alone until it is not.")

    def _replace(self, track_id: int, row: FileRow, copy: Path) -> None:
        """Let the copy take the file's place, if that is still what it was and nobody has begun to play it."""
        file = Path(row.path)
        self._refuse_playing(track_id, row.path)
        try:
            look(file, row.size, row.mtime_ns)
            copy.replace(file)
        except PermissionError as error:
            if sys.platform == "win32":
                raise FileInUseError(f"{file.name} is held by another program: close it there first.") from error
            raise as_tags_error(file, error) from error
        except OSError as error:
            raise as_tags_error(file, error) from error
        _flush_folder(file.parent)

    def _take_over(self, track: Track, path: str, outcome: TagOutcome) -> None:
        """Tell the library. When it cannot be told now, the next scan finds the file changed and reads its tags."""
        assert outcome.probe is not None
        ours = {
            name: _confidence(track, name) or 1.0
            for name in outcome.texts
            if _source(track.sources.get(name, [])) == "segue"
        }
        try:
            status = Path(path).stat()
            stat = FileStat(path, status.st_size, status.st_mtime_ns)
            if self._library.wrote_tags(path, stat, outcome.probe, ours) is not None:
                self._mirror.refresh([track.id])
        except (OSError, SegueError) as error:
            _log.warning("the library was not told of the new tags of %s: %s", path, error)


def _refuse_unknown(row: FileRow, track_id: int) -> None:
    """Raise the SegueError that says why nothing sure is known of a file.

    One that only waits for a newer version of the analysis, maybe for days, is as well known as it was before.
    """
    if row.track_id == track_id and (row.state == "indexed" or is_renewed(row)):
        return
    if row.state == "failed":
        raise TrackNotReadyError(f"{shown(row.path)} could not be analysed ({row.error_code}): `segue failures`.")
    if row.track_id is None:
        raise TrackNotReadyError(f"{shown(row.path)} waits for its analysis: `segue status` says how many do.")
    raise FileChangedError(
        f"{shown(row.path)} has changed or was moved since Segue looked at it: `segue status` says how many files wait."
    )


def _request(track: Track, row: FileRow, copy: Path, params: WriteTagsParams, identity: str) -> TagRequest:
    held: Mapping[str, float | str | None] = {"bpm": track.bpm, "key": track.key, "energy": track.energy}
    values, skipped, overwrite = dict[str, float | str](), dict[str, str](), list[str]()
    for name in params.values or NAMES:
        value, known = held[name], track.sources.get(name, [])
        sure = _source(known) != "segue" or name == "energy" or (_confidence(track, name) or 0.0) >= SURE
        if value is None:
            skipped[name] = "unknown"
        elif not sure and not params.unsure:
            skipped[name] = "unsure"
        else:
            values[name] = value
        if params.overwrite or any(one.source == "file" and one.confidence is not None for one in known):
            overwrite.append(name)  # what we wrote ourselves earlier may be replaced without a word
    return TagRequest(
        copy=os.fsencode(copy),
        identity=identity,
        size=row.size,
        mtime_ns=row.mtime_ns,
        values=values,
        skipped=skipped,
        overwrite=overwrite,
        notation=params.notation,
        dry_run=params.dry_run,
    )


def _source(values: Sequence[Value]) -> str:
    return values[0].source if values else ""


def _confidence(track: Track, name: str) -> float | None:
    return {"bpm": track.bpm_confidence, "key": track.key_confidence}.get(name)


def _told(path: str, outcome: TagOutcome, state: str) -> TagWrite:
    return TagWrite(path=shown(path), state=state, changes=outcome.changes)


def _flush_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
