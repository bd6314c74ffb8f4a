"""All vectors and numbers of the library as aligned arrays, read in one pass."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from segue.library import ends, places, tracks
from segue.library.columns import Columns
from segue.library.models import Model
from segue.library.places import NOWHERE, Place, Whereabouts
from segue.library.vocabulary import Vocabulary

_ROWS: Final = 2048
"""Rows fetched at a time: their blobs (4 MB) are all that is in memory beside the arrays."""
_SELECT: Final = """
    SELECT t.id, v.vector, v.tags, t.bpm, t.bpm_confidence, t.camelot, t.key_confidence, t.energy, t.duration,
           t.artist_key, t.standing, v.ends, t.features, t.work_key, t.year, t.rating, t.genre, t.promoted
    FROM tracks t JOIN vectors v ON v.track_id = t.id WHERE t.model_id = ? AND t.standing > 0"""
_COUNT: Final = "SELECT count(*) FROM tracks WHERE model_id = ? AND standing > 0"


_FEATURES: Final = msgspec.json.Decoder(dict[str, float])
_NOT_KNOWN: Final = Whereabouts(NOWHERE, private=False)


class Words(NamedTuple):
    """What the codes of genres and places mean, for as long as the library is open."""

    genres: Vocabulary[str]
    places: Vocabulary[Place]


class Loaded(NamedTuple):
    """What came of loading."""

    columns: Columns
    unsound: list[int]
    """Tracks whose stored vector is damaged: left out, to be analysed again."""


def columns(db: sqlite3.Connection, model: Model | None, ids: Sequence[int] | None, words: Words) -> Loaded:
    """Read the tracks that the current networks analysed and that have a file, be it missing, by rising id.

    Args:
        db: a reader.
        model: the current networks; None gives empty columns.
        ids: only these tracks; None for all.
        words: taken along, and added to.

    """
    if model is None:
        return Loaded(Columns.empty(0, 0, (), **words._asdict()), [])
    if ids is None:
        size = db.execute(_COUNT, (model.id,)).fetchone()[0]
        cursor = db.execute(f"{_SELECT} ORDER BY t.id", (model.id,))
    else:
        size = len(set(ids))
        cursor = db.execute(
            f"{_SELECT} AND t.id IN (SELECT value FROM json_each(?)) ORDER BY t.id", (model.id, json.dumps(list(ids)))
        )
    whereabouts = places.of_tracks(db, ids)
    target: Columns | None = None
    unsound: list[int] = []
    filled = 0
    for rows in _batches(cursor):
        if target is None:
            target = Columns.empty(size, model.dim, model.labels, _feature_names(rows), **words._asdict())
        filled += _fill(target, filled, rows, unsound, whereabouts)
    if target is None:
        target = Columns.empty(0, model.dim, model.labels, **words._asdict())
    return Loaded(target if filled == len(target.ids) else target.take(slice(filled)), unsound)


def _batches(cursor: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(_ROWS):
        yield rows


def _fill(
    target: Columns,
    start: int,
    rows: list[tuple[Any, ...]],
    unsound: list[int],
    whereabouts: Mapping[int, Whereabouts],
) -> int:
    vector_bytes, tag_bytes = 4 * target.vectors.shape[1], 2 * target.tags.shape[1]
    whole = [row for row in rows if len(row[1]) == vector_bytes and len(row[2]) == tag_bytes]
    if len(whole) < len(rows):
        kept = {row[0] for row in whole}
        unsound.extend(row[0] for row in rows if row[0] not in kept)
    if not whole:
        return 0
    ids, vectors, tags, bpm, sure, camelot, key_sure, energy, duration, artist, standing, both_ends, *others = zip(
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
    _fill_others(target, part, good, [whereabouts.get(number, _NOT_KNOWN) for number in ids], others)
    return stop - start


def _fill_others(
    target: Columns,
    part: slice,
    good: npt.NDArray[np.bool_],
    whereabouts: Sequence[Whereabouts],
    others: Sequence[tuple[Any, ...]],
) -> None:
    """Fill in what is known of the tracks besides what was heard."""
    features, work, year, rating, genre, promoted = others
    target.features[part] = _features(features, target.feature_names)[good]
    target.work[part] = np.array(work, np.int64)[good].view(np.uint64)
    target.year[part] = np.array([number or 0 for number in year], np.int16)[good]
    target.rating[part] = np.array([-1 if number is None else number for number in rating], np.int8)[good]
    target.genre[part] = target.genres.codes([text or "" for text in genre])[good]
    target.place[part] = target.places.codes([one.place for one in whereabouts])[good]
    private = np.array([one.private for one in whereabouts], np.bool_)
    target.private[part] = (private & (np.array(promoted) == 0))[good]


def _feature_names(rows: Sequence[tuple[Any, ...]]) -> tuple[str, ...]:
    """Name the features of some tracks, in the order in which they come."""
    return tuple(dict.fromkeys(name for row in rows for name in _decoded(row[12])))


def _features(texts: Sequence[str], names: tuple[str, ...]) -> npt.NDArray[np.float16]:
    values = [[known.get(name, np.nan) for name in names] for known in map(_decoded, texts)]
    return np.array(values, np.float16).reshape(len(texts), len(names))


def _decoded(text: str) -> dict[str, float]:
    try:
        return _FEATURES.decode(text)
    except msgspec.MsgspecError:  # damage, which costs no more than the features
        return {}
