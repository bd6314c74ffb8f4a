"""K-weighting: how loud each frequency is to a listener, as ITU-R BS.1770-4 has it."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

Gains = npt.NDArray[np.float32]

_RATE: Final = 48_000.0
"""The rate that the standard gives its filters for."""
_SHELF: Final = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS: Final = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""Numerator and denominator of the two stages (BS.1770-4, tables 1 and 2)."""


@cache
def k_gains(n_fft: int, rate: int) -> Gains:
    """Gain in power of each bin of a transform of `n_fft` samples at `rate`, shape (n_fft // 2 + 1,)."""
    frequency = np.fft.rfftfreq(n_fft, 1.0 / rate)
    turn = np.exp(-2j * np.pi * np.minimum(frequency, _RATE / 2) / _RATE)
    gains = np.ones(len(frequency))
    for numerator, denominator in (_SHELF, _HIGH_PASS):
        gains *= np.abs(np.polyval(numerator[::-1], turn) / np.polyval(denominator[::-1], turn)) ** 2
    return gains.astype(np.float32)
