"""The vectors of a track's head and tail, stored together: float16, whose error of half a thousandth is far below theirs."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Half = npt.NDArray[np.float16]


class HasEnds(Protocol):
    """An analysis, or what one set of networks says."""

    @property
    def head(self) -> npt.NDArray[np.float32]:
        """Vector of the first part, shape (dim,)."""
        ...

    @property
    def tail(self) -> npt.NDArray[np.float32]:
        """Vector of the last part, shape (dim,)."""
        ...


def packed(heard: HasEnds) -> bytes:
    """Return head and tail one after the other."""
    return np.concatenate([heard.head, heard.tail]).astype("<f2").tobytes()


def unpacked(stored: list[bytes | None], vectors: npt.NDArray[np.float32]) -> tuple[Half, Half]:
    """Return heads and tails, each (n, dim), of n tracks; the track vector where there are none that are sound.

    Args:
        stored: what `packed` gave, or None, of each track.
        vectors: the track vectors, shape (n, dim).

    """
    count, dim = vectors.shape
    missing = bytes(4 * dim)
    both = np.frombuffer(
        b"".join(ends if ends is not None and len(ends) == 4 * dim else missing for ends in stored), "<f2"
    ).reshape(count, 2, dim)
    square = np.einsum("nij,nij->ni", both, both, dtype=np.float32)
    sound = (np.abs(square - 1.0) < 0.05).all(axis=1)  # NaN is not near
    halves = vectors.astype(np.float16)
    return np.where(sound[:, None], both[:, 0], halves), np.where(sound[:, None], both[:, 1], halves)
