"""The metrical level: which of the tempi that the pulses tell is the beat, and not its half, double or third.

Onsets repeat at many periods at once. Each tempo that could be the beat is described by how the four onset rows repeat at
fractions and multiples of its beat, by how the kick falls against snare and hats, by the tempo itself, and by what kind
of sound begins (twelve bands), which tells styles apart. A small network, trained on synthesised music whose tempo was chosen
first, gives each a score; the probabilities of all of them add up to one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft

from segue.analysis.onsets import BANDS, ROWS, Onsets
from segue.analysis.pulse import Array, Periodicity, Pulses, at, sharpen
from segue.frontend.constants import FRAME_RATE
from segue.networks.arrays import Arrays, gelu, log_softmax
from segue.networks.models import models_dir

Features = npt.NDArray[np.float32]

SLOWEST_LEVEL: Final = 40.0
FASTEST_LEVEL: Final = 250.0
_PEAKS: Final = 3
_PEAK_OCTAVES: Final = 0.06
_RATIOS: Final = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4)
_SAME: Final = 0.02
_WINDOW: Final = round(24 * FRAME_RATE)
_HOP: Final = round(8 * FRAME_RATE)
# In beats of the tempo in question; for the frequencies, in events a beat.
_LAGS: Final = np.array([1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 5 / 6, 1, 5 / 4, 4 / 3, 3 / 2, 5 / 3, 7 / 4, 2, 9 / 4,
                         5 / 2, 8 / 3, 11 / 4, 3, 13 / 4, 7 / 2, 15 / 4, 4, 5, 6, 7, 8])  # fmt: skip
_CROSS_LAGS: Final = np.array([-2, -1.5, -1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4])
_FREQUENCIES: Final = np.array([1 / 8, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4, 6, 8])
_TEMPO_CENTRES: Final = np.arange(-1.4, 1.2, 0.25)  # octaves from 120 bpm
_TEMPO_WIDTH: Final = 0.22
_STRONG_DB: Final = 3.0
_LIMIT: Final = 5.0
FEATURES: Final = (
    5 * (len(_LAGS) + len(_FREQUENCIES)) + 2 * len(_CROSS_LAGS) + 2 + len(_TEMPO_CENTRES) + 1 + 2 * BANDS + 5
)
"""Numbers that describe a level."""


class Levels(NamedTuple):
    """Tempi that could be the beat; arrays of the same first length."""

    bpm: Array
    features: Features
    """Shape (levels, FEATURES)."""


class Choice(NamedTuple):
    """How likely each level is the beat, and whether bars have three beats."""

    bpm: Array
    probability: Array
    """Adds up to one."""
    triple: Array
    """Probability of three beats in a bar, by level."""


def levels(onsets: Onsets, found: Pulses, scores: Periodicity) -> Levels:
    """Describe every tempo from 40 to 250 bpm that is a simple multiple of one of the three strongest periodicities."""
    tempi: list[float] = []
    for peak in _strongest(scores):
        exact = sharpen(found.joined, peak)
        for ratio in _RATIOS:
            tempo = exact * ratio
            if SLOWEST_LEVEL <= tempo <= FASTEST_LEVEL and all(abs(tempo / other - 1) > _SAME for other in tempi):
                tempi.append(tempo)
    bpm = np.array(tempi)
    return Levels(bpm, _describe(bpm, onsets, found, scores))


def _strongest(scores: Periodicity) -> list[float]:
    left = scores.score.copy()
    peaks = []
    for _ in range(_PEAKS):
        best = int(left.argmax())
        if left[best] <= 0.0:
            break
        peaks.append(float(scores.bpm[best]))
        left[np.abs(np.log2(scores.bpm / scores.bpm[best])) < _PEAK_OCTAVES] = 0.0
    return peaks


def _describe(bpm: Array, onsets: Onsets, found: Pulses, scores: Periodicity) -> Features:
    size = 2 * _WINDOW
    rows = np.vstack([found.rows, found.joined])
    rows = np.pad(rows, ((0, 0), (0, max(_WINDOW - rows.shape[1], 0))))
    windows = np.lib.stride_tricks.sliding_window_view(rows, _WINDOW, axis=1)[:, ::_HOP]
    centred = (windows - windows.mean(axis=2, keepdims=True)) * np.hanning(_WINDOW)
    spectrum = fft.rfft(centred.astype(np.float32), size, axis=2)
    power = np.asarray((np.abs(spectrum) ** 2).mean(axis=1), dtype=np.float64)
    period = (60.0 * FRAME_RATE / bpm)[:, None]
    octaves = np.log2(bpm / 120.0)[:, None]
    kind = _kind(onsets)
    parts = [
        *(_peak(row, period * _LAGS, 1.0) for row in _correlations(power, size)),
        *(_peak(_crossed(spectrum, power, row), period * _CROSS_LAGS + _WINDOW, 1.0) for row in (2, 3)),
        *(_peak(row, size / period * _FREQUENCIES, 0.5, logarithm=True) for row in _magnitudes(power)),
        octaves,
        octaves**2,
        np.exp(-0.5 * ((octaves - _TEMPO_CENTRES) / _TEMPO_WIDTH) ** 2),
        np.interp(bpm, scores.bpm, scores.score / scores.score.max())[:, None],
        np.repeat(kind[None], len(bpm), axis=0),
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _correlations(power: Array, size: int) -> Array:
    """Autocorrelation of each row by lag in frames, as if the windows had no taper; shape (rows, frames of a window)."""
    correlation = fft.irfft(power, size, axis=1)[:, :_WINDOW]
    taper = fft.irfft(np.abs(fft.rfft(np.hanning(_WINDOW), size)) ** 2, size)[:_WINDOW]
    return np.asarray(correlation / (correlation[:, :1] + 1e-9) / np.maximum(taper / taper[0], 0.05))


def _crossed(spectrum: npt.NDArray[np.complex64], power: Array, row: int) -> Array:
    """Correlation of the bass with another row by lag in frames, the lag 0 at `_WINDOW`; shape (2 * _WINDOW,)."""
    size = 2 * _WINDOW
    crossed = np.asarray(fft.irfft((np.conj(spectrum[1]) * spectrum[row]).mean(axis=0), size), dtype=np.float64)
    crossed = crossed / (np.sqrt(power[1].sum() * power[row].sum()) / _WINDOW + 1e-9)
    return np.concatenate([crossed[-_WINDOW:], crossed[:_WINDOW]])


def _magnitudes(power: Array) -> Array:
    return np.asarray(np.sqrt(power) / (np.sqrt(power.mean(axis=1, keepdims=True)) + 1e-9))


def _peak(values: Array, places: Array, reach: float, *, logarithm: bool = False) -> Array:
    """The largest value around each place."""
    found = np.maximum(np.maximum(at(values, places - reach), at(values, places)), at(values, places + reach))
    return np.asarray(np.log1p(found) if logarithm else found)


def _kind(onsets: Onsets) -> Array:
    """What begins in this recording: mean onsets by band, and how often they are strong."""
    rows, bands = onsets[: len(ROWS)], onsets[len(ROWS) :]
    means = bands.mean(axis=1) + 0.05
    level = bands.mean() + 0.05
    return np.concatenate(
        [np.log(means / level), [np.log(level)], np.log(rows.mean(axis=1) + 0.05), (bands > _STRONG_DB).mean(axis=1)]
    ).astype(np.float64)


class LevelChooser:
    """The network that chooses. Several of them, trained from different beginnings, vote."""

    def __init__(self, weights: Arrays) -> None:
        self._weights = weights

    @classmethod
    def load(cls, path: Path) -> LevelChooser:
        """Read the weights. Raises ModelMissingError and ModelMismatchError."""
        shapes: dict[str, tuple[int | None, ...]] = {
            "mean": (FEATURES,), "scale": (FEATURES,), "in.weight": (None, FEATURES, None), "in.bias": (None, 1, None),
            "mid.weight": (None, None, None), "mid.bias": (None, 1, None), "out.weight": (None, None, 2), "out.bias": (None, 1, 2),
            "temperature": (1,),
        }  # fmt: skip
        return cls(Arrays.load(path, shapes))

    @classmethod
    @cache
    def shipped(cls) -> LevelChooser:
        """The one that comes with Segue."""
        return cls.load(models_dir() / "tempo.json")

    def choose(self, found: Levels) -> Choice:
        """Probabilities of levels."""
        weights = self._weights
        inputs = np.clip((found.features - weights["mean"]) / weights["scale"], -_LIMIT, _LIMIT)
        hidden = gelu(inputs[None] @ weights["in.weight"] + weights["in.bias"])
        hidden = gelu(hidden @ weights["mid.weight"] + weights["mid.bias"])
        scores = hidden @ weights["out.weight"] + weights["out.bias"]  # (voters, levels, 2)
        votes = log_softmax(scores[..., 0]).mean(axis=0) / weights["temperature"]
        triple = 1.0 / (1.0 + np.exp(-scores[..., 1].mean(axis=0)))
        return Choice(found.bpm, np.exp(log_softmax(votes)).astype(np.float64), triple.astype(np.float64))
