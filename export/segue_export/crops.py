"""Crops of labelled views, ready for a student."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from segue.frontend.constants import CHUNK_MELS, CHUNK_SAMPLES, CRNN_MELS, HOP, SAMPLE_RATE
from segue.frontend.mel import mel_db, stft_power
from segue_export.augment import VIEW_SAMPLES
from segue_export.targets import Array, Covered, Scale, cover, energy_score, scores
from segue_export.views import ViewStore

SHORT = 3 * SAMPLE_RATE
"""Samples of a short-window teacher's window."""
WINDOWS = VIEW_SAMPLES // SHORT
"""Short windows in a view."""


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
    """One crop with what the teachers say about it."""

    mel: Array
    labels: Covered
    energy: float


class CropBatch(NamedTuple):
    """A batch for a student; every tensor is float32 with the batch first."""

    mel: Tensor
    embedding: Tensor
    """z-scored joined teacher embeddings."""
    logits: Tensor
    """Teachers' mean tag logits."""
    features: Tensor
    """Medium-level features, 0..1."""


def draw_crop(store: ViewStore, shape: Shape, random: np.random.Generator) -> Crop:
    """A random crop of a random view, its start moved within what the labels cover."""
    wave, labels = store.draw(random)
    first = int(random.integers(WINDOWS - shape.windows + 1))
    slack = shape.samples - shape.windows * SHORT
    start = int(np.clip(first * SHORT - random.integers(slack + 1), 0, VIEW_SAMPLES - shape.samples))
    cut = wave[start : start + shape.samples].astype(np.float32) / np.float32(32768.0)
    mel = mel_db(stft_power(cut), shape.mels)
    return Crop(mel, cover(labels, first, shape.windows, WINDOWS), energy_score(mel))


@dataclass
class CropSource:
    """Draws batches of crops from a store, for one run."""

    store: ViewStore
    tags: list[str]
    random: np.random.Generator

    def measure(self, shape: Shape, crops: int) -> Scale:
        """Statistics of the targets on random crops."""
        drawn = [draw_crop(self.store, shape, self.random) for _ in range(crops)]
        return Scale.measure([crop.labels for crop in drawn], [self._scores(crop) for crop in drawn])

    def batch(self, shape: Shape, scale: Scale, size: int) -> CropBatch:
        """A batch of random crops; each is tilted and shifted by a few dB, which no label minds."""
        crops = [draw_crop(self.store, shape, self.random) for _ in range(size)]
        mels = np.stack([crop.mel + _tilt(shape.mels, self.random) for crop in crops])
        columns = (
            np.maximum(mels, -100.0),
            np.stack([scale.embedding(crop.labels) for crop in crops]),
            np.stack([crop.labels.logits for crop in crops]),
            np.stack([scale.features(self._scores(crop)) for crop in crops]),
        )
        return CropBatch(*(torch.from_numpy(column.astype(np.float32)) for column in columns))

    def _scores(self, crop: Crop) -> Array:
        return scores(crop.labels.logits, crop.energy, self.tags)


def _tilt(mels: int, random: np.random.Generator) -> npt.NDArray[np.float32]:
    knots = random.normal(0.0, 1.0, 5) + random.uniform(-3.0, 3.0)
    return np.interp(np.linspace(0, 4, mels), np.arange(5), knots).astype(np.float32)[:, None]
