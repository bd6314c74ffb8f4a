from pathlib import Path

import numpy as np
import pytest
from audio_support import RATE, Encode, Samples

from segue.demo.files import Tags, write_audio


@pytest.fixture(scope="session")
def samples() -> Samples:
    """Six seconds of stereo with something in every part of the band, shape (samples, 2)."""
    rng = np.random.default_rng(7)
    time = np.arange(6 * RATE) / RATE
    left = 0.3 * np.sin(2 * np.pi * 440 * time) + 0.05 * rng.normal(size=time.size)
    return np.stack([left, 0.5 * left], axis=1).astype(np.float32)


@pytest.fixture(params=["mp3", "m4a", "alac", "flac", "ogg", "opus", "wav", "aiff"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def encode(tmp_path: Path, samples: Samples) -> Encode:
    """Write a file of a kind (a suffix, or ``alac``), by default with the samples."""

    def write(
        kind: str, content: Samples = samples, *, name: str = "track", tags: Tags | None = None, rate: int = RATE
    ) -> Path:
        suffix, codec = ("m4a", "alac") if kind == "alac" else (kind, None)
        return write_audio(tmp_path / f"{name}.{suffix}", content, rate, tags=tags, codec=codec)

    return write
