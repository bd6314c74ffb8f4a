"""Tempo, key, energy and rating with where they come from: all values are kept, the most trusted source holds."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from typing import Final

from segue import keys
from segue.analysis.result import FileTags, TrackAnalysis
from segue.errors import InvalidParamsError
from segue.protocol import numbers
from segue.protocol.messages import Value

SOURCES: Final = ("user", "dj", "file", "segue")
"""Most trusted first: the user, a DJ program, the file's tags, our own estimate."""
NAMES: Final = ("bpm", "key", "energy")
"""What can be heard, and doubted."""
ALL_NAMES: Final = (*NAMES, "rating")
"""What sources say of a track."""
SURE: Final = 0.5
"""Confidence from which on our own estimate counts as sure."""
_ROUNDING: Final = 0.5
_ALL: Final = "SELECT track_id, name, source, value, confidence FROM track_values WHERE {}"


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
        name: ``bpm`` (20..999), ``key`` (as in ``"A minor"``), ``energy`` (1..10) or ``rating`` (0..5).
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
        (track_id, name, source, _checked(name, value, source), confidence, time.time()),
    )


def renew(db: sqlite3.Connection, track_id: int, name: str, value: float | str, source: str) -> bool:
    """Store one value unless the source says so already; returns whether it was new. As `put` otherwise."""
    known = db.execute(
        "SELECT value FROM track_values WHERE track_id = ? AND name = ? AND source = ?", (track_id, name, source)
    ).fetchone()
    if known is not None and known[0] == value:
        return False
    put(db, track_id, name, value, source)
    return True


def adopt(db: sqlite3.Connection, track_id: int, name: str, value: float | str, source: str) -> bool:
    """Store as `renew` does, but as ``dj`` what is said in the user's name when the user has said something else before."""
    said = db.execute(
        "SELECT value FROM track_values WHERE track_id = ? AND name = ? AND source = 'user'", (track_id, name)
    ).fetchone()
    if source == "user" and said is not None and said[0] != value:
        return renew(db, track_id, name, value, "dj")
    return renew(db, track_id, name, value, source)


def remove(db: sqlite3.Connection, track_id: int, name: str, source: str) -> None:
    """Take one value of a source away; what other sources say stays."""
    db.execute("DELETE FROM track_values WHERE track_id = ? AND name = ? AND source = ?", (track_id, name, source))


def put_file_tags(db: sqlite3.Connection, track_id: int, tags: FileTags) -> None:
    """Store what the file's tags say now of tempo, key, energy and rating; what they no longer say is taken away.

    A tempo that is written as a whole number is stored as an integer. What we wrote ourselves stays known as that
    (see `mark_written`) for as long as the file says the same.
    """
    bpm = round(tags.bpm) if tags.bpm is not None and tags.bpm_rounded else tags.bpm
    before = dict(
        db.execute(
            "SELECT name, value FROM track_values WHERE track_id = ? AND source = 'file'", (track_id,)
        ).fetchall()
    )
    for name, value in (("bpm", bpm), ("key", tags.key), ("energy", tags.energy), ("rating", tags.rating)):
        if value is None or not is_sound(name, value):
            remove(db, track_id, name, "file")
        elif name not in before or before[name] != value or isinstance(before[name], int) != isinstance(value, int):
            put(db, track_id, name, value, "file")


def mark_written(db: sqlite3.Connection, track_id: int, name: str, confidence: float) -> None:
    """Remember that a value in the file's tags is our own estimate, which we wrote there.

    It must not come back as the word of somebody else: it ranks behind what we say now. The mark is the confidence, which no
    other value of a file has.
    """
    db.execute(
        "UPDATE track_values SET confidence = ? WHERE track_id = ? AND name = ? AND source = 'file'",
        (confidence, track_id, name),
    )


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
    known = _by_name(db.execute(_ALL.format("track_id = ?"), (track_id,))).get(track_id, {})
    (bpm, bpm_confidence), (key, key_confidence), (energy, _), (rating, _) = (
        _held(name, known.get(name, [])) for name in ALL_NAMES
    )
    camelot = -1 if key is None else keys.KEYS.index(str(key))
    db.execute(
        """UPDATE tracks SET bpm = ?, bpm_confidence = ?, key = ?, key_confidence = ?, camelot = ?, energy = ?,
               rating = ? WHERE id = ?""",
        (
            bpm,
            bpm_confidence,
            key,
            key_confidence,
            camelot,
            energy,
            None if rating is None else round(float(rating)),
            track_id,
        ),
    )


def of_tracks(db: sqlite3.Connection, track_ids: str) -> dict[int, dict[str, list[Value]]]:
    """Return all values of tempo, key, energy and rating by track, the one that holds first.

    Args:
        db: a reader.
        track_ids: a JSON list of ids.

    """
    return _by_name(db.execute(_ALL.format("track_id IN (SELECT value FROM json_each(?))"), (track_ids,)))


def exact(bpm: float, ours: Value | None) -> float:
    """The exact tempo behind a file's whole number: ours, where it agrees within rounding, or its double or half does.

    A tag that says 174 stands for anything from 173.5 to 174.5, and a mix of two minutes goes apart on less. Which octave it
    is stays the file's word. Of an estimate that is not sure the rounded one is as good, for music is mostly made in whole
    numbers.
    """
    if not isinstance(bpm, int) or ours is None or (ours.confidence or 0.0) < SURE:
        return bpm
    finer = (float(ours.value) * factor for factor in (1.0, 2.0, 0.5))
    return next((one for one in finer if abs(one - bpm) <= _ROUNDING), bpm)


def _by_name(rows: Iterable[tuple[int, str, str, float | str, float | None]]) -> dict[int, dict[str, list[Value]]]:
    found: dict[int, dict[str, list[Value]]] = {}
    for track_id, name, source, value, confidence in rows:
        kept = found.setdefault(track_id, {known: [] for known in NAMES})
        kept.setdefault(name, []).append(Value(value=value, source=source, confidence=confidence))
    for kept in found.values():
        for values in kept.values():
            values.sort(key=_rank)
    return found


def _rank(value: Value) -> int:
    written_by_us = value.source == "file" and value.confidence is not None
    return len(SOURCES) if written_by_us else SOURCES.index(value.source)


def _held(name: str, values: Sequence[Value]) -> tuple[float | str | None, float | None]:
    """The value that holds, and how sure it is."""
    if not values:
        return None, None
    best = values[0]
    if best.source == "segue":
        return best.value, best.confidence
    ours = next((value for value in values if value.source == "segue"), None)
    if name == "bpm" and best.source == "file" and not isinstance(best.value, str):
        return exact(best.value, ours), 1.0
    return best.value, 1.0


def _checked(name: str, value: float | str, source: str) -> float | str:
    if name not in ALL_NAMES:
        raise InvalidParamsError(f"{name!r} is no value of a track: give one of {', '.join(ALL_NAMES)}.")
    if not is_sound(name, value):
        raise numbers.unsound(name, value)
    # Only of a file's tempo does it tell something that it is an integer.
    return value if isinstance(value, str) or source == "file" else float(value)


def is_sound(name: str, value: float | str) -> bool:
    """Whether a value of one of `ALL_NAMES` can be true."""
    if name == "key":
        return value in keys.KEYS
    return not isinstance(value, str) and numbers.is_sound(name, value)
