"""What can still be read of a damaged library, copied into a new one."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from segue import keys
from segue.errors import LibraryDamagedError
from segue.library import details, folder_list, names, paths, search, tracks, values
from segue.library.connection import Database
from segue.library.files import RENEWAL_PRIORITY
from segue.library.pages import Cell, PageFile, Row
from segue.library.remains import FOLDERS, IDENTITIES, MODELS, PLAY_TIMES, PLAY_TRACKS, Remains

_MADE_BY_HAND: Final = ("user", "dj")
_UNKNOWN_TITLE: Final = "Unknown track"
_UNKNOWN_SOURCE: Final = "unknown"
_NUMBERS_OF_TRACKS: Final = (
    (5, 0.0, 1.0),
    (7, 0.0, 1.0),
    (10, 0.0, 1e7),
    (12, -1e3, 1e3),
    (15, 0.0, 1e11),
    (16, 0.0, 1e11),
    (17, 0.0, 9999.0),
    (27, 0.0, 5.0),
)
"""Column, least and most: confidences, duration, loudness, the times, year and rating."""


class Rescued(NamedTuple):
    """What a new library has of a damaged one."""

    tracks: int
    """With their analysis."""
    files: int
    folders: int
    plays: int
    values: int
    """Of the user and of DJ programs."""
    lost: bool
    """Something is missing, or had to be put together from traces."""
    again: int
    """Files that wait for an analysis."""


def rescue(damaged: Path, fresh: Path) -> Rescued:
    """Make a new library of every row that can be read in a damaged one, whatever has happened to it.

    Rows that contradict the rest are left out. A track whose vector is lost is queued again. A track whose row is lost
    while plays or a user's values name it is kept, without an analysis, under the identity that an index still has for it.

    Args:
        damaged: the library, with its write-ahead log beside it; neither is changed. When the folders in it are not
            whole, the copy of their list beside it is used as well.
        fresh: where the new library is made; there is no file yet.

    Raises:
        DiskFullError, HomeNotWritableError: the new library cannot be written.
        LibraryDamagedError: the disk does not keep what is written to it.

    """
    with closing(Database(fresh)) as database, PageFile(damaged) as file, database.writing() as db:
        copy = _Copy(db, Remains(file, db))
        copy.everything(folder_list.read(damaged), folder_list.read_private(damaged))
        if (
            db.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok"
            or db.execute("PRAGMA foreign_key_check").fetchall()
        ):
            raise LibraryDamagedError(
                f"The disk does not keep what is written to {paths.shown(fresh)}: check it, or choose another folder "
                "with --home."
            )
        return copy.result()


class _Copy:
    """One rescue, table by table, in the order in which the tables refer to each other."""

    def __init__(self, db: sqlite3.Connection, remains: Remains) -> None:
        self._db = db
        self._remains = remains
        self._now = time.time()
        self._bytes_of_tags: dict[int, int] = {}
        self._bytes_of_vector: dict[int, int] = {}
        self._tracks: set[int] = set()
        self._dropped = False

    def everything(self, listed_folders: Iterable[Path], private_folders: Iterable[Path]) -> None:
        self._copy_models()
        self._copy_tracks()
        plays = self._read_plays()
        self._add_lost_tracks({play[1] for play in plays} | self._tracks_with_values())
        self._copy_vectors()
        self._copy_details()
        self._copy_files()
        self._copy_values()
        self._insert("plays", plays)
        self._copy_learned()
        self._copy_crates()
        self._copy_folders(listed_folders, private_folders)
        self._copy_meta()
        self._settle()
        self._index_words()

    def result(self) -> Rescued:
        def count(what: str) -> int:
            return int(self._db.execute(f"SELECT count(*) FROM {what}").fetchone()[0])

        return Rescued(
            tracks=count("tracks WHERE model_id IS NOT NULL"),
            files=count("files"),
            folders=count("folders"),
            plays=count("plays"),
            values=count("track_values WHERE source IN ('user', 'dj')"),
            lost=self._dropped or bool(self._remains.broken - {"words_content"}),
            again=count("files WHERE state = 'queued'"),
        )

    # Tables ---------------------------------------------------------------------------------------------------------

    def _copy_models(self) -> None:
        indexed = [(row[3], *row[:3]) for row in self._remains.rows(MODELS)]
        self._insert("models", (row for row in [*self._remains.rows("models"), *indexed] if _is_model(row)))
        for number, labels, dim in self._db.execute("SELECT id, labels, dim FROM models"):
            self._bytes_of_vector[number] = 4 * dim
            self._bytes_of_tags[number] = 2 * len(json.loads(labels))

    def _copy_tracks(self) -> None:
        sound = (row for row in self._remains.rows("tracks") if self._keep(_is_track(row)))
        # Standing is counted anew while files are added; networks that are not known any more gave nothing of use.
        self._insert(
            "tracks", ((*row[:2], row[2] if row[2] in self._bytes_of_vector else None, 0, *row[4:]) for row in sound)
        )
        self._tracks = {row[0] for row in self._db.execute("SELECT id FROM tracks")}

    def _read_plays(self) -> list[Row]:
        """All plays, those whose row is lost put together from the two indexes."""
        found = {row[0]: row for row in self._remains.rows("plays")}
        times = {row[1]: row[0] for row in self._remains.rows(PLAY_TIMES)}
        for track_id, play in self._remains.rows(PLAY_TRACKS):
            if play in times and play not in found:
                found[play] = (play, track_id, times[play], _UNKNOWN_SOURCE)
        return [row for row in found.values() if self._keep(isinstance(row[1], int) and row[1] > 0)]

    def _tracks_with_values(self) -> set[int]:
        return {
            row[0]
            for row in self._remains.rows("track_values")
            if row[2] in _MADE_BY_HAND and _is_value(row) and isinstance(row[0], int) and row[0] > 0
        }

    def _add_lost_tracks(self, wanted: set[object]) -> None:
        lost = sorted(number for number in wanted - self._tracks if isinstance(number, int))
        if not lost:
            return
        identities = {row[1]: row[0] for row in self._remains.rows(IDENTITIES)}
        words = {row[0]: row[1:6] for row in self._remains.rows("words_content")}
        for number in lost:
            title, artist, album, genre, comment = words.get(number, (None,) * 5)
            self._db.execute(
                """INSERT INTO tracks (id, identity, title, artist, album, genre, comment, artist_key, added_at,
                       analysed_at, features, bpm_alternatives, key_alternatives)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '{}', '[]', '[]')""",
                (
                    number,
                    self._free_identity(identities.get(number), number),
                    str(title or _UNKNOWN_TITLE),
                    *(None if text is None else str(text) for text in (artist, album, genre, comment)),
                    tracks.signed(names.artist_key(None if artist is None else str(artist))),
                    self._now,
                ),
            )
        self._tracks.update(lost)

    def _free_identity(self, identity: object, number: int) -> str:
        taken = self._db.execute("SELECT 1 FROM tracks WHERE identity = ?", (identity,)).fetchone()
        return identity if isinstance(identity, str) and identity and not taken else tracks.lost_identity(number)

    def _copy_vectors(self) -> None:
        made_with = dict(self._db.execute("SELECT id, model_id FROM tracks WHERE model_id IS NOT NULL"))
        sound = (row for row in self._remains.rows("vectors") if self._is_vector(row, made_with))
        self._insert("vectors", ((*row[:3], self._ends(row, made_with)) for row in sound))
        self._db.execute("UPDATE tracks SET model_id = NULL WHERE id NOT IN (SELECT track_id FROM vectors)")

    def _is_vector(self, row: Row, made_with: dict[int, int]) -> bool:
        track_id, vector, tags = row[:3]
        model = made_with.get(track_id) if isinstance(track_id, int) else None
        if model is None or not isinstance(vector, bytes) or not isinstance(tags, bytes):
            return False
        if len(vector) != self._bytes_of_vector[model] or len(tags) != self._bytes_of_tags[model]:
            return False
        probabilities = np.frombuffer(tags, "<f2")
        return bool(tracks.sound(np.frombuffer(vector, "<f4")[np.newaxis])[0] and np.isfinite(probabilities).all())

    def _ends(self, row: Row, made_with: dict[int, int]) -> Cell:
        """Head and tail, where there are any: whether they are sound is seen whenever they are read."""
        found = row[3] if len(row) > 3 else None
        model = made_with[row[0]] if isinstance(row[0], int) else None
        whole = isinstance(found, bytes) and model is not None and len(found) == self._bytes_of_vector[model]
        return found if whole else None

    def _copy_details(self) -> None:
        sound = (row for row in self._remains.rows("track_details") if row[0] in self._tracks)
        self._insert("track_details", (row for row in sound if self._keep(details.unpacked(row[1]) is not None)))
        self._db.execute("UPDATE tracks SET analysis = 0 WHERE id NOT IN (SELECT track_id FROM track_details)")

    def _copy_files(self) -> None:
        self._insert("files", self._sound_files())
        self._db.execute(
            """UPDATE files SET state = 'queued', priority = ? WHERE state = 'indexed'
               AND track_id IN (SELECT id FROM tracks WHERE model_id IS NULL)""",
            (RENEWAL_PRIORITY,),
        )

    def _sound_files(self) -> Iterator[Row]:
        for row in self._remains.rows("files"):
            path, _, size, mtime_ns, state, track_id, *rest = row
            if not (isinstance(path, bytes) and self._keep(_is_path(path))):
                continue
            if track_id not in self._tracks:
                if state == "missing":
                    continue
                track_id, state = None, "queued" if state == "indexed" else state
            yield (path, paths.shown(paths.restored(path)), size, mtime_ns, state, track_id, *rest)

    def _copy_values(self) -> None:
        rows = (row for row in self._remains.rows("track_values") if self._keep(_is_value(row)))
        self._insert("track_values", (row for row in rows if row[0] in self._tracks))

    def _copy_learned(self) -> None:
        """What was learned and said: rows of tracks that are lost go with them, for the next import brings them again."""
        self._insert("night_starts", self._remains.rows("night_starts"))
        self._insert("imports", self._remains.rows("imports"))
        self._insert("settings", (row for row in self._remains.rows("settings") if self._keep(_is_any_json(row[1]))))
        learned = self._remains.rows("transitions")
        self._insert("transitions", (row for row in learned if self._keep({row[1], row[2]} <= self._tracks)))
        said = self._remains.rows("opinions")
        self._insert("opinions", (row for row in said if self._keep(row[0] in self._tracks and row[2] in {-1, 1})))

    def _copy_crates(self) -> None:
        self._insert("crates", self._remains.rows("crates"))
        crates = {row[0] for row in self._db.execute("SELECT id FROM crates")}
        held = self._remains.rows("crate_tracks")
        self._insert("crate_tracks", (row for row in held if row[0] in crates and self._keep(row[1] in self._tracks)))

    def _copy_folders(self, listed: Iterable[Path], private: Iterable[Path]) -> None:
        indexed = [(row[0], self._now) for row in self._remains.rows(FOLDERS)]
        found = [*self._remains.rows("folders"), *indexed]
        self._insert("folders", (row for row in found if self._keep(_is_path(row[0]))))
        if "folders" in self._remains.broken:
            self._insert("folders", ((paths.stored(folder), self._now) for folder in listed))
            self._db.executemany(
                "UPDATE folders SET private = 1 WHERE path = ?", ((paths.stored(folder),) for folder in private)
            )

    def _copy_meta(self) -> None:
        found = {row[0]: row[1] for row in self._remains.rows("meta")}
        model = found.get("model")
        self._db.execute(
            "UPDATE meta SET value = ? WHERE name = 'model'", (model if model in self._bytes_of_vector else None,)
        )
        # Beyond every number that an index may have been saved with: it must not be taken for one of this library.
        before = found.get("generation")
        generation = max(int(self._now), before + 1 if isinstance(before, int) else 0)
        self._db.execute("UPDATE meta SET value = ? WHERE name = 'generation'", (generation,))
        self._db.execute(
            "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'tracks'", (self._remains.next_track,)
        )

    # What follows from the rows -------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Let values and tracks agree: a value that only the track still has was the user's if it was trusted fully."""
        for name in ("bpm", "key"):
            self._db.execute(
                f"""INSERT OR IGNORE INTO track_values
                    SELECT id, '{name}', CASE WHEN {name}_confidence = 1.0 THEN 'dj' ELSE 'segue' END, {name},
                        {name}_confidence, ? FROM tracks WHERE {name} IS NOT NULL AND NOT EXISTS
                        (SELECT 1 FROM track_values v WHERE v.track_id = id AND v.name = '{name}'
                         AND (v.source <> 'segue' OR v.value = {name} OR {name}_confidence IS NOT 1.0))""",
                (self._now,),
            )
        self._db.execute(
            """INSERT OR IGNORE INTO track_values
               SELECT id, 'energy', iif(EXISTS (SELECT 1 FROM track_values v WHERE v.track_id = id
                   AND v.name = 'energy'), 'dj', 'segue'), energy, NULL, ?
               FROM tracks WHERE energy IS NOT NULL AND NOT EXISTS
                   (SELECT 1 FROM track_values v WHERE v.track_id = id AND v.name = 'energy' AND v.value = energy)""",
            (self._now,),
        )
        for (number,) in self._db.execute("SELECT id FROM tracks WHERE analysed_at = 0").fetchall():
            values.settle(self._db, number)

    def _index_words(self) -> None:
        rows = self._db.execute(
            """SELECT id, title, (SELECT path FROM files WHERE track_id = tracks.id
                                  ORDER BY state = 'missing', state = 'queued', path LIMIT 1) FROM tracks"""
        ).fetchall()
        for number, title, stored in rows:
            path = paths.restored(stored or b"")
            if title == _UNKNOWN_TITLE and path:
                self._db.execute(
                    "UPDATE tracks SET title = ?, artist = ? WHERE id = ?", (*names.from_file_name(path), number)
                )
            search.write(self._db, number, path)

    def _insert(self, table: str, rows: Iterable[Row]) -> None:
        """Insert rows, of which later ones with the same key count for nothing; columns that are not in them default."""
        columns = [row[1] for row in self._db.execute(f"PRAGMA table_info({table})")]
        for length, alike in groupby(rows, key=len):
            named, marks = ", ".join(columns[:length]), ", ".join("?" * length)
            self._db.executemany(f"INSERT OR IGNORE INTO {table} ({named}) VALUES ({marks})", alike)

    def _keep(self, sound: bool) -> bool:
        self._dropped |= not sound
        return sound


