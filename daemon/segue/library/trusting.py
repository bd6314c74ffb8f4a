"""The part of the library that knows whom to believe: values that are set, and doubts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from segue.analysis.result import Probe
from segue.errors import TrackNotFoundError
from segue.library import doubts, files, paths, tracks, values
from segue.library.connection import Database
from segue.library.files import FileStat
from segue.protocol.messages import Doubt


class Trusting:
    """What `Library` can do about values and their sources; its methods may be called from any thread."""

    _database: Database

    def set_value(
        self, track_id: int, name: str, value: float | str, source: str, confidence: float | None = None
    ) -> None:
        """Store ``bpm``, ``key`` or ``energy`` as a source (``user``, ``dj``) says; other sources' values are kept.

        Raises:
            InvalidParamsError: no such name, source or value.
            TrackNotFoundError: there is no such track.

        """
        with self._database.writing() as db:
            _refuse_unknown(db, track_id)
            values.put(db, track_id, name, value, source, confidence=confidence)
            values.settle(db, track_id)

    def set_values(
        self, track_id: int, said: Mapping[str, float | str], source: str, clear: Collection[str] = ()
    ) -> None:
        """Store some values as a source says, and take others of it away, all of them or none. Errors as with `set_value`."""
        with self._database.writing() as db:
            _refuse_unknown(db, track_id)
            for name in clear:
                values.remove(db, track_id, name, source)
            for name, value in said.items():
                values.put(db, track_id, name, value, source)
            values.settle(db, track_id)

    def take_over(self, said: Iterable[tuple[int, str, float | str, str]]) -> list[int]:
        """Store values (track, name, value, source), all of them or none; returns the tracks of which something was new.

        What the user has said before holds: another value in the user's name is stored as the DJ program's.

        Raises:
            InvalidParamsError: no such name, source or value.

        """
        with self._database.writing() as db:
            changed = {track for track, name, value, source in said if values.adopt(db, track, name, value, source)}
            for track in changed:
                values.settle(db, track)
        return sorted(changed)

    def doubtful(self, about: Collection[str] = ()) -> list[int]:
        """Return the tracks that somebody should look at, for ``bpm``, ``key`` or ``energy`` (all of them without `about`)."""
        with self._database.reading() as db:
            return doubts.find(db, about)

    def doubts(self, ids: Sequence[int]) -> dict[int, list[Doubt]]:
        """Return what is doubtful of each of some tracks; those without a doubt are left out."""
        wanted = json.dumps(list(ids))
        with self._database.reading() as db:
            return doubts.of_tracks(db, wanted, values.of_tracks(db, wanted))

    def identity(self, track_id: int) -> str:
        """Return the hash of a track's audio. TrackNotFoundError when there is no such track."""
        with self._database.reading() as db:
            _refuse_unknown(db, track_id)
            return str(db.execute("SELECT identity FROM tracks WHERE id = ?", (track_id,)).fetchone()[0])

    def present_files(self, track_id: int) -> list[str]:
        """Return the paths of a track's present copies."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT path FROM files WHERE track_id = ? AND state <> 'missing' ORDER BY path", (track_id,)
            )
            return [paths.restored(row[0]) for row in rows]

    def wrote_tags(self, path: str, stat: FileStat, probe: Probe, ours: Mapping[str, float]) -> int | None:
        """Take over a file whose tags we have just written: nobody need look at it again.

        Args:
            path: the file.
            stat: its size and mtime now.
            probe: what it says of itself now; the recording is the one that it was.
            ours: confidence by name of the values that are our own estimates.

        Returns:
            The track, or None when the file holds another one meanwhile: the next scan looks at it.

        """
        with self._database.writing() as db:
            row = files.get(db, path)
            found = tracks.find(db, probe.identity)
            if row is None or found is None or row.track_id != found[0]:
                return None
            files.restat(db, stat)
            tracks.retag(db, found[0], path, probe.tags)
            for name, confidence in ours.items():
                values.mark_written(db, found[0], name, confidence)
            values.settle(db, found[0])
        return found[0]


def _refuse_unknown(db: sqlite3.Connection, track_id: int) -> None:
    if db.execute("SELECT 1 FROM tracks WHERE id = ?", (track_id,)).fetchone() is None:
        raise TrackNotFoundError(f"There is no track #{track_id}: `segue search` finds tracks and their numbers.")
