"""From one track to another in so many steps, each of which mixes: a search over the graph of what mixes with what.

Every step has a layer of candidates: tracks near the line between the two vectors, and near the tempo that leads from the
one to the other. Backwards from the end, estimates say what it costs at least to get there from each candidate (dynamic
programming, Bellman 1957); forwards from the start, a beam follows the real scores with those estimates as its guide.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.recommend.mixability import meeting
from segue.recommend.walk import (
    Costs,
    Floats,
    Ground,
    Ids,
    Mask,
    Walk,
    artist_costs,
    is_repeat,
    pair_costs,
    step_costs,
)

NEAR_LINE: Final = 192
"""Candidates of a step near the line in sound and in tempo, ..."""
NEAR_ENDS: Final = 48
"""... near it in sound and at the tempo of the start or the end, where the tempo must jump, ..."""
NEAR_ANYHOW: Final = 32
"""... and near it in sound, whatever their tempo: 3:2 time is among them, and small libraries have no more."""
BEAM: Final = 8
"""Walks that are followed at a time."""
PROMISING: Final = 64
"""Candidates that are rated for each of them: those that the estimates put first."""
CHILDREN: Final = 6
"""Ways on from each of them that are kept."""


def find(ground: Ground, start: int, end: int, steps: int) -> list[int]:
    """Rows from ``start`` to ``end``: ``steps`` + 1 of them, or fewer where the music does not suffice.

    No track, copy of a recording or version of a work comes twice, no artist twice in a row where that can be avoided.
    """
    walk = _search(ground, start, end, steps)
    while walk.rows[-1] != end:
        # All ways ended before the last step: so many tracks there are, and no more.
        walk = _search(ground, start, end, len(walk.rows))
    return list(walk.rows)


def _layers(ground: Ground, start: int, end: int, steps: int) -> list[Ids]:
    """Candidates of each step between the two ends."""
    vectors = ground.snapshot.rows.vectors
    bpm = ground.snapshot.facts.bpm
    line = _tempo_line(float(bpm[start]), float(bpm[end]), steps)
    allowed = ground.allowed.copy()
    allowed[[start, end]] = False
    jumps = abs(np.log2(line[1] / line[0])) > np.log2(1.0 + ground.reach)
    ends = meeting(line[0], bpm, ground.reach) | meeting(line[-1], bpm, ground.reach)
    layers = []
    for step in range(1, steps):
        share = step / steps
        towards = _unit((1.0 - share) * vectors[start] + share * vectors[end], vectors[start])
        in_tempo = allowed if math.isnan(line[step]) else allowed & meeting(line[step], bpm, ground.reach)
        wishes: list[tuple[int, Mask]] = [(NEAR_LINE, in_tempo), (NEAR_ANYHOW, allowed)]
        if jumps:
            wishes.append((NEAR_ENDS, allowed & ends))
        found = [ground.nearest(towards, k, mask) for k, mask in wishes]
        if step == 1:
            found.append(ground.allowed_successors(start, allowed))
        layers.append(np.unique(np.concatenate(found)))
    return layers


def _tempo_line(start: float, end: float, steps: int) -> list[float]:
    """``steps`` + 1 tempi from start to end in equal ratios, by the shorter way round half and double time.

    An unknown end takes the tempo of the other one; where both are unknown, so is all between.
    """
    start, end = (end if math.isnan(start) else start), (start if math.isnan(end) else end)
    if math.isnan(start):
        return [math.nan] * (steps + 1)
    apart = math.log2(end / start)
    apart -= min(max(round(apart), -1), 1)
    return [start * 2.0 ** (apart * step / steps) for step in range(steps + 1)]


def _search(ground: Ground, start: int, end: int, steps: int) -> Walk:
    """The best walk to the end; where none gets there, one of those that got furthest."""
    layers = _layers(ground, start, end, steps)
    walks, before = [Walk((start,))], np.asarray([start])
    for layer, guide in zip(layers, _guides(ground, [before, *layers, np.asarray([end])]), strict=True):
        further = _step(ground, walks, before, layer, guide, end)
        if not further:
            return walks[0]
        walks, before = further, layer
    last = np.asarray([end])
    whole = [walk.then(end, float(_costs(ground, walk.rows[-1], last)[0])) for walk in walks]
    return min(whole, key=lambda walk: (walk.cost, walk.rows))


class _Guide(NamedTuple):
    """What a layer is searched with."""

    ahead: Floats
    """What the way to the end costs from each of its rows, by estimate, shape (n,)."""
    steps: Floats
    """What a step costs to each of them from each row of the layer before, by estimate, shape (before, n)."""


def _guides(ground: Ground, layers: list[Ids]) -> list[_Guide]:
    """Guides for all layers but the first and the last, which are the two ends."""
    guides: list[_Guide] = []
    onward = pair_costs(ground, layers[-2], layers[-1])
    ahead = np.min(onward, axis=1, initial=np.inf)
    for before, layer in reversed(list(pairwise(layers[:-1]))):
        steps = pair_costs(ground, before, layer)
        guides.append(_Guide(ahead, steps))
        ahead = np.min(steps + ahead, axis=1, initial=np.inf)
    return guides[::-1]


def _step(ground: Ground, walks: list[Walk], before: Ids, layer: Ids, guide: _Guide, end: int) -> list[Walk]:
    """The best ways on from all walks, which end in the layer ``before``, to the next layer."""
    ways: list[tuple[float, Walk]] = []
    for walk in walks:
        hopes = guide.steps[np.searchsorted(before, walk.rows[-1])] + guide.ahead
        order = np.argsort(hopes, kind="stable")
        promising = np.sort(order[:PROMISING])
        on = _ways_on(ground, walk, layer[promising], guide.ahead[promising], end)
        # All of them may be versions of what was played already.
        ways += on or _ways_on(ground, walk, layer, guide.ahead, end)
    ways.sort(key=lambda way: (way[0], way[1].rows))
    return [walk for _, walk in ways[:BEAM]]


def _ways_on(ground: Ground, walk: Walk, rows: Ids, ahead: Floats, end: int) -> list[tuple[float, Walk]]:
    """The best ways on from a walk to some rows (n,), each with what it costs and may cost until the end."""
    costs = _costs(ground, walk.rows[-1], rows)
    hoped = costs + ahead
    ways: list[tuple[float, Walk]] = []
    for at in np.lexsort((rows, hoped)).tolist():
        if len(ways) == CHILDREN:
            break
        row = int(rows[at])
        if np.isfinite(hoped[at]) and not is_repeat(ground, (*walk.rows, end), row):
            ways.append((walk.cost + float(hoped[at]), walk.then(row, float(costs[at]))))
    return ways


def _costs(ground: Ground, row: int, rows: Ids) -> Costs:
    return step_costs(ground.score(row, rows)) + artist_costs(ground.snapshot, row, rows)


def _unit(vector: npt.NDArray[np.float32], otherwise: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length > 1e-6 else otherwise
