"""A file → mono samples at 16 kHz, in a stream whose memory does not grow with the recording.

FFmpeg (PyAV) decodes and soxr resamples. Measured on one core in CPU seconds per minute of mp3: PyAV with soxr 0.085,
PyAV with FFmpeg's own resampler 0.11, miniaudio with soxr 0.07, which knows neither AAC nor Opus nor encoder delay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final, Self

import av
import numpy as np
import numpy.typing as npt
import soxr
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from segue.audio.channels import ChannelMeter, Stretch
from segue.audio.container import open_audio, packets
from segue.errors import DamagedAudioError, NotAudioError, SilentAudioError
from segue.frontend.constants import SAMPLE_RATE
from segue.frontend.mel import Waveform

_GROUP_SECONDS: Final = 4
_CEILING: Final = 8.0
_SILENCE: Final = 2.0**-15
_SHORTEST: Final = SAMPLE_RATE // 20
_MIN_DECODED_SHARE: Final = 0.1
_TRUNCATED_SHARE: Final = 0.8
_FULL_SCALE: Final = {"u8": 2.0**7, "s16": 2.0**15, "s32": 2.0**31, "flt": 1.0, "dbl": 1.0}


class DecodedStream(Iterator[Waveform]):
    """The blocks of one recording; what is known of its condition grows while they are read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._packets = 0
        self._declared = 0.0
        self._peak = 0.0
        self._channels = ChannelMeter()
        self._blocks = self._decode()
        self.samples = 0
        """Samples at 16 kHz that were given out."""
        self.damaged_packets = 0
        """Packets that could not be decoded and were left out."""

    @property
    def stretches(self) -> list[Stretch]:
        """What is left out of the loudness by hearing the mean of the channels, as far as it was decoded."""
        return self._channels.stretches

    @property
    def damaged(self) -> bool:
        """Whether part of the recording had to be left out, or is not there; certain after the last block."""
        return self.damaged_packets > 0 or self.samples < _TRUNCATED_SHARE * self._declared * SAMPLE_RATE

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Waveform:
        return next(self._blocks)

    def _decode(self) -> Iterator[Waveform]:
        with open_audio(self._path) as (container, stream):
            self._declared = (container.duration or 0) / av.time_base
            frames = self._frames(packets(container, stream))
            for block in _resampled(_mono_blocks(frames, self._channels)):
                self.samples += len(block)
                self._peak = max(self._peak, float(np.abs(block).max(initial=0.0)))
                if len(block):
                    yield block
        self._judge()

    def _frames(self, packets: Iterable[Packet[AudioStream] | None]) -> Iterator[AudioFrame]:
        for packet in packets:
            self._packets += 1
            frames = None if packet is None else _decoded(packet)
            if frames is None:
                self.damaged_packets += 1
            else:
                yield from map(self._checked, frames)

    def _checked(self, frame: AudioFrame) -> AudioFrame:
        if _sample_kind(frame.format.name) not in _FULL_SCALE:
            raise NotAudioError(
                f"{self._path.name} has samples of a kind ({frame.format.name}) that Segue does not read."
            )
        return frame

    def _judge(self) -> None:
        if self.damaged_packets and self._is_nearly_nothing():
            raise DamagedAudioError(f"{self._path.name} is damaged: nearly nothing of it can be decoded. Get it anew.")
        if self.samples < _SHORTEST:
            raise SilentAudioError(f"{self._path.name} is shorter than a twentieth of a second: check the export.")
        if self._peak < _SILENCE:
            raise SilentAudioError(f"{self._path.name} is silent from beginning to end: check the export.")

    def _is_nearly_nothing(self) -> bool:
        decoded = self._packets - self.damaged_packets
        return (
            self.samples < _SHORTEST
            or decoded < _MIN_DECODED_SHARE * self._packets
            or self.samples < _MIN_DECODED_SHARE * self._declared * SAMPLE_RATE
        )


