"""What makes a house track a house track: patterns on a grid of sixteenths, sounds and levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_NONE = "." * 16


@dataclass(frozen=True, slots=True)
class Style:
    """Patterns of one bar (16 steps; a digit is how loud, 1 to 9), the sounds that play them, their levels."""

    kick: str = _NONE
    snare: str = _NONE
    clap: str = _NONE
    hat: str = _NONE
    open_hat: str = _NONE
    bass: str = _NONE
    """Notes on the tonic, whatever the chord."""
    stab: str = _NONE
    """Short chords."""
    lead: str = _NONE
    """Single notes of the chord, one after the other."""
    punch: float = 0.5
    bass_timbre: str = "saw"
    stab_timbre: str = "organ"
    pad_timbre: str = "round"
    lead_timbre: str = "bell"
    drums_level: float = 1.0
    bass_level: float = 0.5
    stab_level: float = 0.25
    pad_level: float = 0.15
    lead_level: float = 0.2
    hiss_level: float = 0.0
    echo: float = 0.0
    """Level of an echo three sixteenths later on stabs and lead."""
    pump: float = 0.0
    """How far the kick pushes everything else down, 0..1."""
    drive: float = 1.0
    """Saturation of the sum; 1 is almost none."""
    swing: float = 0.0
    """How late every second sixteenth is, in sixteenths."""
    bars_a_chord: int = 1

    @property
    def has_drums(self) -> bool:
        """Whether there is a beat at all."""
        return self.kick != _NONE


STYLES: Final[dict[str, Style]] = {
    "house": Style(
        kick="9...9...9...9...", clap="....8.......8...", hat="3.4.3.4.3.4.3.5.", open_hat="..7...7...7...7.",
        bass="..7..6.7..7..6.7", stab="...7..7....7..6.", stab_timbre="organ", pad_timbre="round",
        bass_timbre="round", stab_level=0.3, pad_level=0.1, pump=0.5, swing=0.12,
    ),
    "techno": Style(
        kick="9...9...9...9...", clap="............5...", hat="..6...6...6...6.", open_hat="..4...4...4...4.",
        bass=".666.666.666.666", stab="......6......5..", punch=1.0, bass_timbre="organ", stab_timbre="glass",
        pad_timbre="organ", pad_level=0.08, stab_level=0.2, bass_level=0.4, hiss_level=0.04, echo=0.5, pump=0.6,
        drive=1.6, bars_a_chord=2,
    ),
    "trance": Style(
        kick="9...9...9...9...", clap="....7.......7...", hat="4.4.4.4.4.4.4.4.", open_hat="..8...8...8...8.",
        bass="..8...8...8...8.", lead="8.788.788.788.78", punch=0.8, pad_timbre="glass", lead_timbre="glass",
        pad_level=0.3, lead_level=0.3, echo=0.4, pump=0.8, drive=1.4,
    ),
    "drum-and-bass": Style(
        kick="9.........9.....", snare="....9.......9...", hat="5.5.5.565.5.5.5.", bass="8..8....7.8...6.",
        lead="7.....6.........", punch=0.9, bass_timbre="bright", pad_timbre="round", lead_timbre="bell",
        bass_level=0.6, pad_level=0.16, lead_level=0.2, echo=0.4, pump=0.2, drive=1.8,
    ),
    "hip-hop": Style(
        kick="9......7..9.....", snare="....9.......9...", hat="6.5.6.5.6.5.6.55", bass="9.....6...8.....",
        stab="6.......5.......", lead="....5...6.....4.", punch=0.3, bass_timbre="sub", stab_timbre="round",
        lead_timbre="bell", pad_level=0.05, bass_level=0.7, stab_level=0.3, hiss_level=0.02, swing=0.25, drive=1.2,
    ),
    "dub": Style(
        kick="........9.......", snare="........4.......", hat="3.5.3.5.3.5.3.5.", bass="9..7..8...6.7...",
        stab="....7.......7...", punch=0.1, bass_timbre="sub", stab_timbre="organ", pad_level=0.03, bass_level=0.9,
        stab_level=0.35, hiss_level=0.02, echo=0.7, swing=0.2, bars_a_chord=2,
    ),
    "ambient": Style(
        lead="5.......4.....3.", pad_timbre="round", lead_timbre="bell", pad_level=0.4, lead_level=0.15,
        hiss_level=0.03, echo=0.6, bars_a_chord=2,
    ),
    "rock": Style(
        kick="9.....8.9.......", snare="....9.......9...", hat="7.6.7.6.7.6.7.6.", bass="8.8.8.8.8.8.8.8.",
        stab="9.7.7.9.7.7.7.7.", lead="8...7.8...7.8.7.", punch=0.4, bass_timbre="saw", stab_timbre="guitar",
        lead_timbre="guitar", pad_level=0.0, stab_level=0.5, lead_level=0.22, bass_level=0.4, drive=3.5,
    ),
}  # fmt: skip
"""The styles by name."""
