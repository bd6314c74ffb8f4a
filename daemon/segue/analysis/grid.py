"""Where the beats lie and where bars begin, for a tempo that is known.

The onsets of a recording are folded: all beats are laid over each other, and then all bars. A small network looks at the
folded rhythm from each place where a beat might be (a 24th of a beat apart), or from each beat that might be the first of
a bar, and says how much it looks like one. It sees the same from everywhere, so what it learnt of one tempo and
one place holds for all.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.analysis.onsets import BANDS, ROWS, Onsets
from segue.analysis.pulse import MIDDLE_SECONDS
from segue.frontend.constants import FRAME_RATE
from segue.networks.arrays import Arrays, gelu, log_softmax
from segue.networks.models import models_dir

Folded = npt.NDArray[np.float32]

BEAT_BINS: Final = 24
BAR_BINS: Final = 6
"""Of each beat of a bar."""
METRES: Final = (3, 4)
_ONSETS: Final = len(ROWS) + BANDS
_SOFT: Final = 0.05
_LATENESS: Final = 0.010
"""Seconds by which an onset in `Onsets` is later than the beat: the median over 231 rendered clips in four codecs."""


class Grid(NamedTuple):
    """Beats and bars of a constant tempo."""

    first_beat: float
    """Seconds, 0 up to one beat."""
    beats_per_bar: int
    first_downbeat: float
    """Seconds, 0 up to one bar."""
    confidence: float
    """Of the downbeat, 0..1."""


def fold(onsets: Onsets, bpm: float, beats: int, bins: int, start: float) -> Folded:
    """Mean onsets at each place of a group of beats, z-scored by row, shape (16, bins).

    Args:
        onsets: shape (16, frames).
        bpm: the tempo.
        beats: in a group: 1, or those of a bar.
        bins: places in a group.
        start: seconds from where a group begins to the first frame.

    """
    frames = np.arange(onsets.shape[1])
    phase = ((start + frames / FRAME_RATE) * (bpm / 60.0 / beats)) % 1.0
    place = np.minimum((phase * bins).astype(np.intp), bins - 1)
    count = np.bincount(place, minlength=bins) + 1e-9
    sums = np.stack([np.bincount(place, row, bins) for row in onsets]) / count
    return np.asarray((sums - sums.mean(1, keepdims=True)) / (sums.std(1, keepdims=True) + _SOFT), dtype=np.float32)


def turned(folded: Folded, turns: int) -> Folded:
    """The folded onsets as seen from each of `turns` beginnings, shape (turns, 16 * bins)."""
    step = folded.shape[1] // turns
    return np.stack([np.roll(folded, -turn * step, axis=1).ravel() for turn in range(turns)])


class GridFinder:
    """The networks that find beats and bars."""

    def __init__(self, weights: Arrays) -> None:
        self._weights = weights

    @classmethod
    def load(cls, path: Path) -> GridFinder:
        """Read the weights. Raises ModelMissingError and ModelMismatchError."""
        inputs = {"beat": _ONSETS * BEAT_BINS, **{f"bar{beats}": _ONSETS * beats * BAR_BINS for beats in METRES}}
        shapes: dict[str, tuple[int | None, ...]] = {"temperature": (1,)}
        for name, size in inputs.items():
            shapes |= {f"{name}.in.weight": (size, None), f"{name}.in.bias": (None,)}
            shapes |= {f"{name}.out.weight": (None, 1), f"{name}.out.bias": (1,)}
        return cls(Arrays.load(path, shapes))

    @classmethod
    @cache
    def shipped(cls) -> GridFinder:
        """The one that comes with Segue."""
        return cls.load(models_dir() / "beats.json")

    def find(self, onsets: Onsets, bpm: float, beats_per_bar: int) -> Grid:
        """The grid of a recording's onsets, shape (16, frames), at its tempo; they are read in the middle six minutes."""
        spare = max(onsets.shape[1] - round(MIDDLE_SECONDS * FRAME_RATE), 0) // 2
        middle = onsets[:, spare : onsets.shape[1] - spare]
        start = spare / FRAME_RATE
        period = 60.0 / bpm
        folded = fold(middle, bpm, 1, BEAT_BINS, start)
        place = int(self._score("beat", folded, BEAT_BINS).argmax())
        beat = (place + _offset(folded, place)) / BEAT_BINS * period - _LATENESS
        bars = fold(middle, bpm, beats_per_bar, beats_per_bar * BAR_BINS, start - beat)
        first = self._score(f"bar{beats_per_bar}", bars, beats_per_bar) / self._weights["temperature"]
        downbeat = beat + int(first.argmax()) * period
        return Grid(
            beat % period, beats_per_bar, downbeat % (beats_per_bar * period), float(np.exp(log_softmax(first)).max())
        )

    def _score(self, name: str, folded: Folded, turns: int) -> npt.NDArray[np.float32]:
        weights = self._weights
        hidden = gelu(turned(folded, turns) @ weights[f"{name}.in.weight"] + weights[f"{name}.in.bias"])
        return np.asarray((hidden @ weights[f"{name}.out.weight"] + weights[f"{name}.out.bias"])[:, 0])


def _offset(folded: Folded, place: int) -> float:
    """Where within the bins around a place the onsets are, in bins from the beginning of that of the place."""
    sums = np.maximum(folded[: len(ROWS)].sum(axis=0), 0.0)
    around = np.array([sums[(place + shift) % len(sums)] for shift in (-1, 0, 1)], dtype=np.float64)
    return 0.5 + float(around @ np.array([-1.0, 0.0, 1.0])) / float(around.sum() + 1e-9)
