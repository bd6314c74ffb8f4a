"""The library's numbers as aligned arrays: what the index and the recommender keep in memory."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from segue.library.places import NOWHERE, Place
from segue.library.vocabulary import Vocabulary

UNIT_TOLERANCE: Final = 1e-3
"""How far the length of a normalised vector may be from one."""


@dataclass(frozen=True, slots=True)
class Columns:
    """One row a track that is analysed with the current models; all arrays have the same first length n.

    Titles, artists and paths stay in SQLite: they are fetched for the few tracks of an answer.
    """

    ids: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]
    """Shape (n, dim), L2-normalised within `UNIT_TOLERANCE`."""
    heads: npt.NDArray[np.float16]
    """Vectors of the first part of each track, shape (n, dim), normalised as exactly as float16 is; the track vector where
    there is none yet."""
    tails: npt.NDArray[np.float16]
    """As `heads`, of the last part."""
    tags: npt.NDArray[np.float16]
    """Tag probabilities, shape (n, labels)."""
    bpm: npt.NDArray[np.float32]
    """Beats a minute that hold (user > DJ program > file > ours); NaN: unknown."""
    bpm_confidence: npt.NDArray[np.float32]
    """0..1, never NaN; 1 where a user, a DJ program or the file says so."""
    camelot: npt.NDArray[np.int8]
    """Key that holds as 0..23: ``2 * (number - 1) + (0 for A, 1 for B)``; -1: unknown."""
    key_confidence: npt.NDArray[np.float32]
    """As `bpm_confidence`, of the key."""
    energy: npt.NDArray[np.float32]
    """1..10; NaN: unknown."""
    duration: npt.NDArray[np.float32]
    """Seconds."""
    artist: npt.NDArray[np.uint64]
    """Hash of the folded artist name; 0: unknown."""
    present: npt.NDArray[np.bool_]
    """At least one copy of the file is there."""
    features: npt.NDArray[np.float16]
    """Medium-level features, 0..1, shape (n, features); NaN: unknown."""
    work: npt.NDArray[np.uint64]
    """Hash of the title's stem and the artist, the same for all versions of one work; 0: unknown."""
    year: npt.NDArray[np.int16]
    """0: unknown."""
    rating: npt.NDArray[np.int8]
    """0..5, the value that holds; -1: unknown."""
    genre: npt.NDArray[np.int32]
    """Code in `genres`; 0: unknown."""
    place: npt.NDArray[np.int32]
    """Code in `places`; 0: unknown."""
    private: npt.NDArray[np.bool_]
    """All its files lie in private folders, and it was not promoted: it is suggested to nobody."""
    labels: tuple[str, ...]
    """Names of the tag columns."""
    feature_names: tuple[str, ...]
    """Names of the feature columns."""
    genres: Vocabulary[str]
    """Genres as the files' tags say them."""
    places: Vocabulary[Place]
    """Sets of folders that hold files of one track."""

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what has one row a track, by name."""
        return {name: getattr(self, name) for name in _ARRAYS}

    def take(self, which: npt.NDArray[Any] | slice) -> Columns:
        """Return the same of some of the tracks, chosen as by numpy's indexing."""
        chosen: dict[str, Any] = {name: array[which] for name, array in self.arrays().items()}
        return replace(self, **chosen)

    @classmethod
    def empty(
        cls,
        size: int,
        dim: int,
        labels: tuple[str, ...],
        feature_names: tuple[str, ...] = (),
        *,
        genres: Vocabulary[str] | None = None,
        places: Vocabulary[Place] | None = None,
    ) -> Columns:
        """Return columns for `size` tracks of which nothing is known but what the caller then fills in."""
        return cls(
            ids=np.zeros(size, np.int64),
            vectors=np.zeros((size, dim), np.float32),
            heads=np.zeros((size, dim), np.float16),
            tails=np.zeros((size, dim), np.float16),
            tags=np.zeros((size, len(labels)), np.float16),
            bpm=np.full(size, np.nan, np.float32),
            bpm_confidence=np.zeros(size, np.float32),
            camelot=np.full(size, -1, np.int8),
            key_confidence=np.zeros(size, np.float32),
            energy=np.full(size, np.nan, np.float32),
            duration=np.zeros(size, np.float32),
            artist=np.zeros(size, np.uint64),
            present=np.zeros(size, np.bool_),
            features=np.full((size, len(feature_names)), np.nan, np.float16),
            work=np.zeros(size, np.uint64),
            year=np.zeros(size, np.int16),
            rating=np.full(size, -1, np.int8),
            genre=np.zeros(size, np.int32),
            place=np.zeros(size, np.int32),
            private=np.zeros(size, np.bool_),
            labels=labels,
            feature_names=feature_names,
            genres=Vocabulary("") if genres is None else genres,
            places=Vocabulary(NOWHERE) if places is None else places,
        )


_SHARED: Final = frozenset({"labels", "feature_names", "genres", "places"})
_ARRAYS: Final = tuple(field.name for field in fields(Columns) if field.name not in _SHARED)
