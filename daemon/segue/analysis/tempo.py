"""Onset envelope → tempo.

First the period is found among all from 50 to 210 beats a minute, then a line through the beats makes it exact:

1. Windows of the envelope are looked at twice, by autocorrelation and by Fourier transform. The first also answers at
   multiples of the beat, the second at its fractions; their product answers at the beat (Peeters, "Template-based
   estimation of time-varying tempo", EURASIP 2007). A log-normal prior stands for how music is counted
   (van Noorden and Moelants, "Resonance in the perception of musical pulse", 1999).
2. The phase of the beat is measured window by window, each measure becomes a beat time with a number, and a robust line
   through time against number has the beat as its slope. A tracker alone would answer in whole frames, and name the same
   few tempi for a whole collection.

This is numpy throughout: importing the compiled tracker of librosa would cost each worker two seconds and 100 MB.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from segue.analysis.onsets import Envelope
from segue.analysis.result import Tempo
from segue.frontend.constants import FRAME_RATE

Array = npt.NDArray[np.float64]

_SLOWEST: Final = 50.0
_FASTEST: Final = 210.0
_STEPS_PER_OCTAVE: Final = 120
_WINDOW: Final = round(12 * FRAME_RATE)
_HOP: Final = round(3 * FRAME_RATE)
_FIT_SECONDS: Final = 360
_PRIOR_BPM: Final = 122.0
_PRIOR_OCTAVES: Final = 0.75
_LAG_MULTIPLES: Final = (1, 2, 4)
_MIN_SECONDS: Final = 3.0
_MIN_SALIENCE: Final = 0.02
_RELATED: Final = (2.0, 0.5, 1.5, 2 / 3, 4 / 3, 0.75)
_FIT_ROUNDS: Final = 12


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


def estimate_tempo(envelope: Envelope) -> Tempo:
    """Tempo of an onset envelope at 62.5 frames a second, shape (frames,).

    A constant tempo comes out within 0.1 %. Without any pulse, or in less than three seconds, the tempo is None.
    """
    if len(envelope) < _MIN_SECONDS * FRAME_RATE:
        return Tempo(bpm=None, confidence=0.0)
    pulse = _pulse(_middle(envelope))
    candidates = _candidates(pulse)
    if candidates is None:
        return Tempo(bpm=None, confidence=0.0)
    best = int(candidates.score.argmax())
    line = _fit_line(pulse, float(candidates.bpm[best]))
    return Tempo(
        bpm=line.bpm,
        confidence=_confidence(candidates, best, line),
        alternatives=_alternatives(candidates, line.bpm),
    )


def _middle(envelope: Envelope) -> Array:
    """The middle six minutes: intro and outro have the fewest beats."""
    spare = max(len(envelope) - round(_FIT_SECONDS * FRAME_RATE), 0)
    return envelope[spare // 2 : len(envelope) - (spare - spare // 2)].astype(np.float64)


def _pulse(envelope: Array) -> Array:
    """The envelope without its slow part, and with loud and soft sections brought near each other."""
    smooth = ndimage.gaussian_filter1d(envelope, 1.0)
    above = np.maximum(smooth - ndimage.uniform_filter1d(smooth, round(0.8 * FRAME_RATE)), 0.0)
    level = np.sqrt(ndimage.uniform_filter1d(above**2, round(8 * FRAME_RATE)))
    return np.asarray(above / np.maximum(level, 0.3 * np.sqrt(np.mean(above**2)) + 1e-9))


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


def _fit_line(pulse: Array, bpm: float) -> _Line:
    """The exact tempo near `bpm`."""
    for seconds in (12.0, 24.0, 48.0):
        bpm = _sharpen(pulse, bpm, seconds)
    times, weights = _beat_times(pulse, bpm)
    period = 60.0 * FRAME_RATE / bpm
    numbers = np.concatenate([[0.0], np.cumsum(np.round(np.diff(times) / period))])
    slope, residuals = _robust_line(numbers, times, weights)
    agreement = float(np.sum(weights * np.cos(2 * np.pi * residuals / period)) / np.sum(weights))
    if not abs(slope / period - 1.0) < 0.02:
        slope = period
    return _Line(60.0 * FRAME_RATE / slope, max(agreement, 0.0))


def _sharpen(pulse: Array, bpm: float, seconds: float) -> float:
    """The tempo near `bpm` at which windows of so many seconds have most of their rhythm.

    Longer windows see finer differences, but only close to the answer: hence one length after another.
    """
    length = min(round(seconds * FRAME_RATE), len(pulse))
    starts = np.arange(0, len(pulse) - length + 1, max(length // 2, 1))
    windows = np.stack([pulse[start : start + length] for start in starts]) * np.hanning(length)
    frequencies = bpm / 60.0 + np.linspace(-1.0, 1.0, 41) / seconds
    waves = np.exp(-2j * np.pi * np.outer(np.arange(length) / FRAME_RATE, frequencies))
    power = np.sum(np.abs(windows @ waves) ** 2, axis=0)
    best = int(np.clip(power.argmax(), 1, len(power) - 2))
    before, at, after = power[best - 1 : best + 2]
    bend = before - 2 * at + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    step = frequencies[1] - frequencies[0]
    return float(60.0 * (frequencies[best] + np.clip(shift, -1.0, 1.0) * step))


def _beat_times(pulse: Array, bpm: float) -> tuple[Array, Array]:
    """One beat a window, in frames, and how strong the beat is there: from the phase of the rhythm at this tempo."""
    length = min(round(8 * 60.0 * FRAME_RATE / bpm), len(pulse))
    windows = np.lib.stride_tricks.sliding_window_view(pulse, length)[:: max(length // 4, 1)]
    frequency = bpm / 60.0 / FRAME_RATE
    wave = np.hanning(length) * np.exp(-2j * np.pi * frequency * (np.arange(length) - length / 2))
    rhythm = windows @ wave
    centres = np.arange(len(windows)) * max(length // 4, 1) + length / 2
    return centres + _nearest_beat(np.angle(rhythm)) / (2 * np.pi * frequency), np.abs(rhythm) + 1e-9


def _nearest_beat(phase: Array) -> Array:
    """From the phase at a moment to the phase distance of the beat next to it, -pi..pi."""
    return -phase


def _robust_line(x: Array, y: Array, weights: Array) -> tuple[float, Array]:
    """Slope and residuals of the line through weighted points; what lies far off counts less and less (Cauchy weights)."""
    if len(x) < 2 or x[-1] == x[0]:
        return float("nan"), np.zeros_like(y)
    current = weights
    residuals = np.zeros_like(y)
    slope = 0.0
    for _ in range(_FIT_ROUNDS):
        slope, offset = np.polyfit(x, y, 1, w=np.sqrt(current))
        residuals = y - slope * x - offset
        scale = max(float(np.median(np.abs(residuals))) * 1.5, 0.05)
        current = weights / (1.0 + (residuals / scale) ** 2)
    return float(slope), residuals


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
