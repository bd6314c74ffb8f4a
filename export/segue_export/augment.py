"""Make many recordings out of one: what happens to a view before the teachers label it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr
from scipy import fft

from segue.frontend.constants import CRNN_SECONDS, SAMPLE_RATE
from segue_export.shards import Corpus

Wave = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
VIEW_SAMPLES = CRNN_SECONDS * SAMPLE_RATE
"""Samples of one view: one window of the tagger."""
_MAX_SPEED = 1.25
_SILENCE = 1e-3
"""A view with a lower RMS is drawn again."""


def draw_view(corpus: Corpus, weights: Weights, random: np.random.Generator) -> Wave:
    """One augmented view of the corpus, float32 (464000,), peak below 1.

    One view in four is left as it is; half of the others are a mix of two tracks, and each gets its own speed, equaliser,
    distortion, noise and gain, all drawn anew. `weights` are the probabilities of the tracks (see `package_weights`).
    """
    wave = _excerpt(corpus, weights, random)
    if random.random() < 0.25:
        return wave
    wave = _speed(wave, random)
    if random.random() < 0.5:
        other = _equalise(_speed(_excerpt(corpus, weights, random), random), random)
        wave = wave + other * np.float32(10 ** (random.uniform(-9, 6) / 20))
    if random.random() < 0.6:
        wave = _equalise(wave, random)
    if random.random() < 0.2:
        wave = _distort(wave, random)
    if random.random() < 0.25:
        wave = wave + _noise(len(wave), random) * _rms(wave)
    return _gain(wave, random)


def package_weights(corpus: Corpus) -> Weights:
    """Probability of each track: a package counts with the square root of its length, a track by its length within.

    A package of many hours is mostly more of the same, so it should not drown the small ones.
    """
    seconds = np.array([track.seconds for track in corpus.tracks])
    totals: dict[str, float] = {}
    for track in corpus.tracks:
        totals[track.package] = totals.get(track.package, 0.0) + track.seconds
    weights = seconds / np.sqrt([totals[track.package] for track in corpus.tracks])
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _excerpt(corpus: Corpus, weights: Weights, random: np.random.Generator) -> Wave:
    wave = np.zeros(0, dtype=np.float32)
    length = int(VIEW_SAMPLES * _MAX_SPEED)
    for _ in range(8):
        index = int(random.choice(len(corpus), p=weights))
        room = max(corpus.tracks[index].samples - length, 0)
        wave = corpus.audio(index, int(random.integers(room + 1)), length)
        if _rms(wave) > _SILENCE:
            break
    # A short track starts again, as it would on repeat.
    return np.resize(wave, length)[:VIEW_SAMPLES] if len(wave) >= VIEW_SAMPLES else np.resize(wave, VIEW_SAMPLES)


def _speed(wave: Wave, random: np.random.Generator) -> Wave:
    if random.random() < 0.5:
        return wave
    faster = random.uniform(0.8, _MAX_SPEED)
    stretched = soxr.resample(wave, SAMPLE_RATE * faster, SAMPLE_RATE, quality="QQ")
    return np.resize(stretched, VIEW_SAMPLES)


def _equalise(wave: Wave, random: np.random.Generator) -> Wave:
    """A smooth random curve of up to about ±9 dB over ten octaves, sometimes with the top cut off."""
    size = fft.next_fast_len(len(wave), real=True)
    hz = fft.rfftfreq(size, 1 / SAMPLE_RATE)
    octaves = np.log2(np.maximum(hz, 20.0) / 20.0)
    knots = random.normal(0.0, random.uniform(1.0, 4.5), 8)
    decibel = np.interp(octaves, np.linspace(0.0, 8.7, 8), knots)
    if random.random() < 0.2:
        decibel = decibel - 40 * np.clip(np.log2(np.maximum(hz, 1.0) / random.uniform(2500, 7000)), 0.0, 1.0)
    spectrum = fft.rfft(wave, size) * (10 ** (decibel / 20)).astype(np.float32)
    return np.asarray(fft.irfft(spectrum, size)[: len(wave)], dtype=np.float32)


def _distort(wave: Wave, random: np.random.Generator) -> Wave:
    drive = np.float32(random.uniform(1.0, 4.0) / (4 * _rms(wave) + 1e-6))
    return np.asarray(np.tanh(wave * drive) / drive, dtype=np.float32)


def _noise(length: int, random: np.random.Generator) -> Wave:
    noise = random.standard_normal(length, dtype=np.float32)
    if random.random() < 0.5:
        noise = np.cumsum(noise, dtype=np.float32)
        noise -= np.linspace(noise[0], noise[-1], length, dtype=np.float32)
    return noise / (_rms(noise) + np.float32(1e-9)) * np.float32(10 ** (random.uniform(-50, -15) / 20))


def _gain(wave: Wave, random: np.random.Generator) -> Wave:
    peak = float(np.abs(wave).max()) + 1e-9
    return wave * np.float32(10 ** (random.uniform(-15.0, 0.0) / 20) / peak)


def _rms(wave: Wave) -> np.float32:
    return np.float32(np.sqrt(np.mean(np.square(wave)))) if len(wave) else np.float32(0.0)
