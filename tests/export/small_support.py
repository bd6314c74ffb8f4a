"""Made-up music for the small networks: onsets of a drum pattern, and pitches of chords, with the truth known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segue.frontend.constants import FRAME_RATE
from segue.keys import key_name
from segue.networks.arrays import Arrays, write_arrays
from segue_export.small.kinds import Weights

ROWS = 16


def onsets(tempo: float, metre: int, first: float, seconds: float = 30.0, seed: int = 0) -> np.ndarray:
    """Bass with the first beat of a bar, snare with the others, hats on eighths; some noise. Shape (16, frames)."""
    frames = int(seconds * FRAME_RATE)
    found = np.abs(np.random.default_rng(seed).normal(0.0, 0.3, (ROWS, frames)))
    beat = 60.0 / tempo
    for number in range(int(2 * (seconds - first) / beat)):
        frame = round((first + number * beat / 2) * FRAME_RATE)
        if frame >= frames:
            break
        rows = (3, 14, 15) if number % 2 else (0, 1, 4, 5) if number // 2 % metre == 0 else (0, 2, 8, 9)
        found[list(rows), frame] += 3.0 if number % 2 else 12.0
    return found.astype(np.float32)


def pitches(tonic: int, mode: str, slots: int = 24, seed: int = 0) -> np.ndarray:
    """Chords i iv v i (or I IV V I) with their roots in the bass, a slot each. Shape (slots, 4, 120)."""
    rng = np.random.default_rng(seed)
    found = np.zeros((slots, 4, 12, 10), np.float32)
    third = 3 if mode == "minor" else 4
    for slot in range(slots):
        root = (tonic + (0, 0, 5, 7)[slot % 4]) % 12
        found[slot, 0, root, 0] = 2.0
        for step in (0, third, 7):
            found[slot, 1:3, (root + step) % 12, 0] += 1.0
    return (
        (found + rng.uniform(0.0, 0.2, found.shape) * (rng.random(found.shape) < 0.05))
        .reshape(slots, 4, 120)
        .astype(np.float32)
    )


def key_of(number: int) -> tuple[int, str, str]:
    """Tonic, mode and name of one of the 24 keys."""
    tonic, mode = number % 12, ("minor", "major")[number // 12 % 2]
    return tonic, mode, key_name(tonic, mode)


def written(folder: Path, weights: Weights) -> Path:
    """The weights as a file, so rounded to float16."""
    path = folder / "small.json"
    write_arrays(path, "small", "1", weights, training={}, metrics={})
    return path


def rounded(weights: Weights) -> Arrays:
    """The weights as the daemon reads them."""
    values = {name: array.astype("<f2").astype(np.float32) for name, array in weights.items()}
    return Arrays("small", "1", values)
