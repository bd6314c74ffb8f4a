"""Styles of the step synthesiser: what is on the sixteen steps of a bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue_export.synth.styles import Style


@dataclass(frozen=True)
class Pattern:
    """What plays on sixteen steps: ``x`` hard, ``o`` soft, ``.`` nothing. One of each tuple is chosen for a clip."""

    kick: tuple[str, ...] = ("x...x...x...x...",)
    snare: tuple[str, ...] = ("",)
    clap: tuple[str, ...] = ("....x.......x...",)
    hat: tuple[str, ...] = ("..x...x...x...x.",)
    open: tuple[str, ...] = ("",)
    perc: tuple[str, ...] = ("", "")
    bass: tuple[str, ...] = ("offbeat",)
    layers: tuple[str, ...] = ("pad",)
    """Harmonic layers; each plays in most clips."""
    pump: float = 0.6
    """Depth of the side-chain."""
    hard: float = 0.4
    real: float = 0.3
    """Share of clips whose drums are samples of real ones."""
    swing: float = 0.5
    """Where the second sixteenth of an eighth falls."""
    music: float = 1.0
    """Level of the harmonic layers; hip-hop is drums, bass and voice."""
    rolls: bool = False
    """Whether the hats roll (trap)."""


FOUR: Final = ("x...x...x...x...",)
OFF: Final = ("..x...x...x...x.", "..x...x...x..ox.", "o.x.o.x.o.x.o.x.")
SIXTEENTHS: Final = ("xoxoxoxoxoxoxoxo", "x.xox.xox.xox.xo", "oox.oox.oox.oox.")
BACKBEAT: Final = ("....x.......x...",)
BOOM_BAP: Final = (
    "x.....x...x.....",
    "x..x......x.....",
    "x......x..x.....",
    "x.x.......x..x..",
    "x.........xx....",
    "x......x.xx.....",
)
BREAKS: Final = ("x.x.......x.....", "x.x.......xx....", "x..x..x...x.....", "x.....x..x......")
BREAK_SNARES: Final = ("....x..o.o..x...", "....x..o.o..x..o", "....x....o..x...", "....x..o....x.o.")

PATTERNS: Final = {
    "house": Pattern(FOUR, hat=OFF, open=("..x...x...x...x.", ""), perc=("...x..x....x..x.", "..o..o.x..o..o..", ""), bass=("offbeat", "syncopated", "octave"), layers=("stab", "pad", "pluck")),
    "deep house": Pattern(FOUR, hat=(*OFF, *SIXTEENTHS), perc=("...x..x....x..x.", "x..x..x...x.x...", ""), bass=("syncopated", "deep"), layers=("keys", "pad", "stab"), pump=0.4, hard=0.1, swing=0.54),
    "techno": Pattern(FOUR, clap=("....x.......x...", ""), hat=(*OFF, *SIXTEENTHS), perc=("..x..x..x..x..x.", "x..x..x..x..x.x.", "...x......x....."), bass=("rumble", "root16", "acid"), music=0.75, layers=("stab", "drone", "pluck"), pump=0.7, hard=0.9, real=0.15),
    "minimal": Pattern(FOUR, clap=("....x.......x...", ""), hat=OFF, perc=("..x....x..x.....", ".x..x.....x..x.."), bass=("syncopated", "deep"), layers=("stab", "drone"), pump=0.3, hard=0.2),
    "trance": Pattern(FOUR, hat=OFF, open=("..x...x...x...x.",), bass=("offbeat", "gallop"), layers=("supersaw", "arp", "pad"), pump=0.75, real=0.1),
    "psytrance": Pattern(FOUR, clap=("....x.......x...", ""), hat=(*OFF, *SIXTEENTHS), bass=("gallop",), layers=("acid", "drone", "arp"), pump=0.4, hard=0.7, real=0.0),
    "eurodance": Pattern(FOUR, hat=OFF, open=("..x...x...x...x.",), bass=("offbeat", "octave"), layers=("supersaw", "stab", "arp"), hard=0.6, real=0.1),
    "hardcore": Pattern(FOUR, clap=("",), hat=OFF, bass=("offbeat", "root16"), layers=("supersaw", "stab"), pump=0.8, hard=1.0, real=0.0),
    "drum and bass": Pattern(("x.........x.....", "x.x.......x.....", "x..x......x....."), snare=("....x.......x...", "....x..o.o..x..o", "....x..o....x..."), clap=("",), hat=("x.x.x.x.x.x.x.x.", "xoxoxoxoxoxoxoxo"), bass=("reese", "deep", "syncopated"), music=0.8, layers=("pad", "keys", "stab"), pump=0.3, real=0.6),
    "jungle": Pattern(BREAKS, snare=BREAK_SNARES, clap=("",), hat=("x.x.x.x.x.x.x.x.",), bass=("deep", "reese"), layers=("pad", "stab"), pump=0.1, real=0.9),
    "dubstep": Pattern(("x...............", "x..........x....", "x..x............"), snare=("........x.......",), clap=("........x.......", ""), hat=("x.o.x.o.x.o.x.oo", "..x...x...x..xx."), bass=("wobble",), layers=("pad", "stab", "drone"), pump=0.5, hard=0.7),
    "breakbeat": Pattern(BREAKS, snare=BREAK_SNARES, clap=("",), hat=("x.x.x.x.x.x.x.x.", "xoxoxoxoxoxoxoxo"), bass=("syncopated", "acid", "root8"), layers=("stab", "pad", "pluck"), pump=0.3, hard=0.6, real=0.7),
    "garage": Pattern(("x.........x.....", "x.....x...x.....", "x..x......x....."), snare=BACKBEAT, hat=("..x...x...x...x.", "..xo..x...xo..xo"), perc=(".x....x..x....x.", "...x..x....x...."), bass=("syncopated", "deep"), layers=("keys", "stab", "pluck"), pump=0.3, swing=0.58),
    "electro": Pattern(("x.....x...x.....", "x..x..x...x.....", "x......x..x....."), snare=BACKBEAT, clap=("....x.......x...", ""), hat=("x.x.x.x.x.x.x.x.", "xoxoxoxoxoxoxoxo"), perc=("..x..x..x..x..x.", ""), bass=("root16", "octave", "syncopated"), layers=("arp", "pad", "pluck"), pump=0.1, hard=0.3, real=0.05),
    "synth-pop": Pattern((*FOUR, "x.......x.......", "x.....x.x......."), snare=BACKBEAT, clap=("....x.......x...", ""), hat=("x.x.x.x.x.x.x.x.", "xoxoxoxoxoxoxoxo"), bass=("root8", "octave", "root16"), layers=("pad", "arp", "lead"), pump=0.2, real=0.2),
    "nu disco": Pattern(FOUR, snare=("....x.......x...",), hat=("xoxoxoxoxoxoxoxo", "..x...x...x...x."), open=("..x...x...x...x.",), perc=("...x..x....x..x.", ""), bass=("octave", "syncopated"), layers=("stab", "strings", "keys"), real=0.7, pump=0.3),
    "downtempo": Pattern(("x.....x...x.....", "x.......x.x.....", "x..x......x....."), snare=BACKBEAT, clap=("",), hat=("x.x.x.x.x.x.x.x.", "x.xox.xox.xox.xo"), bass=("deep", "syncopated"), layers=("keys", "pad", "pluck"), pump=0.2, hard=0.1, real=0.5, swing=0.55),
    "ambient": Pattern(("",), clap=("",), hat=("",), bass=("none", "drone"), layers=("pad", "drone", "strings", "bells"), pump=0.0),
    "boom bap": Pattern(BOOM_BAP, snare=("....x.......x...", "....x..o....x...", "....x.......x..o"), clap=("",), hat=("x.x.x.x.x.x.x.x.", "x.x.x.xox.x.x.x."), bass=("deep", "syncopated"), music=0.5, layers=("keys", "strings", "stab"), pump=0.1, hard=0.3, real=0.85, swing=0.58),
    "old school rap": Pattern(("x.....x...x.....", "x..x..x...x.....", "x.......x.x....."), snare=BACKBEAT, clap=("....x.......x...", ""), hat=("xoxoxoxoxoxoxoxo", "x.x.x.x.x.x.x.x."), perc=("x..x..x.x..x..x.", ""), bass=("root8", "syncopated", "808"), music=0.45, layers=("stab", "stab"), pump=0.1, real=0.4),
    "trap": Pattern(("x.........x.....", "x......x..x.....", "x..x......x..x..", "x.....x.....x..."), snare=("........x.......",), clap=("........x.......",), hat=("x.x.x.x.x.x.x.x.",), perc=("...x......x.....", ""), bass=("808",), music=0.5, layers=("bells", "pad", "pluck", "keys"), pump=0.2, hard=0.5, real=0.1, rolls=True),
    "reggaeton": Pattern(FOUR, snare=("...x..x....x..x.",), clap=("",), hat=("x.x.x.x.x.x.x.x.", ""), perc=("...x..x....x..x.", ""), bass=("root8", "syncopated", "808"), music=0.65, layers=("pluck", "pad", "stab"), pump=0.2, real=0.3),
    "lo-fi": Pattern(BOOM_BAP, snare=BACKBEAT, clap=("",), hat=("x.x.x.x.x.x.x.x.", "x.o.x.o.x.o.x.o."), bass=("deep",), layers=("keys", "keys", "bells"), pump=0.15, hard=0.0, real=0.7, swing=0.6),
    "industrial": Pattern((*FOUR, "x..x..x.x..x..x."), snare=BACKBEAT, clap=("",), hat=SIXTEENTHS, perc=("x..x..x..x..x.x.", "..x..x..x..x..x."), bass=("root16", "reese"), layers=("drone", "stab"), pump=0.3, hard=1.0, real=0.3),
}  # fmt: skip

_HIP: Final = ("Hip-Hop", "rap")

STEP_STYLES: Final = (
    Style("house", ("House", "dance", "electronic", "party"), (120, 129), ("electronic", "soul"), minor=0.7, sung=0.4, spoken=0.05, engine="steps", hot=0.9, dance=0.95, energy=0.8, weight=1.5),
    Style("deep house", ("House", "electronic", "dance", "deep house", "chill"), (116, 124), ("soul", "electronic"), minor=0.8, sung=0.35, spoken=0.05, engine="steps", hot=0.7, dance=0.9, weight=1.2),
    Style("techno", ("techno", "electronic", "dance"), (124, 142), ("electronic",), minor=1.0, sung=0.05, spoken=0.08, engine="steps", hot=0.9, dance=0.9, energy=0.85, weight=1.5),
    Style("minimal", ("minimal", "techno", "electronic"), (120, 128), ("electronic",), minor=1.0, sung=0.05, spoken=0.1, engine="steps", hot=0.6, dance=0.85, weight=0.6),
    Style("trance", ("trance", "electronic", "dance"), (130, 142), ("electronic", "pop"), minor=0.8, sung=0.3, engine="steps", hot=0.9, dance=0.85, energy=0.9, weight=1.3),
    Style("psytrance", ("trance", "psytrance", "electronic"), (138, 148), ("electronic",), minor=1.0, sung=0.0, spoken=0.15, engine="steps", hot=0.9, dance=0.8, energy=0.95, weight=0.5),
    Style("eurodance", ("dance", "90s", "electronic", "party", "pop"), (126, 146), ("pop", "electronic"), minor=0.75, sung=0.6, rapped=0.12, engine="steps", hot=0.9, dance=0.9, energy=0.9),
    Style("hardcore", ("hardcore techno", "electronic"), (155, 185), ("electronic",), minor=0.9, sung=0.1, spoken=0.1, engine="steps", hot=1.0, energy=1.0, weight=0.5),
    Style("drum and bass", ("drum and bass", "electronic"), (168, 178), ("electronic", "soul"), minor=0.8, sung=0.3, rapped=0.1, engine="steps", hot=0.9, energy=0.85, weight=1.3),
    Style("jungle", ("drum and bass", "jungle", "electronic", "90s"), (158, 172), ("soul", "reggae"), minor=0.7, sung=0.15, rapped=0.15, engine="steps", hot=0.7, energy=0.85, weight=0.6),
    Style("dubstep", ("dubstep", "electronic"), (138, 142), ("electronic",), minor=1.0, sung=0.2, rapped=0.1, engine="steps", hot=0.9, energy=0.85),
    Style("breakbeat", ("breakbeat", "electronic", "electronica"), (122, 140), ("electronic", "funk"), minor=0.8, sung=0.15, rapped=0.1, engine="steps", hot=0.8, dance=0.8, energy=0.8),
    Style("garage", ("uk garage", "electronic", "dance"), (128, 136), ("soul",), minor=0.7, sung=0.5, rapped=0.1, engine="steps", hot=0.8, dance=0.9, weight=0.8),
    Style("electro", ("electro", "electronic"), (115, 132), ("electronic",), minor=0.9, sung=0.15, spoken=0.12, engine="steps", hot=0.6, dance=0.85, weight=1.2),
    Style("synth-pop", ("80s", "pop", "electronic", "synth-pop"), (100, 132), ("pop",), minor=0.6, sung=0.75, engine="steps", hot=0.5, dance=0.75, weight=1.2),
    Style("nu disco", ("disco", "dance", "funk", "electronic"), (110, 124), ("soul", "funk"), minor=0.6, sung=0.45, engine="steps", hot=0.7, dance=0.95, energy=0.75),
    Style("downtempo", ("chillout", "electronic", "electronica", "downtempo"), (76, 104), ("soul", "ambient"), minor=0.7, sung=0.3, engine="steps", hot=0.4, weight=1.2),
    Style("ambient", ("ambient", "instrumental", "chillout", "electronic"), (56, 90), ("ambient",), minor=0.6, sung=0.04, engine="steps", hot=0.1, energy=0.05, dance=0.05, weight=1.5),
    Style("boom bap", (*_HIP, "90s"), (84, 98), ("hiphop", "soul"), minor=0.85, sung=0.05, rapped=0.8, engine="steps", hot=0.7, dance=0.75, weight=2.5),
    Style("old school rap", (*_HIP, "80s", "party"), (95, 112), ("funk", "hiphop"), minor=0.8, rapped=0.85, sung=0.0, engine="steps", hot=0.5, dance=0.85, weight=1.2),
    Style("trap", (*_HIP, "trap"), (130, 152), ("hiphop",), minor=0.95, sung=0.15, rapped=0.65, engine="steps", hot=0.95, weight=1.8),
    Style("reggaeton", ("reggaeton", "latin", "dance", "Hip-Hop"), (88, 100), ("pop", "hiphop"), minor=0.85, sung=0.4, rapped=0.4, engine="steps", hot=0.9, dance=0.9, weight=0.8),
    Style("lo-fi", ("chill", "lo-fi", "Hip-Hop", "instrumental", "Mellow"), (70, 92), ("hiphop", "jazz"), minor=0.6, sung=0.05, spoken=0.1, engine="steps", old=0.5, hot=0.3, weight=0.8),
    Style("industrial", ("industrial", "electronic", "experimental"), (100, 135), ("electronic",), minor=1.0, sung=0.1, spoken=0.2, engine="steps", hot=1.0, energy=0.9, weight=0.7),
)  # fmt: skip
