"""From the teachers' labels to what a student is asked for: joined embeddings, tag logits, medium-level features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segue_export.views import Labels

Array = npt.NDArray[np.float32]

FEATURES = ("danceability", "valence", "acousticness", "instrumentalness", "voice", "energy")
"""The medium-level features, in the order of the network's output."""

_FORMULAS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "danceability": (
        ("dance", "party", "House", "electro", "funk", "Hip-Hop"),
        ("ambient", "sad", "Mellow", "acoustic"),
    ),
    "valence": (("happy", "party", "catchy", "funk"), ("sad", "ambient", "metal")),
    "acousticness": (("acoustic", "folk", "country", "jazz"), ("electronic", "electronica", "electro", "metal")),
    "instrumentalness": (("instrumental", "ambient"), ("female vocalists", "male vocalists", "female vocalist")),
    "voice": (("female vocalists", "male vocalists", "female vocalist", "soul", "rnb"), ("instrumental",)),
}
"""Each feature is the mean logit of the first tags minus the mean logit of the second; energy comes from the audio."""


@dataclass(frozen=True)
class Covered:
    """What the teachers say about one crop of a view."""

    embedding: Array
    """The teachers' embeddings, joined (dim,)."""
    logits: Array
    """The teachers' tag logits, averaged (tags,)."""


def cover(labels: dict[str, Labels], first: int, count: int, of: int) -> Covered:
    """Labels of `count` windows from `first` of a view that is `of` short windows long.

    A teacher with short windows is averaged over those inside the crop; one with a long window speaks for all of it.
    """
    embeddings, logits = [], []
    for name in sorted(labels):
        label = labels[name]
        here = slice(first, first + count) if len(label.logits) == of else slice(None)
        embeddings.append(label.embedding[here].astype(np.float32).mean(0))
        logits.append(label.logits[here].astype(np.float32).mean(0))
    return Covered(np.concatenate(embeddings), np.mean(logits, axis=0, dtype=np.float32))


def teacher_weights(labels: dict[str, Labels], short: float, long: float) -> Array:
    """Weight of each dimension of the joined embedding: teachers with short windows, and those with one long window."""
    parts = [
        np.full(labels[name].embedding.shape[1], short if len(labels[name].logits) > 1 else long, dtype=np.float32)
        for name in sorted(labels)
    ]
    return np.concatenate(parts)


def scores(logits: Array, energy: float, tags: Sequence[str]) -> Array:
    """Raw score of each medium-level feature (6,), from tag logits (tags,) and the energy of the audio."""
    place = {tag: number for number, tag in enumerate(tags)}
    values = [
        logits[[place[tag] for tag in plus]].mean() - logits[[place[tag] for tag in minus]].mean()
        for plus, minus in _FORMULAS.values()
    ]
    return np.array([*values, energy], dtype=np.float32)


def energy_score(mel: Array) -> float:
    """Energy of a crop from its mel spectrogram in dB (mels, frames): loud, bright, with many and strong onsets.

    The sum of three terms, each brought to about unit spread: loudness (dB of the mean power), onset strength (mean
    positive change in dB from frame to frame) and spectral flux (the share of power that changes from frame to frame).
    """
    power = 10 ** (mel / 10)
    loudness = 10 * np.log10(power.sum(0).mean() + 1e-9)
    onset = np.maximum(np.diff(np.maximum(mel, mel.max() - 60), axis=1), 0).mean()
    flux = np.abs(np.diff(power, axis=1)).sum() / (power.sum() + 1e-9)
    return float(loudness / 8 + onset / 0.8 + flux / 0.25)


@dataclass(frozen=True)
class Scale:
    """Statistics of the targets on a sample of labelled crops; fixed for a run."""

    mean: Array
    spread: Array
    """Mean and standard deviation of the joined embedding (dim,)."""
    tag_mean: Array
    tag_spread: Array
    """Mean and standard deviation of the tag logits (tags,)."""
    ranks: Array
    """The 101 percentiles of each feature's raw score (6, 101)."""

    @classmethod
    def measure(cls, crops: Sequence[Covered], raw: Sequence[Array]) -> Scale:
        """Statistics of crops and of their raw feature scores."""
        joined = np.stack([crop.embedding for crop in crops])
        logits = np.stack([crop.logits for crop in crops])
        percentiles = np.percentile(np.stack(raw), np.arange(101), axis=0).T
        spread = joined.std(0) + 0.05 * joined.std()  # a dimension that hardly moves is not blown up
        tag_spread = logits.std(0) + np.float32(0.1)
        return cls(joined.mean(0), spread, logits.mean(0), tag_spread, percentiles.astype(np.float32))

    def embedding(self, crop: Covered) -> Array:
        """The joined embedding, z-scored (dim,)."""
        return (crop.embedding - self.mean) / self.spread

    def features(self, raw: Array) -> Array:
        """Percentile rank of raw scores (6,), 0..1."""
        grid = np.linspace(0.0, 1.0, 101)
        return np.array([np.interp(*pair, grid) for pair in zip(raw, self.ranks, strict=True)], dtype=np.float32)
