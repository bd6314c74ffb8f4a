"""Tracks: one row a recording, found by the hash of its audio stream."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue import keys
from segue.analysis.details import details as details_of
from segue.analysis.result import ANALYSIS, Embedding, FileTags, Probe, TrackAnalysis
from segue.errors import ModelMismatchError, TrackNotFoundError
from segue.library import details, doubts, ends, names, paths, places, search, values, work_keys
from segue.library.columns import UNIT_TOLERANCE
from segue.library.models import Model
from segue.protocol.messages import Track, Value

_LAST_YEAR: Final = 9999
_LOST: Final = "lost:"


def find(db: sqlite3.Connection, identity: str) -> tuple[int, int | None, int] | None:
    """Return the track with this identity, the model and the version of the analysis that heard it, or None."""
    found: tuple[int, int | None, int] | None = db.execute(
        "SELECT id, model_id, analysis FROM tracks WHERE identity = ?", (identity,)
    ).fetchone()
    return found


def put(db: sqlite3.Connection, path: str, probe: Probe, analysis: TrackAnalysis, model: Model) -> int:
    """Store a recording and its analysis, in place of an earlier analysis of the same recording.

    Raises:
        ModelMismatchError: the analysis was made with other networks, or its vector is not sound.

    """
    refuse_unsound(analysis, model)
    track_id = _put_row(db, probe, analysis, model)
    tags = np.array([analysis.tags.get(label, 0.0) for label in model.labels], dtype="<f2")
    db.execute(
        """INSERT INTO vectors VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
           SET vector = excluded.vector, tags = excluded.tags, ends = excluded.ends""",
        (track_id, analysis.vector.astype("<f4").tobytes(), tags.tobytes(), ends.packed(analysis)),
    )
    details.put(db, track_id, details_of(analysis))
    values.put_analysis(db, track_id, analysis)
    retag(db, track_id, path, probe.tags)
    return track_id


def refuse_unsound(heard: TrackAnalysis | Embedding, model: Model) -> None:
    """Raise ModelMismatchError when vectors were made with other networks than `model`, or are not sound."""
    vectors = (heard.vector, heard.head, heard.tail)
    if heard.model != model.name or any(vector.shape != (model.dim,) for vector in vectors):
        raise ModelMismatchError(
            f"The analysis was made with the networks {heard.model}, the library uses {model.name}: "
            "restart the daemon, the file is then analysed again."
        )
    if not sound(np.stack(vectors)).all():
        raise ModelMismatchError(
            "The networks gave a vector that is not finite or not normalised: run `segue doctor`, "
            "the models may be damaged."
        )


def sound(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Say of each row whether it is finite and L2-normalised, as exactly as the index wants it."""
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        near: npt.NDArray[np.bool_] = np.abs(norms - 1.0) <= UNIT_TOLERANCE  # NaN is not near
    return near


def _put_row(db: sqlite3.Connection, probe: Probe, analysis: TrackAnalysis, model: Model) -> int:
    now = time.time()
    features = {name: round(float(x), 5) for name, x in analysis.features.items() if math.isfinite(x)}
    row = db.execute(
        """INSERT INTO tracks (identity, model_id, duration, loudness, tiled, damaged, added_at, analysed_at, title,
               features, bpm_alternatives, key_alternatives, analysis)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?)
           ON CONFLICT (identity) DO UPDATE SET model_id = excluded.model_id, duration = excluded.duration,
               loudness = excluded.loudness, tiled = excluded.tiled, damaged = excluded.damaged,
               analysed_at = excluded.analysed_at, features = excluded.features,
               bpm_alternatives = excluded.bpm_alternatives, key_alternatives = excluded.key_alternatives,
               analysis = excluded.analysis
           RETURNING id""",
        (
            probe.identity,
            model.id,
            analysis.duration,
            analysis.loudness if math.isfinite(analysis.loudness) else None,
            analysis.tiled,
            analysis.damaged,
            now,
            now,
            json.dumps(features),
            json.dumps([round(float(bpm), 2) for bpm in analysis.tempo.alternatives]),
            json.dumps(list(analysis.key.alternatives)),
            ANALYSIS,
        ),
    ).fetchone()
    return int(row[0])


