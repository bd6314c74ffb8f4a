"""Any audio file → 16 kHz mono, as 16-bit samples."""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
import numpy as np
import numpy.typing as npt
import soxr

from segue.frontend.constants import SAMPLE_RATE

Samples = npt.NDArray[np.int16]
"""Mono samples at 16 kHz, shape (samples,)."""


class UndecodableError(Exception):
    """The bytes hold no audio that can be decoded."""


def decode(data: bytes) -> Samples:
    """Decode a whole file held in memory to mono 16 kHz int16, shape (samples,).

    Channels are averaged; damaged packets are skipped, as long as something remains. Raises UndecodableError.
    """
    try:
        with av.open(io.BytesIO(data), "r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise UndecodableError("there is no audio stream")
            pieces = list(_resampled(container))
    except (av.FFmpegError, ValueError, OSError) as error:
        raise UndecodableError(str(error)) from error
    if not pieces:
        raise UndecodableError("no packet could be decoded")
    wave = np.concatenate(pieces)
    return (np.clip(wave, -1.0, 1.0) * np.float32(32767.0)).astype(np.int16)


def _resampled(container: av.container.InputContainer) -> Iterator[npt.NDArray[np.float32]]:
    resampler: soxr.ResampleStream | None = None
    for mono, rate in _mono_frames(container):
        if resampler is None:
            resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        yield resampler.resample_chunk(mono)
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True)


def _mono_frames(container: av.container.InputContainer) -> Iterator[tuple[npt.NDArray[np.float32], int]]:
    stream = container.streams.audio[0]
    to_float = av.AudioResampler(format="fltp")
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue  # one damaged packet is no reason to lose the track
        for frame in frames:
            for converted in to_float.resample(frame):
                yield converted.to_ndarray().mean(axis=0, dtype=np.float32), converted.sample_rate
