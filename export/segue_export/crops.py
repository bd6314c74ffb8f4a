"""Crops of labelled views, ready for a student."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from segue.frontend.constants import CHUNK_MELS, CHUNK_SAMPLES, CRNN_MELS, HOP
from segue.frontend.mel import mel_db, stft_power
from segue_export.augment import VIEW_SAMPLES
from segue_export.targets import Array, Covered, Part, Scale, cover, energy_score, scores
from segue_export.truth import Truth, truth_of
from segue_export.views import WINDOW_HOP, WINDOWS, ViewStore
from segue_export.vocabulary import Vocabulary

_JITTER = 4 * HOP
"""How far a crop's start may move from where its steps begin."""


@dataclass(frozen=True)
class Shape:
    """What a student is shown."""

    mels: int
    samples: int
    windows: int
    """Short teacher windows that a crop covers."""


CRNN_CROP = Shape(CRNN_MELS, 605 * HOP, 3)
"""9.7 s: a third of the tagger's window costs a third, and 606 frames are six steps of its GRU."""
CRNN_WHOLE = Shape(CRNN_MELS, VIEW_SAMPLES, WINDOWS)
CHUNK = Shape(CHUNK_MELS, CHUNK_SAMPLES, 1)


class Crop(NamedTuple):
    """One crop with what is said and known about it."""

    mel: Array
    labels: Covered
    energy: float
    truth: Truth


class CropBatch(NamedTuple):
    """A batch for a student; every tensor is float32 with the batch first."""

    mel: Tensor
    embedding: Tensor
    """z-scored joined teacher embeddings."""
    steps: Tensor
    """z-scored steps of recurrent teachers (batch, steps, channels)."""
    windows: Tensor
    """z-scored joined embeddings of short-window teachers (batch, windows, dim)."""
    logits: Tensor
    """Teachers' merged tag logits."""
    features: Tensor
    """Medium-level features, 0..1."""
    tempo: Tensor
    key: Tensor
    metre: Tensor
    tags: Tensor
    """As in `Truth`."""


def draw_crop(store: ViewStore, shape: Shape, vocabulary: Vocabulary, random: np.random.Generator) -> Crop:
    """A random crop of a random view, its start moved a little within what the labels cover."""
    drawn = store.draw(random)
    part = Part(int(random.integers(WINDOWS - shape.windows + 1)), shape.windows)
    slack = shape.samples - shape.windows * WINDOW_HOP
    moved = int(random.integers(-max(slack, 0), 1)) if shape.windows == 1 else int(random.integers(-_JITTER, _JITTER))
    start = int(np.clip(part.first_window * WINDOW_HOP + moved, 0, VIEW_SAMPLES - shape.samples))
    cut = drawn.wave[start : start + shape.samples].astype(np.float32) / np.float32(32768.0)
    mel = mel_db(stft_power(cut), shape.mels)
    return Crop(mel, cover(drawn.labels, part, vocabulary), energy_score(mel), truth_of(drawn.truth, vocabulary.tags))


@dataclass
class CropSource:
    """Draws batches of crops from a store, for one run."""

    store: ViewStore
    vocabulary: Vocabulary
    random: np.random.Generator

    def measure(self, shape: Shape, crops: int) -> Scale:
        """Statistics of the targets on random crops."""
        drawn = [draw_crop(self.store, shape, self.vocabulary, self.random) for _ in range(crops)]
        return Scale.measure([crop.labels for crop in drawn], [self._scores(crop) for crop in drawn])

    def batch(self, shape: Shape, scale: Scale, size: int) -> CropBatch:
        """A batch of random crops; each is tilted and shifted by a few dB, which no label minds."""
        crops = [draw_crop(self.store, shape, self.vocabulary, self.random) for _ in range(size)]
        mels = np.stack([crop.mel + _tilt(shape.mels, self.random) for crop in crops])
        columns = (
            np.maximum(mels, -100.0),
            (np.stack([crop.labels.embedding for crop in crops]) - scale.mean) / scale.spread,
            (np.stack([crop.labels.steps for crop in crops]) - scale.step_mean) / scale.step_spread,
            (np.stack([crop.labels.windows for crop in crops]) - scale.window_mean) / scale.window_spread,
            np.stack([crop.labels.logits for crop in crops]),
            np.stack([self._features(crop, scale) for crop in crops]),
            *(np.stack([getattr(crop.truth, name) for crop in crops]) for name in ("tempo", "key", "metre", "tags")),
        )
        return CropBatch(*(torch.from_numpy(column.astype(np.float32)) for column in columns))

    def _scores(self, crop: Crop) -> Array:
        return scores(crop.labels.logits, crop.energy, self.vocabulary.tags)

    def _features(self, crop: Crop, scale: Scale) -> Array:
        known = crop.truth.features
        guessed = scale.features(self._scores(crop))
        if not len(crop.labels.embedding):
            guessed[:-1] = np.nan  # without teachers there is nothing to guess them from; energy is in the audio
        return np.where(np.isnan(known), guessed, known)


def _tilt(mels: int, random: np.random.Generator) -> npt.NDArray[np.float32]:
    knots = random.normal(0.0, 1.0, 5) + random.uniform(-3.0, 3.0)
    return np.interp(np.linspace(0, 4, mels), np.arange(5), knots).astype(np.float32)[:, None]
