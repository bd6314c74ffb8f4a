"""How loud a recording is: integrated loudness in LUFS (EBU R 128, ITU-R BS.1770-4) with both gates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.audio.channels import Stretch
from segue.frontend.constants import FRAME_RATE, N_FFT, SAMPLE_RATE
from segue.frontend.k_weighting import k_gains
from segue.frontend.mel import Power

Array = npt.NDArray[np.float64]

STEP_SECONDS: Final = 0.1
SILENCE: Final = -70.0
"""LUFS: the absolute gate. What is quieter counts as silence."""
FULL_SCALE: Final = float(np.sum((0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(N_FFT) / N_FFT)) ** 2)) * N_FFT / 2
"""STFT power, summed over the bins, of a signal whose mean square is 1."""
_BLOCK_STEPS: Final = 4
"""A gating block is 400 ms long; they overlap by three quarters."""
_OFFSET: Final = -0.691
_RELATIVE_GATE: Final = 10.0
_FRAMES_A_STEP: Final = STEP_SECONDS * FRAME_RATE
_MOST_SURPLUS: Final = 100.0
"""Where left and right nearly cancel each other in the mean, it tells nothing of their power: no more than this is added."""


class LoudnessMeter:
    """Measures a recording block by block; it keeps eighty bytes for each second."""

    def __init__(self) -> None:
        self._gains = k_gains(N_FFT, SAMPLE_RATE) / np.float32(FULL_SCALE)
        self._frames = 0
        self._step = 0
        self._sums: list[Array] = []
        self._open = np.zeros(1)

    def add(self, power: Power) -> None:
        """Take in a block of STFT power, (frames, 257)."""
        if not len(power):
            return
        loud = power @ self._gains
        step = ((self._frames + np.arange(len(loud))) / _FRAMES_A_STEP).astype(np.intp)
        self._frames += len(loud)
        sums = np.asarray(np.bincount(step - self._step, loud), dtype=np.float64)
        sums[0] += self._open[0]
        self._sums.append(sums[:-1])
        self._open, self._step = sums[-1:], int(step[-1])

    def steps(self, stretches: Sequence[Stretch] = ()) -> Array:
        """K-weighted mean square of each `STEP_SECONDS`, shape (steps,), once the recording has ended.

        With the decoder's stretches it is that of the channels, added up; without, that of their mean.
        """
        sums = np.concatenate([*self._sums, self._open])
        edges = np.minimum(np.ceil(np.arange(len(sums) + 1) * _FRAMES_A_STEP), self._frames)
        square = sums / np.maximum(np.diff(edges), 1.0)
        return np.asarray(square * _surplus(stretches, len(square)) if stretches else square, dtype=np.float64)

    def integrated(self, stretches: Sequence[Stretch] = ()) -> float:
        """Integrated loudness in LUFS of what `steps` gives; `SILENCE` when all is."""
        return integrated(self.steps(stretches))


def integrated(steps: Array) -> float:
    """Integrated loudness in LUFS of mean squares, shape (steps,); of less than 400 ms the mean of all of it."""
    size = min(_BLOCK_STEPS, len(steps))
    total = np.concatenate([[0.0], np.cumsum(steps)])
    blocks = (total[size:] - total[:-size]) / size
    heard = blocks[blocks > _square(SILENCE)]
    if not len(heard):
        return SILENCE
    gate = float(heard.mean()) * 10.0 ** (-_RELATIVE_GATE / 10.0)
    return level(float(heard[heard > gate].mean()))


def level(square: float) -> float:
    """LUFS of a K-weighted mean square, never below `SILENCE`."""
    return max(_OFFSET + 10.0 * float(np.log10(max(square, 1e-12))), SILENCE)


def _square(lufs: float) -> float:
    return float(10.0 ** ((lufs - _OFFSET) / 10.0))


def _surplus(stretches: Sequence[Stretch], steps: int) -> Array:
    """How many times the power of their mean the channels have, for each step."""
    seconds, channels, mono = (np.array(column) for column in zip(*stretches, strict=True))
    overall = channels.sum() / mono.sum() if mono.sum() > 0.0 else 1.0
    ratio = np.divide(channels, mono, out=np.full(len(mono), overall), where=mono > 0.0)
    at = np.searchsorted(np.cumsum(seconds), (np.arange(steps) + 0.5) * STEP_SECONDS)
    return np.asarray(np.minimum(ratio, _MOST_SURPLUS)[np.minimum(at, len(ratio) - 1)], dtype=np.float64)