def _is_model(row: Row) -> bool:
    number, name, labels, dim = row
    return isinstance(dim, int) and 0 < dim < 1 << 20 and bool(number) and bool(name) and _is_json(labels, list)


def _is_track(row: Row) -> bool:
    number, identity, bpm, key, camelot, energy = row[0], row[1], row[4], row[6], row[8], row[9]
    return (
        isinstance(number, int)
        and number > 0
        and bool(identity)
        and (bpm is None or (not isinstance(bpm, bytes) and values.is_sound("bpm", bpm)))
        and (energy is None or (not isinstance(energy, bytes) and values.is_sound("energy", energy)))
        and camelot == (-1 if key is None else keys.KEYS.index(str(key)) if key in keys.KEYS else None)
        and all(_within(row[at], low, high) for at, low, high in _NUMBERS_OF_TRACKS if at < len(row))
        and _is_json(row[23], dict)
        and _is_json(row[24], list)
        and _is_json(row[25], list)
    )


def _within(number: object, low: float, high: float) -> bool:
    return number is None or (isinstance(number, int | float) and low <= number <= high)


def _is_value(row: Row) -> bool:
    name, source, value = row[1:4]
    known = name in values.ALL_NAMES and source in values.SOURCES
    return known and isinstance(value, int | float | str) and values.is_sound(str(name), value)


def _is_path(path: object) -> bool:
    return isinstance(path, bytes) and b"\0" not in path and Path(paths.restored(path)).is_absolute()


def _is_any_json(text: object) -> bool:
    try:
        return isinstance(text, str) and json.loads(text) is not None
    except (ValueError, RecursionError):
        return False


def _is_json(text: object, kind: type) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), kind)
    except (ValueError, RecursionError):
        return False
