"""Any audio file → 16 kHz mono, as 16-bit samples."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soxr

from segue.frontend.constants import SAMPLE_RATE

Samples = npt.NDArray[np.int16]
"""Mono samples at 16 kHz, shape (samples,)."""


class UndecodableError(Exception):
    """The bytes hold no audio that can be decoded."""


def decode(source: bytes | Path, max_seconds: float | None = None) -> Samples:
    """Decode a file, or one held in memory, to mono 16 kHz int16, shape (samples,), from its beginning.

    Channels are averaged; damaged packets are skipped, as long as something remains. With `max_seconds`, decoding stops
    there, so that a long recording takes no more memory than its part. Raises UndecodableError.
    """
    try:
        # A file is handed over open: its name need not be text.
        with (
            io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file,
            av.open(file, "r", metadata_errors="ignore") as container,
        ):
            if not container.streams.audio:
                raise UndecodableError("there is no audio stream")
            pieces = list(_until(_resampled(container), max_seconds))
    except (av.FFmpegError, ValueError, OSError) as error:
        raise UndecodableError(str(error)) from error
    if not sum(map(len, pieces)):
        raise UndecodableError("no packet could be decoded")
    wave = np.concatenate(pieces)
    return wave if max_seconds is None else wave[: int(max_seconds * SAMPLE_RATE)]


def _until(pieces: Iterator[Samples], max_seconds: float | None) -> Iterator[Samples]:
    taken = 0
    for piece in pieces:
        yield piece
        taken += len(piece)
        if max_seconds is not None and taken >= max_seconds * SAMPLE_RATE:
            return


def _resampled(container: av.container.InputContainer) -> Iterator[Samples]:
    resampler: soxr.ResampleStream | None = None
    for mono, rate in _mono_frames(container):
        if resampler is None:
            resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        yield _as_int16(resampler.resample_chunk(mono))
    if resampler is not None:
        yield _as_int16(resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True))


def _as_int16(wave: npt.NDArray[np.float32]) -> Samples:
    return (np.clip(wave, -1.0, 1.0) * np.float32(32767.0)).astype(np.int16)


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
