"""Exact cosine search: the truth that the HNSW graph is measured against, and the answer while there is no graph."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.index.rows import Rows

GATHER_SHARE: Final = 0.2
"""Up to this share of the rows, gathering those allowed is quicker than reading all in order (measured at 328-d)."""
BLOCK: Final = 512
"""Rows gathered at a time: they stay inside the cache of one core."""


class Neighbours(NamedTuple):
    """Rows and their cosines, nearest first; equal cosines in the order of their ids."""

    rows: npt.NDArray[np.int64]
    cosines: npt.NDArray[np.float32]


NOBODY: Final = Neighbours(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))


def nearest(
    rows: Rows, vector: npt.NDArray[np.float32], k: int, allowed: npt.NDArray[np.bool_] | None = None
) -> Neighbours:
    """Find the ``k`` nearest living rows, among ``allowed`` (shape (n,)) where it is given.

    ``vector`` has shape (dim,) and is L2-normalised. Fewer than ``k`` come back only where fewer are allowed.
    """
    mask = rows.alive if allowed is None else rows.alive & allowed
    among = np.flatnonzero(mask)
    if k < 1 or not len(among):
        return NOBODY
    if len(among) <= GATHER_SHARE * len(mask):
        return best_of(rows, vector, k, among)
    return _best(rows.ids, among, np.einsum("ij,j->i", rows.vectors, vector)[among], k)


def best_of(rows: Rows, vector: npt.NDArray[np.float32], k: int, among: npt.NDArray[np.int64]) -> Neighbours:
    """Find the ``k`` nearest of the rows ``among``."""
    # Not the matrix product: it wakes a thread on every core, and on a busy machine waits for the last (20 ms, not 1).
    cosines, gathered = np.empty(len(among), np.float32), np.empty((BLOCK, rows.dim), np.float32)
    for start in range(0, len(among), BLOCK):
        block = among[start : start + BLOCK]
        part = np.take(rows.vectors, block, axis=0, out=gathered[: len(block)], mode="clip")
        np.einsum("ij,j->i", part, vector, out=cosines[start : start + BLOCK])
    return _best(rows.ids, among, cosines, k)


def _best(
    ids: npt.NDArray[np.int64], among: npt.NDArray[np.int64], cosines: npt.NDArray[np.float32], k: int
) -> Neighbours:
    # The last bits of a dot product depend on where the row lies in memory: without rounding, equal vectors would not tie.
    cosines = np.round(cosines, 6)
    if k < len(cosines):
        least = -np.partition(-cosines, k - 1)[k - 1]
        kept = np.flatnonzero(cosines >= least)
        among, cosines = among[kept], cosines[kept]
    order = np.lexsort((ids[among], -cosines))[:k]
    return Neighbours(among[order], cosines[order])
