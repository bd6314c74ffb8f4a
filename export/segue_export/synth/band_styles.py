"""Styles of the band: step patterns for General MIDI instruments, where the groove library has little or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue_export.synth.styles import (
    ACCORDION,
    ALTO,
    BANJO,
    BRASS,
    CELLO,
    CHURCH,
    CLARINET,
    CLEAN,
    DISTORTED,
    EPIANO,
    FIDDLE,
    FLUTE,
    HARMONICA,
    HARP,
    HARPSI,
    HORN,
    MUSIC_BOX,
    NYLON,
    OBOE,
    ORGAN,
    OVERDRIVE,
    PAN_FLUTE,
    PIANO,
    STEEL,
    STRINGS,
    TROMBONE,
    TRUMPET,
    VIOLIN,
    WHISTLE,
    Style,
)  # fmt: skip

ACOUSTIC_BASS, FINGER_BASS, PICK_BASS, SYNTH_PAD, CHOIR, CONTRABASS, PIZZICATO, MUTED_GUITAR, ROCK_ORGAN = (
    32,
    33,
    34,
    89,
    52,
    43,
    45,
    28,
    18,
)


@dataclass(frozen=True)
class Part:
    """What one instrument plays: a line of steps a bar, of which one is chosen for a clip.

    In a line ``.`` is silence, ``-`` holds, anything else begins a note: for a ``bass`` r, 3, 5, 7, 8 (of the chord), for ``chord``
    and ``power`` x and X (loud), for an ``arp`` a digit that counts the notes of the chord upward.
    """

    role: str
    programs: tuple[int, ...]
    lines: tuple[str, ...]
    low: int = 48
    """MIDI pitch above which its notes lie."""
    velocity: int = 85
    gate: float = 0.9
    amp: bool = False
    """Through the guitar amplifier: distorted."""
    chance: float = 1.0


@dataclass(frozen=True)
class Band:
    """The parts of a style and its drums: lines of ``<General MIDI drum>:<steps>``, a set of which is chosen for a clip."""

    parts: tuple[Part, ...]
    drums: tuple[str, ...] = ()
    steps: int = 16
    beats: int = 4
    swing: float = 0.5
    """Where the second sixteenth of an eighth falls."""


_ROCK_DRUMS: Final = (
    "36:x.....x.x....... 38:....x.......x... 42:x.x.x.x.x.x.x.x.",
    "36:x.......x.x..... 38:....x.......x... 46:x...x...x...x...",
    "36:x..x..x.x....... 38:....x.......x... 51:x.x.x.x.x.x.x.x.",
)
_METAL_DRUMS: Final = (
    "36:xxxxxxxxxxxxxxxx 38:....x.......x... 51:x...x...x...x... 49:x...............",
    "36:x.xxx.xxx.xxx.xx 38:....x.......x... 46:x...x...x...x...",
    "36:x.x.x.x.x.x.x.x. 38:.x.x.x.x.x.x.x.x 42:x.x.x.x.x.x.x.x.",
    "36:x..x..x.x..x..x. 38:....x.......x... 49:x.......x.......",
)
_CHUGS: Final = ("xxxxxxxxxxxxxxxx", "x.xxx.xxx.xxx.xx", "x..x..x.x..x..x.", "X---xxxxX---xxxx", "xxX-xxX-xxX-X---")
_STRINGS: Final = ("X---------------", "X-------X-------", "X---x---x---x---")
_ARPS: Final = ("0.1.2.3.4.3.2.1.", "0.2.1.2.3.2.1.2.", "0.1.2.1.3.1.2.1.", "0123432101234321", "0-1-2-3-2-1-2-1-")
_BALLAD_BASS: Final = ("r-------5-------", "r---------r-5---", "r---------------")

BANDS: Final = {
    "reggae": Band(
        (Part("bass", (FINGER_BASS, 32), ("r-..r-3-5-......", "r---..r.5-3-r-..", "....r-r-5-..3-r-", "r-r-..5-..8-5-r-"), 28, 108, 0.85),
         Part("chord", (CLEAN, MUTED_GUITAR), ("....x.......x...", "..x...x...x...x.", "....xx......xx.."), 55, 84, 0.35),
         Part("chord", (ORGAN, ROCK_ORGAN), ("..x.x.x...x.x.x.", ".x.x.x.x.x.x.x.x"), 55, 62, 0.5, chance=0.8),
         Part("chord", (PIANO,), ("....x.......x...",), 60, 70, 0.4, chance=0.4)),
        ("36:........x....... 37:........x....... 42:x.x.x.x.x.x.x.x.", "36:x.......x....... 37:........x....... 42:x.xxx.xxx.xxx.xx", "36:x...x...x...x... 38:........x....... 42:x.x.x.x.x.x.x.x. 46:..............x."), swing=0.56),
    "metal": Band(
        (Part("power", (DISTORTED, OVERDRIVE), _CHUGS, 38, 112, 0.8, amp=True), Part("power", (DISTORTED,), _CHUGS, 38, 105, 0.9, amp=True, chance=0.7),
         Part("bass", (PICK_BASS,), ("rrrrrrrrrrrrrrrr", "r.rrr.rrr.rrr.rr"), 26, 110, 0.9)),
        _METAL_DRUMS),
    "heavy metal": Band(
        (Part("power", (DISTORTED, OVERDRIVE), ("x.x.x.x.x.x.x.x.", "X---x.x.X---x.x.", "x.xxx.xxx.xxx.xx"), 40, 110, 0.9, amp=True),
         Part("bass", (PICK_BASS,), ("r.r.r.r.r.r.r.r.", "r.rrr.rrr.rrr.rr"), 28, 108, 0.9), Part("chord", (STRINGS, CHOIR), ("X---------------",), 55, 60, 1.0, chance=0.2)),
        ("36:x.....x.x.x..... 38:....x.......x... 46:x...x...x...x...", "36:x.xxx.xxx.xxx.xx 38:....x.......x... 51:x.x.x.x.x.x.x.x.")),
    "hard rock": Band(
        (Part("power", (OVERDRIVE, DISTORTED), ("X-----x.X-----x.", "x.x.x.x.x.x.x.x.", "X---..x.X---x.x."), 40, 106, 0.9, amp=True),
         Part("bass", (PICK_BASS, FINGER_BASS), ("r.r.r.r.r.r.r.r.", "r-----r.r---5-r-"), 28, 104, 0.9), Part("chord", (ROCK_ORGAN,), ("X---------------",), 55, 64, 1.0, chance=0.35)),
        _ROCK_DRUMS),
    "punk": Band(
        (Part("power", (OVERDRIVE, DISTORTED), ("x.x.x.x.x.x.x.x.", "xxxxxxxxxxxxxxxx"), 42, 112, 0.95, amp=True), Part("bass", (PICK_BASS,), ("r.r.r.r.r.r.r.r.",), 28, 112, 0.95)),
        ("36:x...x...x...x... 38:..x...x...x...x. 42:x.x.x.x.x.x.x.x.", "36:x.....x.x....... 38:....x.......x... 46:x.x.x.x.x.x.x.x.")),
    "alternative rock": Band(
        (Part("power", (OVERDRIVE, DISTORTED), ("x.x.x.x.x.x.x.x.", "X-----x.x.x.x.x.", "X---------------"), 42, 100, 0.95, amp=True),
         Part("arp", (CLEAN,), _ARPS, 52, 84, 1.4, chance=0.6), Part("bass", (PICK_BASS,), ("r.r.r.r.r.r.r.r.", "r-----r.r-----5."), 28, 104, 0.9)),
        _ROCK_DRUMS),
    "indie": Band(
        (Part("chord", (CLEAN, STEEL), ("x.x.x.xxx.x.x.xx", "..x...x...x...x.", "x..x..x.x..x..x."), 52, 84, 0.8), Part("arp", (CLEAN, 26), _ARPS, 55, 78, 1.2, chance=0.7),
         Part("bass", (PICK_BASS, FINGER_BASS), ("r.r.r.r.r.r.r.r.", "r-----r.5-----r."), 28, 100, 0.9), Part("chord", (ORGAN, SYNTH_PAD), ("X---------------",), 55, 54, 1.0, chance=0.4)),
        (*_ROCK_DRUMS, "36:x...x...x...x... 38:....x.......x... 46:..x...x...x...x.")),
    "acoustic": Band(
        (Part("chord", (STEEL, NYLON), ("X--.x.xxX-x.x.xx", "X---x-x-..x-x-x-", "X---X---X---X---"), 45, 88, 1.0), Part("arp", (STEEL, NYLON), _ARPS, 48, 80, 1.6, chance=0.4),
         Part("bass", (ACOUSTIC_BASS,), _BALLAD_BASS, 28, 84, chance=0.4)),
        ("", "70:x.x.x.x.x.x.x.x.", "36:x.......x....... 54:....x.......x...")),
    "fingerstyle": Band((Part("bass", (STEEL, NYLON), ("r-------5-------", "r---5---r---5---"), 40, 88, 1.0), Part("arp", (STEEL, NYLON), _ARPS, 52, 82, 1.8)), ("",)),
    "celtic": Band(
        (Part("chord", (STEEL,), ("x..x..x..x..", "x.xx.xx.xx.x"), 48, 80), Part("chord", (ACCORDION, STRINGS), ("X-----------",), 52, 56, 1.0, chance=0.7), Part("bass", (ACOUSTIC_BASS,), ("r-----5-----",), 30, 84)),
        ("41:x..x..x..x..", "41:x.xx.xx.xx.x 54:x..x..x..x..", ""), steps=12, beats=4),
    "orchestral": Band(
        (Part("chord", (STRINGS, 49, 44), _STRINGS, 55, 76, 1.02), Part("bass", (CONTRABASS, CELLO), ("r---------------", "r-------5-------"), 30, 82, 1.0),
         Part("arp", (HARP, PIZZICATO, VIOLIN, FLUTE), _ARPS, 60, 70, 1.2, chance=0.6), Part("chord", (HORN, BRASS, CHOIR), ("X---------------",), 50, 66, 1.0, chance=0.5)),
        ("", "", "47:x...............")),
    "string quartet": Band(
        (Part("arp", (VIOLIN,), ("2-------3-------", "3---2---3---4---", "2-3-4-3-2-3-4-3-"), 62, 80, 1.0), Part("arp", (41, VIOLIN), ("1---1---2---1---", "0-1-0-1-0-1-0-1-", "1---------------"), 55, 72, 1.0),
         Part("bass", (CELLO,), ("r-------5-------", "r---5---8---5---", "r-r-r-r-r-r-r-r-"), 38, 84, 0.98)), ("",)),
    "baroque": Band(
        (Part("arp", (HARPSI,), ("0123432101234321", "0.2.1.2.3.2.1.2.", "4321012343210123"), 60, 90, 0.9), Part("bass", (CELLO, HARPSI), ("r---3---5---3---", "r-5-8-5-r-5-8-5-"), 36, 84, 0.95),
         Part("chord", (STRINGS, VIOLIN), _STRINGS, 60, 60, 1.0, chance=0.6)), ("",)),
    "piano": Band(
        (Part("bass", (PIANO,), ("r-------5-------", "r---------------", "r---8---5---8---"), 36, 74, 1.0), Part("arp", (PIANO,), ("0.2.1.2.0.2.1.2.", *_ARPS), 52, 66, 1.3)), ("",)),
    "piano waltz": Band((Part("bass", (PIANO,), ("r-----------",), 36, 80, 0.9), Part("chord", (PIANO,), ("....x---x---",), 52, 66, 0.9)), ("",), steps=12, beats=3),
    "organ": Band((Part("chord", (CHURCH, 20), ("X-------X-------", "X---x---x---x---"), 52, 84, 1.0), Part("bass", (CHURCH,), ("r-------5-------", "r---3---5---8---"), 34, 84, 1.0)), ("",)),
    "new age": Band(
        (Part("chord", (SYNTH_PAD, 88, 91, STRINGS, CHOIR), ("X---------------",), 52, 66, 1.05), Part("arp", (PIANO, HARP, MUSIC_BOX, 98), _ARPS, 60, 66, 1.8), Part("bass", (CONTRABASS, 38), ("r---------------",), 30, 66, chance=0.6)), ("",)),
    "afrobeat": Band(
        (Part("bass", (FINGER_BASS,), ("r.r...5.8.5...r.", "r..r..5.r..8..5."), 28, 106, 0.7), Part("chord", (MUTED_GUITAR, CLEAN), ("x.xx.x.xx.xx.x.x", ".xx..xx..xx..xx."), 55, 84, 0.5),
         Part("arp", (CLEAN,), ("0.2.3.2.4.3.2.3.", "0.32.0.32.0.32.1"), 60, 84, 0.6), Part("chord", (BRASS, TROMBONE), ("......x.x.......", "x..x......x....."), 55, 94, 0.6, chance=0.5)),
        ("36:x..x....x..x.... 37:..x..x....x..x.. 42:x.xxx.xxx.xxx.xx 63:x..x..x...x..x..", "36:x.....x.x.....x. 38:....x..x.x..x... 70:xxxxxxxxxxxxxxxx 56:x.x.xx.x.x.xx.x.")),
}  # fmt: skip
"""What plays, by the style's name."""

