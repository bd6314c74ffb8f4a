"""Waveform → pitches → musical key.

The partials of the sound are read off as spectral peaks, which a drum does not have, and put into 120 pitch classes of ten
cents, in four registers, second by second. When the recording has ended its tuning is known, and a small network reads the
semitones around it (`segue.analysis.key_network`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from segue.analysis.key_network import FINE, KeyNetwork
from segue.analysis.result import Key
from segue.frontend.constants import SAMPLE_RATE
from segue.frontend.mel import Waveform

Array = npt.NDArray[np.float32]

_N_FFT: Final = 8192
_HOP: Final = 4096
_SLOT_FRAMES: Final = 4
SLOT_SECONDS: Final = _SLOT_FRAMES * _HOP / SAMPLE_RATE
_MAX_SLOTS: Final = round(30 * 60 / SLOT_SECONDS)
_REGISTERS_HZ: Final = (40.0, 130.0, 350.0, 900.0, 2200.0)
"""Bass, chords, melody, overtones."""
_LOWEST_HZ: Final = 30.0
_HIGHEST_HZ: Final = 2400.0
_CLASSES: Final = 12 * FINE
_A4: Final = 440.0
_A_CLASS: Final = 9
_SURROUNDINGS: Final = 41
_CLEAR_PEAK: Final = 6.0
_QUIET_PEAK_DB: Final = 50.0
_LOUDNESS_POWER: Final = 0.5
_MIN_EVIDENCE: Final = 0.5


class KeyFinder:
    """Collects the pitches of a recording, block by block, for its first half hour."""

    def __init__(self, network: KeyNetwork | None = None) -> None:
        self._network = network
        self._window = np.hanning(_N_FFT).astype(np.float32)
        self._buffer = np.zeros(0, dtype=np.float32)
        self._slots: list[Array] = []
        self._frames = 0

    def add(self, block: Waveform) -> None:
        """Take in samples at 16 kHz, any number of them."""
        if len(self._slots) >= _MAX_SLOTS:
            return
        self._buffer = np.concatenate([self._buffer, block])
        frames = (len(self._buffer) - _N_FFT) // _HOP + 1
        if frames > 0:
            self._read(frames)
            self._buffer = self._buffer[frames * _HOP :]

    def pitches(self) -> Array:
        """How much of each pitch class was heard in each register, shape (slots, 4, 120), C first; about a second a slot."""
        if not self._slots and 0 < len(self._buffer) < _N_FFT:
            self._buffer = np.pad(self._buffer, (0, _N_FFT - len(self._buffer)))
            self._read(1)
        return np.array(self._slots, dtype=np.float32).reshape(-1, len(_REGISTERS_HZ) - 1, _CLASSES)

    def result(self) -> Key:
        """The key with its runner-ups; its name is None when there was hardly any pitch."""
        pitches = self.pitches()
        if pitches.sum() < _MIN_EVIDENCE:
            return Key(name=None, camelot=None, confidence=0.0)
        return (self._network or KeyNetwork.shipped()).key(pitches, SLOT_SECONDS)

    def _read(self, frames: int) -> None:
        windows = np.lib.stride_tricks.sliding_window_view(self._buffer, _N_FFT)[::_HOP][:frames]
        spectrum = fft.rfft(windows * self._window, axis=1)[:, _BINS]
        level = 10.0 * np.log10(np.abs(spectrum) ** 2 + 1e-6)
        frame, frequency, weight = _peaks(level)
        pitch = 12.0 * np.log2(frequency / _A4) + _A_CLASS
        place = np.round(pitch * FINE).astype(np.intp) % _CLASSES
        register = np.searchsorted(_REGISTERS_HZ, frequency, side="right") - 1
        inside = (register >= 0) & (register < len(_REGISTERS_HZ) - 1)
        slot = (self._frames + frame) // _SLOT_FRAMES
        self._frames += frames
        while len(self._slots) * _SLOT_FRAMES < self._frames:
            self._slots.append(np.zeros((len(_REGISTERS_HZ) - 1, _CLASSES), dtype=np.float32))
        first = int(slot.min(initial=self._frames))
        flat = ((slot - first) * (len(_REGISTERS_HZ) - 1) + register) * _CLASSES + place
        size = (len(self._slots) - first) * (len(_REGISTERS_HZ) - 1) * _CLASSES
        if size <= 0:
            return
        heard = np.bincount(flat[inside], weight[inside], size).reshape(-1, len(_REGISTERS_HZ) - 1, _CLASSES)
        for number, counts in enumerate(heard, first):
            self._slots[number] += counts.astype(np.float32)


_BINS: Final = slice(round(_LOWEST_HZ * _N_FFT / SAMPLE_RATE), round(_HIGHEST_HZ * _N_FFT / SAMPLE_RATE))


def _peaks(
    level: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Frame, frequency in Hz and weight of every clear peak in levels in dB, shape (frames, bins)."""
    inner = level[:, 1:-1]
    surroundings = ndimage.uniform_filter1d(level, _SURROUNDINGS, axis=1)[:, 1:-1]
    loudest = inner.max(axis=1, keepdims=True)
    clear = (
        (inner > level[:, :-2])
        & (inner >= level[:, 2:])
        & (inner - surroundings > _CLEAR_PEAK)
        & (inner > loudest - _QUIET_PEAK_DB)
    )
    frame, index = np.nonzero(clear)
    before, at, after = level[frame, index], level[frame, index + 1], level[frame, index + 2]
    shift = 0.5 * (before - after) / np.minimum(before - 2 * at + after, -1e-3)
    frequency = (index + 1 + _BINS.start + shift).astype(np.float64) * (SAMPLE_RATE / _N_FFT)
    # Compressed, so that one loud instrument does not decide alone.
    weight = 10.0 ** ((at - loudest[frame, 0]).astype(np.float64) / 20.0 * _LOUDNESS_POWER)
    return frame, frequency, weight
