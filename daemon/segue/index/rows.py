"""One consistent view of the library's vectors, shared by index and recommender so that memory holds them once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Rows:
    """An immutable view: a writer publishes a new one and never changes what an old one shows."""

    ids: npt.NDArray[np.int64]
    """Track id of each row, shape (n,)."""
    vectors: npt.NDArray[np.float32]
    """L2-normalised track vectors, shape (n, dim)."""
    alive: npt.NDArray[np.bool_]
    """False where the row is a tombstone, shape (n,)."""
    sorted_ids: npt.NDArray[np.int64]
    """Ids of the living rows, ascending."""
    sorted_rows: npt.NDArray[np.int64]
    """Row of each of ``sorted_ids``."""

    @classmethod
    def of(cls, ids: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32], alive: npt.NDArray[np.bool_]) -> Rows:
        """View arrays of one length; the caller promises not to change what they show."""
        living = np.flatnonzero(alive)
        order = np.argsort(ids[living], kind="stable")
        return cls(ids, vectors, alive, ids[living][order], living[order])

    @property
    def count(self) -> int:
        """How many rows are alive."""
        return len(self.sorted_ids)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def find(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Row of each id, -1 where there is none alive."""
        if not self.count:
            return np.full(len(ids), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.sorted_ids, ids), self.count - 1)
        found: npt.NDArray[np.int64] = np.where(self.sorted_ids[at] == ids, self.sorted_rows[at], -1)
        return found


class RowSource(Protocol):
    """Whoever owns the vectors: the recommender's catalogue."""

    def rows(self) -> Rows:
        """The latest view."""
        ...
