"""How much new sound begins at each moment: the onset envelope that tempo and energy are read from."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from segue.frontend.constants import CRNN_MELS, FRAME_RATE
from segue.frontend.mel import Mel

Envelope = npt.NDArray[np.float32]
"""Rise of the level in dB from one frame to the next, 62.5 frames a second, shape (frames,)."""

_FLOOR_DB: Final = -20.0
_BASS_BANDS: Final = slice(0, 8)  # up to about 200 Hz: kick and bass
_BASS_SHARE: Final = 0.5
_MAX_FRAMES: Final = round(20 * 60 * FRAME_RATE)


class OnsetEnvelope:
    """Spectral flux of the mel spectrogram in dB, kept for the first twenty minutes of a recording.

    Half of it is the median of the rise over all bands, which broadband percussion moves and a single voice does not
    (Böck and Widmer, DAFx 2013, and McFee's `librosa.onset`); the other half is the mean over the bass bands, where the
    kick drum stands nearly alone.
    """

    def __init__(self) -> None:
        self._last = np.full((CRNN_MELS, 1), np.inf, dtype=np.float32)
        self._blocks: list[Envelope] = []
        self._frames = 0

    def add(self, mel: Mel) -> Envelope:
        """Take in a block of mel spectrogram in dB, (96, frames); returns its part of the envelope, (frames,)."""
        level = np.maximum(mel, _FLOOR_DB)
        rise = np.diff(level, axis=1, prepend=self._last)
        self._last = level[:, -1:]
        np.maximum(rise, 0.0, out=rise)
        flux = np.median(rise, axis=0) * (1.0 - _BASS_SHARE) + rise[_BASS_BANDS].mean(axis=0) * _BASS_SHARE
        if self._frames < _MAX_FRAMES:
            self._blocks.append(flux)
            self._frames += len(flux)
        return np.asarray(flux, dtype=np.float32)

    def result(self) -> Envelope:
        """The envelope of the recording, or of its first twenty minutes."""
        return np.concatenate(self._blocks) if self._blocks else np.zeros(0, dtype=np.float32)
