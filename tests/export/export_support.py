"""A corpus of a few synthesised tracks and a teacher that hears how bright they are."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path

import numpy as np

from segue.frontend.constants import SAMPLE_RATE
from segue_export.augment import Mixer
from segue_export.decode import Samples
from segue_export.shards import Corpus, ShardWriter, TrackLabels, split_of
from segue_export.views import STEP, STEPS

TAGS = [
    *(
        "dance",
        "party",
        "House",
        "electro",
        "funk",
        "Hip-Hop",
        "ambient",
        "sad",
        "Mellow",
        "acoustic",
        "happy",
        "catchy",
    ),
    *("metal", "folk", "country", "jazz", "electronic", "electronica", "instrumental", "soul", "rnb"),
    *("female vocalists", "male vocalists", "female vocalist"),
]


def tune(seed: int, seconds: float = 38.0) -> Samples:
    """Pulsing harmonics: pitch, brightness and pulse differ from seed to seed."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch, slope, pulse = random.uniform(80, 400), random.uniform(0.5, 2.0), random.uniform(1, 6)
    wave = sum(np.sin(2 * np.pi * pitch * n * time) / n**slope for n in range(1, 12))
    wave = wave * (0.6 + 0.4 * np.sin(2 * np.pi * pulse * time)) + 0.02 * random.standard_normal(len(time))
    return (wave / np.abs(wave).max() * 20000).astype(np.int16)


def write_corpus(folder: Path, packages: int = 8, tracks: int = 2) -> None:
    writer = ShardWriter(folder)
    for package in range(packages):
        for track in range(tracks):
            samples = tune(package * 100 + track)
            digest = hashlib.sha256(samples.tobytes()).hexdigest()
            tags = ("jazz", "metal")
            labels = TrackLabels(
                tempo=100.0 + package, key="A minor", metre=4, tags=tags[package % 2 :][:1], tags_known=tags
            )
            writer.add(f"package-{package}", f"{track}.ogg", "CC0-1.0", digest, samples, labels=labels)
    assert {split_of(f"package-{package}") for package in range(packages)} == {"train", "valid"}


class BrightnessTeacher:
    """Embeds a window as its spectrum in eight bands; the logits are a fixed mixture of these."""

    tags = TAGS

    def __init__(self, name: str, samples: int, *, steps: bool = False) -> None:
        self.name, self.samples, self._has_steps = name, samples, steps
        self._mixture = np.random.default_rng(5).standard_normal((8, len(TAGS))).astype(np.float32)

    def __call__(self, waves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        embedding, logits = self._hear(waves)
        if not self._has_steps:
            return embedding, logits, None
        parts = [self._hear(waves[:, number * STEP :])[0][:, :4] for number in range(STEPS)]
        return embedding, logits, np.stack(parts, 1)

    def _hear(self, waves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        power = np.abs(np.fft.rfft(waves[:, :16_000])) ** 2
        edges = np.geomspace(40, 7900, 9).astype(int)
        bands = np.stack([np.log10(power[:, a:b].mean(1) + 1e-6) for a, b in pairwise(edges)], 1)
        embedding = bands.astype(np.float32)
        return embedding, 0.3 * embedding @ self._mixture - 1


def teachers() -> list[BrightnessTeacher]:
    return [
        BrightnessTeacher("long", 29 * SAMPLE_RATE, steps=True),
        BrightnessTeacher("short", 3 * SAMPLE_RATE),
    ]


def mixer(folder: Path) -> Mixer:
    return Mixer([(Corpus(folder, "train"), 1.0)])
