"""A corpus of a few synthesised tracks and a teacher that hears how bright they are."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path

import numpy as np

from segue.frontend.constants import SAMPLE_RATE
from segue_export.decode import Samples
from segue_export.shards import ShardWriter, split_of

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


def tune(seed: int, seconds: float = 30.0) -> Samples:
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
            writer.add(f"package-{package}", f"{track}.ogg", "CC0-1.0", digest, samples)
    assert {split_of(f"package-{package}") for package in range(packages)} == {"train", "valid"}


class BrightnessTeacher:
    """Embeds a window as its spectrum in eight bands; the logits are a fixed mixture of these."""

    tags = TAGS

    def __init__(self, name: str, samples: int) -> None:
        self.name, self.samples = name, samples
        self._mixture = np.random.default_rng(5).standard_normal((8, len(TAGS))).astype(np.float32)

    def __call__(self, waves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        power = np.abs(np.fft.rfft(waves[:, :16_000])) ** 2
        edges = np.geomspace(40, 7900, 9).astype(int)
        bands = np.stack([np.log10(power[:, a:b].mean(1) + 1e-6) for a, b in pairwise(edges)], 1)
        embedding = bands.astype(np.float32)
        return embedding, 0.3 * embedding @ self._mixture - 1


def teachers() -> list[BrightnessTeacher]:
    return [BrightnessTeacher("long", 29 * SAMPLE_RATE), BrightnessTeacher("short", 3 * SAMPLE_RATE)]
