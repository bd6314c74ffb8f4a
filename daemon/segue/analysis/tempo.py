"""Onsets → tempo.

1. Windows of the envelope are looked at twice, by autocorrelation and by Fourier transform. The first also answers at
   multiples of the beat, the second at its fractions; their product answers at the beat (Peeters, "Template-based
   estimation of time-varying tempo", EURASIP 2007). A log-normal prior stands for how music is counted
   (van Noorden and Moelants, "Resonance in the perception of musical pulse", 1999).
2. Of the metrical levels (half, double) the fastest is taken that is filled and at which every second beat still sounds
   alike: kick and snare alternate on the beat, and not on its half.
3. The phase of the beat is measured window by window, each measure becomes a beat time with a number, and a robust line
   through time against number has the beat as its slope. A tracker alone would answer in whole frames, and name the same
   few tempi for a whole collection.

This is numpy throughout: importing the compiled tracker of librosa would cost each worker two seconds and 100 MB.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from segue.analysis.onsets import Onsets
from segue.analysis.result import Tempo
from segue.frontend.constants import FRAME_RATE

Array = npt.NDArray[np.float64]

_SLOWEST: Final = 50.0
_FASTEST: Final = 210.0
_USUAL: Final = (62.0, 181.0)
_STEPS_PER_OCTAVE: Final = 120
_WINDOW: Final = round(12 * FRAME_RATE)
_HOP: Final = round(3 * FRAME_RATE)
_FIT_SECONDS: Final = 360
_PRIOR_BPM: Final = 122.0
_PRIOR_OCTAVES: Final = 0.75
_LAG_MULTIPLES: Final = (1, 2, 4)
_HARMONICS: Final = (1, 2, 4)
_ROW_WEIGHTS: Final = (0.4, 0.3, 0.15, 0.15)  # of segue.analysis.onsets.ROWS
_HIGH_ROWS: Final = slice(2, 4)
_ALIKE: Final = 0.68
_FILLED: Final = 0.12
_MIN_SECONDS: Final = 3.0
_MIN_SALIENCE: Final = 0.02
_RELATED: Final = (2.0, 0.5, 1.5, 2 / 3, 4 / 3, 0.75)
_FIT_ROUNDS: Final = 12
_FIT_WINDOW: Final = round(6 * FRAME_RATE)
_MAX_CORRECTION: Final = 0.004


class _Candidates(NamedTuple):
    """How well each tempo explains the envelope; arrays of shape (tempi,)."""

    bpm: Array
    score: Array
    salience: float
    """Normalised autocorrelation at the best tempo, 0..1."""


class _Line(NamedTuple):
    """The line through the beats."""

    bpm: float
    agreement: float
    """Share of the rhythm that lies on the line, 0..1."""


def estimate_tempo(onsets: Onsets) -> Tempo:
    """Tempo of onsets at 62.5 frames a second, shape (4, frames).

    A constant tempo comes out within 0.1 %. Without any pulse, or in less than three seconds, the tempo is None.
    """
    if onsets.shape[1] < _MIN_SECONDS * FRAME_RATE:
        return Tempo(bpm=None, confidence=0.0)
    rows = np.stack([_pulse(row) for row in _middle(onsets)])
    pulse = np.asarray(np.array(_ROW_WEIGHTS) @ rows)
    candidates = _candidates(pulse)
    if candidates is None:
        return Tempo(bpm=None, confidence=0.0)
    best = int(candidates.score.argmax())
    level = _level(pulse, rows[_HIGH_ROWS], _sharpen(pulse, float(candidates.bpm[best])))
    line = _fit_line(pulse, level)
    return Tempo(
        bpm=line.bpm,
        confidence=_confidence(candidates, best, line),
        alternatives=_alternatives(candidates, line.bpm),
    )


def _middle(onsets: Onsets) -> Array:
    """The middle six minutes: intro and outro have the fewest beats."""
    spare = max(onsets.shape[1] - round(_FIT_SECONDS * FRAME_RATE), 0)
    return onsets[:, spare // 2 : onsets.shape[1] - (spare - spare // 2)].astype(np.float64)


def _pulse(envelope: Array) -> Array:
    """The envelope without its slow part, and with loud and soft sections brought near each other."""
    smooth = ndimage.gaussian_filter1d(envelope, 1.0)
    above = np.maximum(smooth - ndimage.uniform_filter1d(smooth, round(0.8 * FRAME_RATE)), 0.0)
    # The running sum of the filter may end a hair below zero.
    level = np.sqrt(np.maximum(ndimage.uniform_filter1d(above**2, round(8 * FRAME_RATE)), 0.0))
    return np.asarray(above / np.maximum(level, 0.3 * np.sqrt(np.mean(above**2)) + 1e-3))


def _level(pulse: Array, high: Array, bpm: float) -> float:
    """The metrical level of the beat, `bpm` times a power of two.

    It is the fastest at which sounds begin on every beat (in `pulse`) and every second beat sounds alike (in one of the rows
    of `high`).
    """
    beats, *sounds = (_correlation(row) for row in (pulse, *high))

    def likeness(tempo: float) -> float:
        return max(_near(row, 2 * 60.0 * FRAME_RATE / tempo) for row in sounds)

    for level in (bpm * 4, bpm * 2, bpm, bpm / 2, bpm / 4):
        if (
            _USUAL[0] <= level <= _USUAL[1]
            and _near(beats, 60.0 * FRAME_RATE / level) >= _FILLED
            and likeness(level) >= _ALIKE * likeness(level / 2)
        ):
            return level
    return bpm


def _correlation(row: Array) -> Array:
    """Normalised autocorrelation by lag in frames."""
    centred = row - row.mean()
    correlation = fft.irfft(np.abs(fft.rfft(centred, 2 * len(row))) ** 2)[: len(row)]
    return np.asarray(correlation / (correlation[0] + 1e-9))


def _near(correlation: Array, lag: float) -> float:
    """The highest correlation within a frame of a lag."""
    return float(_at(correlation, lag + np.arange(-1.0, 1.5, 0.5)).max())


def _windows(pulse: Array) -> Array:
    """Overlapping windows (windows, 750) with a Hann taper; a short envelope is padded with silence."""
    padded = np.pad(pulse, (0, max(_WINDOW - len(pulse), 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    centred = windows - windows.mean(axis=1, keepdims=True)
    return np.asarray(centred * np.hanning(_WINDOW))


def _candidates(pulse: Array) -> _Candidates | None:
    windows = _windows(pulse)
    size = 4 * _WINDOW
    spectrum = fft.rfft(windows, size, axis=1)
    power = (np.abs(spectrum) ** 2).mean(axis=0)
    correlation = fft.irfft(power, size)[:_WINDOW]
    if correlation[0] <= 1e-9:
        return None
    taper = fft.irfft(np.abs(fft.rfft(np.hanning(_WINDOW), size)) ** 2, size)[:_WINDOW]
    correlation = correlation / correlation[0] / np.maximum(taper / taper[0], 0.05)

    octaves = np.arange(0.0, np.log2(_FASTEST / _SLOWEST), 1 / _STEPS_PER_OCTAVE)
    bpm = _SLOWEST * 2.0**octaves
    period = 60.0 * FRAME_RATE / bpm
    lagged = [_at(correlation, period * multiple) for multiple in _LAG_MULTIPLES]
    periodic = np.maximum(np.mean(lagged, axis=0), 0.0)
    pulsing = np.sqrt(_at(power, size / period))
    pulsing /= pulsing.max()
    prior = np.exp(-0.5 * (np.log2(bpm / _PRIOR_BPM) / _PRIOR_OCTAVES) ** 2)
    score = periodic * pulsing**0.5 * prior
    best = int(score.argmax())
    if score[best] <= 0.0 or periodic[best] < _MIN_SALIENCE:
        return None
    return _Candidates(bpm, score, float(min(periodic[best], 1.0)))


def _at(values: Array, places: Array) -> Array:
    """Values between the samples, 0 beyond the last one."""
    return np.interp(places, np.arange(len(values)), values, right=0.0)


def _sharpen(pulse: Array, bpm: float) -> float:
    """The exact tempo near `bpm`: longer windows see finer differences, but only close to the answer."""
    for seconds in (8.0, 16.0, 32.0, 64.0):
        bpm = _strongest(pulse, bpm, seconds)
    return bpm


def _strongest(pulse: Array, bpm: float, seconds: float) -> float:
    """The tempo near `bpm` at which windows of so many seconds have most of their rhythm, its fractions included."""
    length = min(round(seconds * FRAME_RATE), len(pulse))
    starts = np.arange(0, len(pulse) - length + 1, max(length // 2, 1))
    windows = (np.stack([pulse[start : start + length] for start in starts]) * np.hanning(length)).astype(np.float32)
    tempi = bpm + np.linspace(-0.6, 0.6, 25) * 60.0 / seconds
    power = np.zeros(len(tempi))
    for harmonic in _HARMONICS:
        phase = np.outer(np.arange(length) * (2 * np.pi * harmonic / 60.0 / FRAME_RATE), tempi)
        waves = np.concatenate([np.cos(phase), np.sin(phase)], axis=1).astype(np.float32)
        power += np.sum((windows @ waves) ** 2, axis=0).reshape(2, -1).sum(axis=0)
    best = int(np.clip(power.argmax(), 1, len(power) - 2))
    before, at, after = power[best - 1 : best + 2]
    bend = before - 2 * at + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(tempi[best] + np.clip(shift, -1.0, 1.0) * (tempi[1] - tempi[0]))


def _fit_line(pulse: Array, bpm: float) -> _Line:
    """The slope of the beats, numbered along a tempo that is nearly right."""
    lines = [_fit_harmonic(pulse, bpm, harmonic) for harmonic in _HARMONICS]
    return max(lines, key=lambda line: line.agreement)


def _fit_harmonic(pulse: Array, bpm: float, harmonic: int) -> _Line:
    times, weights = _beat_times(pulse, bpm * harmonic)
    period = 60.0 * FRAME_RATE / (bpm * harmonic)
    numbers = np.concatenate([[0.0], np.cumsum(np.round(np.diff(times) / period))])
    slope, residuals = _robust_line(numbers, times, weights)
    agreement = float(np.sum(weights * np.cos(2 * np.pi * residuals / period)) / np.sum(weights))
    if not abs(slope / period - 1.0) < _MAX_CORRECTION:
        return _Line(bpm, 0.0)
    return _Line(60.0 * FRAME_RATE / (slope * harmonic), max(agreement, 0.0))


def _beat_times(pulse: Array, bpm: float) -> tuple[Array, Array]:
    """One beat a window, in frames, and how strong the beat is there: from the phase of the rhythm at this tempo."""
    length = min(_FIT_WINDOW, len(pulse))
    hop = max(length // 4, 1)
    windows = np.lib.stride_tricks.sliding_window_view(pulse, length)[::hop]
    frequency = bpm / 60.0 / FRAME_RATE
    rhythm = windows @ (np.hanning(length) * np.exp(-2j * np.pi * frequency * (np.arange(length) - length / 2)))
    centres = np.arange(len(windows)) * hop + length / 2
    return centres - np.angle(rhythm) / (2 * np.pi * frequency), np.abs(rhythm) + 1e-9


def _robust_line(x: Array, y: Array, weights: Array) -> tuple[float, Array]:
    """Slope and residuals of the line through weighted points; what lies far off counts less and less (Cauchy weights)."""
    if len(x) < 2 or x[-1] == x[0]:
        return float("nan"), np.zeros_like(y)
    current = weights
    residuals = np.zeros_like(y)
    slope = 0.0
    for _ in range(_FIT_ROUNDS):
        x_mean, y_mean = np.average(x, weights=current), np.average(y, weights=current)
        slope = float(np.sum(current * (x - x_mean) * (y - y_mean)) / np.sum(current * (x - x_mean) ** 2))
        residuals = y - y_mean - slope * (x - x_mean)
        scale = max(float(np.median(np.abs(residuals))) * 1.5, 0.05)
        current = weights / (1.0 + (residuals / scale) ** 2)
    return slope, residuals


def _confidence(candidates: _Candidates, best: int, line: _Line) -> float:
    """How clear the beat is, how much it lies on the line, and how far the best other tempo is behind."""
    distance = np.abs(np.log2(candidates.bpm / candidates.bpm[best]))
    rival = float(candidates.score[distance > 0.06].max(initial=0.0) / candidates.score[best])
    clarity = min(candidates.salience / 0.4, 1.0)
    return float(np.clip(clarity * line.agreement * (1.0 - rival**2) * 1.4, 0.0, 1.0))


def _alternatives(candidates: _Candidates, bpm: float) -> tuple[float, ...]:
    """The best of the metrical relatives, best first."""
    relatives = [bpm * ratio for ratio in _RELATED if _SLOWEST <= bpm * ratio <= _FASTEST]
    scores = np.interp(relatives, candidates.bpm, candidates.score)
    order = np.argsort(-scores)[:3]
    return tuple(round(float(relatives[index]), 2) for index in order if scores[index] > 0.0)
