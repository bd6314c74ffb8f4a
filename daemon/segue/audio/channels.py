"""What the downmix and the low rate leave out of the loudness: the channels' power before them, compared with after.

Loudness adds up the power of the channels up to 20 kHz; analysis hears their mean up to 8 kHz. Where left and right differ,
the mean has less power than they have. An eighth of the samples, spread evenly, tells by how much.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft

from segue.frontend.constants import SAMPLE_RATE
from segue.frontend.k_weighting import k_gains

Channels = npt.NDArray[np.generic]
"""Samples of any scale, shape (channels, samples)."""

_WINDOW_SECONDS: Final = 0.02
_EVERY_SECONDS: Final = 0.15
_HEARD_SHARE: Final = 0.95
"""Of the range up to half the analysis's rate: what the resampler lets through."""
_GOLDEN: Final = 0.618034
_SURROUND: Final = frozenset({"BL", "BR", "BC", "SL", "SR"})
_SURROUND_GAIN: Final = 1.41
_MIDDLE_OF_U8: Final = 128.0
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
        starts = _starts(samples - window, max(round(_EVERY_SECONDS * rate), window))
        power = np.zeros(2)
        if len(starts):
            pieces = channels[:, starts[:, None] + np.arange(window)].astype(np.float32)
            if channels.dtype == np.uint8:
                pieces -= np.float32(_MIDDLE_OF_U8)
            pieces *= _taper(window)
            power = _powers(pieces, rate, np.array([_weight(name) for name in names], dtype=np.float32))
        self.stretches.append(Stretch(samples / rate, float(power[0]), float(power[1])))


def _powers(pieces: npt.NDArray[np.float32], rate: int, weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Power of the channels and of their mean in pieces of shape (channels, pieces, samples)."""
    size = pieces.shape[2]
    gains = k_gains(size, rate)
    heard = np.fft.rfftfreq(size, 1 / rate) < _HEARD_SHARE * SAMPLE_RATE / 2
    spectrum = fft.rfft(pieces, axis=2)
    channels = ((spectrum.real**2 + spectrum.imag**2) @ gains).sum(axis=1)
    mean = spectrum[0].copy()
    for other in spectrum[1:]:  # a tenth of the time that the sum over a short axis takes
        mean += other
    mean /= len(spectrum)
    mono = (mean.real**2 + mean.imag**2) @ (gains * heard)
    return np.array([float(channels @ weights), float(mono.sum())])


def _starts(last: int, step: int) -> npt.NDArray[np.intp]:
    """One place in every step, up to the last that there is: spread evenly, but never in time with the music."""
    number = np.arange(last // step + 1 if last >= 0 else 0)
    return np.minimum(((number + number * _GOLDEN % 1.0) * step).astype(np.intp), last)


@cache
def _taper(window: int) -> npt.NDArray[np.float32]:
    return np.hanning(window).astype(np.float32)


def _weight(name: str) -> float:
    return 0.0 if name == _BASS_ONLY else _SURROUND_GAIN if name in _SURROUND else 1.0
