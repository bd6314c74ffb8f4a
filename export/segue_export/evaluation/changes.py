"""What may happen to a recording without making it another: keylock and pitch fader, codec, equaliser, noise, level.

Everything is done to the 16 kHz mono signal that Segue hears. There is no change to mono: the mean of the channels is all that
Segue ever hears.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
import soxr
from python_stretch.Signalsmith import Stretch
from scipy import signal

from segue.audio.decode import decode
from segue.frontend.constants import SAMPLE_RATE
from segue.frontend.mel import Waveform

_CD_RATE: Final = 44_100
_BASS_HZ: Final = 200.0
_TREBLE_HZ: Final = 3000.0
_ORDER: Final = 6
_SEED: Final = 7


@dataclass(frozen=True)
class Change:
    """One change of one strength."""

    kind: str
    strength: float
    unit: str
    apply: Callable[[Waveform], Waveform]
    tempo: float = 1.0
    """What the tempo is multiplied by."""
    semitones: float = 0.0
    """How far the key goes up."""

    @property
    def name(self) -> str:
        """As in ``MP3 64 kb/s``."""
        return f"{self.kind} {self.strength:g} {self.unit}".rstrip()


def stretch(wave: Waveform, factor: float) -> Waveform:
    """The same music `factor` times as fast, at the same pitch (keylock): Signalsmith Stretch (MIT)."""
    stretcher = _stretcher()
    stretcher.setTimeFactor(factor)
    return _through(stretcher, wave)


def transpose(wave: Waveform, semitones: float) -> Waveform:
    """The same music at the same tempo, so many semitones higher: Signalsmith Stretch (MIT)."""
    stretcher = _stretcher()
    stretcher.setTransposeSemitones(semitones)
    return _through(stretcher, wave)


def varispeed(wave: Waveform, factor: float) -> Waveform:
    """Tempo and pitch together, as a record that turns faster."""
    return np.asarray(soxr.resample(wave, SAMPLE_RATE * factor, SAMPLE_RATE), dtype=np.float32)


def noise(wave: Waveform, decibel: float) -> Waveform:
    """With white noise added, so many dB below the music (of its RMS)."""
    hiss = np.random.default_rng(_SEED).standard_normal(len(wave), dtype=np.float32)
    return wave + hiss * np.float32(_rms(wave) * 10 ** (-decibel / 20))


def mp3(wave: Waveform, kilobits: float) -> Waveform:
    """Encoded as MP3 (LAME, mono, 44.1 kHz) at a constant bit rate, and decoded."""
    wide = np.clip(soxr.resample(wave, SAMPLE_RATE, _CD_RATE), -1.0, 1.0).astype(np.float32)
    with tempfile.TemporaryDirectory(prefix="segue-") as folder:
        path = Path(folder) / "clip.mp3"
        with av.open(str(path), "w", format="mp3", options={"fflags": "+bitexact"}) as container:
            stream = container.add_stream("libmp3lame", rate=_CD_RATE)
            assert isinstance(stream, av.AudioStream)
            stream.layout, stream.bit_rate = "mono", round(kilobits * 1000)
            frame = av.AudioFrame.from_ndarray(wide[None], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = _CD_RATE, 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return decode(path)


def gain(wave: Waveform, decibel: float) -> Waveform:
    """Louder or softer; what would be beyond full scale is clipped, as in a file."""
    return np.asarray(np.clip(wave * np.float32(10 ** (decibel / 20)), -1.0, 1.0), dtype=np.float32)


def low_pass(wave: Waveform, hertz: float) -> Waveform:
    """Without what lies above a frequency (Butterworth, 36 dB an octave)."""
    return _filtered(wave, signal.butter(_ORDER, hertz, fs=SAMPLE_RATE, output="sos"))


def bass(wave: Waveform, decibel: float) -> Waveform:
    """With everything below 200 Hz louder or softer."""
    return _filtered(wave, _shelf(_BASS_HZ, decibel, high=False))


def treble(wave: Waveform, decibel: float) -> Waveform:
    """With everything above 3 kHz louder or softer."""
    return _filtered(wave, _shelf(_TREBLE_HZ, decibel, high=True))


def _stretcher() -> Stretch:
    stretcher = Stretch(_SEED)
    stretcher.preset(1, float(SAMPLE_RATE))
    return stretcher


def _through(stretcher: Stretch, wave: Waveform) -> Waveform:
    stretched: Waveform = np.asarray(stretcher.process(np.ascontiguousarray(wave[None])), dtype=np.float32)[0]
    return stretched


def _shelf(hertz: float, decibel: float, *, high: bool) -> npt.NDArray[np.float64]:
    """A shelving filter of slope 1 (Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients")."""
    a = 10 ** (decibel / 40)
    omega = 2 * np.pi * hertz / SAMPLE_RATE
    sign = -1.0 if high else 1.0
    cosine, alpha = sign * np.cos(omega), np.sin(omega) / np.sqrt(2) * 2 * np.sqrt(a)
    over = [a * ((a + 1) - (a - 1) * cosine + alpha), sign * 2 * a * ((a - 1) - (a + 1) * cosine)]
    over.append(a * ((a + 1) - (a - 1) * cosine - alpha))
    under = [(a + 1) + (a - 1) * cosine + alpha, sign * -2 * ((a - 1) + (a + 1) * cosine)]
    under.append((a + 1) + (a - 1) * cosine - alpha)
    return np.array([[value / under[0] for value in (*over, *under)]])


def _filtered(wave: Waveform, sections: npt.NDArray[np.float64]) -> Waveform:
    return np.asarray(np.clip(signal.sosfilt(sections, wave), -1.0, 1.0), dtype=np.float32)


def _rms(wave: Waveform) -> float:
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))


def _made() -> tuple[Change, ...]:
    found = [
        Change("time stretch", factor, "x", partial(stretch, factor=factor), tempo=factor)
        for factor in (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4)
    ]
    found += [
        Change("pitch shift", step, "semitones", partial(transpose, semitones=step), semitones=step)
        for step in (-2.0, -1.0, 1.0, 2.0)
    ]
    found += [
        Change("varispeed", f, "x", partial(varispeed, factor=f), tempo=f, semitones=float(12 * np.log2(f)))
        for f in (0.92, 0.96, 1.04, 1.08)
    ]
    plain: tuple[tuple[str, str, Callable[..., Waveform], str, tuple[float, ...]], ...] = (
        ("noise", "dB SNR", noise, "decibel", (40, 30, 20, 10, 0)),
        ("MP3", "kb/s", mp3, "kilobits", (128, 64, 32)),
        ("gain", "dB", gain, "decibel", (-20, -12, -6, 6, 12)),
        ("bass", "dB", bass, "decibel", (-24, -12, -6, 6, 12)),
        ("treble", "dB", treble, "decibel", (-24, -12, -6, 6, 12)),
        ("low-pass", "Hz", low_pass, "hertz", (6000, 4000, 2000, 1000)),
    )
    found += [
        Change(kind, strength, unit, partial(function, **{argument: strength}))
        for kind, unit, function, argument, strengths in plain
        for strength in strengths
    ]
    return tuple(found)


CHANGES: Final = _made()
"""All changes, by kind and strength; stretching by 1 shows what the stretcher alone does."""
