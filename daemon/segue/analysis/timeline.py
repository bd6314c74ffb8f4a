"""A recording in steps of eighty milliseconds: level, onsets and spectrum, from which energy and structure are read.

What is counted as sound is measured against the recording's own level, so that a quiet master of the same music gives the same
numbers, shifted by the gain where they are levels.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from segue.analysis.loudness import FULL_SCALE
from segue.frontend.constants import CRNN_MELS, N_FFT, SAMPLE_RATE
from segue.frontend.mel import Mel, Power

Array = npt.NDArray[np.float64]

SHAPE_BANDS: Final = 12
"""Bands of the spectrum's shape: eight mel bands each."""
FRAMES, HEARD, ATTACK, BRIGHT, BASS, POWER, BASS_POWER, KICKS, HATS = range(9)
"""Columns. The first two count frames, all and those that are heard; the next three are sums over what is heard (rise of the
bands from 200 Hz to 2 kHz in dB a frame; share of the level above 2 kHz and below 130 Hz, in dB); then sums of mean squares,
of all frequencies and of the bass; then rises of the bands below 200 Hz and above 2 kHz, in dB a frame."""
SHAPE: Final = slice(9, 9 + SHAPE_BANDS)
"""Columns of the spectrum's shape: mel power of each band in dB, no deeper than `_FLOOR_DB`."""
COLUMNS: Final = 9 + SHAPE_BANDS

_STEP_FRAMES: Final = 5
_MOST_STEPS: Final = 1 << 16
"""One and a half hours; a longer recording is kept in steps of twice the length, and so on."""
_LEVEL_FALL: Final = 0.5 / 62.5
"""dB a frame: how fast the recording's own level, which follows peaks at once, is forgotten."""
_FLOOR_DB: Final = -65.0
_HEARD_DB: Final = -40.0
"""Under the recording's own level: a band below the one, and a frame below the other, are as good as silent."""
_SILENCE_DB: Final = -50.0
"""STFT power in dB of what is silent in any recording."""
_BRIGHT_BIN: Final = 2000 * N_FFT // SAMPLE_RATE
_BASS_BINS: Final = slice(1, 5)
_BANDS: Final = (slice(0, 9), slice(9, 51), slice(51, CRNN_MELS))


class Timeline:
    """Takes in a recording block by block; its memory is bounded (12 MB)."""

    def __init__(self) -> None:
        self._level = -np.inf
        self._last: Mel | None = None
        self._rest = np.zeros((0, COLUMNS))
        self._steps = np.zeros((1024, COLUMNS), dtype=np.float32)
        self._filled = 0
        self._step_frames = _STEP_FRAMES

    def add(self, power: Power, mel: Mel) -> None:
        """Take in a block of STFT power, (frames, 257), and its mel spectrogram in dB, (96, frames)."""
        if len(power):
            self._keep(np.concatenate([self._rest, self._measured(power, mel)]))

    def sums(self, edges: Array, *, whole: bool = False) -> Array:
        """Sums of every column between times in frames, shape (edges,), which rise: shape (edges - 1, columns).

        A step that an edge goes through is divided, or, if it has to stay whole, counts behind the edge: where the edge is a
        downbeat, what begins there is not taken for sound before it.
        """
        steps = np.concatenate([self._steps[: self._filled], self._rest.sum(axis=0, keepdims=True)])
        total = np.concatenate([np.zeros((1, COLUMNS)), np.cumsum(steps, axis=0, dtype=np.float64)])
        at = np.interp(edges, total[:, FRAMES], np.arange(len(total)))
        before = np.minimum(at.astype(np.intp), len(total) - 2)
        if whole:
            at = np.where(at >= len(total) - 1, at, before)
        return np.diff(total[before] + (at - before)[:, None] * steps[before], axis=0)

    @property
    def frames(self) -> int:
        """Frames that were taken in."""
        return int(self._steps[: self._filled, FRAMES].sum(dtype=np.float64)) + len(self._rest)

    def _measured(self, power: Power, mel: Mel) -> Array:
        """The columns of each frame, shape (frames, columns)."""
        square = power.sum(axis=1)
        level = 10.0 * np.log10(square + 1e-9)
        own = self._followed(level)
        floor = np.maximum(own, _SILENCE_DB - _HEARD_DB).astype(np.float32) + np.float32(_FLOOR_DB)
        above = np.maximum(mel - floor, 0.0)
        rise = np.diff(above, axis=1, prepend=above[:, :1] if self._last is None else self._last)
        self._last = above[:, -1:]
        np.maximum(rise, 0.0, out=rise)
        heard = (level > own + _HEARD_DB) & (level > _SILENCE_DB)
        out = np.empty((len(power), COLUMNS))
        out[:, FRAMES] = 1.0
        out[:, HEARD] = heard
        share = power[:, _BRIGHT_BIN:].sum(axis=1), power[:, _BASS_BINS].sum(axis=1)
        for column, part in zip((BRIGHT, BASS), share, strict=True):
            out[:, column] = heard * 10.0 * np.log10(part / (square + 1e-9) + 1e-6)
        out[:, POWER], out[:, BASS_POWER] = square / FULL_SCALE, share[1] / FULL_SCALE
        for column, band in zip((KICKS, ATTACK, HATS), _BANDS, strict=True):
            out[:, column] = rise[band].mean(axis=0)
        out[:, ATTACK] *= heard
        out[:, SHAPE] = above.reshape(SHAPE_BANDS, -1, len(power)).mean(axis=1).T + floor[:, None]
        return out

    def _followed(self, level: npt.NDArray[np.floating]) -> Array:
        """The recording's own level at each frame, in dB."""
        fallen = np.arange(1, len(level) + 1) * _LEVEL_FALL
        own = np.maximum.accumulate(np.maximum(level + fallen, self._level)) - fallen
        self._level = float(own[-1])
        return np.asarray(own, dtype=np.float64)

    def _keep(self, frames: Array) -> None:
        whole = len(frames) // self._step_frames
        used = whole * self._step_frames
        steps = frames[:used].reshape(whole, self._step_frames, COLUMNS).sum(axis=1)
        self._rest = frames[used:]
        while self._filled + whole > len(self._steps):
            self._steps = np.concatenate([self._steps, np.zeros_like(self._steps)])
        self._steps[self._filled : self._filled + whole] = steps
        self._filled += whole
        if self._filled > _MOST_STEPS:
            pairs = self._filled // 2
            merged = self._steps[: 2 * pairs].reshape(pairs, 2, COLUMNS).sum(axis=1)
            odd = self._steps[2 * pairs : self._filled]
            self._filled, self._step_frames = pairs + len(odd), 2 * self._step_frames
            self._steps[:pairs], self._steps[pairs : self._filled] = merged, odd
