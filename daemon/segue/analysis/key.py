"""Waveform → musical key.

The partials of the sound are read off as spectral peaks, which a drum does not have, and put into 120 pitch classes of ten
cents. When the recording has ended, its tuning is known, and the twelve semitones around it are compared with the profiles
of the 24 keys. The profiles were measured on electronic dance music (Faraldo, Gómez, Jordà, Herrera, "Key estimation in
electronic dance music", ECIR 2016); those of Temperley (1999), from scores, named the key of 105 of our 120 synthesised
tracks, these of 118.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from segue.analysis.result import Key
from segue.frontend.constants import SAMPLE_RATE
from segue.frontend.mel import Waveform
from segue.keys import KEYS, MODES, camelot, key_name

Array = npt.NDArray[np.float64]

_N_FFT: Final = 8192
_HOP: Final = 4096
_LOWEST_HZ: Final = 60.0
_HIGHEST_HZ: Final = 1000.0
_BASS_HZ: Final = 100.0
_FINE: Final = 10
"""Classes a semitone."""
_CLASSES: Final = 12 * _FINE
_A4: Final = 440.0
_A_CLASS: Final = 9
_SURROUNDINGS: Final = 41
_CLEAR_PEAK: Final = 6.0
_QUIET_PEAK_DB: Final = 45.0
_LOUDNESS_POWER: Final = 0.5
_BASS_POWER: Final = 0.5
_MIN_EVIDENCE: Final = 0.5
_MIN_CORRELATION: Final = 0.2
_SURE_MARGIN: Final = 0.2
_ALTERNATIVES: Final = 3

_MAJOR: Final = (0.165, 0.047, 0.083, 0.067, 0.100, 0.093, 0.053, 0.132, 0.052, 0.074, 0.069, 0.064)
_MINOR: Final = (0.172, 0.053, 0.076, 0.100, 0.056, 0.085, 0.050, 0.135, 0.075, 0.050, 0.092, 0.055)


class KeyFinder:
    """Collects the pitches of a recording, block by block; its memory does not grow."""

    def __init__(self) -> None:
        self._window = np.hanning(_N_FFT).astype(np.float32)
        self._buffer = np.zeros(0, dtype=np.float32)
        self._classes = np.zeros(_CLASSES)

    def add(self, block: Waveform) -> None:
        """Take in samples at 16 kHz, any number of them."""
        self._buffer = np.concatenate([self._buffer, block])
        frames = (len(self._buffer) - _N_FFT) // _HOP + 1
        if frames > 0:
            self._count(frames)
            self._buffer = self._buffer[frames * _HOP :]

    def result(self) -> Key:
        """The key with its runner-ups; its name is None when there was hardly any pitch."""
        if not self._classes.any() and 0 < len(self._buffer) < _N_FFT:
            self._buffer = np.pad(self._buffer, (0, _N_FFT - len(self._buffer)))
            self._count(1)
        if self._classes.sum() < _MIN_EVIDENCE:
            return Key(name=None, camelot=None, confidence=0.0)
        return match_key(chroma(self._classes))

    def _count(self, frames: int) -> None:
        windows = np.lib.stride_tricks.sliding_window_view(self._buffer, _N_FFT)[::_HOP][:frames]
        spectrum = fft.rfft(windows * self._window, axis=1)[:, _BINS]
        level = 10.0 * np.log10(np.abs(spectrum) ** 2 + 1e-6)
        pitch, weight = _peaks(level)
        place = np.round(pitch * _FINE).astype(np.intp) % _CLASSES
        self._classes += np.bincount(place, weight, _CLASSES)


_BINS: Final = slice(round(_LOWEST_HZ * _N_FFT / SAMPLE_RATE), round(_HIGHEST_HZ * _N_FFT / SAMPLE_RATE))


def _peaks(level: npt.NDArray[np.float32]) -> tuple[Array, Array]:
    """Pitch in semitones above C and weight of every clear peak in levels in dB, shape (frames, bins)."""
    inner = level[:, 1:-1]
    surroundings = ndimage.uniform_filter1d(level, _SURROUNDINGS, axis=1)[:, 1:-1]
    above = inner - surroundings
    loudest = inner.max(axis=1, keepdims=True)
    clear = (
        (inner > level[:, :-2]) & (inner >= level[:, 2:]) & (above > _CLEAR_PEAK) & (inner > loudest - _QUIET_PEAK_DB)
    )
    frame, index = np.nonzero(clear)
    before, at, after = level[frame, index], level[frame, index + 1], level[frame, index + 2]
    shift = 0.5 * (before - after) / np.minimum(before - 2 * at + after, -1e-3)
    frequency = (index + 1 + _BINS.start + shift) * (SAMPLE_RATE / _N_FFT)
    # Compressed, so that one loud instrument does not decide alone; towards the bass, for that is where roots are and
    # overtones are not.
    loudness = 10.0 ** ((at - loudest[frame, 0]) / 20.0 * _LOUDNESS_POWER)
    weight = loudness / np.maximum(frequency, _BASS_HZ) ** _BASS_POWER * _BASS_HZ**_BASS_POWER
    return 12.0 * np.log2(frequency / _A4) + _A_CLASS, weight


def chroma(classes: Array) -> Array:
    """Twelve semitones, shape (12,), from fine pitch classes, shape (120,), at the tuning that the recording has."""
    angle = np.exp(2j * np.pi * np.arange(_CLASSES) / _FINE)
    off = round(float(np.angle(classes @ angle)) / (2 * np.pi) * _FINE)
    nearness = np.hanning(_FINE + 3)[1:-1]  # the middle of a semitone counts most
    spread = np.roll(classes, -off + _FINE // 2)[:_CLASSES].reshape(12, _FINE)
    return np.asarray(spread @ nearness[:_FINE])


def match_key(pitches: Array) -> Key:
    """The key whose profile correlates best with a chroma vector, shape (12,), C first."""
    correlation = np.array([np.corrcoef(pitches, _PROFILES[name])[0, 1] for name in KEYS])
    if not np.isfinite(correlation).all() or correlation.max() < _MIN_CORRELATION:
        return Key(name=None, camelot=None, confidence=0.0)
    order = np.argsort(-correlation)
    best = KEYS[order[0]]
    margin = float(correlation[order[0]] - correlation[order[1]])
    confidence = min(margin / _SURE_MARGIN, 1.0) * float(np.clip(correlation[order[0]], 0.0, 1.0))
    return Key(best, camelot(best), confidence, tuple(KEYS[index] for index in order[1 : 1 + _ALTERNATIVES]))


_PROFILES: Final = {
    key_name(tonic, mode): np.roll(profile, tonic)
    for mode, profile in zip(MODES, (_MINOR, _MAJOR), strict=True)
    for tonic in range(12)
}
