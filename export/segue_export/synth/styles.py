"""The styles of the synthesiser: tempo, tags, grooves, harmony, melody instruments and voices of each.

Tags are those of the Last.fm top 50 where one holds, plus the style's own name and its relatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NYLON, STEEL, CLEAN, MUTED, OVERDRIVE, DISTORTED = 24, 25, 27, 28, 29, 30
PIANO, BRIGHT, EPIANO, EPIANO2, HARPSI, VIBES, ORGAN, ROCK_ORGAN, CHURCH, ACCORDION, HARMONICA = (
    0,
    1,
    4,
    5,
    6,
    11,
    16,
    18,
    19,
    21,
    22,
)
VIOLIN, CELLO, STRINGS, HARP, TRUMPET, TROMBONE, MUTED_TRUMPET, HORN, BRASS = 40, 42, 48, 46, 56, 57, 59, 60, 61
SOPRANO, ALTO, TENOR, BARITONE, OBOE, CLARINET, PICCOLO, FLUTE, PAN_FLUTE, WHISTLE = (
    64,
    65,
    66,
    67,
    68,
    71,
    72,
    73,
    75,
    78,
)
SQUARE, SAW, CHARANG, POLYSYNTH, BANJO, FIDDLE, MARIMBA, MUSIC_BOX, OCARINA = 80, 81, 84, 90, 105, 110, 12, 10, 79

INSTRUMENTS: Final = {
    NYLON: "acoustic guitar", STEEL: "acoustic guitar", CLEAN: "electric guitar", MUTED: "electric guitar",
    OVERDRIVE: "electric guitar", DISTORTED: "electric guitar", PIANO: "piano", BRIGHT: "piano", EPIANO: "electric piano",
    EPIANO2: "electric piano", HARPSI: "harpsichord", VIBES: "vibraphone", ORGAN: "organ", ROCK_ORGAN: "organ",
    CHURCH: "organ", ACCORDION: "accordion", HARMONICA: "harmonica", VIOLIN: "violin", CELLO: "cello", STRINGS: "strings",
    HARP: "harp", TRUMPET: "trumpet", TROMBONE: "trombone", MUTED_TRUMPET: "trumpet", HORN: "horn", BRASS: "brass",
    SOPRANO: "saxophone", ALTO: "saxophone", TENOR: "saxophone", BARITONE: "saxophone", OBOE: "oboe", CLARINET: "clarinet",
    PICCOLO: "flute", FLUTE: "flute", PAN_FLUTE: "flute", WHISTLE: "flute", SQUARE: "synthesizer", SAW: "synthesizer",
    CHARANG: "synthesizer", POLYSYNTH: "synthesizer", BANJO: "banjo", FIDDLE: "violin", MARIMBA: "marimba",
    MUSIC_BOX: "music box", OCARINA: "flute",
}  # fmt: skip
"""Names of the General MIDI programs that may carry a melody."""


@dataclass(frozen=True)
class Style:
    """What is chosen from, when a clip of this style is made."""

    name: str
    tags: tuple[str, ...]
    tempo: tuple[float, float]
    """In beats per minute, of the beat a listener taps."""
    harmony: tuple[str, ...]
    """Families of progressions (`segue_export.synth.progressions`)."""
    grooves: tuple[str, ...] = ()
    """Files of the MMA library; none for the styles of the step synthesiser and the band."""
    leads: tuple[int, ...] = (PIANO,)
    """General MIDI programs of the melody."""
    minor: float = 0.4
    """Share of clips in a minor key."""
    swing: float = 0.5
    """Where the second eighth of a beat falls; 2/3 is a triplet."""
    sung: float = 0.45
    rapped: float = 0.0
    spoken: float = 0.02
    engine: str = "mma"
    """``mma``, ``steps`` or ``band``."""
    old: float = 0.0
    """Share of clips that sound like an old recording."""
    hot: float = 0.5
    """Share of clips that are compressed and limited as modern records are."""
    energy: float | None = None
    """Where the style leaves no doubt: 0.95 for metal, 0.05 for ambient."""
    dance: float | None = None
    weight: float = 1.0
    """How often it is chosen."""


def _std(names: str) -> tuple[str, ...]:
    return tuple(f"stdlib/{name}" for name in names.split())


def _lib(names: str) -> tuple[str, ...]:
    return tuple(names.split())


JAZZ_LEADS: Final = (ALTO, TENOR, TENOR, TRUMPET, MUTED_TRUMPET, CLARINET, PIANO, PIANO, VIBES, CLEAN, TROMBONE, FLUTE)
ROCK_LEADS: Final = (OVERDRIVE, OVERDRIVE, DISTORTED, DISTORTED, CLEAN, ROCK_ORGAN)

ACCOMPANIED: Final = (
    Style("swing", ("jazz", "swing"), (100, 220), ("jazz",),
        _std("swing easyswing fastswing jazzcombo jazzguitar mellowjazz modernjazz bebop evansish folkyjazz descendingjazz gypsyjazz")
        + _lib("casio/jazzcombo casio/swing yamaha/jazzGrtrio yamaha/jazzbouncy yamaha/jazzswing yamaha/jazztrio zoom/jazz zoom/jazz04"),
        JAZZ_LEADS, 0.35, 0.64, 0.25, old=0.3, hot=0.1, weight=2.5),
    Style("slow jazz", ("jazz", "chillout", "Mellow", "easy listening"), (55, 88), ("jazz",),
        _std("nitejazz slowjazz jazzguitar mellowjazz evansish") + _lib("casio/slowswing yamaha/jazztrio yamaha/jazzGrtrio"), JAZZ_LEADS, 0.4, 0.63, 0.35,
        old=0.2, hot=0.1),
    Style("big band", ("jazz", "swing", "big band", "oldies"), (110, 210), ("jazz",),
        _std("bigband") + _lib("casio/fastbigband casio/middlebigband casio/slowbigband yamaha/jazzbasie"), (TRUMPET, BRASS, TENOR, CLARINET, TROMBONE), 0.25, 0.65, 0.3,
        old=0.5, hot=0.1, dance=0.6),
    Style("jazz waltz", ("jazz",), (100, 190), ("jazz",), _std("jazzwaltz fastjazzwaltz modernjazzwaltz") + _lib("casio/jazzwaltz yamaha/jazzwaltz"),
        JAZZ_LEADS, 0.4, 0.64, 0.2, old=0.2, hot=0.1, weight=0.6),
    Style("dixieland", ("jazz", "oldies", "dixieland"), (130, 230), ("jazz", "march"), _std("dixie charleston ragtime foxtrot quickstep softshoe dixiemarch") + _lib("casio/foxtrot casio/quickstep"),
        (CLARINET, TRUMPET, TROMBONE, PIANO, BANJO), 0.15, 0.62, 0.25, old=0.7, hot=0.0),
    Style("fusion", ("jazz", "funk", "instrumental", "fusion"), (85, 150), ("soul", "jazz"), _std("jazzrock lfusion") + _lib("casio/fusion zoom/fusion zoom/fus16"),
        (CLEAN, OVERDRIVE, SOPRANO, EPIANO, SAW), 0.6, 0.5, 0.1),
    Style("bossa nova", ("jazz", "bossa nova", "latin", "easy listening", "Mellow"), (100, 160), ("bossa",),
        _std("bossanova jazzrhumba") + _lib("kara/kbossa yamaha/jazzbossa zoom/bossa"), (NYLON, FLUTE, TENOR, PIANO, VIBES, NYLON), 0.4, sung=0.45, hot=0.1, weight=1.3),
    Style("latin", ("latin", "world"), (90, 220), ("latin", "andalusian"),
        _std("samba mambo salsa son chacha merengue rhumba beguine bolero slowbolero afro-cuban cubanguitar calypso")
        + _lib("casio/latinfusion yamaha/mambo yamaha/salsa1 yamaha/salsa2 zoom/latin zoom/samba"),
        (TRUMPET, BRASS, FLUTE, NYLON, PIANO, TROMBONE, MARIMBA), 0.5, hot=0.3, dance=0.75, weight=1.5),
    Style("tango", ("tango", "latin", "world"), (105, 135), ("latin", "classical"), _std("tango lighttango"), (ACCORDION, VIOLIN, PIANO), 0.85, sung=0.25, old=0.4, hot=0.1, weight=0.6),
    Style("blues", ("blues", "guitar"), (65, 150), ("blues",), _std("blues blues128 blues68 fastblues countryblues shuffleboggie boggiewoggie") + _lib("casio/blues casio/shuffleboogie zoom/blues zoom/blues68"),
        (HARMONICA, CLEAN, OVERDRIVE, OVERDRIVE, STEEL, PIANO, TENOR), 0.25, 0.65, 0.55, old=0.3, hot=0.2, weight=2.0),
    Style("slow blues", ("blues", "guitar", "sad"), (48, 72), ("blues",), _std("slowblues blues128 blues") + _lib("zoom/blues casio/blues"),
        (OVERDRIVE, CLEAN, HARMONICA, OVERDRIVE, PIANO), 0.4, 0.66, 0.55, old=0.3, hot=0.2),
    Style("country", ("country", "guitar"), (80, 190), ("country",), _std("countryswing slowcountry westernswing") + _lib("kara/kwestballad yamaha/jazzcountry yamaha/western zoom/cntry zoom/country kara/2beatp"),
        (FIDDLE, STEEL, CLEAN, HARMONICA, BANJO, STEEL), 0.12, 0.5, 0.65, hot=0.4, weight=2.0),
    Style("bluegrass", ("country", "folk", "bluegrass", "acoustic"), (100, 150), ("country", "folk"), _std("bluegrass hillcountry zydeco"), (BANJO, FIDDLE, BANJO, STEEL), 0.1, sung=0.4, old=0.3, hot=0.05),
    Style("folk", ("folk", "acoustic", "guitar"), (75, 140), ("folk",), _std("folk folkballad bluefolk guitarballad"), (STEEL, NYLON, FLUTE, FIDDLE, WHISTLE, HARMONICA), 0.35, sung=0.65, hot=0.05, weight=1.5),
    Style("ska", ("ska", "reggae"), (115, 170), ("reggae", "pop"), _std("ska") + _lib("zoom/ska"), (TROMBONE, TRUMPET, TENOR, ORGAN), 0.3, sung=0.5, weight=0.6),
    Style("disco", ("dance", "disco", "70s", "funk", "party"), (108, 130), ("soul", "pop"), _std("boneym") + _lib("casio/discosoul casio/8beatdance casio/dancepop1 casio/dancepop2 casio/dancepop3 zoom/dance"),
        (STRINGS, BRASS, TRUMPET, SAW, EPIANO), 0.6, sung=0.6, dance=0.9, energy=0.8),
    Style("rock", ("rock", "guitar"), (95, 165), ("rock",), _std("basicrock rock-128 bubblerock") + _lib("casio/rock1 casio/rock2 casio/shufflerock casio/poprock1 casio/poprock2 casio/digitalrock pflib/rock1 pflib/highfive pflib/8beat1 pflib/8beat2 zoom/rock zoom/hrk"),
        ROCK_LEADS, 0.4, sung=0.6, hot=0.8, weight=2.5),
    Style("oldies rock", ("rock", "oldies", "60s", "classic rock", "rock n roll"), (110, 180), ("rock", "pop", "blues"), _std("50srock 60srock twist jive folkrock") + _lib("casio/60srock casio/60spop casio/twist kara/K50s_rock kara/fasttwist kara/twi"),
        (CLEAN, TENOR, PIANO, ROCK_ORGAN, HARMONICA), 0.15, sung=0.6, old=0.35, hot=0.3, weight=1.2),
    Style("soft rock", ("rock", "pop", "80s", "classic rock"), (70, 120), ("pop", "rock"), _std("softrock rockballad folkrock") + _lib("casio/slowrock pflib/slowrock casio/80spop pflib/16beat1 pflib/16beat2"),
        (CLEAN, OVERDRIVE, PIANO, SOPRANO, STRINGS), 0.35, sung=0.65),
    Style("pop", ("pop", "catchy"), (85, 135), ("pop",), _std("8beat") + _lib("casio/8beatpop1 casio/8beatpop2 casio/8beatpop3 casio/16beat1 casio/16beat2 casio/16beat3 casio/pop casio/80spop casio/electricpop casio/worldpop casio/popshuffle1 casio/popshuffle2 zoom/pop zoom/beat8 zoom/beat16"),
        (SAW, SQUARE, PIANO, STRINGS, CLEAN, FLUTE, EPIANO), 0.35, sung=0.75, hot=0.8, weight=2.5),
    Style("ballad", ("pop", "Mellow", "ballad", "beautiful", "sad"), (52, 84), ("pop", "classical"),
        _std("pianoballad popballad ballad ballad128 rb-ballad stringballad guitarballad") + _lib("casio/16beatballad1 casio/16beatballad2 casio/16beatballad3 casio/8beatballad1 casio/8beatballad2 casio/8beatballad3 casio/popballad casio/oldieballad zoom/bald"),
        (PIANO, STRINGS, FLUTE, SOPRANO, EPIANO, NYLON, OBOE), 0.4, sung=0.65, hot=0.3, weight=1.8),
    Style("soul", ("soul", "rnb", "70s"), (68, 120), ("soul",), _std("dsoul rb") + _lib("casio/soul casio/soulpop casio/60ssoul casio/mellowrb casio/modernrb casio/r+b kara/8beatmotown zoom/rnb"),
        (EPIANO, ORGAN, TENOR, BRASS, CLEAN), 0.45, sung=0.75, old=0.15, weight=2.2),
    Style("funk", ("funk", "soul", "70s", "dance"), (92, 122), ("funk",), _std("bvfunk strut") + _lib("casio/funk1 casio/funk2 kara/Kfunk1 zoom/funk"),
        (BRASS, CLEAN, ORGAN, TENOR, EPIANO), 0.6, sung=0.45, dance=0.85, energy=0.75, weight=1.3),
    Style("gospel", ("gospel", "soul"), (60, 120), ("gospel",), _std("spiritual slowspiritual popspiritual hymn"), (ORGAN, PIANO, CHURCH), 0.1, 0.6, 0.75, old=0.2, hot=0.1),
    Style("waltz", ("classical", "instrumental", "waltz"), (140, 190), ("classical", "march"), _std("waltz vienesewaltz fastwaltz frenchwaltz arpeggiowaltz"), (VIOLIN, STRINGS, CLARINET, FLUTE, ACCORDION, OBOE), 0.35, sung=0.08, old=0.4, hot=0.0),
    Style("polka", ("polka", "folk"), (105, 135), ("march",), _std("polka") + _lib("casio/polka casio/polkafox casio/poppolka"), (ACCORDION, CLARINET, TRUMPET), 0.1, sung=0.25, old=0.3, hot=0.1, weight=0.7, dance=0.75),
    Style("march", ("march", "instrumental"), (105, 125), ("march",), _std("march bwmarch dixiemarch") + _lib("casio/march1"), (TRUMPET, PICCOLO, HORN, BRASS), 0.15, sung=0.05, old=0.5, hot=0.0, weight=0.6),
    Style("trip-hop", ("electronic", "chillout", "trip-hop", "downtempo"), (70, 98), ("hiphop", "ambient"), _lib("casio/triphop zoom/trip"), (EPIANO, SQUARE, STRINGS, MUTED_TRUMPET), 0.8, sung=0.5, weight=0.8),
    Style("hip-hop", ("Hip-Hop",), (78, 105), ("hiphop", "soul"), _lib("alexis/hiphop casio/hip-hop zoom/hiphop"),
        (EPIANO, SQUARE, STRINGS, CLEAN, PIANO), 0.7, 0.54, 0.2, rapped=0.3, weight=1.2),
    Style("club", ("dance", "electronic"), (120, 142), ("electronic", "pop"),
        _lib("alexis/teamtechno casio/techno casio/rave casio/trance1 casio/trance2 casio/house zoom/house zoom/techno casio/dance1 casio/dance2 stdlib/trance"),
        (SAW, SQUARE, POLYSYNTH, PIANO, STRINGS), 0.6, sung=0.3, hot=0.8, energy=0.85, dance=0.9, weight=2.0),
    Style("drum and bass band", ("drum and bass", "electronic"), (160, 178), ("electronic",), _lib("zoom/dnb"),
        (SAW, SQUARE, EPIANO, FLUTE), 0.7, sung=0.1, hot=0.8, energy=0.9, weight=0.5),
    Style("light pop", ("pop",), (75, 150), ("pop", "rock"), _lib("casio/8beat1 casio/8beat2 casio/8beat3 casio/16shuffle1 casio/16shuffle2 kara/happyshuffle zoom/shuffle"),
        (PIANO, CLEAN, STRINGS, FLUTE, TENOR, EPIANO, SAW), 0.35, sung=0.5, weight=1.5),
    Style("hard and heavy", ("metal", "rock"), (110, 180), ("rock", "metal"), _lib("casio/heavymetal pflib/metal1 pflib/metal2 zoom/mtl"),
        ROCK_LEADS, 0.7, sung=0.3, hot=0.9, energy=0.95),
    Style("fast punk", ("punk", "rock", "punk rock"), (150, 205), ("rock",), _lib("zoom/punk zoom/thr"), ROCK_LEADS, 0.3, sung=0.5, hot=0.8, energy=0.95, weight=0.6),
    Style("roots reggae", ("reggae",), (66, 96), ("reggae",), _lib("zoom/reggae"), (ORGAN, CLEAN, TROMBONE, TENOR, HARMONICA), 0.5, sung=0.55, old=0.15),
    Style("show tune", (), (90, 180), ("jazz", "pop"), _std("broadway showtune") + _lib("casio/modernjazz"),
        (TRUMPET, CLARINET, PIANO, STRINGS, VIOLIN, TROMBONE), 0.25, 0.58, 0.5, old=0.4, hot=0.1, weight=0.7),
    Style("serenade", ("Mellow",), (58, 90), ("pop", "classical"),
        _std("slowbroadway arpeggio44 lullaby") + _lib("casio/slow16beat casio/serenade casio/ambient1 casio/ambient2 zoom/ambient"),
        (PIANO, STRINGS, FLUTE, NYLON, MUSIC_BOX, OBOE, VIOLIN), 0.4, sung=0.35, hot=0.1),
    Style("song in three", (), (90, 180), ("pop", "country"),
        _std("latinwaltz rockwaltz broadwaywaltz") + _lib("casio/popwaltz zoom/bald34 zoom/blues34 zoom/rock34"),
        (PIANO, STEEL, CLEAN, STRINGS, FIDDLE, ACCORDION, HARMONICA), 0.3, sung=0.5, old=0.15, hot=0.3, weight=1.2),
    Style("afro-latin", ("latin",), (95, 125), ("latin", "soul"), _lib("zoom/afro casio/latinhouse yamaha/quando-g.s280"),
        (TRUMPET, BRASS, FLUTE, MARIMBA, PIANO, CLEAN), 0.5, dance=0.75, weight=0.6),
)  # fmt: skip
"""Styles that MMA accompanies."""

STYLES: Final = {style.name: style for style in ACCOMPANIED}
