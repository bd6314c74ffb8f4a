"""Accompaniment by MMA (Musical MIDI Accompaniment): its grooves, our chords and melodies."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from segue_export.synth import midi
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
from segue_export.synth.sound import fitted
from segue_export.synth.styles import INSTRUMENTS, Style
from segue_export.synth.theory import Chord

LIBRARY: Final = Path("/usr/share/mma/lib")
"""Where Debian puts MMA's grooves."""
_NO_GROOVE: Final = re.compile(r"intro|end|fill|break|count|metronome|walk$|none", re.IGNORECASE)
_DEFINED: Final = re.compile(r"^\s*DefGroove\s+(\S+)", re.MULTILINE | re.IGNORECASE)
_TIME: Final = re.compile(r"^\s*Time\s+(\d+)", re.MULTILINE | re.IGNORECASE)
_SIGNATURE: Final = re.compile(r"^\s*TimeSig\s+(\d+)[ /](\d+)", re.MULTILINE | re.IGNORECASE)
_LEAD_CHANNEL: Final = 15
_SECTION_BARS: Final = 8
_LIMIT: Final = 60.0


class GrooveFile(NamedTuple):
    """A file of the groove library."""

    name: str
    grooves: tuple[str, ...]
    quarters: int
    """Quarter notes, as MMA counts, in a bar."""
    compound: bool
    """Whether three of them make the beat that a listener taps (6/8, 12/8)."""


def available(library: Path = LIBRARY) -> bool:
    """Whether MMA is installed, and its grooves."""
    return shutil.which("mma") is not None and library.is_dir()


@cache
def groove_file(name: str, library: Path = LIBRARY) -> GrooveFile | None:
    """What a file of the library defines, or None when it is not there or defines nothing that goes on for a whole song."""
    path = library / f"{name}.mma"
    if not path.is_file():
        return None
    text = path.read_text(errors="replace")
    grooves = tuple(dict.fromkeys(found for found in _DEFINED.findall(text) if not _NO_GROOVE.search(found)))
    if not grooves:
        return None
    time, signature = _TIME.search(text), _SIGNATURE.search(text)
    return GrooveFile(name, grooves, int(time.group(1)) if time else 4, bool(signature and signature.group(2) == "8"))


def compose(style: Style, rng: np.random.Generator, sources: Sources, seconds: float) -> Composition:
    """A clip by MMA and FluidSynth. Raises ToolError when one of them, its grooves or a sound font is missing."""
    if not sources.fonts:
        raise ToolError(f"the style {style.name!r} needs a sound font: give one with --soundfonts, or --fetch them")
    library = sources.grooves or LIBRARY
    files = [found for name in style.grooves if (found := groove_file(name, library)) is not None]
    if not files:
        raise ToolError(
            f"MMA's grooves are not in {library}: `apt-get install mma`, or choose styles that do without it (--styles)"
        )
    chosen = files[int(rng.integers(len(files)))]
    tempo, key = choose_tempo(style, rng), choose_key(style, rng)
    quarters = tempo * (3 if chosen.compound else 1)
    bars = max(round(seconds * quarters / 60 / chosen.quarters / 4) * 4, 4)
    chords = choose_chords(style, key, bars, rng)
    sections = []
    for first in range(0, bars, _SECTION_BARS):
        groove = chosen.grooves[int(rng.integers(len(chosen.grooves)))]
        sections.append((f"{chosen.name}:{groove}", chords[first : first + _SECTION_BARS]))
    # MMA cuts a tempo to whole numbers.
    data = midi.with_tempo(arrange(song(sections, quarters, int(rng.integers(1 << 30)))), quarters)
    lead = style.leads[int(rng.integers(len(style.leads)))]
    character = str(rng.choice(["flowing", "flowing", "busy", "long"]))
    centre = int(rng.integers(64, 76))
    notes = melody(
        tuple(chords),
        key,
        chosen.quarters,
        rng,
        centre=centre,
        character=character,
        scale=melody_scale(style, key),
        swing=style.swing,
    )
    instruments: tuple[str, ...] = ()
    if rng.random() < 0.75:
        heard = [note for note in notes if note.beat // (chosen.quarters * _SECTION_BARS) % 4 != 3]
        volume, pan = int(rng.integers(85, 120)), int(rng.integers(50, 80))
        data = midi.with_tracks(data, [midi.track(heard, _LEAD_CHANNEL, lead, volume=volume, pan=pan)])
        instruments = (INSTRUMENTS[lead],)
    font = sources.fonts[int(rng.integers(len(sources.fonts)))]
    length = round(bars * chosen.quarters * 60 / quarters * RATE)
    wave = fitted(render_midi(data, font, RATE), length)
    thanks = [Credit(f"mma {chosen.name}", "GPL-2+"), Credit(font.name, font_licence(font))]
    # How many beats a listener counts in a bar of 6/8 is a matter of taste: no label.
    metre = None if chosen.compound else chosen.quarters
    return Composition(
        wave,
        style,
        tempo,
        key,
        metre,
        instruments,
        notes,
        60 / quarters,
        key_trusted=tells_key(style, key, chords),
        credits=thanks,
    )


def song(sections: Sequence[tuple[str, Sequence[Chord]]], quarters_per_minute: float, seed: int) -> str:
    """The text of an MMA song: sections of (file:groove, a chord a bar)."""
    lines = [f"RndSeed {seed}", f"Tempo {quarters_per_minute:.6f}"]
    for groove, chords in sections:
        lines.append(f"Groove {groove}")
        lines += [chord.name for chord in chords]
    return "\n".join(lines) + "\n"


def arrange(text: str) -> bytes:
    """An MMA song → a MIDI file. Raises ToolError."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "song.mma", Path(folder) / "song.mid"
        source.write_text(text)
        command = ["mma", "-w", "-f", str(target), str(source)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_LIMIT)
        except FileNotFoundError as error:
            raise ToolError(
                "mma is not installed: `apt-get install mma`, or choose styles that do without it (--styles)"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise ToolError(f"mma took longer than {_LIMIT:g} s over a song") from error
        if done.returncode or not target.exists():
            said = [line for line in done.stdout.splitlines() if line.startswith("Error")]
            raise ToolError(f"mma refused a song: {said[0] if said else done.stdout[-200:]}")
        return target.read_bytes()