def retag(db: sqlite3.Connection, track_id: int, path: str, tags: FileTags) -> None:
    """Take over what the file's tags and name say now. A bare copy of a recording takes nothing away from it."""
    bare_title = names.text_or_none(tags.title) is None
    if bare_title and _has_other_file(db, track_id, path):
        values.settle(db, track_id)
        return
    guessed_title, guessed_artist = names.from_file_name(path)
    artist = names.text_or_none(tags.artist) or (guessed_artist if bare_title else None)
    title = names.text_or_none(tags.title) or guessed_title
    key = names.artist_key(artist)
    db.execute(
        """UPDATE tracks SET title = ?, artist = ?, artist_key = ?, work_key = ?, album = ?, genre = ?, comment = ?,
               year = ? WHERE id = ?""",
        (
            title,
            artist,
            signed(key),
            work_keys.key(title, artist),
            names.text_or_none(tags.album),
            names.text_or_none(tags.genre),
            names.text_or_none(tags.comment),
            tags.year if tags.year and 0 < tags.year <= _LAST_YEAR else None,
            track_id,
        ),
    )
    values.put_file_tags(db, track_id, tags)
    values.settle(db, track_id)
    search.write(db, track_id, path)


def promote(db: sqlite3.Connection, track_id: int, promoted: bool) -> None:
    """Let a track be suggested although its folder is private, or no more. TrackNotFoundError when there is none."""
    if not db.execute("UPDATE tracks SET promoted = ? WHERE id = ?", (promoted, track_id)).rowcount:
        raise not_found(track_id)


def not_found(track_id: int) -> TrackNotFoundError:
    """Return the error that says that there is no such track."""
    return TrackNotFoundError(f"There is no track #{track_id}: `segue search` finds tracks and their numbers.")


def signed(number: int) -> int:
    """Return an unsigned 64-bit number as the signed one that SQLite keeps."""
    return number - (1 << 64) if number >= 1 << 63 else number


def lost_identity(track_id: int) -> str:
    """Return what stands for the identity of a track that was rescued without it."""
    return f"{_LOST}{track_id}"


def adopt(db: sqlite3.Connection, path: str, identity: str) -> None:
    """Let a track that was rescued without its identity be the recording that its file turns out to hold."""
    db.execute(
        """UPDATE OR IGNORE tracks SET identity = ?
           WHERE id = (SELECT track_id FROM files WHERE path = ?) AND substr(identity, 1, ?) = ?""",
        (identity, paths.stored(path), len(_LOST), _LOST),
    )


def _has_other_file(db: sqlite3.Connection, track_id: int, path: str) -> bool:
    found = db.execute(
        "SELECT 1 FROM files WHERE track_id = ? AND path <> ? AND state IN ('indexed', 'queued') LIMIT 1",
        (track_id, paths.stored(path)),
    )
    return found.fetchone() is not None


def standing(db: sqlite3.Connection, track_id: int | None) -> int:
    """Return 2 when a file of the track is there, 1 when its files are missing, 0 when it has none."""
    row = db.execute("SELECT standing FROM tracks WHERE id = ?", (track_id,)).fetchone()
    return 0 if row is None else int(row[0])


def vector(db: sqlite3.Connection, track_id: int, model: Model) -> npt.NDArray[np.float32] | None:
    """Return a track's vector, shape (dim,); None when the current networks have not made it."""
    row = db.execute(
        """SELECT vector FROM vectors JOIN tracks ON id = track_id
           WHERE track_id = ? AND model_id = ? AND length(vector) = ?""",
        (track_id, model.id, 4 * model.dim),
    ).fetchone()
    return None if row is None else np.frombuffer(row[0], "<f4").astype(np.float32)


