from collections.abc import Sequence

import numpy as np
import soxr

from segue.analysis.onsets import OnsetMeter, Onsets
from segue.demo.synth import TrackSpec, render
from segue.frontend.mel import Waveform, mel_db, stft_stream


def synthesise(style: str, bpm: float, key: str = "A minor", seconds: float = 45.0, seed: int = 0) -> Waveform:
    """A demo track at 16 kHz."""
    spec = TrackSpec("t", "a", "g", bpm, key, style, seconds=seconds, seed=seed)
    return np.asarray(soxr.resample(render(spec).mean(axis=1), 44_100, 16_000), dtype=np.float32)


def blocks(wave: Waveform, size: int = 60_000) -> Sequence[Waveform]:
    return [wave[start : start + size] for start in range(0, len(wave), size)]


def onsets(wave: Waveform) -> Onsets:
    meter = OnsetMeter()
    for power in stft_stream(blocks(wave)):
        meter.add(mel_db(power, 96))
    return meter.result()


def clicks(bpm: float, seconds: float = 30.0, accent: int = 4) -> Waveform:
    """Noise bursts on the beat, every second one bright, over a soft floor of noise."""
    rng = np.random.default_rng(3)
    wave = 0.001 * rng.normal(size=round(seconds * 16_000))
    period = 60.0 * 16_000 / bpm
    burst = rng.normal(size=800) * np.exp(-np.arange(800) / 150)
    dull = np.convolve(burst, np.ones(40) / 10, mode="same")
    for beat in range(int(len(wave) / period) - 1):
        start = round(beat * period)
        wave[start : start + 800] += burst if beat % 2 else dull * (1.5 if beat % accent == 0 else 1.0)
    return (0.2 * wave).astype(np.float32)
