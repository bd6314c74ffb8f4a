"""The bars of a recording, and what each of them sounds like."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.analysis.result import Tempo
from segue.analysis.timeline import BASS_POWER, FRAMES, HATS, KICKS, POWER, SHAPE, Timeline
from segue.frontend.constants import FRAME_RATE

Array = npt.NDArray[np.float64]

_PIECE_SECONDS: Final = 2.0
"""What stands for a bar where there is no grid."""
_LEAST_BAR: Final = 0.25
"""Share of a bar that what is left at the two ends must have, to be one of its own."""
_JUST_BEFORE_SECONDS: Final = 0.08
"""A downbeat so little before the first sample is that of a recording that was cut on it."""
_FLOOR_DB: Final = -40.0
"""Under the loud bars: quieter ones are all as good as silent."""
_LOUD: Final = 90.0
"""Percentile of the bars that counts as the recording's own loud level."""
_MUSIC_BANDS: Final = slice(1, 7)
"""Bands of the shape between kick and cymbals: about 170 Hz to 2 kHz."""
SILENT_DB: Final = -32.0
"""Under the loud bars: as good as silent, where a recording begins and ends."""
_QUARTERS: Final = 4
MOST_BARS: Final = 2048
"""A recording of more is looked at two bars at a time, or four."""


class Bars(NamedTuple):
    """Bars and their features; all arrays have the same length n, but `edges`, which has one more."""

    edges: Array
    """Seconds, rising; the first and the last bar may be shorter than the others."""
    length: int
    """Bars of the grid that one of these is (1, or 2, 4, ... in a long mix); 0 without a grid."""
    first: int
    """Number of the first one that begins on a downbeat, or a moment before; of `music_of`, on one that sounds."""
    downbeat: float
    """Seconds of that downbeat; 0 without a grid."""
    level: Array
    """Power of all frequencies in dB relative to the loud bars, -40..."""
    bass: Array
    """The same of the bass."""
    music: Array
    """What sounds between the beats, from 170 Hz to 2 kHz, in dB relative to the bars that have most of it."""
    kicks: Array
    """Onsets in the bass, dB a frame."""
    hats: Array
    """Onsets in the treble, dB a frame."""
    shape: Array
    """Mean level of twelve bands in dB, shape (n, 12)."""


def bars_of(timeline: Timeline, tempo: Tempo) -> Bars:
    """The bars of a recording on its grid; pieces of two seconds where it has none."""
    duration = timeline.frames / FRAME_RATE
    edges, length, first, downbeat = _edges(tempo, duration)
    sums = timeline.sums(edges * FRAME_RATE, whole=True)
    frames = np.maximum(sums[:, FRAMES], 1.0)
    shape = sums[:, SHAPE] / frames[:, None]
    return Bars(
        edges,
        length,
        first,
        downbeat,
        _relative(10.0 * np.log10(sums[:, POWER] / frames + 1e-9)),
        _relative(10.0 * np.log10(sums[:, BASS_POWER] / frames + 1e-9)),
        _relative(shape[:, _MUSIC_BANDS].mean(axis=1)),
        sums[:, KICKS] / frames,
        sums[:, HATS] / frames,
        _relative(shape),
    )


def music_of(timeline: Timeline, bars: Bars) -> Bars:
    """The bars without the silence at the two ends; a recording that is all silent is left as it is.

    A bar of which no more sounds than its last quarter, or its first one where the music ends, is silent: so far may a grid
    be off. An upbeat of more is kept, but the first downbeat is then the one after it.
    """
    sounding = np.flatnonzero(bars.level > SILENT_DB)
    begin, end = int(sounding[0]), int(sounding[-1]) + 1
    from_quarter = int(_sounding_quarters(timeline, bars, begin)[0])
    if from_quarter == _QUARTERS - 1 and end - begin > 1:
        begin, from_quarter = begin + 1, 0
    if end < len(bars.level) and end - begin > 1 and _sounding_quarters(timeline, bars, end - 1)[-1] == 0:
        end -= 1
    upbeat = 1 if bars.length and from_quarter else 0
    first = max(bars.first - begin, upbeat)
    moved = begin + first != bars.first
    part = slice(begin, end)
    return bars._replace(
        edges=bars.edges[begin : end + 1],
        first=first,
        downbeat=float(bars.edges[begin + first]) if bars.length and moved else bars.downbeat,
        level=bars.level[part],
        bass=bars.bass[part],
        music=bars.music[part],
        kicks=bars.kicks[part],
        hats=bars.hats[part],
        shape=bars.shape[part],
    )


def _sounding_quarters(timeline: Timeline, bars: Bars, number: int) -> npt.NDArray[np.intp]:
    """Which quarters of a bar sound; the loudest one at least."""
    edges = np.linspace(bars.edges[number], bars.edges[number + 1], _QUARTERS + 1)
    sums = timeline.sums(edges * FRAME_RATE, whole=True)
    power = sums[:, POWER] / np.maximum(sums[:, FRAMES], 1.0)
    mean = float(sums[:, POWER].sum() / max(float(sums[:, FRAMES].sum()), 1.0))
    level = bars.level[number] + 10.0 * np.log10((power + 1e-9) / (mean + 1e-9))
    return np.flatnonzero((level > SILENT_DB) | (power >= power.max()))


def _relative(level: Array) -> Array:
    """Levels in dB relative to the loud bars, for each band by itself."""
    return np.maximum(level - np.percentile(level, _LOUD, axis=0), _FLOOR_DB)


def _edges(tempo: Tempo, duration: float) -> tuple[Array, int, int, float]:
    """Edges in seconds, how many bars of the grid lie between them (0: no grid), the first on a downbeat, and when that is."""
    start = tempo.first_beat if tempo.first_downbeat is None else tempo.first_downbeat
    if tempo.bpm is None or start is None or not tempo.has_grid:
        count = max(round(duration / _PIECE_SECONDS), 1)
        return np.linspace(0.0, duration, count + 1), 0, 0, 0.0
    bar = tempo.beats_per_bar * 60.0 / tempo.bpm
    length = 1
    while duration / (bar * length) > MOST_BARS:
        length *= 2
    bar *= length
    start %= bar
    if bar - start < _JUST_BEFORE_SECONDS:
        start -= bar
    inner = np.arange(start, duration, bar)
    inner = inner[(inner >= _LEAST_BAR * bar) & (inner <= duration - _LEAST_BAR * bar)]
    early = start < _LEAST_BAR * bar  # a moment before the first downbeat belongs to its bar
    return np.concatenate([[0.0], inner, [duration]]), length, 0 if early else 1, max(start, 0.0)
