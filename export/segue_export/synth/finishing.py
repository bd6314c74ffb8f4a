"""The chain from a mix to the file that a listener has, drawn by chance for each clip; the labels follow."""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr

from segue.frontend.constants import SAMPLE_RATE
from segue_export.decode import Samples
from segue_export.synth import mastering, sound
from segue_export.synth.composition import RATE, Composition

VARISPEED_SHARE: Final = 0.25
CODEC_SHARE: Final = 0.12
_KEY_HOLDS_CENTS: Final = 35.0
"""A tuning further than this from a semitone leaves the key in doubt, and the clip without a key label."""


def master(made: Composition, rng: np.random.Generator) -> None:
    """Varispeed, room, equaliser, then an old record or a modern limiter, gain, noise."""
    style = made.style
    if rng.random() < VARISPEED_SHARE:
        whole = bool(rng.random() < 0.5)
        varispeed(made, float(rng.integers(-2, 3)) if whole else float(rng.uniform(-1.0, 1.0)))
    wave = made.wave
    if rng.random() < 0.3:
        wave = mastering.reverberate(wave, RATE, float(rng.uniform(0.3, 2.5)), float(rng.uniform(0.05, 0.3)), rng)
    wave = mastering.equalise(wave, RATE, rng)
    old, hot = bool(rng.random() < style.old), bool(rng.random() < style.hot)
    if old:
        wave = mastering.band(wave, RATE, float(rng.uniform(80, 220)), float(rng.uniform(3800, 7000)))
        wave = mastering.saturate(wave, float(rng.uniform(1.0, 2.5)))
    elif hot:
        wave = mastering.compress(wave, RATE, float(rng.uniform(0.4, 1.0)))
        wave = mastering.saturate(wave, float(rng.uniform(1.0, 3.0)))
    wave = mastering.loudness(wave, float(rng.uniform(-13, -8) if hot and not old else rng.uniform(-22, -12)))
    if old or rng.random() < 0.12:
        level = float(rng.uniform(0.1, 1.0)) * (0.8 if old else 0.3)
        wave = wave + np.float32(level) * mastering.hiss(len(wave), RATE, rng, crackle=bool(rng.random() < 0.5))
    made.wave = np.clip(wave, -1, 1).astype(np.float32)


def varispeed(made: Composition, semitones: float) -> None:
    """Play faster or slower: tempo, key and tuning move together."""
    factor = 2.0 ** (semitones / 12)
    made.wave = mastering.varispeed(made.wave, factor)
    made.tempo = made.tempo * factor if made.tempo else None
    made.beat, made.first = made.beat / factor, round(made.first / factor)
    nearest = round(semitones)
    made.cents = 100 * (semitones - nearest)
    if made.key is not None:
        made.key = made.key.moved(nearest) if abs(made.cents) <= _KEY_HOLDS_CENTS else None


def samples(made: Composition, rng: np.random.Generator) -> Samples:
    """16 kHz int16, shape (samples,); a share of the clips has been through a lossy codec."""
    wave = soxr.resample(made.wave, RATE, SAMPLE_RATE, "HQ").astype(np.float32)
    if rng.random() < CODEC_SHARE:
        container, codec, bit_rate = mastering.CODECS[int(rng.integers(len(mastering.CODECS)))]
        wave = sound.round_trip(wave, SAMPLE_RATE, container, codec, bit_rate)
    return np.asarray(np.clip(wave, -1, 1) * 32767, dtype=np.int16)
