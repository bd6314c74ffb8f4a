"""Cutting the frames of a recording into the windows that a network takes: the borders are handled here and only here.

Windows follow each other without overlap. The last one is aligned to the end of the recording; it is left out when less
than a tenth of it would be new. A recording shorter than one window is repeated until it fills it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from segue.frontend.mel import Mel

_MIN_NEW_SHARE: Final = 0.1


class WindowCutter:
    """Cuts blocks of frames, (mels, any length), into windows of (mels, size); keeps no more than two windows."""

    def __init__(self, mels: int, size: int) -> None:
        self._size = size
        self._frames = np.zeros((mels, 0), dtype=np.float32)
        self._used = 0  # frames at the front that were part of the window before

    @property
    def is_short(self) -> bool:
        """Whether no whole window was seen yet."""
        return self._used == 0

    def add(self, block: Mel) -> Iterator[Mel]:
        """Take in a block; yields the windows that it completes."""
        self._frames = np.concatenate([self._frames, block], axis=1)
        while self._new >= self._size:
            self._frames = self._frames[:, self._used :]
            self._used = self._size
            yield self._frames[:, : self._size]

    def rest(self) -> Iterator[Mel]:
        """The window at the end of the recording, when it needs one more; ValueError when there were no frames."""
        if self.is_short:
            yield tile(self._frames, self._size)
        elif self._new >= _MIN_NEW_SHARE * self._size:
            yield self._frames[:, -self._size :]

    @property
    def _new(self) -> int:
        return self._frames.shape[1] - self._used


def tile(frames: Mel, size: int) -> Mel:
    """Repeat frames (mels, n) to (mels, size). ValueError when n is 0."""
    count = frames.shape[1]
    if count == 0:
        raise ValueError("a recording without frames cannot be repeated")
    return np.tile(frames, (1, -(-size // count)))[:, :size]
