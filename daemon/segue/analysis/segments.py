"""Where one part of a recording ends and the next begins: the bars, cut so that every part sounds like itself.

The cut with the least cost is found by dynamic programming over all of them, as in optimal partitioning (Jackson et al., "An
algorithm for optimal partitioning of data on an interval", 2005): a part costs what its bars differ from their mean, and a
border costs a constant, less on phrases of eight bars than between them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segue.analysis.bars import Bars

Array = npt.NDArray[np.float64]

PHRASE: Final = 8
"""Bars of a phrase."""
_BORDER: Final = 6.0
"""Cost of a border on a phrase, in the units of `_features`."""
_OFF_PHRASE: Final = {4: 1.6, 2: 2.5, 1: 3.5}
"""How many times that a border costs that lies on a multiple of 4 or 2 bars, or of 1, after a phrase."""
_SHAPE_DB: Final = 4.0
"""A clear difference in the shape of the spectrum, over all bands."""
_LONGEST: Final = 96
"""Bars: longer parts are cut, and joined again when they are labelled."""
_SMOOTH: Final = 3
"""Bars of the running median: a fill or a stop of one bar is no part."""


def borders(bars: Bars) -> list[int]:
    """Numbers of the bars that begin a part, 0 first."""
    return cut(bars)[0]


def cut(bars: Bars) -> tuple[list[int], float]:
    """The borders, and what the cut costs: less on the bars that the music has than on any others."""
    features = _features(bars)
    costs = _costs(features)
    if not bars.length:
        return _best(costs, np.full(len(features), _BORDER * _OFF_PHRASE[4]))
    place = np.arange(len(features)) - bars.first
    cuts = [_best(costs, _prices(place - phase, bars.length)) for phase in range(max(PHRASE // bars.length, 1))]
    return min(cuts, key=lambda one: one[1])


def _prices(place: npt.NDArray[np.intp], length: int) -> Array:
    """Cost of a border before each bar, by its place after a phrase."""
    place = place * length
    price = np.full(len(place), _OFF_PHRASE[1])
    for multiple in (2, 4):
        price[place % multiple == 0] = _OFF_PHRASE[multiple]
    price[place % PHRASE == 0] = 1.0
    return price * _BORDER


def _features(bars: Bars) -> Array:
    """What tells parts apart, each brought to a unit that is a clear difference, shape (n, features)."""
    shape = bars.shape - bars.shape.mean(axis=1, keepdims=True)
    columns = [
        bars.level / 5.0,
        bars.bass / 7.0,
        bars.music / 5.0,
        bars.kicks / _unit(bars.kicks),
        bars.hats / _unit(bars.hats),
        *(shape / (_SHAPE_DB * np.sqrt(shape.shape[1]))).T,
    ]
    return np.asarray(ndimage.median_filter(np.stack(columns, axis=1), (_SMOOTH, 1), mode="nearest"))


def _unit(onsets: Array) -> float:
    """A clear difference in onsets: a third of what the bars with many have, or of very little."""
    return max(float(np.percentile(onsets, 90.0)) / 3.0, 0.2)


def _costs(features: Array) -> Array:
    """Cost of the part of k + 1 bars that ends with bar n, shape (n, `_LONGEST`); infinite where it began before the first."""
    count = len(features)
    total = np.concatenate([np.zeros((1, features.shape[1])), np.cumsum(features, axis=0)])
    square = np.concatenate([[0.0], np.cumsum(np.square(features).sum(axis=1))])
    costs = np.full((count, min(_LONGEST, count)), np.inf)
    for size in range(1, costs.shape[1] + 1):
        inside = total[size:] - total[:-size]
        costs[size - 1 :, size - 1] = square[size:] - square[:-size] - np.square(inside).sum(axis=1) / size
    return costs


def _best(costs: Array, prices: Array) -> tuple[list[int], float]:
    """The cheapest cut, as the first bars of its parts, and its cost."""
    count, longest = costs.shape
    least = np.zeros(count + 1)
    begin = np.zeros(count + 1, dtype=np.intp)
    paid = np.concatenate([[0.0], prices[1:]])
    for end in range(1, count + 1):
        first = max(end - longest, 0)
        starts = np.arange(first, end)
        sums = least[first:end] + paid[starts] + costs[end - 1, end - 1 - starts]
        best = int(sums.argmin())
        least[end], begin[end] = sums[best], starts[best]
    found = []
    end = count
    while end > 0:
        end = int(begin[end])
        found.append(end)
    return found[::-1], float(least[count])
