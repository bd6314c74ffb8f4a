"""Recordings to put into a library: small, repeatable, and as the analysis would give them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import numpy as np

from segue.analysis.result import FileTags, Key, Probe, Tempo, TrackAnalysis

MODEL = "networks-1"
LABELS = ("house", "techno", "jazz", "vocal")
DIM = 16


def probe(name: str, **tags: object) -> Probe:
    """The probe of a recording of this name, with file tags."""
    return Probe(identity=f"audio-of-{name}", duration=180.0, tags=FileTags(**tags))


def vector(name: str, dim: int = DIM) -> np.ndarray:
    """A normalised vector that depends on the name alone."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    numbers = np.random.default_rng(seed).standard_normal(dim).astype(np.float32)
    return numbers / np.linalg.norm(numbers)


def analysis(name: str, *, bpm: float | None = 124.0, key: str | None = "A minor", model: str = MODEL, dim: int = DIM):
    """The analysis of a recording of this name."""
    return TrackAnalysis(
        duration=181.5,
        tempo=Tempo(bpm, 0.8, (62.0,)),
        key=Key(key, "8A" if key else None, 0.7, ("C major",)),
        energy=6.5,
        loudness=-9.5,
        features={"danceability": 0.75},
        tags={"house": 0.9, "vocal": 0.25},
        vector=vector(name, dim),
        model=model,
        tiled=False,
        head=vector(f"head of {name}", dim),
        tail=vector(f"tail of {name}", dim),
    )


def wait_until(is_so: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a condition, and fail when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
