"""Onsets → pulses, and the tempi at which they repeat.

Windows of the envelope are looked at twice, by autocorrelation and by Fourier transform. The first also answers at
multiples of the beat, the second at its fractions; their product answers at the beat (Peeters, "Template-based
estimation of time-varying tempo", EURASIP 2007). A log-normal prior stands for how music is counted (van Noorden and
Moelants, "Resonance in the perception of musical pulse", 1999). Which multiple of the pulse is the beat is not decided here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from segue.analysis.onsets import ROWS, Onsets
from segue.frontend.constants import FRAME_RATE

Array = npt.NDArray[np.float64]

SLOWEST: Final = 50.0
FASTEST: Final = 210.0
MIDDLE_SECONDS: Final = 360
_STEPS_PER_OCTAVE: Final = 120
_WINDOW: Final = round(12 * FRAME_RATE)
_HOP: Final = round(3 * FRAME_RATE)
_PRIOR_BPM: Final = 122.0
_PRIOR_OCTAVES: Final = 0.75
_LAG_MULTIPLES: Final = (1, 2, 4)
_HARMONICS: Final = (1, 2, 4)
_ROW_WEIGHTS: Final = (0.4, 0.3, 0.15, 0.15)  # of segue.analysis.onsets.ROWS
_MIN_SALIENCE: Final = 0.02
_SHARPENING_SECONDS: Final = (8.0, 24.0, 64.0)
_TRIED: Final = np.linspace(-36.0, 36.0, 11)
"""Beats a minute around a tempo, times the seconds of a window; a window tells tempi apart that are 120 of these apart."""


class Pulses(NamedTuple):
    """The rhythm of the middle of a recording, 62.5 frames a second."""

    rows: Array
    """One for each of `segue.analysis.onsets.ROWS`, shape (4, frames)."""
    joined: Array
    """Their weighted sum, shape (frames,)."""
    start: int
    """Frame of the recording at which they begin."""


class Periodicity(NamedTuple):
    """How well each tempo explains the pulses; arrays of shape (tempi,)."""

    bpm: Array
    score: Array
    salience: float
    """Normalised autocorrelation at the best tempo, 0..1."""


def pulses(onsets: Onsets, *, whole: bool = False) -> Pulses:
    """The pulses of onsets, shape (16, frames).

    Unless the whole is asked for they are those of the middle six minutes, for intro and outro have the fewest beats.
    """
    frames = onsets.shape[1]
    spare = 0 if whole else max(frames - round(MIDDLE_SECONDS * FRAME_RATE), 0)
    middle = onsets[: len(ROWS), spare // 2 : frames - (spare - spare // 2)].astype(np.float64)
    rows = np.stack([_pulse(row) for row in middle])
    return Pulses(rows, np.asarray(np.array(_ROW_WEIGHTS) @ rows), spare // 2)


def _pulse(envelope: Array) -> Array:
    """The envelope without its slow part, and with loud and soft sections brought near each other."""
    smooth = ndimage.gaussian_filter1d(envelope, 1.0)
    above = np.maximum(smooth - ndimage.uniform_filter1d(smooth, round(0.8 * FRAME_RATE)), 0.0)
    # The running sum of the filter may end a hair below zero.
    level = np.sqrt(np.maximum(ndimage.uniform_filter1d(above**2, round(8 * FRAME_RATE)), 0.0))
    return np.asarray(above / np.maximum(level, 0.3 * np.sqrt(np.mean(above**2)) + 1e-3))


def periodicity(pulse: Array) -> Periodicity | None:
    """Scores of all tempi from 50 to 210 bpm for a pulse, shape (frames,); None where nothing repeats."""
    windows = _windows(pulse)
    size = 4 * _WINDOW
    spectrum = fft.rfft(windows, size, axis=1)
    power = (np.abs(spectrum) ** 2).mean(axis=0)
    correlation = fft.irfft(power, size)[:_WINDOW]
    if correlation[0] <= 1e-9:
        return None
    taper = fft.irfft(np.abs(fft.rfft(np.hanning(_WINDOW), size)) ** 2, size)[:_WINDOW]
    correlation = correlation / correlation[0] / np.maximum(taper / taper[0], 0.05)

    octaves = np.arange(0.0, np.log2(FASTEST / SLOWEST), 1 / _STEPS_PER_OCTAVE)
    bpm = SLOWEST * 2.0**octaves
    period = 60.0 * FRAME_RATE / bpm
    lagged = [at(correlation, period * multiple) for multiple in _LAG_MULTIPLES]
    periodic = np.maximum(np.mean(lagged, axis=0), 0.0)
    pulsing = np.sqrt(at(power, size / period))
    pulsing /= pulsing.max()
    prior = np.exp(-0.5 * (np.log2(bpm / _PRIOR_BPM) / _PRIOR_OCTAVES) ** 2)
    score = periodic * pulsing**0.5 * prior
    best = int(score.argmax())
    if score[best] <= 0.0 or periodic[best] < _MIN_SALIENCE:
        return None
    return Periodicity(bpm, score, float(min(periodic[best], 1.0)))


def _windows(pulse: Array) -> Array:
    """Overlapping windows (windows, 750) with a Hann taper; a short envelope is padded with silence."""
    padded = np.pad(pulse, (0, max(_WINDOW - len(pulse), 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    centred = windows - windows.mean(axis=1, keepdims=True)
    return np.asarray(centred * np.hanning(_WINDOW))


def at(values: Array, places: Array) -> Array:
    """Values between the samples, 0 beyond the last one."""
    return np.interp(places, np.arange(len(values)), values, right=0.0)


def sharpen(pulse: Array, bpm: float) -> float:
    """The exact tempo near `bpm`: longer windows see finer differences, but only close to the answer."""
    for seconds in _SHARPENING_SECONDS:
        bpm = _strongest(pulse, bpm, seconds)
    return bpm


def _strongest(pulse: Array, bpm: float, seconds: float) -> float:
    """The tempo near `bpm` at which windows of so many seconds have most of their rhythm, its fractions included."""
    length = min(round(seconds * FRAME_RATE), len(pulse))
    starts = np.arange(0, len(pulse) - length + 1, max(length // 2, 1))
    windows = (np.stack([pulse[start : start + length] for start in starts]) * np.hanning(length)).astype(np.float32)
    tempi = bpm + _TRIED / seconds
    power = np.zeros(len(tempi))
    for harmonic in _HARMONICS:
        phase = np.outer(np.arange(length) * (2 * np.pi * harmonic / 60.0 / FRAME_RATE), tempi)
        waves = np.concatenate([np.cos(phase), np.sin(phase)], axis=1).astype(np.float32)
        power += np.sum((windows @ waves) ** 2, axis=0).reshape(2, -1).sum(axis=0)
    best = int(np.clip(power.argmax(), 1, len(power) - 2))
    before, middle, after = power[best - 1 : best + 2]
    bend = before - 2 * middle + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(tempi[best] + np.clip(shift, -1.0, 1.0) * (tempi[1] - tempi[0]))
