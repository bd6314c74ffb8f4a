"""A recording as a texture: how the peaks of its spectrum come and go, half semitone by half semitone.

It is what two recordings are laid over each other by (`segue.analysis.likeness`): moving it along its bands transposes it, and
stretching it along its frames changes the tempo. What is smooth over an octave (the noise of drums, the colour of the master)
and what does not change (a chord that is held, a hum) is taken out, for much music has that alike; and each band counts as much
as the others, whatever the key.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from segue.frontend.constants import SAMPLE_RATE
from segue.frontend.mel import Waveform

Texture = npt.NDArray[np.float32]
"""Shape (frames, `BANDS`); zero where there is nothing."""

RATE: Final = 8
"""Frames a second."""
PER_SEMITONE: Final = 2
_LOWEST, _HIGHEST = 45, 105
"""MIDI notes, 110 Hz and 3.5 kHz: basses and cymbals are too often the same."""
BANDS: Final = PER_SEMITONE * (_HIGHEST - _LOWEST)
LONGEST_SECONDS: Final = 3 * 3600
"""Of a longer recording the beginning is taken."""
_HOP: Final = SAMPLE_RATE // RATE
_N_FFT: Final = 4096
_BLOCK: Final = 256
_OCTAVE: Final = 12 * PER_SEMITONE + 1
_RANGE_DB: Final = 60.0
"""So far below the loudest band of its frame, or of the recording, a band is as good as silent."""
_LEAST_SPREAD_DB: Final = 1.0
"""A band that varies less than this is not made louder."""


def texture(blocks: Iterable[Waveform]) -> Texture:
    """The texture of a recording that arrives in blocks of any length."""
    levels = np.concatenate([np.zeros((0, BANDS), np.float32), *_powers(blocks)])
    if not len(levels):
        return levels
    levels = 10.0 * np.log10(np.maximum(levels, 10.0 ** (-_RANGE_DB / 10.0) * float(levels.max()) + 1e-9))
    levels = np.maximum(levels, levels.max(axis=1, keepdims=True) - _RANGE_DB)
    levels -= ndimage.uniform_filter1d(levels, _OCTAVE, axis=1)
    levels /= np.maximum(levels.std(axis=0), _LEAST_SPREAD_DB)
    return np.asarray(np.diff(levels, axis=0, prepend=levels[:1]), dtype=np.float32)


def _powers(blocks: Iterable[Waveform]) -> Iterable[Texture]:
    """Power of each band, in blocks of frames whose middles are `_HOP` apart, the first at the first sample."""
    half, left = _N_FFT // 2, LONGEST_SECONDS * RATE
    buffer = np.zeros(half, dtype=np.float32)
    for block in chain(blocks, [np.zeros(half, dtype=np.float32)]):
        buffer = np.concatenate([buffer, block])
        frames = min((len(buffer) - _N_FFT) // _HOP + 1, left)
        if frames < 1:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(buffer, _N_FFT)[::_HOP][:frames]
        for start in range(0, frames, _BLOCK):
            spectrum = fft.rfft(windows[start : start + _BLOCK] * _window(), axis=1)
            yield (spectrum.real**2 + spectrum.imag**2) @ _filters()
        left -= frames
        buffer = buffer[frames * _HOP :]


@cache
def _window() -> npt.NDArray[np.float32]:
    return np.hanning(_N_FFT).astype(np.float32)


@cache
def _filters() -> npt.NDArray[np.float32]:
    """Triangles of a semitone's width, shape (bins, bands), each of sum 1."""
    hertz = np.arange(_N_FFT // 2 + 1) * SAMPLE_RATE / _N_FFT
    notes = 69.0 + 12.0 * np.log2(np.maximum(hertz, 1.0) / 440.0)
    middles = _LOWEST + np.arange(BANDS) / PER_SEMITONE
    filters = np.maximum(1.0 - PER_SEMITONE * np.abs(notes[:, None] - middles), 0.0)
    thin = np.flatnonzero(filters.sum(axis=0) < 0.5)  # deep down a band has no bin of its own
    filters[np.abs(notes[:, None] - middles[thin]).argmin(axis=0), thin] = 1.0
    return np.asarray(filters / filters.sum(axis=0), dtype=np.float32)
