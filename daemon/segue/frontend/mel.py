"""Waveform → STFT power → mel in dB.

The filters are triangular on the HTK mel scale from 0 to 8000 Hz without area normalisation, the STFT is centred with
reflection at the two ends of the recording, and the logarithm is ``10·log10(max(x, 1e-10))`` without a top: the front
end of Won et al., "Evaluation of CNN-based automatic music tagging models" (SMC 2020).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import fft, sparse

from segue.frontend.constants import HOP, MEL_FLOOR, N_FFT, SAMPLE_RATE

Waveform = npt.NDArray[np.float32]
"""Mono samples at 16 kHz in -1..1, shape (samples,)."""
Power = npt.NDArray[np.float32]
"""STFT power, shape (frames, 257)."""
Mel = npt.NDArray[np.float32]
"""Mel spectrogram in dB, shape (mels, frames)."""

_BLOCK_FRAMES = 1024
"""Frames transformed at a time: the block stays inside the cache of one core."""


@cache
def mel_filters(mels: int) -> npt.NDArray[np.float32]:
    """Triangular HTK mel filters, shape (257, mels), 0 to 8000 Hz, peak 1."""
    top = 2595.0 * np.log10(1.0 + SAMPLE_RATE / 2 / 700.0)
    edges = 700.0 * (10.0 ** (np.linspace(0.0, top, mels + 2) / 2595.0) - 1.0)
    distance = edges[None, :] - np.linspace(0.0, SAMPLE_RATE / 2, N_FFT // 2 + 1)[:, None]
    width = np.diff(edges)
    rising, falling = -distance[:, :-2] / width[:-1], distance[:, 2:] / width[1:]
    return np.maximum(np.minimum(rising, falling), 0.0).astype(np.float32)


@cache
def _sparse_filters(mels: int) -> sparse.csr_array:
    # Two bands in a hundred are not zero: the sparse product costs a tenth of the dense one.
    return sparse.csr_array(mel_filters(mels).T)


@cache
def _window() -> npt.NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)


def mel_db(power: Power, mels: int) -> Mel:
    """Mel spectrogram in dB, shape (mels, frames), of STFT power of shape (frames, 257)."""
    mel = np.asarray(_sparse_filters(mels) @ power.T, dtype=np.float32)
    np.maximum(mel, MEL_FLOOR, out=mel)
    np.log10(mel, out=mel)
    mel *= 10.0
    return mel


def stft_power(waveform: Waveform) -> Power:
    """STFT power, shape (1 + samples // 256, 257), of a whole waveform; centred, reflected at both ends.

    A waveform shorter than 257 samples cannot be reflected: ValueError.
    """
    return np.concatenate(list(stft_stream([waveform])))


def stft_stream(blocks: Iterable[Waveform]) -> Iterator[Power]:
    """STFT power of a recording that arrives in blocks of any length; yields blocks of shape (frames, 257).

    The frames are exactly those of `stft_power` on the joined blocks, and the memory does not grow with the recording.
    A recording shorter than 257 samples cannot be reflected: ValueError.
    """
    half = N_FFT // 2
    buffer = np.zeros(0, dtype=np.float32)
    started = False
    for block in blocks:
        buffer = np.concatenate([buffer, block])
        if not started:
            if len(buffer) <= N_FFT:
                continue
            buffer = np.concatenate([buffer[half:0:-1], buffer])
            started = True
        frames = (len(buffer) - N_FFT - half) // HOP  # keep enough back to reflect the end
        if frames > 0:
            yield _power(buffer, frames)
            buffer = buffer[frames * HOP :]
    if not started:
        if len(buffer) <= half:
            raise ValueError(f"a recording of {len(buffer)} samples is too short for one STFT frame")
        buffer = np.concatenate([buffer[half:0:-1], buffer])
    buffer = np.concatenate([buffer, buffer[-2 : -half - 2 : -1]])
    yield _power(buffer, (len(buffer) - N_FFT) // HOP + 1)


def _power(buffer: Waveform, frames: int) -> Power:
    """Power of the first `frames` frames of a buffer."""
    windows = np.lib.stride_tricks.sliding_window_view(buffer, N_FFT)[::HOP][:frames]
    power = np.empty((frames, N_FFT // 2 + 1), dtype=np.float32)
    for start in range(0, frames, _BLOCK_FRAMES):
        spectrum = fft.rfft(windows[start : start + _BLOCK_FRAMES] * _window(), axis=1)
        power[start : start + _BLOCK_FRAMES] = spectrum.real**2 + spectrum.imag**2
    return power
