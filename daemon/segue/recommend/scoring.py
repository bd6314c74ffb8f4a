"""What speaks for each candidate, part by part, and the score that weights make of it.

Everything that ranks tracks builds on these two functions: the lists and lanes, paths and sets, the evaluation, and the tuning of
the weights.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.recommend import mixability
from segue.recommend.catalogue import Snapshot
from segue.recommend.memory import Memory
from segue.recommend.seed import ProbeSeed
from segue.recommend.weights import DEFAULT, Weights

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

ENERGY_SPAN: Final = 5.0
"""Steps of energy, of ten, at which two energies have nothing in common any more."""


class Terms(NamedTuple):
    """What speaks for each candidate; all arrays have shape (n,), and all but the named exceptions are 0..1."""

    rows: Rows
    cosine: Floats
    """Of the track vectors, -1..1."""
    similarity: Floats
    """The same, nothing below zero."""
    ends: Floats
    """Cosine of the seed's last and the candidate's first part."""
    tags: Floats
    """Cosine of the telling tags' probabilities, each by how much it tells."""
    features: Floats
    """Medium-level features that are near; one half where unknown."""
    key: Floats
    """See `mixability.key`: one half where unknown or unsure."""
    tempo: Floats
    """See `mixability.tempo`: one half where unknown or unsure."""
    change: Floats
    """How much faster the candidate is, a fraction, after ``factor``; NaN where unknown."""
    factor: Floats
    pitch: Floats
    """Semitones by which it would sound higher, without keylock."""
    energy: Floats
    """Energies that are near; one half where unknown."""
    step: Floats
    """Energy of the candidate minus that of the seed, -9..9; NaN where unknown."""
    strain: Floats
    """How far the step goes beyond what keeps a floor."""
    vocals: Bools
    """Both have some."""
    unsung: Bools
    """Neither has any."""
    learned: Floats
    """What one's own sets say for it, -1..1."""
    liked: Floats
    """1 liked, -1 disliked."""
    mixes: Bools
    """Tempo and key, as far as they are known, allow a blend: see `mixability.mixes`."""
    smooth: Bools
    """The same with keys that may lie over one another for long."""

    def one(self, at: int) -> Terms:
        """The same of one candidate alone."""
        arrays: Iterable[Any] = self
        return Terms(*(values[at : at + 1] for values in arrays))


def terms(
    snapshot: Snapshot,
    seed: ProbeSeed,
    rows: Rows,
    cosines: Floats | None = None,
    memory: Memory | None = None,
    weights: Weights = DEFAULT,
) -> Terms:
    """Compare the seed with candidates, at the tempo and pitch at which it is played.

    ``cosines`` (n,) are those of the track vectors where they are known already. ``weights`` say only which features count how
    much, and how far the fader goes. Without a ``memory`` nothing was learned and nothing is liked.
    """
    facts = snapshot.facts
    if cosines is None:
        cosines = snapshot.rows.vectors[rows] @ seed.vector
    tail = seed.vector if seed.tail is None else seed.tail
    tempo = mixability.tempo(seed.played_bpm, seed.bpm_confidence, facts.bpm[rows], facts.bpm_confidence[rows])
    pitch = np.zeros_like(tempo.change) if seed.played.keylock else mixability.own_pitch(tempo.change)
    shift = None if seed.played.keylock else pitch - np.float32(seed.pitch)
    grade = mixability.grade(seed.camelot, facts.camelot[rows], shift)
    seed_tags = snapshot.telling.row(seed.tags)
    labels, levels = snapshot.telling.labels, snapshot.telling.levels
    tags = facts.tags[rows]
    step = facts.energy[rows] - np.float32(np.nan if seed.energy is None else seed.energy)
    return Terms(
        rows=rows,
        cosine=cosines,
        similarity=np.clip(cosines, 0.0, 1.0),
        ends=np.clip(facts.heads[rows].astype(np.float32) @ tail, 0.0, 1.0),
        tags=_tags_alike(snapshot, seed_tags[0], tags),
        features=_features_alike(snapshot, seed, rows, weights),
        key=mixability.trusted(grade, seed.key_confidence, facts.key_confidence[rows]),
        tempo=tempo.score,
        change=tempo.change,
        factor=tempo.factor,
        pitch=pitch,
        energy=_energies_alike(step),
        step=step.astype(np.float32),
        strain=mixability.energy_strain(seed.energy, facts.energy[rows]),
        vocals=mixability.voiced(tags, levels, labels) & mixability.voiced(seed_tags, levels, labels),
        unsung=mixability.unvoiced(tags, levels, labels) & mixability.unvoiced(seed_tags, levels, labels),
        learned=_learned(snapshot, seed, rows, memory),
        liked=np.zeros(len(rows), np.float32) if memory is None else memory.liked(snapshot.rows.ids[rows], seed.id),
        mixes=mixability.mixes(tempo, grade, weights.reach),
        smooth=mixability.mixes(tempo, grade, weights.reach, mixability.SMOOTH),
    )


