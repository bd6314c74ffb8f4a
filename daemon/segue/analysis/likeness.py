"""Stretches of one recording that are nearly stretches of another: a sample, a loop, an edit, a bootleg.

Two textures (`segue.analysis.texture`) are laid over each other at every offset, transposed by up to two semitones and at a few
speeds. Ten seconds of the one and ten of the other are as near as the two worst of their five pieces of two seconds correlate:
what is taken from a record is like it all along, while two tracks of one style, tempo and key meet now and then. A sample that
plays under drums keeps most of its nearness, for drums have little part in a texture. Networks cannot tell this: what they hear of
music is its style (`benchmarks/closeness.py` measures both).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.analysis.result import Likeness
from segue.analysis.texture import BANDS, PER_SEMITONE, RATE, Texture

Floats = npt.NDArray[np.float32]

WINDOW_SECONDS: Final = 10
_PIECES: Final = 5
NEAR: Final = 0.27
"""Nearness from here on is a warning: see `benchmarks/closeness.py`."""
_HOP_SECONDS: Final = 1
_SEMITONES: Final = 2
"""Transposed so far up and down."""
_SLOWEST, _FASTEST = 0.8, 1.25
_COARSE: Final = 2
"""Frames that are one in the first look over all ways; ..."""
_HOPELESS: Final = 0.5
"""... with less than this share of what is asked for nothing comes of a second look; else ..."""
_WAYS: Final = 3
"""... so many ways are looked at frame by frame."""
_ROWS: Final = 640
"""Frames that are compared at a time with ..."""
_COLUMNS: Final = 9600
"""... so many of the other recording: the products fill 28 MB."""


class _Way(NamedTuple):
    """How the other recording is played to meet this one."""

    bands: int
    """Up the texture."""
    speed: float


class _Best(NamedTuple):
    """The best place for each window, both of shape (windows,)."""

    nearness: Floats
    at: npt.NDArray[np.int64]
    """Frame of the other texture, as it is played, at which the window begins."""


def likenesses(this: Texture, other: Texture, speeds: Sequence[float] = (), least: float = NEAR) -> list[Likeness]:
    """Stretches of `this` that are nearly ones of `other`, by their time.

    `speeds` are ratios of the two tempi at which `other` may have been brought to the tempo of `this`; being played at its own
    speed, or faster and higher as a record is, is always tried. Nothing comes of a recording of less than ten seconds.
    """
    if min(len(this), len(other)) < WINDOW_SECONDS * RATE:
        return []
    small, small_other = _coarse(this), _coarse(other)
    first = [
        (float(_best(small, _played(small_other, way), RATE // _COARSE).nearness.max()), way) for way in _ways(speeds)
    ]
    first.sort(key=lambda found: -found[0])
    if first[0][0] < _HOPELESS * least:
        return []
    ways = [way for _, way in first[:_WAYS]]
    found = [_best(this, _played(other, way), RATE) for way in ways]
    nearness = np.stack([best.nearness for best in found])
    return [_stretch(windows, nearness, found, ways) for windows in _runs(nearness.max(axis=0) >= least)]


def _ways(speeds: Sequence[float]) -> list[_Way]:
    """As it is, transposed, played faster and so higher, and at other speeds with or without what that does to the pitch."""
    steps = range(-PER_SEMITONE * _SEMITONES, PER_SEMITONE * _SEMITONES + 1)
    ways = {_Way(bands, speed) for bands in steps for speed in (1.0, round(2.0 ** (bands / PER_SEMITONE / 12.0), 5))}
    for speed in speeds:
        if _SLOWEST < speed < _FASTEST:
            linked = round(12.0 * PER_SEMITONE * math.log2(speed))
            ways |= {_Way(bands, round(speed, 5)) for bands in {linked, *range(-4, 5, PER_SEMITONE)}}
    return sorted(ways)


def _runs(near: npt.NDArray[np.bool_]) -> Iterator[slice]:
    """Windows one after another that are near."""
    edges = np.flatnonzero(np.diff(near.astype(np.int8), prepend=0, append=0))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield slice(start, end)


def _stretch(windows: slice, nearness: Floats, found: Sequence[_Best], ways: Sequence[_Way]) -> Likeness:
    here = nearness[:, windows]
    way, place = divmod(int(here.argmax()), here.shape[1])
    top, speed = windows.start + place, ways[way].speed
    start, end = windows.start * _HOP_SECONDS, (windows.stop - 1) * _HOP_SECONDS + WINDOW_SECONDS
    # The line through the best window, as long as the stretch.
    at = int(found[way].at[top]) / RATE
    before, after = top * _HOP_SECONDS - start, end - top * _HOP_SECONDS
    return Likeness(
        start=float(start),
        end=float(end),
        other_start=max((at - before) * speed, 0.0),
        other_end=(at + after) * speed,
        nearness=float(here[way, place]),
        semitones=ways[way].bands / PER_SEMITONE,
        speed=speed,
    )


def _coarse(texture: Texture) -> Texture:
    whole = len(texture) // _COARSE
    return np.asarray(texture[: whole * _COARSE].reshape(whole, _COARSE, BANDS).mean(axis=1), dtype=np.float32)


def _played(texture: Texture, way: _Way) -> Texture:
    """A texture at another speed and pitch."""
    if way.speed != 1.0:
        at = np.arange(int((len(texture) - 1) / way.speed)) * way.speed
        before = at.astype(np.int64)
        part = (at - before)[:, None].astype(np.float32)
        texture = (1.0 - part) * texture[before] + part * texture[before + 1]
    if not way.bands:
        return texture
    moved = np.zeros_like(texture)
    if way.bands > 0:
        moved[:, way.bands :] = texture[:, : -way.bands]
    else:
        moved[:, : way.bands] = texture[:, -way.bands :]
    return moved


def _best(this: Texture, other: Texture, rate: int) -> _Best:
    """The best place of each window of `this`, one a second, anywhere in `other`; piece by piece, for memory's sake."""
    size = WINDOW_SECONDS * rate
    windows = (len(this) - size) // (_HOP_SECONDS * rate) + 1
    best = _Best(np.full(windows, -1.0, np.float32), np.zeros(windows, np.int64))
    per_piece = (_ROWS - size) // (_HOP_SECONDS * rate) + 1
    for first in range(0, windows, per_piece):
        count = min(per_piece, windows - first)
        rows = this[first * rate * _HOP_SECONDS :][: (count - 1) * rate * _HOP_SECONDS + size]
        for column in range(0, max(len(other) - size, 0) + 1, _COLUMNS - size):
            scores = _nearness(rows, other[column : column + _COLUMNS], size, rate * _HOP_SECONDS)
            if not scores.size:
                continue
            at = scores.argmax(axis=1)
            top = np.take_along_axis(scores, at[:, None], axis=1)[:, 0]
            better = top > best.nearness[first : first + count]
            best.nearness[first : first + count][better] = top[better]
            best.at[first : first + count][better] = at[better] + column
    return best


