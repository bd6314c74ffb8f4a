"""What a composer hands on to mixing and mastering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from segue_export.synth import plain_key, progressions
from segue_export.synth.sound import Wave
from segue_export.synth.styles import Style
from segue_export.synth.theory import Chord, Key, Note
from segue_export.synth.voices import Speaker

RATE: Final = 24_000
"""Sample rate of mixing and mastering: the datasets have 16 kHz."""


@dataclass(frozen=True)
class Sources:
    """Where sounds come from; what is empty is done without."""

    fonts: tuple[Path, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    drums: Path | None = None
    grooves: Path | None = None
    """MMA's library."""


class Credit(NamedTuple):
    """A source of sounds and its licence."""

    source: str
    licence: str


@dataclass
class Composition:
    """A clip before or after mastering, at `RATE`, and what is true of it."""

    wave: Wave
    style: Style
    tempo: float | None
    """Beats per minute; None where there is no beat."""
    key: Key | None
    metre: int | None
    instruments: tuple[str, ...]
    notes: list[Note]
    """A melody that fits, for a voice."""
    beat: float
    """Seconds of a beat of the notes."""
    first: int = 0
    """Sample of the first beat."""
    cents: float = 0.0
    """How far the tuning is from A at 440 Hz."""
    key_trusted: bool = False
    """Whether the key can be heard (`tells_key`), and is not only known because it was chosen."""
    manner: str = ""
    """Of the voice: sung, rapped, spoken, or none."""
    sex: str = ""
    credits: list[Credit] = field(default_factory=list)


def choose_tempo(style: Style, rng: np.random.Generator) -> float:
    """A tempo of the style, evenly spread in its logarithm; most are whole numbers, as music made with machines is."""
    tempo = float(np.exp(rng.uniform(np.log(style.tempo[0]), np.log(style.tempo[1]))))
    return float(round(tempo)) if rng.random() < 0.6 else round(tempo, 2)


def choose_key(style: Style, rng: np.random.Generator) -> Key:
    """A key of the style, in a mode for which it has progressions."""
    mode = "minor" if rng.random() < style.minor else "major"
    if not any(progressions.has(family, mode) for family in style.harmony):
        mode = "minor" if mode == "major" else "major"
    return Key(int(rng.integers(12)), mode)


def choose_chords(style: Style, key: Key, bars: int, rng: np.random.Generator) -> list[Chord]:
    """A chord a bar: two parts of 8 to 12 bars, in the order A A B A."""
    families = [family for family in style.harmony if progressions.has(family, key.mode)]
    parts = []
    for _ in range(2):
        part = progressions.choose(families[int(rng.integers(len(families)))], key, rng)
        parts.append(part * (8 // len(part)) if len(part) < 8 else part)
    chords: list[Chord] = []
    turn = 0
    while len(chords) < bars:
        chords += parts[1 if turn % 4 == 2 else 0]
        turn += 1
    return chords[:bars]


def tells_key(style: Style, key: Key, chords: Sequence[Chord], *, thirds: bool = True) -> bool:
    """Whether the key of a clip can be heard: its chords tell it, and no blues sings minor thirds over a major key.

    `thirds` says whether more than roots and fifths of the chords is played.
    """
    if key.mode == "major" and melody_scale(style, key) == "blues":
        return False
    return plain_key.is_plain(key, chords, thirds=thirds)


def melody_scale(style: Style, key: Key) -> str:
    """The scale that a melody of the style takes."""
    if "blues" in style.harmony:
        return "blues"
    if {"rock", "metal", "hiphop"} & set(style.harmony):
        return f"{key.mode} pentatonic"
    return key.mode