def decode_stream(path: Path) -> DecodedStream:
    """Mono float32 blocks of about four seconds at 16 kHz, shape (samples,).

    Channels are averaged; damaged packets are left out and counted in `damaged_packets`; the encoder's delay is cut as
    the container asks. Samples that are no number become silence.

    Raises FileMissingError, FileUnreadableError, NotAudioError and DamagedAudioError with the first block; after the
    last one DamagedAudioError when nearly nothing could be decoded, and SilentAudioError when there was nothing to hear
    or less than a twentieth of a second in all.
    """
    return DecodedStream(path)


def decode(path: Path) -> Waveform:
    """A whole recording, mono float32 at 16 kHz, shape (samples,); errors as in `decode_stream`."""
    return np.concatenate(list(decode_stream(path)))


def _decoded(packet: Packet[AudioStream]) -> list[AudioFrame] | None:
    """The frames of a packet, or None when it is damaged."""
    try:
        return packet.decode()
    except (av.FFmpegError, ValueError):
        return None


def _mono_blocks(frames: Iterable[AudioFrame], meter: ChannelMeter) -> Iterator[tuple[Waveform, int]]:
    """Joined frames as (mono samples, their rate): long enough that a call costs less than its work.

    The meter sees the channels before they are joined.
    """
    group: list[npt.NDArray[np.generic]] = []
    kind: tuple[str, tuple[str, ...], int] | None = None
    samples = 0
    for frame in chain(frames, [None]):
        next_kind = None if frame is None else _kind(frame)
        if kind is not None and (next_kind != kind or samples >= _GROUP_SECONDS * kind[2]):
            channels = _by_channel(group, kind[0], len(kind[1]))
            meter.add(channels, kind[2], kind[1])
            yield _mono(channels, _sample_kind(kind[0])), kind[2]
            group, samples = [], 0
        kind = next_kind
        if frame is not None:
            group.append(frame.to_ndarray())
            samples += frame.samples


def _kind(frame: AudioFrame) -> tuple[str, tuple[str, ...], int]:
    """Format of the samples, names of the channels, and rate."""
    names = tuple(channel.name for channel in frame.layout.channels)
    return frame.format.name, names or ("FC",) * frame.layout.nb_channels, frame.sample_rate


def _by_channel(group: list[npt.NDArray[np.generic]], sample_format: str, channels: int) -> npt.NDArray[np.generic]:
    """Joined frames, shape (channels, samples), finite."""
    kind = _sample_kind(sample_format)
    joined = np.concatenate(group, axis=1)
    if kind in {"flt", "dbl"}:
        _make_finite(joined)
    return joined.reshape(-1, channels).T if kind == sample_format else joined


def _mono(by_channel: npt.NDArray[np.generic], kind: str) -> Waveform:
    """The mean of the channels in -1..1, shape (samples,)."""
    mono: Waveform = by_channel[0].astype(np.float32)
    for other in by_channel[1:]:
        mono += other
    mono /= len(by_channel) * _FULL_SCALE[kind]
    if kind == "u8":
        mono -= 1.0
    return mono


def _sample_kind(sample_format: str) -> str:
    return sample_format.removesuffix("p")  # planar or interleaved


def _make_finite(samples: npt.NDArray[np.generic]) -> None:
    if not -_CEILING <= samples.min(initial=0.0) <= samples.max(initial=0.0) <= _CEILING:  # NaN is not either
        np.nan_to_num(samples, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        np.clip(samples, -_CEILING, _CEILING, out=samples)


def _resampled(blocks: Iterable[tuple[Waveform, int]]) -> Iterator[Waveform]:
    """Blocks at 16 kHz. A recording that changes its rate on the way (joined streams) gets a new resampler there."""
    resampler: soxr.ResampleStream | None = None
    rate = 0
    for block, block_rate in blocks:
        if block_rate != rate:
            if resampler is not None:
                yield _rest(resampler)
            rate = block_rate
            resampler = None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        yield block if resampler is None else np.asarray(resampler.resample_chunk(block), dtype=np.float32)
    if resampler is not None:
        yield _rest(resampler)


def _rest(resampler: soxr.ResampleStream) -> Waveform:
    return np.asarray(resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True), dtype=np.float32)
