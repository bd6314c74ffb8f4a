"""A voice over a clip: sung, rapped or spoken, as its style wants, at the level of a mix."""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr

from segue_export.synth import mastering, vocals, voices, world
from segue_export.synth.composition import RATE, Composition, Credit, Sources
from segue_export.synth.sound import Wave
from segue_export.synth.vocals import Vocal

VERSE_SECONDS: Final = 14.0
"""A verse is sung once and comes again: analysis and synthesis of a voice cost more than the rest of a clip."""
_GAIN_DB: Final = {"sung": (0.0, 6.0), "rapped": (2.0, 7.0), "spoken": (-1.0, 6.0)}
"""Of the voice over the accompaniment."""
_ROOM_SHARE: Final = 0.85
_ROUGH: Final = {"metal", "punk", "hard rock"}


def add_voice(made: Composition, rng: np.random.Generator, sources: Sources) -> None:
    """Mix a voice into a composition, with the style's probabilities; without speakers or the vocoder, none."""
    style = made.style
    draw = float(rng.random())
    if not sources.speakers or draw > style.sung + style.rapped + style.spoken:
        return
    manner = "sung" if draw < style.sung else "rapped" if draw < style.sung + style.rapped else "spoken"
    if not world.available():
        manner = "spoken"
    found = _perform(made, manner, rng, sources)
    if found is None:
        return
    vocal, wave = found
    made.wave = _mixed(made, vocal, wave, rng)
    made.manner, made.sex = vocal.manner, vocal.sex
    made.credits.append(Credit(vocal.source, vocal.licence))


def add_room(made: Composition, rng: np.random.Generator) -> None:
    """A room around instruments that have none: sound fonts are recorded close and dry."""
    if made.style.engine != "steps" and rng.random() < _ROOM_SHARE:
        seconds, wet = float(rng.uniform(0.4, 1.6)), float(rng.uniform(0.06, 0.25))
        made.wave = mastering.reverberate(made.wave, RATE, seconds, wet, rng)


def _perform(made: Composition, manner: str, rng: np.random.Generator, sources: Sources) -> tuple[Vocal, Wave] | None:
    """A vocal and its track, as long as the clip."""
    seconds, beat, speakers = len(made.wave) / RATE, made.beat, sources.speakers
    bar = beat * 4
    verse = max(round(min(VERSE_SECONDS, seconds) / bar), 1) * bar
    if manner == "sung":
        notes = [note for note in made.notes if (note.beat + note.length) * beat < verse]
        vocal = vocals.sing(speakers, notes, beat, verse, rng, scale=made.key.scale if made.key else None)
    elif manner == "rapped":
        vocal = vocals.rap(speakers, beat, round(verse / bar), verse, rng)
    else:
        vocal = vocals.speak(speakers, beat, seconds, rng)
    if vocal is None:
        return None
    voice = soxr.resample(vocal.wave, voices.RATE, RATE).astype(np.float32)
    if manner == "spoken":
        return vocal, np.pad(voice, (0, max(len(made.wave) - len(voice), 0)))[: len(made.wave)]
    return vocal, _repeated(voice, verse, bar, len(made.wave), rng)


def _repeated(voice: Wave, verse: float, bar: float, samples: int, rng: np.random.Generator) -> Wave:
    """The verse again and again, now and then after a pause of four bars."""
    out = np.zeros(samples, np.float32)
    at = 4 * bar if samples > 24 * RATE and rng.random() < 0.3 else 0.0
    while (start := round(at * RATE)) < samples:
        piece = voice[: samples - start]
        out[start : start + len(piece)] += piece
        at += verse + (4 * bar if rng.random() < 0.2 else 0.0)
    return out


def _mixed(made: Composition, vocal: Vocal, voice: Wave, rng: np.random.Generator) -> Wave:
    if _ROUGH & set(made.style.tags) and vocal.manner != "spoken":
        voice = mastering.saturate(voice, float(rng.uniform(2.0, 8.0)))
    if vocal.manner == "sung" or rng.random() < 0.4:
        voice = mastering.reverberate(voice, RATE, float(rng.uniform(0.5, 2.2)), float(rng.uniform(0.08, 0.45)), rng)
    voice = mastering.compress(voice, RATE, 0.5)
    ratio = level(made.wave) / max(level(voice), 1e-6)
    return (made.wave + voice * np.float32(ratio * 10 ** (float(rng.uniform(*_GAIN_DB[vocal.manner])) / 20))).astype(
        np.float32
    )


def level(wave: Wave) -> float:
    """Root mean square of the parts that sound (within 13 dB of the loudest 1600 samples)."""
    means = (wave[: len(wave) // 1600 * 1600].reshape(-1, 1600).astype(np.float64) ** 2).mean(axis=1)
    if not len(means):
        return 0.0
    loud = means[means >= 0.05 * means.max()]
    return float(np.sqrt(loud.mean()))
