"""Mastering variety: what stands between a mix and the file that a listener has."""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr
from scipy import signal

from segue_export.synth.sound import Floats, Wave, as_wave

CODECS: Final = (("mp3", "libmp3lame", 32_000), ("ogg", "libopus", 24_000), ("adts", "aac", 40_000))
"""Container, encoder and lowest bit rate of the round trips."""


def equalise(wave: Wave, rate: int, rng: np.random.Generator, depth: float = 4.0) -> Wave:
    """A random smooth curve (two shelves and two bells, `depth` decibels at one standard deviation)."""
    bands = [_shelf(rate, float(rng.uniform(80, 250)), float(rng.normal(0, depth)), high=False)]
    bands.append(_shelf(rate, float(rng.uniform(2500, 7000)), float(rng.normal(0, depth)), high=True))
    bands += [
        _bell(rate, float(np.exp(rng.uniform(np.log(200), np.log(6000)))), float(rng.normal(0, depth * 0.7)))
        for _ in range(2)
    ]
    return as_wave(signal.sosfilt(np.array(bands), wave))


def _bell(rate: int, centre: float, gain: float, q: float = 0.9) -> Floats:
    """A peaking filter (Bristow-Johnson, Audio EQ Cookbook), one second-order section."""
    amp, w = 10 ** (gain / 40), 2 * np.pi * centre / rate
    alpha = np.sin(w) / (2 * q)
    b = np.array([1 + alpha * amp, -2 * np.cos(w), 1 - alpha * amp])
    a = np.array([1 + alpha / amp, -2 * np.cos(w), 1 - alpha / amp])
    return np.asarray(np.concatenate([b, a]) / a[0], dtype=np.float64)


def _shelf(rate: int, corner: float, gain: float, *, high: bool) -> Floats:
    """A shelf of slope 1 (Bristow-Johnson, Audio EQ Cookbook), one second-order section."""
    amp, w = 10 ** (gain / 40), 2 * np.pi * corner / rate
    cos, beta = (np.cos(w) if not high else -np.cos(w)), np.sin(w) * np.sqrt(2) * np.sqrt(amp)
    b = amp * np.array(
        [amp + 1 - (amp - 1) * cos + beta, 2 * (amp - 1 - (amp + 1) * cos), amp + 1 - (amp - 1) * cos - beta]
    )
    a = np.array([amp + 1 + (amp - 1) * cos + beta, -2 * (amp - 1 + (amp + 1) * cos), amp + 1 + (amp - 1) * cos - beta])
    if high:
        b[1], a[1] = -b[1], -a[1]
    return np.asarray(np.concatenate([b, a]) / a[0], dtype=np.float64)


def compress(wave: Wave, rate: int, amount: float) -> Wave:
    """Level out and limit; `amount` from 0 to 1. The gain follows a 30 ms envelope, so the grid stays where it is."""
    block = rate // 100
    count = len(wave) // block + 1
    power = np.zeros(count)
    padded = np.pad(wave, (0, count * block - len(wave)))
    power = np.sqrt(np.mean(padded.reshape(count, block) ** 2, axis=1)) + 1e-5
    smooth = np.maximum(power, signal.lfilter([0.12], [1, -0.88], power))
    gain = (np.median(smooth) / smooth) ** (0.6 * amount)
    curve = np.interp(np.arange(len(wave)), np.arange(count) * block + block / 2, np.clip(gain, 0.2, 6.0))
    return as_wave(wave * curve)


def saturate(wave: Wave, drive: float) -> Wave:
    """A tanh curve; `drive` of 1 bends only the peaks, 4 is a wall."""
    level = float(np.sqrt(np.mean(wave**2))) + 1e-9
    return as_wave(np.tanh(wave / level * 0.15 * drive) / (0.15 * drive) * level)


def band(wave: Wave, rate: int, low: float, high: float) -> Wave:
    """Keep a band, as an old record or a telephone does."""
    sos = signal.butter(3, (low, min(high, rate * 0.49)), "bandpass", fs=rate, output="sos")
    return as_wave(signal.sosfilt(sos, wave))


def reverberate(wave: Wave, rate: int, seconds: float, wet: float, rng: np.random.Generator) -> Wave:
    """A room of exponentially decaying, darkened noise; `wet` is its level against the dry sound."""
    length = int(rate * seconds)
    decay = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    decay = signal.lfilter([0.35], [1, -0.65], decay)
    decay[: int(0.008 * rate)] = 0
    decay /= np.sqrt(np.sum(decay**2)) + 1e-9
    tail = signal.oaconvolve(wave, decay)[: len(wave)]
    return as_wave(wave + wet * tail)


def hiss(samples: int, rate: int, rng: np.random.Generator, *, crackle: bool) -> Wave:
    """Tape noise at -40 dB of full scale, with the crackle of a record if wanted."""
    noise = signal.lfilter([1, -0.7], [1, -0.4], rng.standard_normal(samples)) * 0.01
    if crackle:
        count = int(samples / rate * rng.uniform(3, 25))
        noise[rng.integers(0, samples, count)] += rng.standard_normal(count) * 0.4
        noise = signal.lfilter([0.4], [1, -0.6], noise)
        noise += (
            0.01
            * np.sin(2 * np.pi * rng.uniform(0.5, 0.6) * np.arange(samples) / rate)
            * rng.standard_normal(samples)
            * 0.3
        )
    return as_wave(noise)


def varispeed(wave: Wave, factor: float) -> Wave:
    """Play faster by a factor; the pitch goes with it (12 log2 of the factor, in semitones)."""
    return as_wave(soxr.resample(wave, factor * 48_000, 48_000, "HQ"))


def loudness(wave: Wave, decibels: float) -> Wave:
    """Set the root mean square of the louder half, then round off what passes full scale."""
    block = wave[: len(wave) // 800 * 800].reshape(-1, 800)
    power = np.sort(np.mean(block**2, axis=1))[len(block) // 2 :].mean() + 1e-12
    out = wave * (10 ** (decibels / 20) / np.sqrt(power))
    over = np.abs(out) > 0.7
    out[over] = np.sign(out[over]) * (0.7 + 0.29 * np.tanh((np.abs(out[over]) - 0.7) / 0.29))
    return as_wave(out)
