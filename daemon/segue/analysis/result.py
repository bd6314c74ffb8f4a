"""What an analysis says of one recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo with its doubt."""

    bpm: float | None
    """Beats a minute; None when the recording has no beat that could be found."""
    confidence: float
    """0 (a guess) to 1 (sure)."""
    alternatives: tuple[float, ...] = ()
    """Runner-ups in beats a minute, best first (often half or double)."""


@dataclass(frozen=True, slots=True)
class Key:
    """A musical key with its doubt."""

    name: str | None
    """As in ``"A minor"``, with sharps (``"F# minor"``); None when the recording has no pitch that could be found."""
    camelot: str | None
    """The same as ``"8A"``."""
    confidence: float
    """0 (a guess) to 1 (sure)."""
    alternatives: tuple[str, ...] = ()
    """Runner-ups by name, best first."""


@dataclass(frozen=True, slots=True)
class TrackAnalysis:
    """All that the analysis says of one recording."""

    duration: float
    """Seconds of audio that were decoded."""
    tempo: Tempo
    key: Key
    energy: float
    """1 (calm) to 10 (peak time)."""
    loudness: float
    """Mean level in dB relative to full scale (RMS over the frames that are not silent)."""
    features: dict[str, float]
    """Medium-level features by name, 0..1."""
    tags: dict[str, float]
    """Probability of each tag, mean over the windows."""
    vector: npt.NDArray[np.float32]
    """The track vector, finite, L2-normalised, shape (dim,)."""
    model: str
    """Id of the set of networks that made tags, features and vector."""
    tiled: bool
    """The recording was shorter than one window and was repeated to fill it."""
    damaged: bool = False
    """Part of the file could not be decoded; the rest was analysed."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """What one set of networks says of a recording; tempo, key and energy do not depend on it."""

    features: dict[str, float]
    """Medium-level features by name, 0..1."""
    tags: dict[str, float]
    """Probability of each tag, mean over the windows."""
    vector: npt.NDArray[np.float32]
    """The track vector, finite, L2-normalised, shape (dim,)."""
    model: str
    """Id of the set of networks."""


@dataclass(frozen=True, slots=True)
class FileTags:
    """What the file itself says, in its tags."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    genre: str | None = None
    comment: str | None = None
    year: int | None = None
    bpm: float | None = None
    key: str | None = None
    """Normalised to ``"A minor"`` from any usual spelling (``Am``, ``8A``, ``1m``, ``A min``), else None."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What can be read from a file without decoding it."""

    identity: str
    """Hash of the encoded audio stream without tags: the same for moved, renamed and retagged copies."""
    duration: float
    """Seconds, as the container says; 0 when it does not say."""
    tags: FileTags
