"""A measured mean with the interval in which chance alone could have put it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

_ROUNDS: Final = 1000
_SEED: Final = 20261122
_FEWEST_GROUPS: Final = 10
"""Resampling fewer tells more about which were drawn than about chance."""


class Estimate(NamedTuple):
    """A mean with its 95 % confidence interval."""

    value: float
    low: float
    high: float
    size: int
    """How many values the mean is of."""

    def __str__(self) -> str:
        return f"{decimal(self.value)} ±{decimal((self.high - self.low) / 2)}"


def decimal(value: float) -> str:
    """A share as ``.815``, any other number with three decimals."""
    text = f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def estimate(values: npt.ArrayLike, groups: Sequence[object] | None = None) -> Estimate:
    """The mean of values (n,), with its percentile bootstrap interval (Efron, 1979) over 1000 resamples.

    With `groups` (n,), whole groups are drawn, if there are ten or more: tracks of an album are not independent of each
    other. The same values always give the same interval. ValueError when there is none, or one is no number.
    """
    kept = np.asarray(values, dtype=np.float64)
    if not kept.size:
        raise ValueError("there is nothing to take the mean of")
    if not np.isfinite(kept).all():
        raise ValueError("a value to take the mean of is no finite number")
    numbers = np.arange(kept.size)
    if groups is not None and len({*groups}) >= _FEWEST_GROUPS:
        numbers = np.unique(np.array(groups, dtype=str), return_inverse=True)[1]
    sums, counts = np.bincount(numbers, kept), np.bincount(numbers).astype(np.float64)
    drawn = np.random.default_rng(_SEED).integers(len(sums), size=(_ROUNDS, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(kept.mean()), float(low), float(high), int(kept.size))
