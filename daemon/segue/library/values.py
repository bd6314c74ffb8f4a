"""Tempo, key and energy with where they come from: all values are kept, the most trusted source holds."""

from __future__ import annotations

import math
import sqlite3
import time
from typing import Final

from segue import keys
from segue.analysis.result import FileTags, TrackAnalysis
from segue.errors import InvalidParamsError
from segue.protocol.messages import Value

SOURCES: Final = ("user", "dj", "file", "segue")
"""Most trusted first: the user, a DJ program, the file's tags, our own estimate."""
NAMES: Final = ("bpm", "key", "energy")
_BPM_RANGE: Final = (20.0, 999.0)
_ENERGY_RANGE: Final = (1.0, 10.0)


def put(
    db: sqlite3.Connection,
    track_id: int,
    name: str,
    value: float | str,
    source: str,
    *,
    confidence: float | None = None,
) -> None:
    """Store one value beside those of the other sources.

    Args:
        db: the writer.
        track_id: the track.
        name: ``bpm`` (20..999), ``key`` (as in ``"A minor"``) or ``energy`` (1..10).
        value: the value.
        source: one of `SOURCES`.
        confidence: 0..1 where the source says so.

    Raises:
        InvalidParamsError: no such name, source or value.

    """
    if source not in SOURCES:
        raise InvalidParamsError(f"{source!r} is no source of values: give one of {', '.join(SOURCES)}.")
    db.execute(
        """INSERT INTO track_values VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
           SET value = excluded.value, confidence = excluded.confidence, changed_at = excluded.changed_at""",
        (track_id, name, source, _checked(name, value), confidence, time.time()),
    )


def put_file_tags(db: sqlite3.Connection, track_id: int, tags: FileTags) -> None:
    """Store what the file's tags say now of tempo and key; what they no longer say is taken away."""
    for name, value in (("bpm", tags.bpm), ("key", tags.key)):
        if value is None or not is_sound(name, value):
            db.execute("DELETE FROM track_values WHERE track_id = ? AND name = ? AND source = 'file'", (track_id, name))
        else:
            put(db, track_id, name, value, "file")


def put_analysis(db: sqlite3.Connection, track_id: int, analysis: TrackAnalysis) -> None:
    """Store our own estimates in place of earlier ones."""
    db.execute("DELETE FROM track_values WHERE track_id = ? AND source = 'segue'", (track_id,))
    for name, value, confidence in (
        ("bpm", analysis.tempo.bpm, analysis.tempo.confidence),
        ("key", analysis.key.name, analysis.key.confidence),
        ("energy", analysis.energy, None),
    ):
        if value is not None and is_sound(name, value):
            put(db, track_id, name, value, "segue", confidence=confidence)


def settle(db: sqlite3.Connection, track_id: int) -> None:
    """Copy the values that hold into the track, where searching and loading find them."""
    held: dict[str, tuple[float | str, float | None]] = {}
    rows = db.execute("SELECT name, source, value, confidence FROM track_values WHERE track_id = ?", (track_id,))
    for name, source, value, confidence in sorted(rows, key=lambda row: SOURCES.index(row[1])):
        held.setdefault(name, (value, confidence if source == "segue" else 1.0))
    bpm, bpm_confidence = held.get("bpm", (None, None))
    key, key_confidence = held.get("key", (None, None))
    energy, _ = held.get("energy", (None, None))
    camelot = -1 if key is None else keys.KEYS.index(str(key))
    db.execute(
        """UPDATE tracks SET bpm = ?, bpm_confidence = ?, key = ?, key_confidence = ?, camelot = ?, energy = ?
           WHERE id = ?""",
        (bpm, bpm_confidence, key, key_confidence, camelot, energy, track_id),
    )


def of_tracks(db: sqlite3.Connection, track_ids: str) -> dict[int, dict[str, list[Value]]]:
    """Return all values of tempo and key by track, the one that holds first.

    Args:
        db: a reader.
        track_ids: a JSON list of ids.

    """
    found: dict[int, dict[str, list[Value]]] = {}
    rows = db.execute(
        """SELECT track_id, name, source, value, confidence FROM track_values
           WHERE track_id IN (SELECT value FROM json_each(?)) AND name IN ('bpm', 'key')""",
        (track_ids,),
    )
    for track_id, name, source, value, confidence in sorted(rows, key=lambda row: SOURCES.index(row[2])):
        kept = found.setdefault(track_id, {"bpm": [], "key": []})
        kept[name].append(Value(value=value, source=source, confidence=confidence))
    return found


def _checked(name: str, value: float | str) -> float | str:
    if name not in NAMES:
        raise InvalidParamsError(f"{name!r} is no value of a track: give one of {', '.join(NAMES)}.")
    if not is_sound(name, value):
        raise InvalidParamsError(
            f"{value!r} is no {name}: a tempo is a number from 20 to 999, a key is written like 'A minor', "
            "an energy is a number from 1 to 10."
        )
    return value if isinstance(value, str) else float(value)


def is_sound(name: str, value: float | str) -> bool:
    """Whether a value of one of `NAMES` can be true."""
    if name == "key":
        return value in keys.KEYS
    low, high = _BPM_RANGE if name == "bpm" else _ENERGY_RANGE
    return not isinstance(value, str) and math.isfinite(value) and low <= value <= high
