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
from segue.recommend.pick import COPY_COSINE, COPY_SECONDS, VERSION_COSINE

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Costs = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

SAME_ARTIST: Final = 1.0
"""Cost of one artist twice in a row: as much as a step where nothing fits, so that it is avoided wherever it can be."""
NO_BLEND: Final = 1.0
"""Cost of a step whose tempo or key allows no blend: avoided wherever it can be, too, and said where it cannot."""

BEYOND: Final = 0.01
"""Gained by a score that is one above 1: among pairs that lack nothing, one that was played before comes first."""
ENERGY_JUMP: Final = 0.1
"""Cost of the worst step of energy: as much as a score that lacks .56. A way leads somewhere; it does not swing to and fro."""


class Edges(NamedTuple):
    """How well some tracks follow another; all arrays have shape (n,)."""

    score: Costs
    """What suggestions are sorted by, see `scoring.total`: about 0..1."""
    mix: Costs
    """The worse of key and tempo, 0..1: what the blend itself needs."""
    blends: Mask
    """Tempo and key, as far as they are known, allow one: see `mixability.mixes`."""
    strain: Costs
    """How far the step of energy goes beyond what keeps a floor, 0..1: see `mixability.energy_strain`."""


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
    reach: float = mixability.PITCH_RANGE
    """Change of tempo that the DJ's fader makes, a fraction."""
    played: tuple[int, ...] = ()
    """Rows that were played before: neither they nor other versions of them come again."""
    successors: Callable[[int], Ids] = lambda _row: np.empty(0, np.int64)
    """Finds the rows that followed a row in one's own sets: candidates wherever they lie."""
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1)
    """Of sound, key and tempo in the score, together one: what estimates are made with."""

    def allowed_successors(self, row: int, mask: Mask) -> Ids:
        """Those of the `successors` that a mask (n,) allows."""
        rows = self.successors(row)
        allowed: Ids = rows[mask[rows]]
        return allowed


@dataclass(frozen=True, slots=True)
class Walk:
    """Tracks in playing order, and what their steps cost together."""

    rows: tuple[int, ...]
    cost: float = 0.0

    def then(self, row: int, cost: float) -> Walk:
        """Go one step further."""
        return Walk((*self.rows, row), self.cost + cost)


def step_costs(edges: Edges) -> Costs:
    """What each step costs, shape (n,): 0 where nothing is lacking, a little less where one's own sets say more than that."""
    lacks, mix_lacks = np.maximum(1.0 - edges.score, 0.0), 1.0 - edges.mix
    costs: Costs = np.square(np.square(lacks)) + np.square(np.square(mix_lacks))
    costs -= BEYOND * np.maximum(edges.score - 1.0, 0.0)
    return costs + NO_BLEND * ~edges.blends + ENERGY_JUMP * np.square(edges.strain)


def artist_costs(snapshot: Snapshot, row: int, rows: Ids) -> Costs:
    """What it costs that ``rows`` (n,) are of the artist of ``row``, shape (n,); an unknown artist is nobody's."""
    artist = snapshot.facts.artist
    costs: Costs = np.where((artist[rows] == artist[row]) & (artist[row] != 0), SAME_ARTIST, 0.0)
    return costs


def is_repeat(ground: Ground, rows: tuple[int, ...], row: int) -> bool:
    """Whether ``row`` is one of ``rows`` or was played before, is a copy of one, or another version of its work."""
    earlier = rows + ground.played
    if row in earlier:
        return True
    facts, vectors = ground.snapshot.facts, ground.snapshot.rows.vectors
    others = np.asarray(earlier, dtype=np.int64)
    copies = np.abs(facts.duration[others] - facts.duration[row]) <= COPY_SECONDS
    versions = (facts.work[others] == facts.work[row]) & (facts.work[row] != 0)
    near = np.flatnonzero(copies | versions)
    if not len(near):
        return False
    cosines = np.einsum("ij,j->i", vectors[others[near]], vectors[row])
    least = np.where(versions[near], VERSION_COSINE, COPY_COSINE)
    return bool(np.any(cosines >= least))


def pair_costs(ground: Ground, rows: Ids, others: Ids) -> npt.NDArray[np.float32]:
    """Estimate what each step from ``rows`` (n,) to ``others`` (m,) costs, shape (n, m): a guide, much quicker than `Score`.

    Cosine, key and tempo have the ground's shares; the ends of the tracks, vocals and what was learned are left out.
    """
    facts, vectors = ground.snapshot.facts, ground.snapshot.rows.vectors
    cosines = np.clip(np.einsum("ik,jk->ij", vectors[rows], vectors[others]), 0.0, 1.0)
    tempo, near = _pair_tempo(ground, rows, others)
    key = _pair_key(ground.snapshot, rows, others)
    of_sound, of_key, of_tempo = ground.shares
    lacks = 1.0 - (of_sound * cosines + of_key * key + of_tempo * tempo)
    costs = np.square(np.square(lacks)) + np.square(np.square(1.0 - np.minimum(key, tempo)))
    costs += ENERGY_JUMP * np.square(_pair_strain(facts.energy[rows], facts.energy[others]))
    costs[~near | (_pair_grade(ground.snapshot, rows, others) < mixability.NO_CLASH)] += NO_BLEND
    for known in (facts.artist, facts.work):
        costs[(known[rows][:, None] == known[others]) & (known[others] != 0)] += SAME_ARTIST
    costs[rows[:, None] == others] = np.inf
    estimates: Floats = costs.astype(np.float32)
    return estimates


def _pair_tempo(ground: Ground, rows: Ids, others: Ids) -> tuple[Floats, Mask]:
    """Scores as `mixability.tempo` gives them, and which tempi the fader brings together, both of shape (n, m)."""
    facts = ground.snapshot.facts
    apart = _octaves(facts.bpm[others]) - _octaves(facts.bpm[rows])[:, None]
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
    near: Mask = np.abs(apart - np.clip(np.rint(apart), -1.0, 1.0)) <= np.log2(1.0 + ground.reach)
    score = np.where(np.isnan(apart), np.float32(mixability.NEUTRAL), score)
    return score.astype(np.float32), near


def _pair_key(snapshot: Snapshot, rows: Ids, others: Ids) -> Floats:
    sure = snapshot.facts.key_confidence
    trust = sure[rows][:, None] * sure[others]
    drawn = mixability.NEUTRAL + trust * (_pair_grade(snapshot, rows, others) - mixability.NEUTRAL)
    score: Floats = drawn.astype(np.float32)
    return score


def _pair_grade(snapshot: Snapshot, rows: Ids, others: Ids) -> Floats:
    ours, theirs = snapshot.facts.camelot[rows][:, None], snapshot.facts.camelot[others]
    unknown = (ours < 0) | (theirs < 0)
    grade: Floats = np.where(unknown, np.float32(mixability.NEUTRAL), mixability.WHEEL[ours, theirs])
    return grade


def _pair_strain(energy: Floats, others: Floats) -> Floats:
    step = others - energy[:, None]
    beyond = np.maximum(step - mixability.ENERGY_UP, -mixability.ENERGY_DOWN - step) / mixability.ENERGY_FALL
    strain: Floats = np.nan_to_num(np.clip(beyond, 0.0, 1.0))
    return strain


def _octaves(bpm: Floats) -> Floats:
    known: Floats = np.log2(np.where(bpm > 0, bpm, np.float32(np.nan)))
    return known
