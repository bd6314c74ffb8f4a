"""A source of vectors for the index, and clustered vectors to put in it."""

from __future__ import annotations

import numpy as np

from segue.index.rows import Rows


def clustered(count: int, dim: int, seed: int = 0) -> np.ndarray:
    """Unit vectors around forty centres, shape (count, dim)."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((40, dim), dtype=np.float32)
    made = centres[rng.integers(0, 40, count)] + 0.5 * rng.standard_normal((count, dim), dtype=np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def rows_of(vectors: np.ndarray, first_id: int = 1) -> Rows:
    """All rows alive, with ids from ``first_id`` on."""
    return Rows.of(np.arange(first_id, first_id + len(vectors)), vectors, np.ones(len(vectors), dtype=np.bool_))


class Source:
    """Whoever owns the vectors; a test replaces them at will."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def rows(self) -> Rows:
        return self._rows

    def show(self, rows: Rows) -> None:
        self._rows = rows


def naive(rows: Rows, vector: np.ndarray, k: int, allowed: np.ndarray | None = None) -> list[int]:
    """The ids of the k nearest, by sorting everything."""
    mask = rows.alive if allowed is None else rows.alive & allowed
    cosines = np.round((rows.vectors.astype(np.float64) * vector).sum(axis=1), 6)
    order = sorted(np.flatnonzero(mask), key=lambda row: (-cosines[row], rows.ids[row]))
    return [int(rows.ids[row]) for row in order[:k]]
