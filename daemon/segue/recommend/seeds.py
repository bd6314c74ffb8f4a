"""Several seeds: what should sound like all of them, more like some and less like others, and mixes with the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from segue.recommend.seed import ProbeSeed

MORE: Final = 0.7
"""How much a track counts that there should be more of, against a seed."""
LESS: Final = 0.5
"""The same of what there should be less of, taken away."""


def joined(
    seed: ProbeSeed, also: Sequence[ProbeSeed] = (), more: Sequence[ProbeSeed] = (), less: Sequence[ProbeSeed] = ()
) -> ProbeSeed:
    """A seed with the tempo, key, energy and last part of the first, and the sound of all.

    Where they cancel out, the first alone says how it should sound.
    """
    if not (also or more or less):
        return seed
    pulls = [
        (seed, 1.0),
        *((one, 1.0) for one in also),
        *((one, MORE) for one in more),
        *((one, -LESS) for one in less),
    ]
    vector = np.sum([weight * one.vector for one, weight in pulls], axis=0)
    length = float(np.linalg.norm(vector))
    if length < 1e-3:
        return seed
    return replace(
        seed,
        vector=(vector / length).astype(np.float32),
        tags=_mean([(one.tags, weight) for one, weight in pulls]),
        features=_mean([(one.features, weight) for one, weight in pulls if weight > 0]),
    )


def centre(members: Sequence[ProbeSeed]) -> ProbeSeed:
    """The seed that a crate or playlist makes, at least one track: only its sound counts, for nothing is mixed from it."""
    return replace(
        joined(members[0], members[1:]),
        tail=None,
        bpm=None,
        camelot=-1,
        energy=None,
        duration=None,
        id=None,
        work=0,
        notes=(),
    )


def _mean(pulls: Sequence[tuple[Mapping[str, float], float]]) -> dict[str, float]:
    names = dict.fromkeys(name for values, _ in pulls for name in values)
    total = sum(weight for _, weight in pulls if weight > 0)
    sums = {name: sum(weight * values.get(name, 0.0) for values, weight in pulls) / total for name in names}
    return {name: min(max(value, 0.0), 1.0) for name, value in sums.items()}
