"""Keys, chords and scales: what the composers of the synthesiser share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

NOTE_NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
SCALES: Final = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
}
QUALITIES: Final = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "M7": (0, 4, 7, 11),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "9": (0, 4, 7, 10, 14),
    "m9": (0, 3, 7, 10, 14),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "sus4": (0, 5, 7),
    "7sus4": (0, 5, 7, 10),
    "5": (0, 7),
}
"""Semitones of a chord above its root, by the usual suffix of its name."""


class Chord(NamedTuple):
    """A chord by its root's pitch class (C is 0) and the suffix of its name."""

    root: int
    quality: str

    @property
    def name(self) -> str:
        """As in ``C#m7``."""
        return NOTE_NAMES[self.root] + self.quality

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Its notes, the root first."""
        return tuple((self.root + step) % 12 for step in QUALITIES[self.quality])


@dataclass(frozen=True)
class Key:
    """A tonic's pitch class and ``major`` or ``minor``."""

    tonic: int
    mode: str

    @property
    def name(self) -> str:
        """As in ``A# minor``."""
        return f"{NOTE_NAMES[self.tonic]} {self.mode}"

    @property
    def scale(self) -> tuple[int, ...]:
        """Pitch classes of the scale, the tonic first."""
        return tuple((self.tonic + step) % 12 for step in SCALES[self.mode])

    def moved(self, semitones: int) -> Key:
        """The key this many semitones higher."""
        return Key((self.tonic + semitones) % 12, self.mode)


class Note(NamedTuple):
    """One note of a melody: start and length in beats, MIDI pitch, velocity 1-127."""

    beat: float
    length: float
    pitch: int
    velocity: int


def hertz(pitch: float) -> float:
    """Frequency of a MIDI pitch, A4 (69) at 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))
