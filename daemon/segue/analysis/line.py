"""An exact constant tempo, and whether the beats keep to it.

Exact: all rows of pulses and the first twelve harmonics of the beat are looked at over the whole length at once, and the
tempo is where their power adds up (the periodogram is the maximum-likelihood estimate of a frequency; the twelfth harmonic
tells tempi apart twelve times as finely as the first). A tracker alone would answer in whole frames, and name the same few
tempi for a whole collection.

Whether they keep to it: the phase of the beat is measured window by window, each measure becomes a beat time with a number, by
cumulative rounding, and a robust line is laid through time against number.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy import fft

from segue.analysis.pulse import Array, Pulses, at
from segue.frontend.constants import FRAME_RATE

_SEARCH: Final = 0.005
_SEARCH_HARMONICS: Final = 12
_HIGHEST_HZ: Final = 0.48 * FRAME_RATE
_OVERSAMPLING: Final = 8
_HARMONICS: Final = (1, 2, 4)
_ROUNDS: Final = 12
_WINDOW: Final = round(6 * FRAME_RATE)
_MAX_CORRECTION: Final = 0.004


class Line(NamedTuple):
    """The line through the beats."""

    agreement: float
    """Share of the rhythm that lies on the line, 0..1."""
    drift: float
    """How far the beats wander from the line, as a share of a beat: the 90th percentile of the windows."""


def exact_tempo(found: Pulses, bpm: float) -> float:
    """The constant tempo within half a per cent of `bpm` that explains the pulses best."""
    frames = found.rows.shape[1]
    size = fft.next_fast_len(_OVERSAMPLING * frames, real=True)
    centred = (found.rows - found.rows.mean(axis=1, keepdims=True)) * np.hanning(frames)
    power = (np.abs(fft.rfft(centred.astype(np.float32), size, axis=1)) ** 2).sum(axis=0).astype(np.float64)
    frequency = bpm / 60.0
    harmonics = np.arange(1, min(_SEARCH_HARMONICS, int(_HIGHEST_HZ / frequency)) + 1)
    # Four steps for what the highest harmonic can tell apart.
    steps = max(int(2 * _SEARCH * frequency * harmonics[-1] * frames / FRAME_RATE * 4), 32)
    tried = frequency * np.linspace(1 - _SEARCH, 1 + _SEARCH, steps)
    score = at(power, np.outer(tried, harmonics) * (size / FRAME_RATE)).sum(axis=1)
    best = int(np.clip(score.argmax(), 1, steps - 2))
    before, middle, after = score[best - 1 : best + 2]
    bend = before - 2 * middle + after
    shift = float(np.clip(0.5 * (before - after) / bend, -1.0, 1.0)) if bend < 0 else 0.0
    return 60.0 * float(tried[best] + shift * (tried[1] - tried[0]))


def fit_line(pulse: Array, bpm: float) -> Line:
    """How the beats of a pulse, shape (frames,), keep to a tempo that is nearly right."""
    lines = [_fit_harmonic(pulse, bpm, harmonic) for harmonic in _HARMONICS]
    return max(lines, key=lambda line: line.agreement)


def _fit_harmonic(pulse: Array, bpm: float, harmonic: int) -> Line:
    times, weights = _beat_times(pulse, bpm * harmonic)
    period = 60.0 * FRAME_RATE / (bpm * harmonic)
    numbers = np.concatenate([[0.0], np.cumsum(np.round(np.diff(times) / period))])
    slope, residuals = _robust_line(numbers, times, weights)
    agreement = float(np.sum(weights * np.cos(2 * np.pi * residuals / period)) / np.sum(weights))
    if not abs(slope / period - 1.0) < _MAX_CORRECTION:
        return Line(0.0, 1.0)
    drift = float(np.quantile(np.abs(residuals), 0.9)) / (period * harmonic)
    return Line(max(agreement, 0.0), drift)


def _beat_times(pulse: Array, bpm: float) -> tuple[Array, Array]:
    """One beat a window, in frames, and how strong the beat is there: from the phase of the rhythm at this tempo."""
    length = min(_WINDOW, len(pulse))
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
    for _ in range(_ROUNDS):
        x_mean, y_mean = np.average(x, weights=current), np.average(y, weights=current)
        slope = float(np.sum(current * (x - x_mean) * (y - y_mean)) / np.sum(current * (x - x_mean) ** 2))
        residuals = y - y_mean - slope * (x - x_mean)
        scale = max(float(np.median(np.abs(residuals))) * 1.5, 0.05)
        current = weights / (1.0 + (residuals / scale) ** 2)
    return slope, residuals
