"""Timbre without a network: how the spectrum's shape lies and moves over a track."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import fft

from segue.frontend.mel import Mel

COEFFICIENTS: Final = 20
DIM: Final = 2 * COEFFICIENTS
"""Length of the timbre part: 20 means, then 20 standard deviations."""
_RANGE_DB: Final = 60.0
"""Bands this far below the loudest of their frame are raised to there: what lies deeper is noise floor and codec."""
_SILENCE_DB: Final = -60.0
"""A frame whose loudest band is below this has no timbre."""


class Timbre:
    """Mean and standard deviation over time of the DCT coefficients 1 to 20 of the mel spectrogram in dB.

    These are mel-frequency cepstral coefficients without the first one, which is loudness (Davis and Mermelstein, "Comparison
    of parametric representations for monosyllabic word recognition", 1980). The blocks of a track are added one by one.
    """

    def __init__(self) -> None:
        self._frames = 0
        self._sum = np.zeros(COEFFICIENTS)
        self._squares = np.zeros(COEFFICIENTS)

    def add(self, mel: Mel) -> None:
        """Take in a block of mel spectrogram in dB, (96, frames); frames of silence are left out."""
        top = mel.max(axis=0)
        heard = mel[:, np.isfinite(top) & (top > _SILENCE_DB)]
        if not heard.shape[1]:
            return
        shape = np.maximum(heard, heard.max(axis=0) - _RANGE_DB)
        cepstrum = fft.dct(shape, axis=0, norm="ortho")[1 : COEFFICIENTS + 1].astype(np.float64)
        self._frames += cepstrum.shape[1]
        self._sum += cepstrum.sum(axis=1)
        self._squares += np.square(cepstrum).sum(axis=1)

    def result(self) -> npt.NDArray[np.float32]:
        """The timbre part, float32 (40,): means, then standard deviations; zeros when all was silence."""
        if not self._frames:
            return np.zeros(DIM, dtype=np.float32)
        mean = self._sum / self._frames
        spread = np.sqrt(np.maximum(self._squares / self._frames - mean**2, 0.0))
        return np.concatenate([mean, spread]).astype(np.float32)


def timbre(blocks: Iterable[Mel]) -> npt.NDArray[np.float32]:
    """The timbre part, float32 (40,), of mel spectrograms in dB that follow each other, each (96, frames)."""
    accumulator = Timbre()
    for block in blocks:
        accumulator.add(block)
    return accumulator.result()
