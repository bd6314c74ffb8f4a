"""What paths and sets have in common: what a step costs, and what may not come twice.

A path is as good as its weakest step: nobody remembers seven good mixes, everybody the one that fell apart. So a step costs
the fourth power of what it lacks, once for the whole score and once for the mix alone, and the search keeps the sum small:
one step that lacks .6 costs more than eighty that lack .2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.recommend import mixability
from segue.recommend.catalogue import Snapshot

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Costs = npt.NDArray[np.float64]

SAME_ARTIST: Final = 1.0
"""Cost of one artist twice in a row: as much as a step where nothing fits, so that it is avoided wherever it can be."""
COPY_COSINE: Final = 0.9995
COPY_SECONDS: Final = 1.0
"""Two tracks this near in sound and length are copies of one recording."""
PITCH: Final = 0.08
"""Change of tempo that nearly every player's fader makes: a step beyond it is avoided, and said where there is no other."""


class Edges(NamedTuple):
    """How well some tracks follow another; both arrays have shape (n,)."""

    score: Costs
    """What suggestions are sorted by, 0..1."""
    mix: Costs
    """The worse of key and tempo, 0..1: what the blend itself needs."""


Score = Callable[[int, Ids], Edges]
"""Rates the rows (n,) as followers of one row."""
Nearest = Callable[[npt.NDArray[np.float32], int, Mask], Ids]
"""Finds the rows nearest to a unit vector (dim,), at most so many, among those that a mask (n,) allows."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The music that a search walks over."""

    snapshot: Snapshot
    allowed: Mask
    """Rows that may be used, shape (n,)."""
    score: Score
    nearest: Nearest


@dataclass(frozen=True, slots=True)
class Walk:
    """Tracks in playing order, and what their steps cost together."""

    rows: tuple[int, ...]
    cost: float = 0.0

    def then(self, row: int, cost: float) -> Walk:
        """Go one step further."""
        return Walk((*self.rows, row), self.cost + cost)


def step_costs(edges: Edges) -> Costs:
    """What each step costs, 0..2, shape (n,)."""
    lacks, mix_lacks = 1.0 - np.clip(edges.score, 0.0, 1.0), 1.0 - edges.mix
    costs: Costs = np.square(np.square(lacks)) + np.square(np.square(mix_lacks))
    return costs


def artist_costs(snapshot: Snapshot, row: int, rows: Ids) -> Costs:
    """What it costs that ``rows`` (n,) are of the artist of ``row``, shape (n,); an unknown artist is nobody's."""
    artist = snapshot.facts.artist
    costs: Costs = np.where((artist[rows] == artist[row]) & (artist[row] != 0), SAME_ARTIST, 0.0)
    return costs


def is_repeat(snapshot: Snapshot, rows: tuple[int, ...], row: int) -> bool:
    """Whether ``row`` is one of ``rows``, a copy of one, or another version of its work."""
    if row in rows:
        return True
    facts, vectors = snapshot.facts, snapshot.rows.vectors
    others = np.asarray(rows, dtype=np.int64)
    work = facts.work[row]
    if work and bool(np.any(facts.work[others] == work)):
        return True
    others = others[np.abs(facts.duration[others] - facts.duration[row]) <= COPY_SECONDS]
    return len(others) > 0 and bool(np.any(np.einsum("ij,j->i", vectors[others], vectors[row]) > COPY_COSINE))


def octaves(bpm: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Tempi as octaves (log2), NaN where unknown: half and double time are one apart."""
    known = np.where(bpm > 0, bpm, np.float32(np.nan))
    return np.log2(known, dtype=np.float32)


def near_in_tempo(tempi: npt.NDArray[np.float32], centre: float, ratio: float) -> Mask:
    """Which of the ``tempi`` (see `octaves`) are within a change of ``ratio`` of ``centre``, in half or double time too."""
    apart = tempi - np.float32(centre)
    # Beyond one octave it is nobody's half time.
    near: Mask = (np.abs(apart - np.clip(np.round(apart), -1.0, 1.0))) <= np.log2(1.0 + ratio)
    return near


def pair_costs(snapshot: Snapshot, rows: Ids, others: Ids) -> npt.NDArray[np.float32]:
    """Estimate what each step from ``rows`` (n,) to ``others`` (m,) costs, shape (n, m): a guide, much quicker than `Score`.

    Cosine, key and tempo in the shares that the scores have by default, without the ends of the tracks, vocals, energy and
    what was learned.
    """
    facts, vectors = snapshot.facts, snapshot.rows.vectors
    cosines = np.clip(np.einsum("ik,jk->ij", vectors[rows], vectors[others]), 0.0, 1.0)
    tempo, key = _pair_tempo(snapshot, rows, others), _pair_key(snapshot, rows, others)
    lacks = 1.0 - (0.6 * cosines + 0.2 * key + 0.2 * tempo)
    costs = np.square(np.square(lacks)) + np.square(np.square(1.0 - np.minimum(key, tempo)))
    for known in (facts.artist, facts.work):
        costs[(known[rows][:, None] == known[others]) & (known[others] != 0)] += SAME_ARTIST
    costs[rows[:, None] == others] = np.inf
    return costs.astype(np.float32)


def _pair_tempo(snapshot: Snapshot, rows: Ids, others: Ids) -> npt.NDArray[np.float32]:
    facts = snapshot.facts
    apart = octaves(facts.bpm[others]) - octaves(facts.bpm[rows])[:, None]
    best = np.full(apart.shape, -np.inf, np.float32)
    cross = np.log2(1.5)
    for shift, worth in (
        (0.0, 1.0),
        (1.0, mixability.HALF_TIME),
        (-1.0, mixability.HALF_TIME),
        (cross, mixability.CROSS_TIME),
        (-cross, mixability.CROSS_TIME),
    ):
        strain = (apart + np.float32(shift)) / np.float32(np.log2(1.0 + mixability.PITCH_RANGE))
        np.fmax(best, np.float32(np.log2(worth)) - np.square(strain), out=best)
    trust = facts.bpm_confidence[rows][:, None] * facts.bpm_confidence[others]
    score = mixability.NEUTRAL + trust * (np.exp2(best) - mixability.NEUTRAL)
    return np.where(np.isnan(apart), np.float32(mixability.NEUTRAL), score).astype(np.float32)


def _pair_key(snapshot: Snapshot, rows: Ids, others: Ids) -> npt.NDArray[np.float32]:
    facts = snapshot.facts
    ours, theirs = facts.camelot[rows][:, None], facts.camelot[others]
    trust = facts.key_confidence[rows][:, None] * facts.key_confidence[others]
    score = mixability.NEUTRAL + trust * (mixability.WHEEL[ours, theirs] - mixability.NEUTRAL)
    return np.where((ours < 0) | (theirs < 0), np.float32(mixability.NEUTRAL), score).astype(np.float32)