_GUITARS: Final = (OVERDRIVE, DISTORTED)

BAND_STYLES: Final = (
    Style("reggae", ("reggae", "chill"), (66, 92), ("reggae",), leads=(ORGAN, HARMONICA, TROMBONE, CLEAN, TRUMPET), minor=0.5, sung=0.6, rapped=0.05, engine="band", old=0.15, hot=0.3, dance=0.75, weight=2.0),
    Style("metal", ("metal", "heavy metal", "rock"), (100, 190), ("metal",), leads=_GUITARS, minor=1.0, sung=0.25, rapped=0.15, engine="band", hot=1.0, energy=0.97, weight=2.0),
    Style("heavy metal", ("heavy metal", "metal", "hard rock", "rock"), (100, 165), ("metal", "rock"), leads=_GUITARS, minor=0.95, sung=0.55, engine="band", hot=0.9, energy=0.93, weight=1.3),
    Style("hard rock", ("hard rock", "rock", "classic rock", "guitar"), (90, 150), ("rock", "blues"), leads=_GUITARS, minor=0.6, sung=0.6, engine="band", hot=0.8, energy=0.88, weight=1.3),
    Style("punk", ("punk", "rock", "punk rock"), (150, 215), ("rock", "pop"), leads=_GUITARS, minor=0.25, sung=0.7, engine="band", hot=0.9, energy=0.95, weight=1.3),
    Style("alternative rock", ("alternative rock", "alternative", "rock", "90s"), (85, 150), ("rock", "pop"), leads=_GUITARS, minor=0.6, sung=0.7, engine="band", hot=0.9, energy=0.8, weight=1.5),
    Style("indie", ("indie", "indie rock", "indie pop", "alternative"), (95, 160), ("pop", "rock"), leads=(CLEAN, ORGAN, STEEL, 81), minor=0.35, sung=0.75, engine="band", hot=0.6, weight=1.5),
    Style("acoustic", ("acoustic", "folk", "guitar", "singer-songwriter"), (70, 130), ("pop", "folk"), leads=(HARMONICA, STEEL, NYLON, FLUTE, CELLO), minor=0.4, sung=0.8, engine="band", old=0.05, hot=0.1, weight=1.8),
    Style("fingerstyle", ("acoustic", "guitar", "instrumental", "folk"), (60, 120), ("folk", "classical"), leads=(NYLON, STEEL, FLUTE), minor=0.5, sung=0.15, engine="band", hot=0.0, weight=0.8),
    Style("celtic", ("folk", "celtic", "world"), (95, 125), ("folk",), leads=(WHISTLE, FIDDLE, FLUTE, ACCORDION, BANJO), minor=0.5, sung=0.2, engine="band", hot=0.1, weight=0.8),
    Style("orchestral", ("classical", "instrumental", "orchestral", "soundtrack"), (60, 120), ("classical",), leads=(VIOLIN, OBOE, FLUTE, HORN, CLARINET, TRUMPET), minor=0.55, sung=0.05, engine="band", old=0.25, hot=0.0, weight=1.5),
    Style("string quartet", ("classical", "instrumental"), (70, 130), ("classical",), leads=(VIOLIN,), minor=0.5, sung=0.0, spoken=0.0, engine="band", old=0.35, hot=0.0),
    Style("baroque", ("classical", "instrumental", "baroque"), (75, 130), ("classical",), leads=(VIOLIN, OBOE, FLUTE, TRUMPET), minor=0.5, sung=0.1, spoken=0.0, engine="band", old=0.3, hot=0.0),
    Style("piano", ("classical", "instrumental", "piano"), (60, 130), ("classical", "pop"), leads=(PIANO,), minor=0.5, sung=0.0, spoken=0.0, engine="band", old=0.35, hot=0.0, weight=1.5),
    Style("piano waltz", ("classical", "instrumental", "piano", "waltz"), (110, 180), ("classical",), leads=(PIANO,), minor=0.5, sung=0.0, spoken=0.0, engine="band", old=0.4, hot=0.0, weight=0.6),
    Style("organ", ("classical", "instrumental", "organ"), (55, 100), ("classical",), leads=(CHURCH,), minor=0.4, sung=0.1, spoken=0.0, engine="band", old=0.3, hot=0.0, weight=0.4),
    Style("new age", ("ambient", "new age", "instrumental", "chillout", "beautiful"), (55, 90), ("ambient", "pop"), leads=(PAN_FLUTE, FLUTE, PIANO, OBOE, EPIANO), minor=0.5, sung=0.1, engine="band", hot=0.0, energy=0.1, dance=0.1),
    Style("afrobeat", ("world", "afrobeat", "funk"), (98, 125), ("funk", "latin"), leads=(BRASS, ALTO, TRUMPET, ORGAN), minor=0.7, sung=0.45, engine="band", old=0.1, hot=0.3, dance=0.85, weight=0.8),
)  # fmt: skip
"""Styles that the band plays."""