def _nearness(rows: Texture, columns: Texture, size: int, hop: int) -> Floats:
    """Nearness of each window of `rows`, `hop` frames apart, and `size` frames of `columns` from each on.

    Shape (windows, len(columns) - size + 1).
    """
    windows, places = (len(rows) - size) // hop + 1, len(columns) - size + 1
    if places < 1:
        return np.zeros((0, 0), np.float32)
    piece = size // _PIECES
    correlations = _correlations(rows, columns, piece, hop)
    worst, second = np.full((2, windows, places), 1.0, np.float32)
    for number in range(_PIECES):
        first = number * piece
        part = correlations[first // hop : first // hop + windows, first : first + places]
        np.minimum(second, np.maximum(worst, part), out=second)
        np.minimum(worst, part, out=worst)
    return (worst + second) / np.float32(2.0)


def _correlations(rows: Texture, columns: Texture, size: int, hop: int) -> Floats:
    """Correlation of each window of `rows`, `hop` frames apart, with `size` frames of `columns` from each on.

    Shape (windows, len(columns) - size + 1). The products of all frames are summed along their diagonals.
    """
    places = len(columns) - size + 1
    windows = (len(rows) - size) // hop + 1
    # Row k is shifted by k, so that a diagonal is a column: it begins where the first row meets a frame of `columns`.
    products = np.zeros((len(rows), len(columns) + 2 * len(rows)), np.float32)
    products[:, len(rows) : len(rows) + len(columns)] = rows @ columns.T
    width = len(columns) + len(rows)
    sheared = np.lib.stride_tricks.as_strided(
        products, (len(rows), width), (products.strides[0] + products.strides[1], products.strides[1])
    )
    sums = np.zeros((len(rows) // hop + 1, width), np.float32)
    np.cumsum(np.add.reduceat(sheared, np.arange(0, len(rows) // hop * hop, hop), axis=0), axis=0, out=sums[1:])
    sums = sums[size // hop :] - sums[: len(sums) - size // hop]
    scores = np.empty((windows, places), np.float32)
    for window in range(windows):  # back to places in `columns`
        first = len(rows) - window * hop
        scores[window] = sums[window, first : first + places]
    scores /= np.sqrt(np.maximum(np.outer(_energies(rows, size)[::hop], _energies(columns, size)), 1e-6))
    return scores


def _energies(texture: Texture, size: int) -> Floats:
    """Sum of squares of every `size` frames, shape (frames - size + 1,)."""
    total = np.concatenate([[0.0], np.cumsum(np.einsum("ij,ij->i", texture, texture), dtype=np.float64)])
    return np.asarray(np.maximum(total[size:] - total[:-size], 0.0), dtype=np.float32)
