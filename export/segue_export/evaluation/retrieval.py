"""Query by example: whether what lies near a track is like it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue_export.evaluation.estimates import Estimate, estimate

Array = npt.NDArray[np.float32]
Labels = Sequence[object] | npt.NDArray[np.generic]
FIGURES: Final = ("P@1", "P@5", "P@10", "MAP")
_CUTS: Final = (1, 5, 10)
_ROWS: Final = 512
"""Queries ranked at a time: the whole matrix of a large collection does not fit into memory."""


class Hits(NamedTuple):
    """The figures of every query that could be answered."""

    queries: npt.NDArray[np.intp]
    """Their places in the collection (queries,)."""
    figures: npt.NDArray[np.float64]
    """P@1, P@5, P@10 and average precision of each (queries, 4)."""


def precision(vectors: npt.ArrayLike, labels: Labels, exclude_groups: Labels | None = None) -> dict[str, float]:
    """Leave-one-out retrieval by cosine: ``{"P@1": .., "P@5": .., "P@10": .., "MAP": ..}``, each 0..1.

    `vectors` (n, d), one label each. Every vector asks once; it never finds itself, nor, with `exclude_groups` (n,), its own
    group (an album filter: Pampalk, Flexer, Widmer, ISMIR 2005). P@k is the share of the k nearest with the same label, MAP the
    mean average precision over the whole ranking. Who has nobody of its label to find is not asked. ValueError when nobody
    is asked, lengths differ, or a vector is not finite.
    """
    means = hits(vectors, labels, exclude_groups).figures.mean(axis=0)
    return dict(zip(FIGURES, means.tolist(), strict=True))


def estimates(hit: Hits, groups: Sequence[object] | None = None) -> dict[str, Estimate]:
    """The figures with their confidence intervals; with `groups` (n,) of the whole collection, groups are resampled."""
    asked = None if groups is None else [groups[query] for query in hit.queries]
    return {name: estimate(column, asked) for name, column in zip(FIGURES, hit.figures.T, strict=True)}


def hits(vectors: npt.ArrayLike, labels: Labels, exclude_groups: Labels | None = None) -> Hits:
    """What `precision` averages, query by query."""
    kinds = _numbers(labels)
    groups = np.arange(len(kinds)) if exclude_groups is None else _numbers(exclude_groups)
    if not len(kinds) == len(groups) == len(np.asarray(vectors)):
        raise ValueError("there should be one label, and one group, for each vector")
    queries, figures = [], []
    for place, order in rankings(vectors, groups):
        same = kinds[order] == kinds[place]
        if same.any():
            queries.append(place)
            figures.append(_figures(same))
    if not queries:
        raise ValueError("no two vectors have the same label: there is nothing to find")
    return Hits(np.array(queries), np.array(figures))


def rankings(
    vectors: npt.ArrayLike, groups: npt.NDArray[np.intp] | None = None
) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    """For each vector its place and the places of all others, nearest first; its own group (itself, without) left out."""
    unit = normalised(vectors)
    kinds = np.arange(len(unit)) if groups is None else groups
    for start in range(0, len(unit), _ROWS):
        cosine = unit[start : start + _ROWS] @ unit.T
        own = kinds[start : start + _ROWS, None] == kinds[None, :]
        cosine[own] = -np.inf
        order = np.argsort(-cosine, axis=1, kind="stable")
        for row, places in enumerate(order):
            yield start + row, places[: len(unit) - int(own[row].sum())]


def neighbours(vectors: npt.ArrayLike, count: int, groups: npt.NDArray[np.intp] | None = None) -> list[set[int]]:
    """Places of the `count` nearest of each vector."""
    return [set(order[:count].tolist()) for _, order in rankings(vectors, groups)]


def votes(vectors: npt.ArrayLike, labels: Labels, count: int = 5, exclude_groups: Labels | None = None) -> list[str]:
    """The commonest label among the `count` nearest of each vector; of several, that of the nearest. Empty without any."""
    names = np.array(labels, dtype=str)
    groups = None if exclude_groups is None else _numbers(exclude_groups)
    voted = []
    for _, order in rankings(vectors, groups):
        near = names[order[:count]].tolist()
        voted.append(max(near, key=lambda name: (near.count(name), -near.index(name))) if near else "")
    return voted


def normalised(vectors: npt.ArrayLike) -> Array:
    """Vectors (n, d) scaled to length one, float32. ValueError when they are no finite matrix."""
    rows = np.asarray(vectors, dtype=np.float32)
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise ValueError("vectors should be one matrix of finite numbers, a row for each clip")
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def standardised(vectors: npt.ArrayLike) -> Array:
    """Columns of (n, d) with mean 0 and spread 1; a column that hardly moves is not blown up."""
    rows = np.asarray(vectors, dtype=np.float64)
    spread = rows.std(axis=0)
    floor = max(0.05 * float(spread.mean()), 1e-9)
    return np.asarray((rows - rows.mean(axis=0)) / np.maximum(spread, floor), dtype=np.float32)


def _numbers(names: Labels) -> npt.NDArray[np.intp]:
    return np.unique(np.array(names, dtype=str), return_inverse=True)[1]


def _figures(same: npt.NDArray[np.bool_]) -> list[float]:
    found = np.flatnonzero(same)
    average = float(np.mean(np.arange(1, len(found) + 1) / (found + 1)))
    return [*(float(same[:cut].mean()) for cut in _CUTS), average]
