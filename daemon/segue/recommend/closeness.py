"""Which records a file might come close to, by what the networks hear in its windows and sections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.recommend.catalogue import Snapshot

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_BLOCK: Final = 4096
"""Rows compared at a time ..."""
_WINDOWS: Final = 32
"""... with so many windows: at 100 000 tracks the products of all rows fill 13 MB."""


class Sounding(NamedTuple):
    """Records that sound most like a window of a file, nearest first; all of one length."""

    rows: npt.NDArray[np.int64]
    windows: npt.NDArray[np.int64]
    """The window that each is nearest to."""
    similarity: Floats
    """Cosine of that window and the record or one of its ends, -1..1."""


def sounding_like(snapshot: Snapshot, windows: Floats, allowed: Mask, count: int) -> Sounding:
    """The records of ``allowed`` (n,) that windows of a file, shape (windows, dim), sound most like, ``count`` at the most.

    A record counts as its nearest of whole, first and last part. Each window names its nearest in turn, so that a short sample
    of one record has its say beside the many windows that are like others.
    """
    among = np.flatnonzero(allowed)
    count = min(count, len(among))
    ranks = np.full(len(among), count, np.int64)
    best, similarity = np.zeros(len(among), np.int64), np.full(len(among), -1.0, np.float32)
    for first in range(0, len(windows), _WINDOWS) if count else ():
        cosines = np.concatenate([*_cosines(snapshot, windows[first : first + _WINDOWS], among)], axis=1)
        nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        near = np.take_along_axis(cosines, nearest, axis=1)
        for places, values in zip(nearest, near, strict=True):
            order = np.lexsort((snapshot.rows.ids[among[places]], -values))
            ranks[places[order]] = np.minimum(ranks[places[order]], np.arange(count))
        top = cosines.max(axis=0)
        better = top > similarity
        best[better], similarity[better] = first + cosines.argmax(axis=0)[better], top[better]
    chosen = np.lexsort((snapshot.rows.ids[among], -similarity, ranks))[: count if len(windows) else 0]
    chosen = chosen[np.lexsort((snapshot.rows.ids[among[chosen]], -similarity[chosen]))]
    return Sounding(among[chosen], best[chosen], np.round(similarity[chosen], 6))


def _cosines(snapshot: Snapshot, windows: Floats, among: npt.NDArray[np.int64]) -> Iterator[Floats]:
    """Of windows and rows, block by block of the rows: shape (windows, block)."""
    facts = snapshot.facts
    for start in range(0, len(among), _BLOCK):
        rows = among[start : start + _BLOCK]
        parts = (snapshot.rows.vectors[rows], facts.heads[rows], facts.tails[rows])
        yield np.stack([windows @ part.astype(np.float32).T for part in parts]).max(axis=0)


def nearest_parts(
    snapshot: Snapshot, vector: Floats, part: str, allowed: Mask, count: int
) -> tuple[npt.NDArray[np.int64], Floats]:
    """The rows of ``allowed`` (n,) whose whole, first or last part sounds most like a vector (dim,), with their cosines.

    ``part`` is ``intro`` (compared with first parts), ``outro`` (with last ones) or anything else (with whole tracks).
    """
    among = np.flatnonzero(allowed)
    vectors = {"intro": snapshot.facts.heads, "outro": snapshot.facts.tails}.get(part, snapshot.rows.vectors)
    cosines = np.zeros(len(among), np.float32)
    for start in range(0, len(among), _BLOCK):
        rows = among[start : start + _BLOCK]
        cosines[start : start + _BLOCK] = np.einsum("ij,j->i", vectors[rows].astype(np.float32), vector)
    # Rounded as in the exact search: equal vectors must tie wherever they lie in memory.
    cosines = np.round(cosines, 6)
    order = np.lexsort((snapshot.rows.ids[among], -cosines))[:count]
    return among[order], cosines[order]
