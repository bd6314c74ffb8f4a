"""Small libraries for the recommender's tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from segue.index.vectors import VectorIndex
from segue.library.columns import Columns
from segue.library.places import NOWHERE, Place
from segue.library.vocabulary import Vocabulary
from segue.recommend.catalogue import Catalogue
from segue.recommend.recommender import Recommender

DIM = 16
FEATURES = ("danceability", "valence", "acousticness")
GENRES: Vocabulary[str] = Vocabulary("")
"""One for all these libraries, so that the rows of one fit another, as those of one library do."""
PLACES: Vocabulary[Place] = Vocabulary(NOWHERE)
LABELS = ("house", "techno", "jazz", "ambient", "vocal", "sad", "music")


def library(count: int, seed: int = 0, **fixed: Any) -> Columns:
    """Tracks 1..count of three kinds; ``fixed`` replaces whole columns."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, count)
    vectors = rng.standard_normal((3, DIM))[kind] + 0.4 * rng.standard_normal((count, DIM))
    tags = 0.05 * rng.random((count, len(LABELS)))
    tags[np.arange(count), kind] += 0.6
    tags[:, 3:6] += 0.5 * (rng.random((count, 3)) < 0.3)
    tags[:, 6] = 0.9
    columns: dict[str, Any] = {
        "ids": np.arange(1, count + 1, dtype=np.int64),
        "vectors": (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32),
        "heads": np.roll(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), 1, axis=1).astype(np.float16),
        "tails": np.roll(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), 2, axis=1).astype(np.float16),
        "tags": tags.astype(np.float16),
        "bpm": np.where(rng.random(count) < 0.1, np.nan, rng.uniform(60, 180, count)).astype(np.float32),
        "bpm_confidence": rng.random(count).astype(np.float32),
        "camelot": rng.integers(-1, 24, count).astype(np.int8),
        "key_confidence": rng.random(count).astype(np.float32),
        "energy": np.where(rng.random(count) < 0.1, np.nan, rng.uniform(1, 10, count)).astype(np.float32),
        "duration": rng.uniform(60, 600, count).astype(np.float32),
        "artist": rng.integers(0, 5, count).astype(np.uint64),
        "present": rng.random(count) < 0.8,
        "features": rng.random((count, len(FEATURES))).astype(np.float16),
        "work": np.arange(1, count + 1, dtype=np.uint64),
        "feature_names": FEATURES,
    }
    return replace(Columns.empty(count, DIM, LABELS, genres=GENRES, places=PLACES), **columns | fixed)


@contextmanager
def recommender(columns: Columns) -> Iterator[tuple[Recommender, Catalogue, VectorIndex]]:
    """A recommender over ``columns`` with an index in a folder of its own."""
    with TemporaryDirectory() as folder:
        catalogue = Catalogue(columns)
        index = VectorIndex(Path(folder), dim=columns.vectors.shape[1], model="networks-1")
        index.open(catalogue, 1)
        try:
            yield Recommender(catalogue, index), catalogue, index
        finally:
            index.close()
