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
SEGMENT_FRAMES: Final = 250
"""Frames of a segment: four seconds."""
_RANGE_DB: Final = 60.0
"""Bands this far below the loudest of their frame are raised to there: what lies deeper is noise floor and codec."""
_SILENCE_DB: Final = -60.0
"""A frame whose loudest band is below this has no timbre."""


class Timbre:
    """Mean and standard deviation over time of the DCT coefficients 1 to 20 of the mel spectrogram in dB.

    These are mel-frequency cepstral coefficients without the first one, which is loudness (Davis and Mermelstein, "Comparison
    of parametric representations for monosyllabic word recognition", 1980). The blocks of a track are added one by one. What
    is kept are sums over segments of `SEGMENT_FRAMES`, so that a part of the track can be asked for.
    """

    def __init__(self) -> None:
        self._frames = 0
        self._sums: list[npt.NDArray[np.float64]] = []

    @property
    def segments(self) -> int:
        """How many segments were begun so far."""
        return len(self._sums)

    def add(self, mel: Mel) -> None:
        """Take in a block of mel spectrogram in dB, (96, frames); frames of silence are left out."""
        top = mel.max(axis=0)
        heard = np.isfinite(top) & (top > _SILENCE_DB)
        place = (self._frames + np.arange(mel.shape[1])) // SEGMENT_FRAMES
        self._frames += mel.shape[1]
        if not mel.shape[1]:
            return
        while len(self._sums) <= place[-1]:
            self._sums.append(np.zeros(1 + DIM))
        if not heard.any():
            return
        mel, place = (mel, place) if heard.all() else (mel[:, heard], place[heard])
        shape = np.maximum(mel, mel.max(axis=0) - _RANGE_DB)
        cepstrum = fft.dct(shape, axis=0, norm="ortho")[1 : COEFFICIENTS + 1].astype(np.float64)
        first = np.flatnonzero(np.diff(place, prepend=-1))
        for segment, begin, end in zip(place[first], first, [*first[1:], len(place)], strict=True):
            part = cepstrum[:, begin:end]
            self._sums[segment] += np.concatenate([[part.shape[1]], part.sum(axis=1), np.square(part).sum(axis=1)])

    def result(self, chosen: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.float32]:
        """The timbre part, float32 (40,): means, then standard deviations; zeros when all was silence.

        `chosen` says of each segment whether it counts, shape (segments,).
        """
        sums = np.array(self._sums).reshape(-1, 1 + DIM)
        frames, *moments = np.sum(sums if chosen is None else sums[chosen], axis=0)
        if not frames:
            return np.zeros(DIM, dtype=np.float32)
        mean, squares = np.array(moments).reshape(2, COEFFICIENTS) / frames
        spread = np.sqrt(np.maximum(squares - mean**2, 0.0))
        return np.concatenate([mean, spread]).astype(np.float32)


def timbre(blocks: Iterable[Mel]) -> npt.NDArray[np.float32]:
    """The timbre part, float32 (40,), of mel spectrograms in dB that follow each other, each (96, frames)."""
    accumulator = Timbre()
    for block in blocks:
        accumulator.add(block)
    return accumulator.result()
