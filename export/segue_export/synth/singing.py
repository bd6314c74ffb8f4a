"""Speech → singing and rap, with the WORLD vocoder (Morise, Yokomori, Ozawa 2016; pyworld).

Each syllable of the speech is given a note: its consonant keeps its length, its vowel is held, and its pitch follows the note.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from segue_export.synth.sound import Floats, Wave, as_wave
from segue_export.synth.voices import RATE
from segue_export.synth.world import world

FRAME: Final = 0.008
"""Seconds between frames of the vocoder."""
MIN_GAP: Final = 12
"""Frames between syllables, at least."""
_FEMALE_HZ: Final = 165.0


class Sung(NamedTuple):
    """One syllable to sing: start and length in seconds, pitch in Hz (0: as it was spoken)."""

    start: float
    length: float
    hertz: float


@dataclass(frozen=True)
class Speech:
    """A recording taken apart by the vocoder."""

    f0: Floats
    envelope: Floats
    noise: Floats
    syllables: tuple[tuple[int, int, int], ...]
    """Frames of each syllable's start, vowel and end."""

    @property
    def pitch(self) -> float:
        """Median pitch in Hz, 0 when there is no voiced frame."""
        voiced = self.f0[self.f0 > 0]
        return float(np.median(voiced)) if len(voiced) else 0.0

    @property
    def female(self) -> bool:
        """Whether the voice is high: of a woman or a child."""
        return self.pitch >= _FEMALE_HZ


def take_apart(wave: Wave) -> Speech | None:
    """Analyse speech at 16 kHz; None when fewer than two syllables are found in it."""
    pyworld = world()
    samples = wave.astype(np.float64)
    rough, times = pyworld.dio(samples, RATE, f0_floor=70.0, f0_ceil=500.0, frame_period=FRAME * 1000)
    f0 = pyworld.stonemask(samples, rough, times, RATE)
    envelope = pyworld.cheaptrick(samples, f0, times, RATE)
    noise = pyworld.d4c(samples, f0, times, RATE)
    syllables = _syllables(f0, envelope)
    return Speech(f0, envelope, noise, syllables) if len(syllables) >= 2 else None


def _syllables(f0: Floats, envelope: Floats) -> tuple[tuple[int, int, int], ...]:
    """Peaks of the voiced energy, at least 100 ms apart; a syllable reaches from the valley before to the valley after."""
    energy = np.sqrt(envelope.sum(axis=1)) * (f0 > 0)
    smooth = gaussian_filter1d(energy, 3)
    level = smooth.max() * 0.15 if len(smooth) else 0
    peaks = [
        i
        for i in range(2, len(smooth) - 2)
        if smooth[i] >= smooth[i - 1] and smooth[i] > smooth[i + 1] and smooth[i] > level
    ]
    kept: list[int] = []
    for peak in peaks:
        if kept and peak - kept[-1] < MIN_GAP:
            if smooth[peak] > smooth[kept[-1]]:
                kept[-1] = peak
        else:
            kept.append(peak)
    total = np.sqrt(envelope.sum(axis=1))
    edges = [0]
    edges += [a + int(np.argmin(gaussian_filter1d(total, 2)[a:b])) for a, b in pairwise(kept)]
    edges.append(len(smooth))
    return tuple((edges[i], peak, edges[i + 1]) for i, peak in enumerate(kept))


