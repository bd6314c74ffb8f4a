from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 44_100
Samples = npt.NDArray[np.float32]
Encode = Callable[..., Path]


def level_at(wave: Samples, frequency: float) -> float:
    """Amplitude of a sine in a 16 kHz waveform, over its middle second."""
    middle = len(wave) // 2
    second = wave[middle - 8_000 : middle + 8_000].astype(np.float64)
    time = np.arange(len(second)) / 16_000
    return float(2 * np.abs(np.mean(second * np.exp(-2j * np.pi * frequency * time))))
