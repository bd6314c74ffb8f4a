"""Libraries that paths and sets lead through."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from recommend_support import library

from segue.index.vectors import VectorIndex
from segue.library.columns import Columns
from segue.recommend.catalogue import Catalogue, Snapshot
from segue.recommend.journeys import Journey, Terrain
from segue.recommend.recommender import Asked
from segue.recommend.setlist import Lengths, Stays


def terrain(columns: Columns, filters: Sequence[tuple[str, Any]] = (), **asked: Any) -> Terrain:
    catalogue = Catalogue(columns)
    index = VectorIndex(Path("never-opened"), dim=catalogue.dim, model="")
    return Terrain(catalogue.snapshot(), index, Asked(filters=lambda _: filters, **asked))


def sure(count: int, seed: int = 0, **fixed: Any) -> Columns:
    """A library of which everything is known, and that is there."""
    rng = np.random.default_rng(seed + 1)
    known = {
        "bpm": rng.uniform(118, 134, count).astype(np.float32),
        "bpm_confidence": np.ones(count, np.float32),
        "camelot": rng.integers(0, 24, count).astype(np.int8),
        "key_confidence": np.ones(count, np.float32),
        "energy": rng.uniform(2, 9.5, count).astype(np.float32),
        "present": np.ones(count, np.bool_),
        "duration": rng.uniform(200, 420, count).astype(np.float32),
        "artist": rng.integers(1, max(2, count // 3), count).astype(np.uint64),
    }
    return library(count, seed, **known | fixed)


def lengths_of(snapshot: Snapshot, overlap: float = 30.0) -> Lengths:
    def lengths(rows: np.ndarray) -> Stays:
        whole = snapshot.facts.duration[rows].astype(np.float64)
        return Stays(np.maximum(whole - overlap, whole / 2), whole)

    return lengths


def ids(journey: Journey) -> list[int]:
    return [stage.id for stage in journey.stages]
