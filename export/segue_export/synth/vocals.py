"""Vocal tracks for a clip: singing to a melody, rap on the beat grid, spoken words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import av
import numpy as np

from segue_export.synth import singing, voices
from segue_export.synth.singing import Speech, Sung
from segue_export.synth.sound import Wave
from segue_export.synth.theory import Note, hertz
from segue_export.synth.voices import RATE, Speaker

_RANGES: Final = {"female": (57, 76), "male": (45, 65)}
"""MIDI pitches between which the middle of a sung melody is put."""
MAX_SPEECH: Final = 6 * RATE
TRIES: Final = 12


class Vocal(NamedTuple):
    """A vocal track at 16 kHz and what it is."""

    wave: Wave
    manner: str
    sex: str
    source: str
    licence: str


@lru_cache(maxsize=48)
def _speech(path: Path) -> Speech | None:
    try:
        wave = voices.load(path)[:MAX_SPEECH]
    except (ValueError, av.FFmpegError):
        return None
    return singing.take_apart(wave) if len(wave) > RATE // 3 else None


def _pick(speakers: Sequence[Speaker], rng: np.random.Generator, syllables: int) -> tuple[Speech, Speaker] | None:
    for _ in range(TRIES):
        speaker = speakers[int(rng.integers(len(speakers)))]
        # The largest of four: single words have too few syllables.
        paths = [speaker.files[int(number)] for number in rng.integers(len(speaker.files), size=4)]
        speech = _speech(max(paths, key=lambda path: path.stat().st_size))
        if speech is not None and len(speech.syllables) >= syllables and speech.pitch > 0:
            return speech, speaker
    return None


def sing(
    speakers: Sequence[Speaker],
    notes: list[Note],
    beat: float,
    seconds: float,
    rng: np.random.Generator,
    scale: tuple[int, ...] | None = None,
) -> Vocal | None:
    """Sing a melody whose beats last `beat` seconds; None when no recording would do."""
    found = _pick(speakers, rng, 4)
    if found is None or not notes:
        return None
    speech, speaker = found
    sex = "female" if rng.random() < 0.5 else "male"
    formant = 1.0
    if sex == "male" and speech.female:
        formant = float(rng.uniform(0.8, 0.88))
    elif sex == "female" and not speech.female:
        formant = float(rng.uniform(1.14, 1.22))
    low, high = _RANGES[sex]
    middle = float(np.median([note.pitch for note in notes]))
    octave = 12 * round(((low + high) / 2 + float(rng.normal(0, 2)) - middle) / 12)
    sung = [Sung(n.beat * beat, n.length * beat, hertz(n.pitch + octave)) for n in _legato(notes)]
    vibrato = float(rng.uniform(0.05, 0.5))
    wave = singing.perform(speech, sung, seconds, rng, vibrato=vibrato, formant=formant)
    if rng.random() < 0.35:
        second = _second(notes, octave, beat, rng, scale)
        wave = wave + np.float32(rng.uniform(0.3, 0.6)) * singing.perform(
            speech, second, seconds, rng, vibrato=vibrato, formant=formant * 1.03
        )
    return Vocal(wave, "sung", sex, speaker.source, speaker.licence)


def _legato(notes: list[Note]) -> list[Note]:
    """Notes that go on to the next one, unless there is time for a breath."""
    after = [*(note.beat for note in notes[1:]), notes[-1].beat + notes[-1].length]
    gaps = (start - note.beat for note, start in zip(notes, after, strict=True))
    return [
        note._replace(length=gap if gap < note.length + 0.6 else note.length)
        for note, gap in zip(notes, gaps, strict=True)
    ]


def _second(
    notes: list[Note], octave: int, beat: float, rng: np.random.Generator, scale: tuple[int, ...] | None
) -> list[Sung]:
    """The second voice: the same notes a little off (doubled), or a third of the scale higher (harmony)."""
    if scale is None or rng.random() < 0.5:
        return [
            Sung(
                n.beat * beat + max(float(rng.normal(0, 0.015)), -0.02),
                n.length * beat,
                hertz(n.pitch + octave + float(rng.normal(0, 0.12))),
            )
            for n in notes
        ]
    sung = []
    for note in notes:
        above = [step for step in range(1, 8) if (note.pitch + step) % 12 in scale]
        sung.append(Sung(note.beat * beat, note.length * beat, hertz(note.pitch + octave + above[1])))
    return sung


def rap(speakers: Sequence[Speaker], beat: float, bars: int, seconds: float, rng: np.random.Generator) -> Vocal | None:
    """Speech with its syllables on the sixteenths of a bar of four, rhymes of rhythm every two bars; None when no recording would do."""
    found = _pick(speakers, rng, 5)
    if found is None:
        return None
    speech, speaker = found
    sex = "male" if rng.random() < 0.75 else "female"
    formant = 1.0
    if sex == "male" and speech.female:
        formant = float(rng.uniform(0.8, 0.86))
    elif sex == "female" and not speech.female:
        formant = 1.18
    target = float(rng.uniform(105, 160) if sex == "male" else rng.uniform(190, 240))
    patterns = [_flow(rng) for _ in range(2)]
    syllables = [
        Sung((bar * 4 + step / 4) * beat, length / 4 * beat * 0.95, 0.0)
        for bar in range(bars)
        for step, length in patterns[bar // 2 % 2][bar % 2]
    ]
    wave = singing.perform(speech, syllables, seconds, rng, formant=formant, transpose=target / speech.pitch)
    return Vocal(wave, "rapped", sex, speaker.source, speaker.licence)


def _flow(rng: np.random.Generator) -> list[list[tuple[int, int]]]:
    """Two bars of (sixteenth, length in sixteenths)."""
    bars = []
    for _ in range(2):
        steps = [s for s in range(16) if rng.random() < (0.95 if s % 4 == 0 else 0.8 if s % 2 == 0 else 0.4)]
        steps = [s for s in steps if s < 14 or rng.random() < 0.3]
        bars.append(
            [(s, max(min((steps[i + 1] if i + 1 < len(steps) else 16) - s, 3), 1)) for i, s in enumerate(steps)]
        )
    return bars


def speak(speakers: Sequence[Speaker], beat: float, seconds: float, rng: np.random.Generator) -> Vocal | None:
    """Spoken words, each beginning on a bar; None when no recording would do."""
    speaker = speakers[int(rng.integers(len(speakers)))]
    wave = np.zeros(int(seconds * RATE), np.float32)
    pitches: list[float] = []
    at = 0.0
    for _ in range(40):
        path = speaker.files[int(rng.integers(len(speaker.files)))]
        try:
            words = voices.load(path)[: RATE * 8]
        except (ValueError, av.FFmpegError):
            continue
        start = int(at * RATE)
        if start + RATE > len(wave):
            break
        piece = words[: len(wave) - start]
        wave[start : start + len(piece)] += piece
        if len(pitches) < 2 and (speech := _speech(path)) is not None:
            pitches.append(speech.pitch)
        at += np.ceil(len(words) / RATE / beat / 2) * beat * 2 + (beat * 4 * int(rng.integers(0, 2)))
    if not wave.any():
        return None
    sex = "female" if not pitches or float(np.median(pitches)) >= 165 else "male"
    return Vocal(wave, "spoken", sex, speaker.source, speaker.licence)
