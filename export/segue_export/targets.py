"""From labels to what a student is asked for: joined teacher embeddings, tag logits, features, and what is known for certain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segue_export.views import STEPS, WINDOWS, Labels
from segue_export.vocabulary import Vocabulary

Array = npt.NDArray[np.float32]

FEATURES = ("danceability", "valence", "acousticness", "instrumentalness", "voice", "energy")
"""The medium-level features, in the order of the network's output."""

_FORMULAS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "danceability": (
        ("dance", "party", "House", "electro", "funk", "Hip-Hop", "techno"),
        ("ambient", "sad", "Mellow", "acoustic", "classical"),
    ),
    "valence": (("happy", "party", "catchy", "funk"), ("sad", "ambient", "metal", "film")),
    "acousticness": (
        ("acoustic", "folk", "country", "jazz", "classical", "acoustic guitar", "strings"),
        ("electronic", "electronica", "electro", "metal", "synthesizer", "techno"),
    ),
    "instrumentalness": (
        ("instrumental", "ambient"),
        ("female vocalists", "male vocalists", "female vocalist", "voice"),
    ),
    "voice": (("female vocalists", "male vocalists", "female vocalist", "soul", "rnb", "voice"), ("instrumental",)),
}
"""Each feature is the mean logit of the first tags minus the mean logit of the second, as far as the vocabulary has them;
energy comes from the audio."""

TEACHER_WEIGHTS: Mapping[str, float] = {"msd_fcn": 1.6, "msd_crnn": 0.8, "jamendo_fcn": 0.5, "jamendo_musicnn": 0.5}
"""How much a teacher's embedding counts beside the others' (1 for those not named): the weaker at retrieval count less, and the best
of them, which is also the hardest to learn from, more."""


@dataclass(frozen=True)
class Part:
    """The part of a view that a student is shown, in steps of the tagger (1.54 s) and in short windows (3.07 s)."""

    first_window: int
    windows: int

    @property
    def is_whole(self) -> bool:
        """Whether it is the view itself."""
        return self.windows == WINDOWS

    @property
    def steps(self) -> slice:
        """Its steps."""
        return slice(2 * self.first_window, 2 * (self.first_window + self.windows))

    @property
    def short(self) -> slice:
        """Its short windows."""
        return slice(self.first_window, self.first_window + self.windows)


@dataclass(frozen=True)
class Covered:
    """What the teachers say about one part of a view."""

    embedding: Array
    """The teachers' embeddings, joined (dim,)."""
    logits: Array
    """Tag logits, merged into one vocabulary (tags,)."""
    steps: Array
    """What recurrent teachers hear moment by moment, joined (steps, channels)."""
    windows: Array
    """Embeddings of the teachers with short windows, joined (windows, dim)."""


@dataclass(frozen=True)
class Layout:
    """Which numbers of the joined embedding come from whom."""

    names: tuple[str, ...]
    dims: tuple[int, ...]
    local: tuple[bool, ...]
    """Whether the teacher tells about parts of a view; the others' word on the whole is a guess about a part."""
    stepped: tuple[int, ...]
    """How many of a teacher's numbers are means over steps."""

    @classmethod
    def of(cls, labels: Mapping[str, Labels]) -> Layout:
        """The layout of one view's labels (windows, ...)."""
        names = tuple(sorted(labels))
        return cls(
            names,
            tuple(labels[name].embedding.shape[-1] for name in names),
            tuple(len(labels[name].logits) == WINDOWS for name in names),
            tuple(0 if (steps := labels[name].steps) is None else steps.shape[-1] for name in names),
        )

    def weights(self, guess: float) -> Array:
        """Weight of each number, mean 1: a teacher counts the same however long its embedding is; guesses count less."""
        parts = []
        for name, dim, local, stepped in zip(self.names, self.dims, self.local, self.stepped, strict=True):
            weight = np.full(dim, TEACHER_WEIGHTS.get(name, 1.0) / dim, dtype=np.float32)
            if not local:
                weight[stepped:] *= guess
            parts.append(weight)
        joined = np.concatenate(parts) if parts else np.ones(0, dtype=np.float32)
        return np.asarray(joined / joined.mean() if len(joined) else joined, dtype=np.float32)


def cover(labels: Mapping[str, Labels], part: Part, vocabulary: Vocabulary | None = None) -> Covered:
    """What the teachers say about a part of a view, from the labels of one view (windows, ...).

    A teacher with short windows is averaged over those inside; one with a long window speaks for all of it, except that
    its steps inside are averaged. Without a vocabulary there are no logits.
    """
    embeddings, logits, all_steps, all_windows = [], {}, [], []
    for name in sorted(labels):
        label = labels[name]
        is_local = len(label.logits) == WINDOWS
        here = part.short if is_local else slice(None)
        embedding = label.embedding[here].astype(np.float32)
        if is_local:
            all_windows.append(embedding)
        mean = embedding.mean(0)
        if label.steps is not None:
            steps = label.steps[part.steps].astype(np.float32)
            all_steps.append(steps)
            mean[: steps.shape[1]] = steps.mean(0)
        embeddings.append(mean)
        logits[name] = label.logits[here].astype(np.float32).mean(0)
    return Covered(
        _join(embeddings, ()),
        np.zeros(0, dtype=np.float32) if vocabulary is None else vocabulary.merge(logits),
        _join(all_steps, (2 * part.windows,)),
        _join(all_windows, (part.windows,)),
    )


def _join(columns: Sequence[Array], shape: tuple[int, ...]) -> Array:
    return np.concatenate(columns, axis=-1) if columns else np.zeros((*shape, 0), dtype=np.float32)


def scores(logits: Array, energy: float, tags: Sequence[str]) -> Array:
    """Raw score of each medium-level feature (6,), from tag logits (tags,) and the energy of the audio."""
    place = {tag: number for number, tag in enumerate(tags)}

    def mean(names: tuple[str, ...]) -> float:
        known = [place[name] for name in names if name in place]
        return float(logits[known].mean()) if known else 0.0

    raw = [mean(plus) - mean(minus) for plus, minus in _FORMULAS.values()]
    return np.array([*raw, energy], dtype=np.float32)


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
    step_mean: Array
    step_spread: Array
    window_mean: Array
    window_spread: Array
    tag_mean: Array
    tag_spread: Array
    """Mean and standard deviation of the tag logits (tags,)."""
    ranks: Array
    """The 101 percentiles of each feature's raw score (6, 101)."""

    @classmethod
    def measure(cls, crops: Sequence[Covered], raw: Sequence[Array]) -> Scale:
        """Statistics of crops and of their raw feature scores."""
        percentiles = np.percentile(np.stack(raw), np.arange(101), axis=0).T
        logits = np.stack([crop.logits for crop in crops])
        return cls(
            *_moments(np.stack([crop.embedding for crop in crops])),
            *_moments(np.concatenate([crop.steps for crop in crops])),
            *_moments(np.concatenate([crop.windows for crop in crops])),
            logits.mean(0),
            logits.std(0) + np.float32(0.1),
            percentiles.astype(np.float32),
        )

    def features(self, raw: Array) -> Array:
        """Percentile rank of raw scores (6,), 0..1."""
        grid = np.linspace(0.0, 1.0, 101)
        return np.array([np.interp(*pair, grid) for pair in zip(raw, self.ranks, strict=True)], dtype=np.float32)


def _moments(values: Array) -> tuple[Array, Array]:
    spread = values.std(0)
    # A dimension that hardly moves is not blown up.
    return values.mean(0), spread + np.float32(0.05) * (values.std() if values.size else np.float32(0.0))


assert STEPS == 2 * WINDOWS
