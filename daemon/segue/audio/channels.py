"""What the downmix and the low rate leave out of the loudness: the channels' power before them, compared with after.

Loudness adds up the power of the channels up to 20 kHz; analysis hears their mean up to 8 kHz. Where left and right differ,
the mean has less power than they have. A tenth of the samples, spread evenly, tells by how much.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft

from segue.frontend.constants import SAMPLE_RATE
from segue.frontend.k_weighting import k_gains

Channels = npt.NDArray[np.generic]
"""Samples of any scale, shape (channels, samples)."""

_WINDOW_SECONDS: Final = 0.02
_EVERY_SECONDS: Final = 0.1
_HEARD_SHARE: Final = 0.95
"""Of the range up to half the analysis's rate: what the resampler lets through."""
_SURROUND: Final = frozenset({"BL", "BR", "BC", "SL", "SR"})
_SURROUND_GAIN: Final = 1.41
_BASS_ONLY: Final = "LFE"


class Stretch(NamedTuple):
    """A few seconds of a recording."""

    seconds: float
    channels: float
    """K-weighted power of the channels, added up as ITU-R BS.1770-4 adds them, of some scale."""
    mono: float
    """The same of what the analysis hears, of the same scale."""


class ChannelMeter:
    """Compares the channels of a recording with their mean, stretch by stretch."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []

    def add(self, channels: Channels, rate: int, names: tuple[str, ...]) -> None:
        """Take in the next stretch, shape (channels, samples), whose channels have these names of FFmpeg's."""
        samples = channels.shape[1]
        window = 2 ** round(np.log2(_WINDOW_SECONDS * rate))
        starts = np.arange(0, samples - window + 1, max(round(_EVERY_SECONDS * rate), window))
        power = np.zeros(2)
        if len(starts):
            pieces = channels[:, starts[:, None] + np.arange(window)].astype(np.float32)
            pieces -= pieces.mean(axis=2, keepdims=True)
            pieces *= np.hanning(window).astype(np.float32)
            power = _powers(pieces, rate, np.array([_weight(name) for name in names], dtype=np.float32))
        self.stretches.append(Stretch(samples / rate, float(power[0]), float(power[1])))


def _powers(pieces: npt.NDArray[np.float32], rate: int, weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Power of the channels and of their mean in pieces of shape (channels, pieces, samples)."""
    size = pieces.shape[2]
    gains = k_gains(size, rate)
    heard = np.fft.rfftfreq(size, 1 / rate) < _HEARD_SHARE * SAMPLE_RATE / 2
    spectrum = fft.rfft(pieces, axis=2)
    channels = ((spectrum.real**2 + spectrum.imag**2) @ gains).sum(axis=1)
    mean = spectrum.mean(axis=0)
    mono = (mean.real**2 + mean.imag**2) @ (gains * heard)
    return np.array([float(channels @ weights), float(mono.sum())])


def _weight(name: str) -> float:
    return 0.0 if name == _BASS_ONLY else _SURROUND_GAIN if name in _SURROUND else 1.0
