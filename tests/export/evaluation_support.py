"""A small labelled dataset of three styles that sound unlike each other."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from segue.frontend.constants import SAMPLE_RATE
from segue_export.decode import Samples
from segue_export.shards import ShardWriter, TrackLabels

STYLES = ("swing", "rock", "techno")
TAGS = {"swing": "jazz", "rock": "rock", "techno": "electronic"}
SECONDS = 11.0


def tune(style: str, seed: int, seconds: float = SECONDS) -> Samples:
    """Soft chords in swing, distorted ones in rock, a hard pulse in techno; the seed moves pitch and tempo."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = random.uniform(150, 260)
    chord = sum(np.sin(2 * np.pi * pitch * ratio * time) for ratio in (1, 1.2, 1.5))
    beat = (time * bpm_of(style, seed) / 60) % 1
    if style == "swing":
        wave = chord * np.exp(-2 * beat)
    elif style == "rock":
        wave = np.tanh(8 * chord) + random.standard_normal(len(time)) * np.exp(-12 * beat)
    else:
        wave = 3 * np.sin(60 * np.exp(-beat * 9)) * np.exp(-5 * beat) + 0.2 * random.standard_normal(len(time))
    return (wave / np.abs(wave).max() * 20000).astype(np.int16)


def bpm_of(style: str, seed: int) -> float:
    return {"swing": 96.0, "rock": 120.0, "techno": 132.0}[style] + seed % 4


def write_dataset(folder: Path, each: int = 4) -> None:
    """`each` clips of every style in the split test, two clips to a group, and one clip in train."""
    writer = ShardWriter(folder)
    for style in STYLES:
        for number in range(each):
            labels = TrackLabels(
                tags=(TAGS[style],),
                tags_known=tuple(TAGS.values()),
                style=style,
                tempo=bpm_of(style, number),
                key="A minor",
                danceability=STYLES.index(style) / 2,
            )
            add(writer, f"{style}-{number // 2}", f"{number}.ogg", tune(style, number), "test", labels)
    add(writer, "other", "0.ogg", tune("rock", 99), "train", TrackLabels(style="rock"))


def add(writer: ShardWriter, group: str, path: str, samples: Samples, split: str, labels: TrackLabels) -> None:
    digest = hashlib.sha256(samples.tobytes()).hexdigest()
    assert writer.add(group, path, "CC0-1.0", digest, samples, split=split, labels=labels) == "ok"
