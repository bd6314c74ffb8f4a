"""One HNSW graph (Malkov & Yashunin, 2018) by hnswlib, with its sharp edges covered.

hnswlib stores a copy of each vector, takes unsigned labels, and is not safe for an add beside a query. Here a label is a
serial number that is never used twice; the register says which track it stands for and has a fingerprint of the vector
that was added, so that graph and library can be compared without reading the vectors back (which hnswlib does slowly,
and while it holds the interpreter). The space is the inner product, which is the cosine for the unit vectors that are
the only ones let in.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import hnswlib
import numpy as np
import numpy.typing as npt

from segue.library.columns import UNIT_TOLERANCE

SPACE: Final = "ip"
M: Final = 16
EF_CONSTRUCTION: Final = 160
EF_MARGIN: Final = 60
"""``ef`` is the neighbours asked for and this many more; `benchmarks/next.py` measures what recall that gives."""
SEED: Final = 1
SPARE: Final = 4096


REGISTER: Final = np.dtype([("id", "<i8"), ("fingerprint", "<u8")])
"""What is known of a label: its track, -1 for a tombstone, and its vector."""
Register = npt.NDArray[np.void]


class Graph:
    """A graph over track ids. All methods may be called from any thread; each holds the lock for a short while."""

    def __init__(self, dim: int, capacity: int = 0) -> None:
        self._hold(dim, hnswlib.Index(SPACE, dim), np.empty(0, dtype=REGISTER))
        self._index.init_index(capacity + SPARE, M=M, ef_construction=EF_CONSTRUCTION, random_seed=SEED)

    @classmethod
    def load(cls, path: Path, dim: int, register: Register) -> Graph:
        """Read a file that `save` wrote with ``register``, whose checksums the caller has compared.

        Raises ValueError where the file holds another number of labels, RuntimeError where hnswlib refuses it.
        """
        graph, index = cls.__new__(cls), hnswlib.Index(SPACE, dim)
        # Without room the next add would raise: a loaded index is exactly as large as it was.
        index.load_index(str(path), max_elements=len(register) + SPARE)
        if index.get_current_count() != len(register):
            raise ValueError("the graph and its register have different lengths")
        graph._hold(dim, index, register)  # noqa: SLF001 - its own class
        return graph

    def _hold(self, dim: int, index: hnswlib.Index, register: Register) -> None:
        self.dim = dim
        self._index = index
        self._lock = threading.Lock()
        self._size = len(register)
        self._register = register
        ids = register["id"]
        living = np.flatnonzero(ids >= 0)
        self._labels = dict(zip(ids[living].tolist(), living.tolist(), strict=True))

    @property
    def count(self) -> int:
        """How many tracks can be found."""
        return len(self._labels)

    @property
    def tombstones(self) -> int:
        """How many labels lead nowhere."""
        return self._size - len(self._labels)

    def lacks(self, ids: Iterable[int]) -> list[int]:
        """Those of ``ids`` that are not in the graph, in the same order."""
        return [track for track in ids if track not in self._labels]

    def beyond(self, ids: Iterable[int]) -> list[int]:
        """The graph's tracks that are not among ``ids``."""
        with self._lock:
            return sorted(self._labels.keys() - set(ids))

    def add(self, ids: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]) -> None:
        """Add tracks, or give those that are there a new vector. A query waits until all of them are in.

        Raises ValueError where a vector of ``vectors`` (n, dim) is not finite or not of unit length.
        """
        if not len(ids):
            return
        require_unit(vectors, self.dim)
        with self._lock:
            for track in ids.tolist():
                self._bury(track)
            start = self._size
            self._make_room(start + len(ids))
            self._index.add_items(vectors, np.arange(start, start + len(ids)), num_threads=1)
            self._register["id"][start : start + len(ids)] = ids
            self._register["fingerprint"][start : start + len(ids)] = fingerprints(vectors)
            self._size = start + len(ids)
            self._labels.update(zip(ids.tolist(), range(start, self._size), strict=True))

    def remove(self, ids: Iterable[int]) -> int:
        """Turn tracks into tombstones; returns how many of them were there."""
        with self._lock:
            return sum(self._bury(track) for track in ids)

    def search(self, vector: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int64]:
        """Track ids of about the ``k`` nearest, nearest first; fewer where the graph holds fewer or cannot reach them."""
        with self._lock:
            k = min(k, len(self._labels))
            if k < 1:
                return np.empty(0, dtype=np.int64)
            self._index.set_ef(k + EF_MARGIN)
            try:
                labels, _ = self._index.knn_query(vector, k=k, num_threads=1)
            except RuntimeError:  # Fewer than k could be reached: the caller has exact search for that.
                return np.empty(0, dtype=np.int64)
            ids = self._register["id"][labels[0].astype(np.int64)]
        found: npt.NDArray[np.int64] = ids[ids >= 0]
        return found

    def save(self, path: Path) -> Register:
        """Write the graph; returns its register (labels,), without which the file is worth nothing."""
        with self._lock:
            self._index.save_index(str(path))
            return self._register[: self._size].copy()

    def differing(self, ids: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]) -> list[int]:
        """Those of ``ids``, all in the graph, that were added with another vector than their row of ``vectors`` (n, dim)."""
        with self._lock:
            labels = [self._labels[track] for track in ids.tolist()]
            added = self._register["fingerprint"][labels]
        different: list[int] = ids[added != fingerprints(vectors)].tolist()
        return different

    def _bury(self, track: int) -> bool:
        label = self._labels.pop(track, None)
        if label is None:
            return False
        self._index.mark_deleted(label)
        self._register["id"][label] = -1
        return True

    def _make_room(self, size: int) -> None:
        if size > int(self._index.get_max_elements()):
            self._index.resize_index(size + size // 4 + SPARE)
        if size > len(self._register):
            register = np.empty(int(self._index.get_max_elements()), dtype=REGISTER)
            register[: self._size] = self._register[: self._size]
            self._register = register


def fingerprints(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.uint64]:
    """A number for each vector of (n, dim) that differs when any bit differs (but for one chance in 2**32 or so)."""
    bits = np.ascontiguousarray(vectors).view(np.uint32)
    prints: npt.NDArray[np.uint64] = np.einsum("ij,j->i", bits, _factors(vectors.shape[1]))
    return prints


@cache
def _factors(dim: int) -> npt.NDArray[np.uint64]:
    # Saved fingerprints depend on these numbers: others need another cache.FORMAT.
    return np.random.default_rng(0).integers(2**63, size=dim, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def require_unit(vectors: npt.NDArray[np.float32], dim: int) -> None:
    """Raise ValueError unless ``vectors`` is (n, dim), finite and of unit length: hnswlib takes anything in silence."""
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise ValueError(f"vectors of shape {vectors.shape} do not fit an index of dimension {dim}")
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    if not np.all(np.abs(norms - 1.0) <= UNIT_TOLERANCE):
        raise ValueError("a vector is not finite or not of unit length")
