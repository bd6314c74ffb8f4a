"""A band of General MIDI instruments that plays step patterns; the guitars go through an amplifier."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy import signal

from segue_export.synth import midi
from segue_export.synth.band_styles import BANDS, Band, Part
from segue_export.synth.composition import (
    RATE,
    Composition,
    Credit,
    Sources,
    choose_chords,
    choose_key,
    choose_tempo,
    melody_scale,
    tells_key,
)
from segue_export.synth.fluid import ToolError, font_licence, render_midi
from segue_export.synth.melody import melody
from segue_export.synth.sound import Wave, as_wave, fitted
from segue_export.synth.styles import INSTRUMENTS, Style
from segue_export.synth.theory import Chord, Note

_DRUM_CHANNEL: Final = 9
_LEAD_CHANNEL: Final = 15
_TONES: Final = {"r": 0, "3": 1, "5": 2, "7": 3, "8": 12}
_NAMES: Final = {
    26: "electric guitar",
    28: "electric guitar",
    41: "viola",
    44: "strings",
    45: "strings",
    49: "strings",
    20: "organ",
    52: "choir",
    43: "double bass",
}
_PLAIN_BASS: Final = range(32, 40)


class _Stems(NamedTuple):
    """Tracks of the MIDI file that is heard as it is, and of the one that goes through the amplifier."""

    clean: list[bytes]
    amped: list[bytes]
    names: list[str]
    roles: set[str]

    @property
    def thirds(self) -> bool:
        """Whether more than roots and fifths of the chords is played."""
        return bool(self.roles & {"chord", "arp"})


def compose(style: Style, rng: np.random.Generator, sources: Sources, seconds: float) -> Composition:
    """A clip played by the band. Raises ToolError when FluidSynth or a sound font is missing."""
    if not sources.fonts:
        raise ToolError(f"the style {style.name!r} needs a sound font: give one with --soundfonts, or --fetch them")
    band = BANDS[style.name]
    tempo, key = choose_tempo(style, rng), choose_key(style, rng)
    bars = max(round(seconds * tempo / 60 / band.beats / 4) * 4, 4)
    chords = choose_chords(style, key, bars, rng)
    stems = _play(band, chords, rng)
    lead = style.leads[int(rng.integers(len(style.leads)))]
    character = str(rng.choice(["flowing", "flowing", "busy", "long"]))
    notes = melody(
        tuple(chords),
        key,
        band.beats,
        rng,
        centre=int(rng.integers(66, 78)),
        character=character,
        scale=melody_scale(style, key),
    )
    if rng.random() < 0.7:
        heard = [note for note in notes if note.beat // (band.beats * 8) % 4 != 3]
        (stems.amped if lead in {29, 30} else stems.clean).append(
            midi.track(heard, _LEAD_CHANNEL, lead, volume=int(rng.integers(80, 112)))
        )
        stems.names.append(INSTRUMENTS.get(lead, _NAMES.get(lead, "synthesizer")))
    font = sources.fonts[int(rng.integers(len(sources.fonts)))]
    length = round(bars * band.beats * 60 / tempo * RATE)
    wave = np.zeros(length, np.float32)
    if stems.clean:
        wave = fitted(render_midi(midi.file([midi.tempo_track(tempo), *stems.clean]), font, RATE), length)
    if stems.amped:
        guitars = fitted(render_midi(midi.file([midi.tempo_track(tempo), *stems.amped]), font, RATE), length)
        wave = _mixed(wave, amplifier(guitars, RATE, rng), float(rng.uniform(0.8, 1.6)))
    names = tuple(dict.fromkeys(stems.names))
    credit = Credit(font.name, font_licence(font))
    return Composition(
        wave,
        style,
        tempo,
        key,
        band.beats,
        names,
        notes,
        60 / tempo,
        key_trusted=tells_key(style, key, chords, thirds=stems.thirds),
        credits=[credit],
    )


def amplifier(wave: Wave, rate: int, rng: np.random.Generator) -> Wave:
    """An overdriven valve stage into a loudspeaker: tight lows, a hard curve, no treble above 5 kHz."""
    tight = signal.sosfilt(signal.butter(1, 110, "highpass", fs=rate, output="sos"), wave)
    level = float(np.sqrt(np.mean(tight**2))) + 1e-9
    bent = np.tanh(tight / level * float(rng.uniform(3, 12)) + 0.15) - np.tanh(0.15)
    speaker = signal.sosfilt(
        signal.butter(2, (85, float(rng.uniform(3800, 5500))), "bandpass", fs=rate, output="sos"), bent
    )
    scoop = signal.sosfilt(signal.butter(1, (350, 900), "bandpass", fs=rate, output="sos"), speaker)
    return as_wave(speaker - float(rng.uniform(0.1, 0.55)) * scoop)


def _mixed(wave: Wave, guitars: Wave, balance: float) -> Wave:
    """The guitars against the rest, at a ratio of their levels."""
    ours, theirs = float(np.sqrt(np.mean(wave**2))), float(np.sqrt(np.mean(guitars**2)))
    return as_wave(wave + guitars * np.float32(balance * (ours or 0.1) / (theirs or 1.0)))


def _play(band: Band, chords: list[Chord], rng: np.random.Generator) -> _Stems:
    stems = _Stems([], [], [], set())
    free = [channel for channel in range(15) if channel != _DRUM_CHANNEL]
    for number, part in enumerate(band.parts):
        if rng.random() > part.chance:
            continue
        stems.roles.add(part.role)
        program = part.programs[int(rng.integers(len(part.programs)))]
        lines = [part.lines[int(rng.integers(len(part.lines)))] for _ in range(2)]
        notes = [
            note for bar, chord in enumerate(chords) for note in _bar(band, part, lines[bar // 8 % 2], bar, chord, rng)
        ]
        pan = 64 + int(rng.integers(-30, 31))
        (stems.amped if part.amp else stems.clean).append(
            midi.track(notes, free[number], program, pan=pan, volume=int(rng.integers(85, 112)))
        )
        stems.names.append(
            "bass" if program in _PLAIN_BASS else INSTRUMENTS.get(program, _NAMES.get(program, "synthesizer"))
        )
    drums = band.drums[int(rng.integers(len(band.drums)))] if band.drums else ""
    if drums:
        stems.clean.append(
            midi.track(_drums(band, drums, len(chords), rng), _DRUM_CHANNEL, int(rng.choice([0, 0, 8, 16])), volume=112)
        )
        stems.names.append("drums")
    return stems


def _beat(band: Band, bar: int, step: int) -> float:
    """Beat of a step; odd sixteenths swing."""
    late = (band.swing - 0.5) * 2 if step % 2 and band.steps == 16 else 0.0
    return bar * band.beats + (step + late) * band.beats / band.steps


def _bar(band: Band, part: Part, line: str, bar: int, chord: Chord, rng: np.random.Generator) -> list[Note]:
    """What a part plays in one bar."""
    notes: list[Note] = []
    starts = [step for step, mark in enumerate(line) if mark not in ".-"]
    for step in starts:
        end = step + 1
        while end < len(line) and line[end] == "-":
            end += 1
        at = _beat(band, bar, step)
        length = (_beat(band, bar, end) - at) * part.gate
        velocity = part.velocity + (10 if line[step] == "X" or step == 0 else 0)
        pitches = _pitches(part, line[step], chord)
        notes += [Note(at, length, pitch, _velocity(velocity, rng)) for pitch in pitches]
    return notes


def _velocity(middle: float, rng: np.random.Generator) -> int:
    return int(np.clip(middle + rng.normal(0, 5), 20, 127))


def _pitches(part: Part, mark: str, chord: Chord) -> list[int]:
    root = part.low + (chord.root - part.low) % 12
    classes = [root + (pitch - chord.root) % 12 for pitch in chord.pitch_classes]
    if part.role == "power":
        return [root, root + 7, root + 12]
    if part.role == "bass":
        tone = _TONES.get(mark, 0)
        return [root + 12 if tone == 12 else classes[min(tone, len(classes) - 1)]]
    ladder = sorted(part.low + (pitch - part.low) % 12 for pitch in classes)
    if part.role == "arp":
        index = int(mark)
        return [ladder[index % len(ladder)] + 12 * (index // len(ladder))]
    return ladder


def _drums(band: Band, text: str, bars: int, rng: np.random.Generator) -> list[Note]:
    """Drum notes of all bars; a crash where a part begins, now and then a fill of toms where one ends."""
    notes: list[Note] = []
    for bar in range(bars):
        fill = bar % 8 == 7 and rng.random() < 0.5
        last = band.steps - band.steps // 4
        for line in text.split():
            drum, _, steps = line.partition(":")
            for step, mark in enumerate(steps):
                if mark != "." and not (fill and step >= last):
                    velocity = int(np.clip((105 if step % 4 == 0 else 88) + rng.normal(0, 6), 20, 127))
                    notes.append(Note(_beat(band, bar, step), 0.1, int(drum), velocity))
        if fill:
            notes += [
                Note(_beat(band, bar, step), 0.1, int(rng.choice([38, 45, 47, 50])), 100)
                for step in range(last, band.steps)
                if rng.random() < 0.8
            ]
        if bar % 8 == 0 and "38:" in text:
            notes.append(Note(_beat(band, bar, 0), 0.5, 49, 100))
    return notes
