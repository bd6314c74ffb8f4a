"""Waves, and files of them: decoding to a rate, encoding, a round trip through a lossy codec."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from scipy import signal

Wave = npt.NDArray[np.float32]
"""Mono samples, shape (samples,), about -1..1."""
Floats = npt.NDArray[np.float64]
_OPUS_RATE: Final = 48_000
_LONGEST_DELAY: Final = 0.125
"""Seconds that a codec may put before the sound."""


def as_wave(samples: npt.ArrayLike) -> Wave:
    """Samples of any kind as float32."""
    return np.ascontiguousarray(samples, dtype=np.float32)


def fitted(wave: Wave, length: int) -> Wave:
    """Cut or padded with silence to a length in samples."""
    return np.pad(wave, (0, max(length - len(wave), 0)))[:length]


def read(path: Path, rate: int) -> Wave:
    """A sound file as mono at a rate; ``.g722`` without a container too. Raises av.FFmpegError and OSError."""
    return _decoded(path.read_bytes(), rate, "g722" if path.suffix == ".g722" else None)


def _decoded(data: bytes, rate: int, container_format: str | None = None) -> Wave:
    pieces: list[Wave] = []
    with av.open(io.BytesIO(data), "r", format=container_format) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        for frame in container.decode(audio=0):
            pieces += [as_wave(out.to_ndarray()[0]) for out in resampler.resample(frame)]
        pieces += [as_wave(out.to_ndarray()[0]) for out in resampler.resample(None)]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def encode(wave: Wave, rate: int, container: str, codec: str, bit_rate: int | None = None) -> bytes:
    """Mono samples → the bytes of a file. Raises ValueError when there is no such encoder."""
    target = io.BytesIO()
    codec_rate = _OPUS_RATE if codec == "libopus" else rate
    with av.open(target, "w", format=container) as output:
        stream = output.add_stream(codec, rate=codec_rate)
        if not isinstance(stream, av.AudioStream):
            raise ValueError(f"{codec} is no audio codec")  # noqa: TRY004  # a wrong name, not a wrong type
        stream.layout = "mono"
        if bit_rate is not None:
            stream.bit_rate = bit_rate
        resampler = av.AudioResampler(format=stream.format.name, layout="mono", rate=codec_rate)
        clipped = np.clip(wave, -1, 1)[None, :]
        for start in range(0, len(wave), rate):
            frame = av.AudioFrame.from_ndarray(as_wave(clipped[:, start : start + rate]), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            for converted in resampler.resample(frame):
                output.mux(stream.encode(converted))
        for converted in resampler.resample(None):
            output.mux(stream.encode(converted))
        output.mux(stream.encode(None))
    return target.getvalue()


def round_trip(wave: Wave, rate: int, container: str, codec: str, bit_rate: int) -> Wave:
    """Through a lossy codec and back, of the same length; the delay of the codec is taken away, so that the grid holds."""
    back = _decoded(encode(wave, rate, container, codec, bit_rate), rate)
    longest = int(_LONGEST_DELAY * rate)
    span = min(len(wave), len(back))
    if span <= 2 * longest:
        return fitted(back, len(wave))
    match = signal.correlate(back[:span], wave[: span - longest], "valid", method="fft")
    return fitted(back[int(np.argmax(match[:longest])) :], len(wave))
