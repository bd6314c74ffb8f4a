"""How much new sound begins at each moment: the onset envelopes that tempo, beats and energy are read from."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from segue.frontend.constants import CRNN_MELS, FRAME_RATE
from segue.frontend.mel import Mel

Onsets = npt.NDArray[np.float32]
"""Rise of the level in dB from one frame to the next, 62.5 frames a second, shape (16, frames): see `ROWS` and `BANDS`."""

ROWS: Final = ("all", "bass", "middle", "treble")
"""Median over all bands, which broadband percussion moves and a single voice does not; means up to about 200 Hz (kick, bass),
to 2 kHz (snare, voices, chords) and above (hats, claps)."""
BANDS: Final = 12
"""After `ROWS` come the means of so many bands, eight mel bands each, from low to high."""

_RANGES: Final = (slice(0, 9), slice(9, 51), slice(51, CRNN_MELS))
_FLOOR_DB: Final = -20.0
_MAX_FRAMES: Final = round(20 * 60 * FRAME_RATE)


class OnsetMeter:
    """Spectral flux of the mel spectrogram in dB, kept for the first twenty minutes of a recording.

    As in Böck and Widmer, "Maximum filter vibrato suppression for onset detection" (DAFx 2013), and in librosa's onset
    strength: lag 1, positive differences only.
    """

    def __init__(self) -> None:
        self._last = np.full((CRNN_MELS, 1), np.inf, dtype=np.float32)
        self._blocks: list[npt.NDArray[np.float16]] = []
        self._frames = 0

    def add(self, mel: Mel) -> Onsets:
        """Take in a block of mel spectrogram in dB, (96, frames); returns its onsets, (16, frames)."""
        level = np.maximum(mel, _FLOOR_DB)
        rise = np.diff(level, axis=1, prepend=self._last)
        self._last = level[:, -1:]
        np.maximum(rise, 0.0, out=rise)
        rows = [np.median(rise, axis=0), *(rise[band].mean(axis=0) for band in _RANGES)]
        bands = rise.reshape(BANDS, -1, rise.shape[1]).mean(axis=1)
        onsets = np.concatenate([np.stack(rows), bands]).astype(np.float32)
        if self._frames < _MAX_FRAMES:
            self._blocks.append(onsets.astype(np.float16))
            self._frames += onsets.shape[1]
        return onsets

    def result(self) -> Onsets:
        """The onsets of the recording, or of its first twenty minutes, (16, frames)."""
        if not self._blocks:
            return np.zeros((len(ROWS) + BANDS, 0), dtype=np.float32)
        return np.concatenate(self._blocks, axis=1).astype(np.float32)
