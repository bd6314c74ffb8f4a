"""The library's numbers as aligned arrays: what the index and the recommender keep in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

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
    labels: tuple[str, ...]
    """Names of the tag columns."""