def one(db: sqlite3.Connection, track_id: int) -> Track:
    """Return one track with its details too. TrackNotFoundError when there is none."""
    found = read(db, [track_id])
    if not found:
        raise not_found(track_id)
    found[0].details = details.get(db, track_id)
    return found[0]


def read(db: sqlite3.Connection, ids: Sequence[int]) -> list[Track]:
    """Return tracks with all that is known of them but the details, in the order of their ids; unknown ids are left out."""
    wanted = json.dumps(list(ids))
    files = places.files(db, wanted)
    sources = values.of_tracks(db, wanted)
    rows = db.execute(
        """SELECT t.id, t.title, t.artist, t.album, t.genre, t.year, t.comment, t.duration, t.bpm, t.bpm_confidence,
               t.bpm_alternatives, t.key, t.camelot, t.key_confidence, t.energy, t.loudness, t.features, t.standing,
               m.name, m.labels, v.tags, t.rating, t.promoted
           FROM tracks t LEFT JOIN vectors v ON v.track_id = t.id LEFT JOIN models m ON m.id = t.model_id
           WHERE t.id IN (SELECT value FROM json_each(?))""",
        (wanted,),
    )
    found = {row[0]: _track(row, files.get(row[0], []), sources.get(row[0], {})) for row in rows}
    for track_id, doubtful in doubts.of_tracks(db, wanted, sources).items():
        found[track_id].doubts = doubtful
    return [found[i] for i in ids if i in found]


class Brief(NamedTuple):
    """What a suggestion shows of a track."""

    id: int
    path: str
    title: str
    artist: str | None
    bpm: float | None
    camelot: str | None
    energy: float | None
    duration: float | None


def brief(db: sqlite3.Connection, ids: Sequence[int]) -> list[Brief]:
    """Return the little that a list of suggestions needs, in the order of the ids; unknown ids are left out."""
    wanted = json.dumps(list(ids))
    files = places.files(db, wanted)
    rows = db.execute(
        """SELECT id, title, artist, bpm, camelot, energy, duration FROM tracks
           WHERE id IN (SELECT value FROM json_each(?))""",
        (wanted,),
    )
    found = {row[0]: _brief(row[0], files[row[0]][0][0] if row[0] in files else "", *row[1:]) for row in rows}
    return [found[i] for i in ids if i in found]


def _brief(
    track_id: int,
    path: str,
    title: str,
    artist: str | None,
    bpm: float | None,
    camelot: int,
    energy: float | None,
    duration: float | None,
) -> Brief:
    key = None if camelot < 0 else keys.camelot_name(camelot)
    return Brief(track_id, path, title, artist, bpm, key, energy, duration)


def _track(row: tuple[Any, ...], files: list[tuple[str, bool]], sources: dict[str, list[Value]]) -> Track:
    return Track(
        id=row[0],
        path=files[0][0] if files else "",
        title=row[1],
        artist=row[2],
        album=row[3],
        genre=row[4],
        year=row[5],
        comment=row[6],
        duration=row[7],
        bpm=row[8],
        bpm_confidence=row[9],
        bpm_alternatives=json.loads(row[10]),
        key=row[11],
        camelot=None if row[12] < 0 else keys.camelot_name(row[12]),
        open_key=None if row[12] < 0 else keys.open_key(row[11]),
        key_confidence=row[13],
        energy=row[14],
        loudness=row[15],
        features=json.loads(row[16]),
        tags=_tags(row[19], row[20]),
        sources=sources,
        files=[path for path, there in files if there],
        missing=row[17] < 2,
        model=row[18],
        rating=row[21],
        promoted=bool(row[22]),
    )


def _tags(labels: str | None, blob: bytes | None) -> dict[str, float]:
    if labels is None or blob is None:
        return {}
    probabilities = np.frombuffer(blob, "<f2").astype(np.float64).round(4).tolist()
    return dict(zip(_labels(labels), probabilities, strict=False))


@lru_cache(maxsize=8)
def _labels(listed: str) -> tuple[str, ...]:
    return tuple(json.loads(listed))
