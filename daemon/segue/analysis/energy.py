"""How hard a recording drives, 1 (calm) to 10 (peak time), by a fixed formula: the same sound has the same energy in any library.

Three measures are brought to 0..1 between a calm and a driving end and averaged with fixed weights: loudness (RMS of what is
not silent), attack (mean of the onsets: how many and how strong), and brightness (share of the level above 2 kHz). The ends
are about the 5th and the 95th percentile of a mixed collection, for loudness those of music mastered for clubs.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from segue.analysis.onsets import Onsets
from segue.frontend.constants import N_FFT, SAMPLE_RATE
from segue.frontend.mel import Power

_FULL_SCALE: Final = float(np.sum((0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(N_FFT) / N_FFT)) ** 2)) * N_FFT / 2
"""STFT power, summed over the bins, of a signal whose mean square is 1."""
_SILENCE_DB: Final = -60.0
_DRUM_ROWS: Final = slice(0, 2)  # all bands together, and the bass
_BRIGHT_BIN: Final = 2000 * N_FFT // SAMPLE_RATE


class _Scale(NamedTuple):
    """A measure's calm and driving end, and its weight."""

    calm: float
    driving: float
    weight: float

    def __call__(self, value: float) -> float:
        return self.weight * float(np.clip((value - self.calm) / (self.driving - self.calm), 0.0, 1.0))


_LOUDNESS: Final = _Scale(-28.0, -8.0, 0.4)
_ATTACK: Final = _Scale(0.35, 1.9, 0.4)
_BRIGHTNESS: Final = _Scale(-34.0, -10.0, 0.2)


class EnergyMeter:
    """Measures a recording block by block; its memory does not grow."""

    def __init__(self) -> None:
        self._frames = 0
        self._square = 0.0
        self._attack = 0.0
        self._bright = 0.0

    def add(self, power: Power, onsets: Onsets) -> None:
        """Take in a block of STFT power, (frames, 257), and its onsets, (4, frames)."""
        square = power.sum(axis=1) / _FULL_SCALE
        heard = square > 10.0 ** (_SILENCE_DB / 10.0)
        self._frames += int(heard.sum())
        self._square += float(square[heard].sum())
        self._attack += float(onsets[_DRUM_ROWS][:, heard].mean(axis=0).sum())
        bright = power[:, _BRIGHT_BIN:].sum(axis=1) / _FULL_SCALE
        self._bright += float(np.sum(10.0 * np.log10(bright[heard] / square[heard] + 1e-6)))

    @property
    def loudness(self) -> float:
        """RMS over the frames that are not silent, in dB relative to full scale; -60 when all are."""
        if self._frames == 0:
            return _SILENCE_DB
        return 10.0 * float(np.log10(self._square / self._frames))

    @property
    def energy(self) -> float:
        """1 (calm) to 10 (peak time)."""
        if self._frames == 0:
            return 1.0
        attack, bright = self._attack / self._frames, self._bright / self._frames
        return 1.0 + 9.0 * (_LOUDNESS(self.loudness) + _ATTACK(attack) + _BRIGHTNESS(bright))