def perform(
    speech: Speech,
    notes: list[Sung],
    seconds: float,
    rng: np.random.Generator,
    *,
    vibrato: float = 0.35,
    formant: float = 1.0,
    transpose: float = 1.0,
) -> Wave:
    """Sing notes with the syllables of the speech, one after the other and round again; float32 at 16 kHz.

    `vibrato` in semitones. `formant` above 1 makes the voice smaller. A note at 0 Hz keeps
    the course of the speech's own pitch, times `transpose` (rap).
    """
    count = int(seconds / FRAME) + 1
    f0 = np.zeros(count)
    envelope = np.full((count, speech.envelope.shape[1]), 1e-12)
    noise = np.ones((count, speech.noise.shape[1]))
    first = int(rng.integers(len(speech.syllables)))
    level = np.median(np.sqrt(speech.envelope[speech.f0 > 0].sum(axis=1)))
    for number, note in enumerate(notes):
        start, vowel, end = speech.syllables[(first + number) % len(speech.syllables)]
        frames = max(round(note.length / FRAME), 8)
        source = _stretched(start, vowel, end, frames)
        # The vowel, not the consonant, falls on the beat.
        at = round(note.start / FRAME) - min(vowel - start, 12, frames // 3)
        use = slice(max(at, 0), min(at + frames, count))
        source = source[use.start - at : use.start - at + max(use.stop - use.start, 0)]
        if not len(source):
            continue
        peak = float(np.sqrt(speech.envelope[vowel].sum()))
        envelope[use] = speech.envelope[source] * (level / max(peak, 1e-9)) ** 1.2
        noise[use] = speech.noise[source]
        voiced = speech.f0[source] > 0
        if note.hertz > 0:
            f0[use] = _contour(note.hertz, len(source), vibrato, rng) * voiced
        else:
            f0[use] = np.where(voiced, (speech.f0[source] / speech.pitch) ** 0.9 * speech.pitch * transpose, 0.0)
        fade = min(6, len(source) // 2)
        envelope[use.stop - fade : use.stop] *= np.linspace(1, 0.01, fade)[:, None] ** 2
    if formant != 1.0:
        envelope = _warped(envelope, formant)
    wave = world().synthesize(f0, np.ascontiguousarray(envelope), np.ascontiguousarray(noise), RATE, FRAME * 1000)
    return as_wave(wave)


def _stretched(start: int, vowel: int, end: int, frames: int) -> npt.NDArray[np.int64]:
    """Source frame of each frame of a note: the onset at its own pace, the vowel held, the end at its own pace."""
    onset = min(vowel - start, 24, frames // 2)
    coda = min(end - vowel, 16, frames // 4)
    head = np.arange(vowel - onset, vowel)
    tail = np.arange(end - coda, end)
    middle = frames - len(head) - len(tail)
    last = max(end - coda, vowel + 1)
    if middle <= last - vowel:
        body = np.linspace(vowel, last - 1, max(middle, 0))
    else:
        # To and fro within the vowel: one frame held sounds like a machine.
        span = max((last - vowel) // 2, 3)
        turn = np.abs((np.arange(middle) * 0.7) % (2 * span) - span)
        body = vowel + (span - turn)
        body = np.minimum(body, last - 1)
    return np.concatenate([head, np.round(body).astype(np.int64), tail])[:frames].astype(np.int64)


def _contour(hertz: float, frames: int, vibrato: float, rng: np.random.Generator) -> Floats:
    """Pitch of a sung note: a scoop from below, a slow drift, vibrato after 200 ms."""
    time = np.arange(frames) * FRAME
    scoop = -float(rng.uniform(0.0, 1.2)) * np.exp(-time / 0.04)
    depth = vibrato * np.clip((time - 0.2) / 0.3, 0, 1)
    wave = depth * np.sin(2 * np.pi * float(rng.uniform(4.8, 6.2)) * time + float(rng.uniform(0, 6.28)))
    drift = gaussian_filter1d(rng.normal(0, 0.6, frames), 20) if frames > 4 else np.zeros(frames)
    return np.asarray(hertz * 2.0 ** ((scoop + wave + drift) / 12), dtype=np.float64)


def _warped(envelope: Floats, factor: float) -> Floats:
    bins = envelope.shape[1]
    at = np.clip(np.arange(bins) / factor, 0, bins - 1)
    low = at.astype(int)
    high = np.minimum(low + 1, bins - 1)
    part = at - low
    return np.asarray(envelope[:, low] * (1 - part) + envelope[:, high] * part, dtype=np.float64)