def total(found: Terms, weights: Weights) -> npt.NDArray[np.float64]:
    """The score of each candidate, shape (n,): a weighted mean (0..1), what is added and what is taken away.

    What one's own sets say may lift it above 1, and clashes and dislikes put it below 0: the order goes on there, what is shown
    does not. Rounded to six places, so that the order does not hang on the last bit of a sum.
    """
    mean = (
        weights.similarity * found.similarity
        + weights.ends * found.ends
        + weights.tags * found.tags
        + weights.features * found.features
        + weights.key * found.key
        + weights.tempo * found.tempo
        + weights.energy * found.energy
    ) / weights.base
    added = weights.learned * found.learned + weights.liked * found.liked
    taken = weights.vocals * found.vocals + weights.energy_step * found.strain
    score: npt.NDArray[np.float64] = np.round(mean.astype(np.float64) + added - taken, 6)
    return score


def meeting(snapshot: Snapshot, seed: ProbeSeed, rows: Rows) -> Floats:
    """How well candidates meet the seed in tempo, key and energy alone, shape (n,), 0..3: a quick look at many."""
    facts = snapshot.facts
    tempo = mixability.tempo(seed.played_bpm, seed.bpm_confidence, facts.bpm[rows], facts.bpm_confidence[rows])
    shift = None if seed.played.keylock else mixability.own_pitch(tempo.change) - np.float32(seed.pitch)
    grade = mixability.grade(seed.camelot, facts.camelot[rows], shift)
    key = mixability.trusted(grade, seed.key_confidence, facts.key_confidence[rows])
    step = facts.energy[rows] - np.float32(np.nan if seed.energy is None else seed.energy)
    return tempo.score + key + _energies_alike(step)


def parts(found: Terms, weights: Weights, at: int) -> dict[str, float]:
    """What each part with a weight gave to the score of one candidate: they add up to it, but for its limits 0 and 1."""
    shares = ("similarity", "ends", "tags", "features", "key", "tempo", "energy")
    given = {name: getattr(weights, name) * float(getattr(found, name)[at]) / weights.base for name in shares}
    given["learned"] = weights.learned * float(found.learned[at])
    given["liked"] = weights.liked * float(found.liked[at])
    given["vocals"] = -weights.vocals * float(found.vocals[at])
    given["energy_step"] = -weights.energy_step * float(found.strain[at])
    return {name: round(value, 4) for name, value in given.items() if value}


def _tags_alike(snapshot: Snapshot, seed: npt.NDArray[np.float16], tags: npt.NDArray[np.float16]) -> Floats:
    weights = np.where(snapshot.telling.bit > 0, snapshot.telling.weights, 0.0).astype(np.float32)
    mine, theirs = seed.astype(np.float32) * weights, tags.astype(np.float32) * weights
    size = np.linalg.norm(mine) * np.linalg.norm(theirs, axis=1)
    alike: Floats = ((theirs @ mine) / np.maximum(size, 1e-9)).astype(np.float32)
    return alike


def _energies_alike(step: Floats) -> Floats:
    alike: Floats = np.where(np.isnan(step), 0.5, np.clip(1.0 - np.abs(step) / ENERGY_SPAN, 0.0, 1.0)).astype(
        np.float32
    )
    return alike


def _features_alike(snapshot: Snapshot, seed: ProbeSeed, rows: Rows, weights: Weights) -> Floats:
    names = snapshot.feature_names
    counts = np.array([weights.by_feature.get(name, 0.0) for name in names], np.float32)
    mine = np.array([seed.features.get(name, np.nan) for name in names], np.float32)
    apart = np.abs(snapshot.facts.features[rows].astype(np.float32) - mine)
    known = ~np.isnan(apart)
    sums = np.where(known, apart, 0.0) @ counts
    most = known @ counts
    alike: Floats = np.where(most > 0.0, 1.0 - sums / np.maximum(most, 1e-9), 0.5).astype(np.float32)
    return alike


def _learned(snapshot: Snapshot, seed: ProbeSeed, rows: Rows, memory: Memory | None) -> Floats:
    if memory is None:
        return np.zeros(len(rows), np.float32)
    return memory.affinity(snapshot, seed.vector, seed.id, rows)
