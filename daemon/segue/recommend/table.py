"""Growable arrays of one length, from which immutable views are handed out while a single writer goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
SPARE: Final = 16_384
"""Least room for new rows. Memory that is never written costs nothing."""


class Table:
    """Named arrays with room to grow. Not locked: the owner lets one writer in at a time.

    A view shows the first ``size`` rows as they were. New rows go behind it, in place; a row that a view may show is
    changed in a copy of its array. So a view never changes, and taking one costs nothing.
    """

    def __init__(self, first: Mapping[str, Array]) -> None:
        self.size = len(next(iter(first.values())))
        self._arrays = {name: _roomy(array, self.size) for name, array in first.items()}

    def view(self) -> dict[str, Array]:
        """All arrays, cut to the present size."""
        return {name: array[: self.size] for name, array in self._arrays.items()}

    def append(self, values: Mapping[str, Array]) -> None:
        """Add rows behind the last one."""
        start, end = self.size, self.size + len(next(iter(values.values())))
        if end > len(next(iter(self._arrays.values()))):
            self._arrays = {name: _roomy(array[:start], end) for name, array in self._arrays.items()}
        for name, array in self._arrays.items():
            array[start:end] = values[name]
        self.size = end

    def widen(self, name: str, array: Array) -> None:
        """Put an array of the present size in the place of another."""
        self._arrays[name] = _roomy(array, len(self._arrays[name]) - self.size)

    def change(self, rows: npt.NDArray[np.int64], values: Mapping[str, Array]) -> None:
        """Give ``rows`` new values in the arrays named by ``values``; only arrays that differ are copied."""
        for name, new in values.items():
            old = self._arrays[name]
            if np.array_equal(old[rows], new, equal_nan=np.issubdtype(old.dtype, np.floating)):
                continue
            copy = _roomy(old[: self.size], len(old) - self.size)
            copy[rows] = new
            self._arrays[name] = copy

    def keep(self, rows: npt.NDArray[np.int64]) -> None:
        """Drop all rows but these."""
        self.size = len(rows)
        for name in self._arrays:
            self._arrays[name] = _roomy(self._arrays[name][rows], self.size)


def _roomy(array: Array, room: int) -> Array:
    """A copy with room for ``room`` more rows, or for `SPARE`."""
    copy = np.empty((len(array) + max(room, SPARE), *array.shape[1:]), dtype=array.dtype)
    copy[: len(array)] = array
    return copy
