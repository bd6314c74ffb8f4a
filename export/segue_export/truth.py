"""What is known of a crop for certain, as targets: tempo, key, metre, tags and features, each with a mask."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segue.keys import KEYS
from segue_export.shards import TrackLabels
from segue_export.targets import FEATURES

Array = npt.NDArray[np.float32]

TEMPO_LOW, TEMPO_HIGH = 60.0, 200.0
TEMPO_STEP = 1.01
"""Tempo classes lie one percent apart, so that a class is finer than the four percent of Acc1."""
TEMPI = tuple(
    round(TEMPO_LOW * TEMPO_STEP**n, 3)
    for n in range(round(math.log(TEMPO_HIGH / TEMPO_LOW) / math.log(TEMPO_STEP)) + 1)
)
"""The tempo classes in bpm."""
METRES = (2, 3, 4, 5, 6, 7)
"""The metres in beats to a bar."""
_BLUR = 1.5
"""Standard deviation of a tempo target in classes."""


class Truth(NamedTuple):
    """Targets of one crop, or of a batch with the batch first; an all-zero or NaN target is unknown."""

    tempo: Array
    """Distribution over `TEMPI`, all zero when unknown."""
    key: Array
    """Distribution over `segue.keys.KEYS`, all zero when unknown."""
    metre: Array
    """Distribution over `METRES`, all zero when unknown."""
    tags: Array
    """0 or 1 for each tag of the vocabulary, NaN where unknown."""
    features: Array
    """0..1 for each of `FEATURES`, NaN where unknown."""


def truth_of(labels: TrackLabels | None, tags: Sequence[str]) -> Truth:
    """Targets from the labels of the track that a crop was cut from; `tags` is the vocabulary.

    A key that no listener can tell is no target.
    """
    labels = labels or TrackLabels()
    key = None if labels.key_trusted is False else labels.key
    return Truth(
        tempo_target(labels.tempo),
        _one_hot(KEYS, key),
        _one_hot(METRES, labels.metre),
        _tags(labels, tags),
        np.array([_known(getattr(labels, name)) for name in FEATURES], dtype=np.float32),
    )


def tempo_target(bpm: float | None) -> Array:
    """A bell over the classes around a tempo, sum 1; zeros when it is None or outside the classes by an octave or more.

    A tempo outside is folded by octaves, as a DJ would count it.
    """
    if bpm is None or not TEMPO_LOW / 2 <= bpm <= TEMPO_HIGH * 2:
        return np.zeros(len(TEMPI), dtype=np.float32)
    while bpm < TEMPO_LOW:
        bpm *= 2
    while bpm > TEMPO_HIGH:
        bpm /= 2
    place = math.log(bpm / TEMPO_LOW) / math.log(TEMPO_STEP)
    bell = np.exp(-0.5 * ((np.arange(len(TEMPI)) - place) / _BLUR) ** 2)
    return np.asarray(bell / bell.sum(), dtype=np.float32)


def _one_hot(classes: Sequence[object], value: object) -> Array:
    target = np.zeros(len(classes), dtype=np.float32)
    if value in classes:
        target[classes.index(value)] = 1.0
    return target


def _tags(labels: TrackLabels, tags: Sequence[str]) -> Array:
    target = np.full(len(tags), np.nan, dtype=np.float32)
    place = {tag.lower(): number for number, tag in enumerate(tags)}
    absent = labels.tags_known or ()
    for value, names in ((0.0, absent), (1.0, labels.tags)):
        for name in names:
            if name.lower() in place:
                target[place[name.lower()]] = value
    return target


def _known(value: float | None) -> float:
    return math.nan if value is None else value
