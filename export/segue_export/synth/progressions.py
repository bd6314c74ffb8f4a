"""Chord progressions, written in degrees above the tonic, by the families of styles that use them."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from segue_export.synth.theory import QUALITIES, Chord, Key

_DEGREES: Final = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_SPELT: Final = re.compile(r"([b#]?)(VII|III|IV|VI|II|I|V)(.*)", re.IGNORECASE)

MAJOR: Final = {
    "pop": (
        "I V vi IV",
        "I vi IV V",
        "I IV V I",
        "vi IV I V",
        "I IV vi V",
        "I iii IV V",
        "I V IV I",
        "I ii IV V",
        "I IV I V",
        "I I IV V",
        "IV V iii vi IV V I I",
        "I V vi iii IV I IV V",
        "I vi ii V",
    ),
    "rock": (
        "I IV V IV",
        "I bVII IV I",
        "I I IV I",
        "I V IV IV",
        "I bVII bVI V",
        "I IV bVII IV",
        "I5 bIII5 IV5 I5",
        "I5 IV5 V5 IV5",
    ),
    "metal": ("I5 bVI5 bVII5 I5",),
    "blues": (
        "I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7",
        "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7",
        "I7 IV7 I7 V7",
        "I7 I7 IV7 IV7 I7 V7 I7 V7",
        "I7 VI7 II7 V7",
        "I I7 IV iv I V7 I I",
    ),
    "jazz": (
        "ii7 V7 IM7 IM7",
        "IM7 vi7 ii7 V7",
        "IM7 VI7 ii7 V7",
        "iii7 VI7 ii7 V7 IM7 IM7 ii7 V7",
        "IM7 IVM7 iii7 VI7 ii7 V7 I6 I6",
        "I6 #Idim7 ii7 V7",
        "IM7 iv7 bVII7 IM7 iii7 VI7 ii7 V7",
        "ii9 V9 IM7 VI7",
        "IM7 IM7 ii7 V7 iii7 VI7 ii7 V7",
        "IM7 II7 ii7 V7 IM7 VI7 ii7 bII7",
    ),
    "bossa": (
        "IM7 IM7 II7 II7 ii7 bII7 IM7 bII7",
        "IM7 vi7 ii9 V9",
        "IM7 #Idim7 ii7 V7",
        "ii7 V7 IM7 IVM7",
        "IM7 iv6 IM7 VI7 ii7 V7 IM7 IM7",
    ),
    "latin": ("I IV V IV", "I V V I", "ii7 V7 I6 I6", "I vi ii V", "I7 IV7 V7 IV7", "I IV I V"),
    "country": (
        "I I IV I V7 V7 I I",
        "I IV I V7",
        "I IV V I",
        "I V7 I IV I V7 I I",
        "I I V V IV IV I V7",
        "I vi IV V",
        "I II7 V7 I",
    ),
    "folk": ("I IV I V", "I V vi IV", "I ii V I", "I iii IV I", "IV I V I", "I V I IV I V I I", "I vi ii V"),
    "reggae": ("I IV", "I V IV IV", "I ii", "I vi IV V", "I IV V IV", "I iii IV V"),
    "soul": (
        "IM7 IVM7",
        "IM7 ii7",
        "IM7 vi7 ii7 V7",
        "I iii7 IV V",
        "IM7 iii7 IVM7 iv6",
        "I7 IV7",
        "ii7 V7 IM7 vi7",
        "IVM7 iii7 ii7 IM7",
    ),
    "funk": ("I7 I7 I7 IV7", "I9 I9 IV9 I9", "I7 bVII7", "I7 I7 ii7 V7"),
    "gospel": ("I I7 IV iv I V7 I I", "I IV I V", "I vi ii7 V7", "I I7 IV #IVdim7 I V7 I IV"),
    "classical": (
        "I V vi iii IV I IV V",
        "I IV V7 I",
        "I vi ii V7",
        "I V7 V7 I I IV V7 I",
        "I ii6 V7 I",
        "I V vi V IV I ii V",
        "vi ii V I",
    ),
    "march": ("I I V7 V7 V7 V7 I I", "I I IV I V7 V7 I I", "I V7 I V7", "I VI7 II7 V7"),
    "electronic": ("I V vi IV", "vi IV I V", "IV V vi I", "I I IV IV", "IVM7 V6 vi7 IM7", "I ii vi V"),
    "ambient": ("IM7 IVM7", "I V IVM7 IVM7", "IM7 IM7 vi7 IVM7", "I Isus4 I IV"),
    "hiphop": ("IM7 vi7 ii7 V7", "IM7 iii7 IVM7 ii7", "I vi IV V", "IVM7 iii7 vi7 IM7"),
}
"""For a major key."""
MINOR: Final = {
    "pop": (
        "i bVI bIII bVII",
        "i bVII bVI V",
        "i iv bVII bIII",
        "i iv v i",
        "i bIII bVII iv",
        "i bVI iv V",
        "i bVII bVI bVII",
        "i i bVI V",
    ),
    "rock": (
        "i bVII bVI bVII",
        "i bIII bVII iv",
        "i bVI bVII i",
        "i iv i V",
        "i5 bVII5 bVI5 bVII5",
        "i5 bIII5 iv5 i5",
        "i i bVII bVI",
    ),
    "metal": (
        "i5 i5 bVI5 bVII5",
        "i5 bII5 i5 bVII5",
        "i5 i5 i5 bII5",
        "i5 bVI5 bVII5 i5",
        "i5 bIII5 bVI5 bVII5",
        "i5 iv5 bVI5 V5",
        "i5 bV5 iv5 bII5",
    ),
    "blues": ("i7 i7 i7 i7 iv7 iv7 i7 i7 bVI7 V7 i7 V7", "i7 iv7 i7 i7 iv7 iv7 i7 i7 V7 iv7 i7 V7", "i7 iv7 i7 V7"),
    "jazz": (
        "i7 iim7b5 V7 i7",
        "i6 i6 iim7b5 V7",
        "i7 iv7 bVII7 bIIIM7 bVIM7 iim7b5 V7 i6",
        "iim7b5 V7 i7 i7",
        "i7 bVIM7 iim7b5 V7",
        "i9 i9 iv9 iv9",
    ),
    "bossa": ("i7 iim7b5 V7 i7", "i7 iv7 bVII7 bIIIM7 iim7b5 V7 i7 i7", "i9 iv9 i9 V7"),
    "latin": ("i bVII bVI V", "i iv V7 i", "i7 iv7 V7 V7", "i V7 V7 i", "i iv i V7"),
    "country": ("i bVII i V7", "i iv i V7", "i bVI bVII i"),
    "folk": ("i bVII bVI V", "i bVII i bVII", "i bIII bVII i", "i iv V i", "i v i v", "i bVI bIII bVII"),
    "reggae": ("i iv", "i bVII", "i v", "i bVI iv v", "i bVII bVI bVII", "i i iv v"),
    "soul": ("i7 iv7", "i7 bVII bVIM7 v7", "i9 iv9", "i7 bIIIM7 iv7 v7", "i7 bVIM7 iv7 V7", "i7 v7"),
    "funk": ("i7 i7 i7 IV7", "i9 i9 iv9 i9", "i7 IV7", "i7 bVII7 i7 V7"),
    "gospel": ("i iv i V7", "i bVI iv V7"),
    "classical": (
        "i iv V7 i",
        "i bVI iv V",
        "i V i V i iv V i",
        "i bVII bIII bVI iv i V7 i",
        "i v bVI bIII iv i iv V",
        "i iv bVII bIII bVI iidim V i",
    ),
    "march": ("i i V7 V7 V7 V7 i i", "i iv V7 i"),
    "electronic": (
        "i bVI bIII bVII",
        "i i bVI bVII",
        "i bVII bVI bVI",
        "i iv bVI v",
        "i i i i",
        "i7 iv7",
        "i i iv iv",
        "i bVI iv bVII",
        "i9 bVIM7",
    ),
    "ambient": ("i9 bVIM7", "i i bVI bVI", "i9 iv9", "i bIII bVII iv", "i i i i"),
    "hiphop": (
        "i7 iv7",
        "i9 bVIM7",
        "i i bVI v",
        "i bVI",
        "i7 bIIIM7 iv7 v7",
        "i i i i",
        "i bVII bVI V",
        "i7 bVIM7 iim7b5 V7",
    ),
    "andalusian": ("i bVII bVI V", "i bVII bVI V7", "i i bII i"),
}
"""For a minor key."""


def has(family: str, mode: str) -> bool:
    """Whether a family has progressions in a mode."""
    return family in (MAJOR if mode == "major" else MINOR)


def choose(family: str, key: Key, rng: np.random.Generator) -> tuple[Chord, ...]:
    """One progression of a family (a key of `MAJOR` or `MINOR`), a chord a bar, in a key."""
    table = MAJOR if key.mode == "major" else MINOR
    found = table[family]
    return parse(str(found[int(rng.integers(len(found)))]), key)


def parse(text: str, key: Key) -> tuple[Chord, ...]:
    """Chords of ``i7 bVI V7`` in a key. A small numeral is a minor chord. Raises ValueError for what is none."""
    return tuple(_chord(word, key) for word in text.split())


def _chord(word: str, key: Key) -> Chord:
    found = _SPELT.fullmatch(word)
    if found is None:
        raise ValueError(f"{word!r} is no degree of a scale: write it as in 'bVI7'")
    accidental, numeral, suffix = found.groups()
    degree = _DEGREES[numeral.upper()] + {"b": -1, "#": 1, "": 0}[accidental]
    quality = suffix
    if numeral.islower() and suffix not in {"5", "dim", "dim7", "m7b5", "sus4"}:
        quality = "m" + suffix
    if quality not in QUALITIES:
        raise ValueError(f"{word!r}: {quality!r} is no quality of a chord; they are {', '.join(QUALITIES)}")
    return Chord((key.tonic + degree) % 12, quality)
