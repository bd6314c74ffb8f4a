"""Melodies that know the scale and the chords, and repeat their phrases."""

from __future__ import annotations

from typing import Final

import numpy as np

from segue_export.synth.theory import SCALES, Chord, Key, Note

_CELLS: Final = {
    # One bar of four beats, in eighths; a minus is a rest.
    "flowing": (
        (2, 2, 2, 2),
        (3, 1, 2, 2),
        (1, 1, 2, 1, 1, 2),
        (4, 2, 2),
        (2, 1, 1, 4),
        (3, 3, 2),
        (-1, 1, 2, 2, 2),
        (6, 2),
        (2, 2, 4),
    ),
    "busy": (
        (1, 1, 1, 1, 1, 1, 1, 1),
        (1, 1, 1, 1, 2, 2),
        (-1, 1, 1, 1, 1, 1, 2),
        (2, 1, 1, 1, 1, 2),
        (1, 2, 1, 1, 1, 2),
        (3, 1, 1, 1, 2),
    ),
    "long": ((8,), (4, 4), (6, 2), (3, 5), (-2, 6), (4, -4)),
}
_BREATHS: Final = ((4, -4), (3, -5), (2, 2, -4), (6, -2))


def melody(
    chords: tuple[Chord, ...],
    key: Key,
    beats_per_bar: int,
    rng: np.random.Generator,
    *,
    centre: int = 69,
    character: str = "flowing",
    scale: str | None = None,
    swing: float = 0.5,
) -> list[Note]:
    """A melody over one chord a bar: motifs of two bars come again (A A B A), strong beats take notes of the chord.

    `centre` is the MIDI pitch it moves about, `character` one of flowing, busy and long. The last bar of every four breathes.
    """
    steps = SCALES[scale or key.mode]
    ladder = [p for p in range(centre - 12, centre + 13) if (p - key.tonic) % 12 in steps]
    motifs = [_motif(beats_per_bar, character, rng) for _ in range(4)]
    order = (0, 1, 0, 2) if rng.random() < 0.6 else (0, 0, 1, 2)
    place = float(len(ladder) // 2)
    notes: list[Note] = []
    for bar, chord in enumerate(chords):
        phrase = motifs[order[(bar // 2) % 4]]
        cell = phrase[bar % 2] if bar % 4 != 3 else phrase[2]
        for start, length, move, accent in cell:
            place = min(max(place + move, 0.0), len(ladder) - 1.0)
            place += 0.15 * (len(ladder) / 2 - place)
            pitch = ladder[round(min(max(place, 0), len(ladder) - 1))]
            if accent:
                pitch = _nearest(pitch, chord.pitch_classes)
            beat = bar * beats_per_bar + _swung(start, swing)
            end = bar * beats_per_bar + _swung(start + length, swing)
            velocity = int(np.clip(88 + 14 * accent + rng.normal(0, 7), 40, 124))
            notes.append(Note(beat, (end - beat) * float(rng.uniform(0.8, 0.98)), pitch, velocity))
    return notes


def _motif(beats: int, character: str, rng: np.random.Generator) -> list[list[tuple[float, float, int, bool]]]:
    """Two bars and a bar that breathes, each of (start and length in beats, step on the ladder, accent)."""
    cells = _CELLS[character]
    chosen = [
        cells[int(rng.integers(len(cells)))],
        cells[int(rng.integers(len(cells)))],
        _BREATHS[int(rng.integers(len(_BREATHS)))],
    ]
    bars = []
    for cell in chosen:
        bar: list[tuple[float, float, int, bool]] = []
        at = 0.0
        for eighths in cell:
            length = min(abs(eighths) / 2, beats - at)
            if length <= 0:
                break
            if eighths > 0:
                move = int(rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3]))
                bar.append((at, length, move, at % 2 == 0 or length >= 2))
            at += length
        bars.append(bar)
    return bars


def _swung(beat: float, swing: float) -> float:
    whole = int(beat)
    return whole + swing if abs(beat - whole - 0.5) < 1e-6 else beat


def _nearest(pitch: int, classes: tuple[int, ...]) -> int:
    return min((pitch + d for d in range(-6, 7) if (pitch + d) % 12 in classes), key=lambda p: abs(p - pitch))
