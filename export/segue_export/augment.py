"""Make many recordings out of one: what happens to a view before the teachers label it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt
import soxr
from scipy import fft

from segue.frontend.constants import CRNN_SECONDS, SAMPLE_RATE
from segue.keys import PITCHES
from segue_export.datasets.labels import FASTEST_BPM
from segue_export.shards import Corpus, TrackLabels

Wave = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
VIEW_SAMPLES = CRNN_SECONDS * SAMPLE_RATE
"""Samples of one view: one window of the tagger."""
_MAX_SPEED = 1.25
_SILENCE = 1e-3
"""A view with a lower RMS is drawn again."""
_OUT_OF_TUNE = 0.3
"""Semitones from the nearest key at which a track that was sped up has none."""


@dataclass(frozen=True)
class View:
    """29 s of audio to be labelled, float32 (464000,), peak below 1, and what is known of it for certain."""

    wave: Wave
    truth: TrackLabels | None
    """Labels of the track it was cut from, as it is heard; None for a mix of two, a loop, or a track without labels."""


class Mixer:
    """Draws augmented views from several datasets, each with its share."""

    def __init__(self, sources: Sequence[tuple[Corpus, float]]) -> None:
        self._corpora = [corpus for corpus, _ in sources]
        self._weights = [package_weights(corpus) for corpus in self._corpora]
        shares = np.array([share for _, share in sources])
        self._shares = shares / shares.sum()

    @property
    def hours(self) -> float:
        """Hours of audio in all sources."""
        return sum(corpus.hours for corpus in self._corpora)

    def draw(self, random: np.random.Generator) -> View:
        """One view.

        One in four is left as it is; a third of the others are a mix of two tracks, one on top of the other or the bass of one
        below the rest of the other, and each gets its own speed, equaliser, distortion, noise and gain, all drawn anew. A
        short track starts again, as it would on repeat.
        """
        wave, labels = self._excerpt(random)
        plain = random.random() < 0.25
        wave, faster = (wave, 1.0) if plain else _speed(wave, random)
        truth = _faster(labels, faster) if labels and len(wave) >= VIEW_SAMPLES else None
        wave = _repeated(wave)
        if plain:
            return View(wave, truth)
        if random.random() < 0.35:
            other = _equalise(_repeated(_speed(self._excerpt(random)[0], random)[0]), random)
            other = other * np.float32(10 ** (random.uniform(-9, 6) / 20))
            wave, truth = crossed(wave, other, random) if random.random() < 0.4 else wave + other, None
        if random.random() < 0.6:
            wave = _equalise(wave, random)
        if random.random() < 0.2:
            wave = _distort(wave, random)
        if random.random() < 0.25:
            wave = wave + _noise(len(wave), random) * _rms(wave)
        return View(_gain(wave, random), truth)

    def _excerpt(self, random: np.random.Generator) -> tuple[Wave, TrackLabels | None]:
        """Audio of a random place, long enough for a view at the highest speed if the track is, and its labels."""
        wave, labels = np.zeros(0, dtype=np.float32), None
        length = int(VIEW_SAMPLES * _MAX_SPEED)
        for _ in range(8):
            source = int(random.choice(len(self._corpora), p=self._shares))
            corpus = self._corpora[source]
            index = int(random.choice(len(corpus), p=self._weights[source]))
            room = max(corpus.tracks[index].samples - length, 0)
            start = int(random.integers(room + 1))
            wave, labels = corpus.audio(index, start, length), _from(corpus.tracks[index].labels, start / SAMPLE_RATE)
            if _rms(wave) > _SILENCE:
                break
        return wave, labels


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


def _speed(wave: Wave, random: np.random.Generator) -> tuple[Wave, float]:
    """The wave at another speed, half of the time, and how much faster it became."""
    if random.random() < 0.5:
        return wave, 1.0
    faster = random.uniform(1 / _MAX_SPEED, _MAX_SPEED)
    return soxr.resample(wave, SAMPLE_RATE * faster, SAMPLE_RATE, quality="QQ"), faster


def _repeated(wave: Wave) -> Wave:
    return wave[:VIEW_SAMPLES] if len(wave) >= VIEW_SAMPLES else np.resize(wave, VIEW_SAMPLES)


def _faster(labels: TrackLabels, faster: float) -> TrackLabels:
    """Labels of a track played faster: the tempo moves with it, and the key by whole semitones or out of tune."""
    if faster == 1.0:
        return labels
    tempo = None if labels.tempo is None or labels.tempo * faster > FASTEST_BPM else labels.tempo * faster
    band = None if labels.tempo_range is None else tuple(bpm * faster for bpm in labels.tempo_range)
    return msgspec.structs.replace(
        labels,
        tempo=tempo,
        tempo_range=band,
        first_beat=None if labels.first_beat is None else labels.first_beat / faster,
        key=_transposed(labels.key, 12 * math.log2(faster)),
    )


def _from(labels: TrackLabels, start: float) -> TrackLabels:
    """Labels of a track from a place on, in seconds, where its first bar may be over."""
    first = None if labels.first_beat is None or labels.first_beat < start else labels.first_beat - start
    return msgspec.structs.replace(labels, first_beat=first)


def _transposed(key: str | None, semitones: float) -> str | None:
    whole = round(semitones)
    if key is None or abs(semitones - whole) > _OUT_OF_TUNE:
        return None
    tonic, mode = key.rsplit(" ", 1)
    return f"{PITCHES[(PITCHES.index(tonic) + whole) % 12]} {mode}"


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


def crossed(low: Wave, high: Wave, random: np.random.Generator) -> Wave:
    """The bass of one and the rest of the other, as a DJ's equalisers join them: a rhythm section under another's song."""
    size = fft.next_fast_len(len(low), real=True)
    octaves = np.log2(
        np.maximum(fft.rfftfreq(size, 1 / SAMPLE_RATE), 1.0) / math.exp(random.uniform(math.log(120), math.log(1500)))
    )
    share = np.clip(0.5 - octaves, 0.0, 1.0).astype(np.float32)  # an octave wide
    spectrum = fft.rfft(low, size) * share + fft.rfft(high, size) * (1 - share)
    return np.asarray(fft.irfft(spectrum, size)[: len(low)], dtype=np.float32)


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
