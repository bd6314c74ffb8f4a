"""Weights learned from one's own sets: what spoke for the track that was played, against those that were not.

A conditional logit (McFadden, "Conditional logit analysis of qualitative choice behavior", 1974) over the terms of a score: each
transition is a choice of one track among others that might have been played. A normal prior holds the weights at those in use,
so that few transitions move them little, and none falls below zero.

Three parts of the history, in the order of time: from the first comes the memory, the weights are learned on the second, and the
third judges. Weights that order it worse than those in use are not taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.recommend import scoring
from segue.recommend.catalogue import Snapshot
from segue.recommend.memory import Memory, Transition
from segue.recommend.scoring import Terms
from segue.recommend.seed import seed_of
from segue.recommend.weights import DEFAULT, HIGHEST, Weights

Values = npt.NDArray[np.float64]
Night = Sequence[int]
"""Track ids in the order in which they were played."""

SHARES: Final = ("similarity", "ends", "tags", "features", "key", "tempo", "energy")
_ADDED: Final = {"learned": "learned"}
_TAKEN: Final = {"vocals": "vocals", "energy_step": "strain"}
TUNED: Final = (*SHARES, *_ADDED, *_TAKEN)
"""Names of the weights that are learned: what is liked is said, not learned."""

MEMORY_SHARE: Final = 0.5
LEARN_SHARE: Final = 0.3
"""Of the transitions; the rest judges."""
LEAST: Final = 60
"""Transitions without which nothing is learned."""
MOST: Final = 1500
"""Transitions learned from, the latest ones."""
MOST_JUDGED: Final = 400
OTHERS: Final = 48
"""Tracks drawn from anywhere that were not played instead ..."""
NEAR: Final = 32
"""... and as many of the nearest, which are harder to tell from the one that was."""
_NEAREST: Final = 256
_FIELD: Final = 4000
"""Tracks among which the played one is looked for when weights are judged."""
PRIOR: Final = 0.1
"""Standard deviation of a weight about the one in use, where the shares of the mean add up to one."""
_SWEEPS: Final = 40
_ENOUGH: Final = 1e-7
_STEEPEST: Final = 200.0
_LEAST_WHOLE: Final = 0.1


class Tuned(NamedTuple):
    """What came of learning."""

    weights: Weights
    """The learned ones, or those in use where they are no better."""
    better: bool
    transitions: int
    """All that are known."""
    learned_from: int
    judged_on: int
    before: float
    """Mean reciprocal rank of the played track on what judges, with the weights in use; 0 where nothing was judged."""
    after: float
    """The same with the learned ones."""


class _Step(NamedTuple):
    """A transition: the tracks of the night so far, the last one playing, and what followed."""

    tonight: tuple[int, ...]
    chosen: int


def learn(snapshot: Snapshot, nights: Sequence[Night], base: Weights = DEFAULT) -> Tuned:
    """Learn weights from nights, the earliest first; tracks that are not in the snapshot are passed over.

    The same nights on the same library always give the same weights.
    """
    known = [_known(snapshot, night) for night in nights]
    count = sum(max(len(night) - 1, 0) for night in known)
    if count < LEAST:
        return Tuned(base, False, count, 0, 0, 0.0, 0.0)
    first, second, third = parted(known)
    rng = np.random.default_rng(count)
    steps = list(_steps(second))[-MOST:]
    judges = list(_steps(third))[-MOST_JUDGED:]
    if not steps or not judges:
        return Tuned(base, False, count, len(steps), len(judges), 0.0, 0.0)
    found = _fit(_choices(snapshot, steps, remembered(first), base, rng), base)
    earlier = remembered([*first, *second])
    fields = [_field(snapshot, step, earlier, base, rng) for step in judges]
    before, after = _rank(fields, base), _rank(fields, found)
    better = after > before
    return Tuned(found if better else base, better, count, len(steps), len(judges), before, after)


def parted(nights: Sequence[Night]) -> tuple[list[Night], list[Night], list[Night]]:
    """Part nights into those that are remembered, learned from, and judged by: whole nights, in the order of time."""
    sizes = np.cumsum([max(len(night) - 1, 0) for night in nights])
    total = max(int(sizes[-1]), 1) if len(sizes) else 1
    parts: tuple[list[Night], list[Night], list[Night]] = ([], [], [])
    begun = 0
    for night, size in zip(nights, sizes.tolist(), strict=True):
        share = begun / total
        parts[0 if share < MEMORY_SHARE else 1 if share < MEMORY_SHARE + LEARN_SHARE else 2].append(night)
        begun = size
    return parts


def remembered(nights: Sequence[Night]) -> Memory:
    """What these nights alone would have taught."""
    pairs = ((one, other) for night in nights for one, other in pairwise(night))
    return Memory.of(Transition(one, other, 1.0) for one, other in pairs)


# Choices ------------------------------------------------------------------------------------------------------------


def _known(snapshot: Snapshot, night: Night) -> Night:
    rows = snapshot.rows.find(np.asarray(night, dtype=np.int64))
    known = [track for track, row in zip(night, rows.tolist(), strict=True) if row >= 0]
    return [track for at, track in enumerate(known) if at == 0 or track != known[at - 1]]


def _steps(nights: Sequence[Night]) -> Iterator[_Step]:
    for night in nights:
        for at in range(1, len(night)):
            if night[at] not in night[:at]:
                yield _Step(tuple(night[:at]), night[at])


def _choices(
    snapshot: Snapshot, steps: Sequence[_Step], memory: Memory, base: Weights, rng: np.random.Generator
) -> Values:
    """What speaks for the played track and for those beside it, shape (steps, 1 + others, terms); the played one comes first."""
    return np.stack([_matrix(_beside(snapshot, step, memory, base, rng)) for step in steps])


def _beside(snapshot: Snapshot, step: _Step, memory: Memory, base: Weights, rng: np.random.Generator) -> Terms:
    seed = seed_of(snapshot, step.tonight[-1])
    able, chosen = _able(snapshot, step)
    cosines = snapshot.rows.vectors[able] @ seed.vector
    nearest = able[np.argsort(-cosines, kind="stable")[:_NEAREST]]
    # With replacement, so that a small library gives as many.
    drawn = np.concatenate([rng.choice(able, OTHERS), rng.choice(nearest, NEAR)]) if len(able) else np.full(80, chosen)
    return scoring.terms(snapshot, seed, np.concatenate([[chosen], drawn]), memory=memory, weights=base)


def _field(snapshot: Snapshot, step: _Step, memory: Memory, base: Weights, rng: np.random.Generator) -> Terms:
    """The played track first, then all that could have been played, or as many of them as are worth looking at."""
    able, chosen = _able(snapshot, step)
    if len(able) > _FIELD:
        able = np.sort(rng.choice(able, _FIELD, replace=False))
    rows = np.concatenate([[chosen], able])
    return scoring.terms(snapshot, seed_of(snapshot, step.tonight[-1]), rows, memory=memory, weights=base)


def _able(snapshot: Snapshot, step: _Step) -> tuple[npt.NDArray[np.int64], int]:
    """Rows of what could have been played instead, and that of what was."""
    mask = snapshot.suggestable.copy()
    mask[snapshot.rows.find(np.asarray(step.tonight, dtype=np.int64))] = False
    chosen = int(snapshot.rows.find(np.asarray([step.chosen], dtype=np.int64))[0])
    mask[chosen] = False
    return np.flatnonzero(mask), chosen


def _matrix(found: Terms) -> Values:
    columns = [getattr(found, name) for name in SHARES]
    columns += [getattr(found, name) for name in _ADDED.values()]
    columns += [-getattr(found, name).astype(np.float64) for name in _TAKEN.values()]
    return np.column_stack(columns).astype(np.float64)


def _rank(fields: Sequence[Terms], weights: Weights) -> float:
    """Mean reciprocal rank of the first row; of equal ones half lie before it."""
    ranks = []
    for found in fields:
        score = scoring.total(found, weights)
        ranks.append(1.0 + np.count_nonzero(score[1:] > score[0]) + 0.5 * np.count_nonzero(score[1:] == score[0]))
    return float(np.mean(1.0 / np.array(ranks)))


# Learning -----------------------------------------------------------------------------------------------------------


def _fit(choices: Values, base: Weights) -> Weights:
    start = _as_values(base)
    steepness = float(_ascend((choices @ start)[:, :, None], np.array([10.0]), np.array([1e4]))[0])
    steepness = min(max(steepness, 1.0), _STEEPEST)
    found = _ascend(choices * steepness, start, np.full(len(start), PRIOR))
    return _as_weights(found, base)


def _ascend(choices: Values, start: Values, spread: Values) -> Values:
    """Find the likeliest weights from zero up, one by one with Newton's steps; the problem is convex.

    ``choices`` has shape (steps, tracks, weights), the chosen track first; ``start`` is the middle of the prior, ``spread`` its
    standard deviation.
    """
    weights = start.copy()
    scores = choices @ weights
    last = np.inf
    for _ in range(_SWEEPS):
        for at in range(len(weights)):
            column = choices[:, :, at]
            shares = _softmax(scores)
            mean = np.sum(shares * column, axis=1)
            slope = np.sum(mean - column[:, 0]) + (weights[at] - start[at]) / spread[at] ** 2
            bend = np.sum(np.sum(shares * column**2, axis=1) - mean**2) + 1.0 / spread[at] ** 2
            # Half of Newton's step where it is far: the curve flattens out of the middle.
            step = max(-slope / max(bend, 1e-12), -weights[at])
            step = float(np.clip(step, -2.0 * spread[at], 2.0 * spread[at]))
            weights[at] += step
            scores += step * column
        loss = _loss(scores) + float(np.sum(((weights - start) / spread) ** 2)) / 2.0
        if last - loss < _ENOUGH * max(abs(loss), 1.0):
            break
        last = loss
    return weights


def _softmax(scores: Values) -> Values:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Values = raised / raised.sum(axis=1, keepdims=True)
    return shares


def _loss(scores: Values) -> float:
    highest = scores.max(axis=1)
    return float(np.sum(highest + np.log(np.sum(np.exp(scores - highest[:, None]), axis=1)) - scores[:, 0]))


def _as_values(weights: Weights) -> Values:
    """The weights as factors of the terms: the shares add up to one."""
    shares = [getattr(weights, name) / weights.base for name in SHARES]
    return np.array([*shares, *(getattr(weights, name) for name in (*_ADDED, *_TAKEN))])


def _as_weights(values: Values, base: Weights) -> Weights:
    whole = float(values[: len(SHARES)].sum())
    if whole <= 1e-6:
        return base
    # Where hardly anything of the mean is left, what is added to it would be beyond all limits.
    shown = np.clip(values / max(whole, _LEAST_WHOLE), 0.0, HIGHEST)
    return base.changed({name: round(float(value), 3) for name, value in zip(TUNED, shown, strict=True)})
