"""The tempo from moment to moment, for recordings that have no single one: a live drummer, a mix, a slowing end.

A path through the tempi of overlapping windows is sought that explains the pulses and seldom moves (dynamic programming, as
Viterbi's). Where the path stays within a little, there is one tempo.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import fft

from segue.analysis.pulse import Array, at
from segue.analysis.result import LocalTempo
from segue.frontend.constants import FRAME_RATE

_WINDOW: Final = round(12 * FRAME_RATE)
_HOP: Final = round(3 * FRAME_RATE)
_REACH_OCTAVES: Final = 0.35
_STEPS_PER_OCTAVE: Final = 144
_HARMONICS: Final = (1, 2, 4)
_STEP_COST: Final = 0.012
"""Of a step of half a per cent from one window to the next."""
_MAX_COST: Final = 0.25
"""A leap costs no more, however far: a mix goes from one record to another."""
_SAME: Final = 0.01
"""Tempi nearer than this belong together."""
_CHANGED: Final = 0.018
_MIN_SECONDS: Final = 15.0
_NOISE: Final = 0.25
"""How much of noise seems to repeat; of music it is .4 (the 5th percentile of rendered clips) to .7."""
_CLEAR: Final = 0.45
_BELIEVED: Final = 0.36
_LEAST_WEIGHT: Final = 0.05


def local_tempi(pulse: Array, bpm: float) -> tuple[LocalTempo, ...]:
    """The tempi of stretches of a recording with this pulse, shape (frames,); empty when there is only one.

    All are at the metrical level of `bpm`.
    """
    if len(pulse) < 3 * _WINDOW:
        return ()
    tempi = bpm * 2.0 ** np.arange(-_REACH_OCTAVES, _REACH_OCTAVES, 1 / _STEPS_PER_OCTAVE)
    salience, clear = _salience(pulse, tempi)
    weight = np.clip((clear - _NOISE) / (_CLEAR - _NOISE), _LEAST_WEIGHT, 1.0)
    path = tempi[_best_path(salience * weight[:, None])]
    stretches = _stretches(path)
    if min(float(np.median(clear[first:after])) for first, after, _ in stretches) < _BELIEVED:
        return ()
    if len(stretches) < 2 or max(t for _, _, t in stretches) / min(t for _, _, t in stretches) < 1 + _CHANGED:
        return ()
    hop = _HOP / FRAME_RATE
    edge = (_WINDOW - _HOP) / 2 / FRAME_RATE  # a window stands for the hop in its middle
    length = len(pulse) / FRAME_RATE
    found = []
    for first, after, tempo in stretches:
        begin = 0.0 if first == 0 else edge + first * hop
        end = length if after == len(path) else edge + after * hop
        found.append(LocalTempo(begin, end, float(tempo)))
    return tuple(found)


def _salience(pulse: Array, tempi: Array) -> tuple[Array, Array]:
    """How strongly each window repeats at each tempo, 0..1, shape (windows, tempi); and how much of it repeats, (windows,)."""
    windows = np.lib.stride_tricks.sliding_window_view(pulse, _WINDOW)[::_HOP]
    centred = (windows - windows.mean(axis=1, keepdims=True)) * np.hanning(_WINDOW)
    size = 8 * _WINDOW
    spectrum = np.abs(fft.rfft(centred.astype(np.float32), size, axis=1))
    places = [size * tempi / 60.0 / FRAME_RATE * harmonic for harmonic in _HARMONICS]
    found = np.array([sum(at(row, place) for place in places) for row in spectrum])
    strongest = found.max(axis=1)
    all_of_it = np.sqrt((centred**2).sum(axis=1) * _WINDOW)
    return np.asarray(found / (strongest[:, None] + 1e-9)), np.asarray(strongest / (all_of_it + 1e-9))


def _best_path(salience: Array) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The tempo of each window, as a column, on the path of least cost."""
    count = salience.shape[1]
    distance = np.abs(np.arange(count)[:, None] - np.arange(count)[None, :])
    cost = np.minimum(distance * _STEP_COST, _MAX_COST)
    total = salience[0]
    back = np.zeros(salience.shape, dtype=np.intp)
    for row in range(1, len(salience)):
        reached = total[:, None] - cost
        back[row] = reached.argmax(axis=0)
        total = reached.max(axis=0) + salience[row]
    path = np.zeros(len(salience), dtype=np.intp)
    path[-1] = int(total.argmax())
    for row in range(len(salience) - 1, 0, -1):
        path[row - 1] = back[row, path[row]]
    return path


def _stretches(path: Array) -> list[tuple[int, int, float]]:
    """(first window, window after the last, median tempo) of the stretches of a path; those too short join a neighbour."""
    cuts = [0]
    for window in range(1, len(path)):
        middle = float(np.median(path[cuts[-1] : window]))
        if abs(path[window] / middle - 1.0) > _SAME and _settled(path, window):
            cuts.append(window)
    least = _MIN_SECONDS * FRAME_RATE / _HOP
    kept = [0]
    for cut in cuts[1:]:
        if cut - kept[-1] >= least and len(path) - cut >= least:
            kept.append(cut)
    return [
        (first, after, float(np.median(path[first:after])))
        for first, after in zip(kept, [*kept[1:], len(path)], strict=True)
    ]


def _settled(path: Array, window: int) -> bool:
    """Whether the path stays near where it now is for the next windows."""
    ahead = path[window : window + 3]
    return bool(np.all(np.abs(ahead / ahead[0] - 1.0) < 2 * _SAME))
