"""All vectors and numbers of the library as aligned arrays, read in one pass."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.library import ends, tracks
from segue.library.columns import Columns
from segue.library.models import Model

_ROWS: Final = 2048
"""Rows fetched at a time: their blobs (4 MB) are all that is in memory beside the arrays."""
_SELECT: Final = """
    SELECT t.id, v.vector, v.tags, t.bpm, t.bpm_confidence, t.camelot, t.key_confidence, t.energy, t.duration,
           t.artist_key, t.standing, v.ends
    FROM tracks t JOIN vectors v ON v.track_id = t.id WHERE t.model_id = ? AND t.standing > 0"""
_COUNT: Final = "SELECT count(*) FROM tracks WHERE model_id = ? AND standing > 0"


class Loaded(NamedTuple):
    """What came of loading."""

    columns: Columns
    unsound: list[int]
    """Tracks whose stored vector is damaged: left out, to be analysed again."""


def columns(db: sqlite3.Connection, model: Model | None, ids: Sequence[int] | None) -> Loaded:
    """Read the tracks that the current networks analysed and that have a file, be it missing, by rising id.

    Args:
        db: a reader.
        model: the current networks; None gives empty columns.
        ids: only these tracks; None for all.

    """
    if model is None:
        return Loaded(_empty(0, 0, ()), [])
    if ids is None:
        size = db.execute(_COUNT, (model.id,)).fetchone()[0]
        cursor = db.execute(f"{_SELECT} ORDER BY t.id", (model.id,))
    else:
        size = len(set(ids))
        cursor = db.execute(
            f"{_SELECT} AND t.id IN (SELECT value FROM json_each(?)) ORDER BY t.id", (model.id, json.dumps(list(ids)))
        )
    target = _empty(size, model.dim, model.labels)
    unsound: list[int] = []
    filled = 0
    for rows in _batches(cursor):
        filled += _fill(target, filled, rows, unsound)
    return Loaded(_head(target, filled), unsound)


def _batches(cursor: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(_ROWS):
        yield rows


def _fill(target: Columns, start: int, rows: list[tuple[Any, ...]], unsound: list[int]) -> int:
    vector_bytes, tag_bytes = 4 * target.vectors.shape[1], 2 * target.tags.shape[1]
    whole = [row for row in rows if len(row[1]) == vector_bytes and len(row[2]) == tag_bytes]
    if len(whole) < len(rows):
        kept = {row[0] for row in whole}
        unsound.extend(row[0] for row in rows if row[0] not in kept)
    if not whole:
        return 0
    ids, vectors, tags, bpm, sure, camelot, key_sure, energy, duration, artist, standing, both_ends = zip(
        *whole, strict=True
    )
    block = np.frombuffer(b"".join(vectors), "<f4").reshape(len(whole), -1)
    good = tracks.sound(block)
    unsound.extend(np.array(ids)[~good].tolist())
    stop = start + int(good.sum())
    part = slice(start, stop)
    target.vectors[part] = block if good.all() else block[good]
    stored = [both for both, is_good in zip(both_ends, good, strict=True) if is_good]
    target.heads[part], target.tails[part] = ends.unpacked(stored, target.vectors[part])
    target.tags[part] = np.frombuffer(b"".join(tags), "<f2").reshape(len(whole), -1)[good]
    target.ids[part] = np.array(ids, np.int64)[good]
    for column, numbers in (
        (target.bpm, bpm),
        (target.bpm_confidence, [number or 0.0 for number in sure]),
        (target.key_confidence, [number or 0.0 for number in key_sure]),
        (target.energy, energy),
        (target.duration, duration),
    ):
        column[part] = np.array(numbers, np.float32)[good]
    target.camelot[part] = np.array(camelot, np.int8)[good]
    target.artist[part] = np.array(artist, np.int64)[good].view(np.uint64)
    target.present[part] = np.array(standing)[good] == 2
    return stop - start


def _empty(size: int, dim: int, labels: tuple[str, ...]) -> Columns:
    return Columns(
        ids=np.empty(size, np.int64),
        vectors=np.empty((size, dim), np.float32),
        heads=np.empty((size, dim), np.float16),
        tails=np.empty((size, dim), np.float16),
        tags=np.empty((size, len(labels)), np.float16),
        bpm=np.empty(size, np.float32),
        bpm_confidence=np.empty(size, np.float32),
        camelot=np.empty(size, np.int8),
        key_confidence=np.empty(size, np.float32),
        energy=np.empty(size, np.float32),
        duration=np.empty(size, np.float32),
        artist=np.empty(size, np.uint64),
        present=np.empty(size, np.bool_),
        labels=labels,
    )


def _head(whole: Columns, size: int) -> Columns:
    if size == len(whole.ids):
        return whole

    def cut(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return array[:size]

    return Columns(
        ids=cut(whole.ids),
        vectors=cut(whole.vectors),
        heads=cut(whole.heads),
        tails=cut(whole.tails),
        tags=cut(whole.tags),
        bpm=cut(whole.bpm),
        bpm_confidence=cut(whole.bpm_confidence),
        camelot=cut(whole.camelot),
        key_confidence=cut(whole.key_confidence),
        energy=cut(whole.energy),
        duration=cut(whole.duration),
        artist=cut(whole.artist),
        present=cut(whole.present),
        labels=whole.labels,
    )
