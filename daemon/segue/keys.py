"""Names of musical keys: every usual spelling in, ``"A minor"`` and Camelot out.

A key is numbered as on the Camelot wheel, ``2 * (number - 1) + (0 for A, 1 for B)``, so that neighbours on the wheel are
neighbours in number.
"""

from __future__ import annotations

import re
from typing import Final

PITCHES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""The twelve pitch classes, spelt with sharps."""
MODES: Final = ("minor", "major")
"""The two modes in the order of the Camelot letters A and B."""

_FIFTH = 7
_FIRST_TONIC = {"minor": PITCHES.index("G#"), "major": PITCHES.index("B")}  # 1A and 1B
_OPEN_KEY_SHIFT = 7  # Open Key 1m is Camelot 8A


def _name(number: int) -> str:
    mode = MODES[number % 2]
    return f"{PITCHES[(_FIRST_TONIC[mode] + _FIFTH * (number // 2)) % 12]} {mode}"


KEYS: Final = tuple(_name(number) for number in range(24))
"""All keys by Camelot number: ``KEYS[14]`` is ``"A minor"`` (8A)."""

_NUMBERS: Final = {name: number for number, name in enumerate(KEYS)}
_WHEEL = re.compile(r"0?(1[0-2]|[1-9])\s*([abdm])", re.IGNORECASE)
_SPELT = re.compile(
    r"(?P<tonic>[A-Ha-h])[\s_-]*(?P<accidental>[#♯b♭]|sharp|flat|is|es|s)?[\s_-]*(?P<mode>(?:m|min|minor|maj|major|moll|dur)\.?)?",
    re.IGNORECASE,
)
_NATURALS: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11}
_ACCIDENTALS: Final = {"#": 1, "♯": 1, "sharp": 1, "is": 1, "b": -1, "♭": -1, "flat": -1, "es": -1, "s": -1}
_SEPARATORS = re.compile(r"[/|,;()\[\]]|\s-\s|\s(?=0?\d)")


def camelot_number(camelot: str) -> int:
    """Camelot notation to its number: ``"8A"`` is 14. ValueError when it is not Camelot notation."""
    found = _WHEEL.fullmatch(camelot.strip())
    if found is None or found[2].lower() not in "ab":
        raise ValueError(f"{camelot!r} is not Camelot notation")
    return 2 * (int(found[1]) - 1) + "ab".index(found[2].lower())


def camelot_name(number: int) -> str:
    """The number of a key to Camelot notation: 14 is ``"8A"``. ValueError outside 0..23."""
    if not 0 <= number < len(KEYS):
        raise ValueError(f"{number} is no Camelot number: they go from 0 to 23")
    return f"{number // 2 + 1}{'AB'[number % 2]}"


def camelot(name: str) -> str:
    """The name of a key to Camelot notation: ``"A minor"`` is ``"8A"``. ValueError for a name that is not in `KEYS`."""
    number = _NUMBERS.get(name)
    if number is None:
        raise ValueError(f"{name!r} is not the name of a key")
    return camelot_name(number)


def open_key(name: str) -> str:
    """The name of a key to Open Key notation: ``"A minor"`` is ``"1m"``. ValueError for a name that is not in `KEYS`."""
    wheel = camelot(name)
    return f"{(int(wheel[:-1]) - 1 - _OPEN_KEY_SHIFT) % 12 + 1}{'md'['AB'.index(wheel[-1])]}"


def short_name(name: str) -> str:
    """The name of a key as ID3 has it: ``"A minor"`` is ``"Am"``, ``"C major"`` is ``"C"``. ValueError outside `KEYS`."""
    camelot(name)
    tonic, mode = name.split()
    return tonic + ("m" if mode == "minor" else "")


def distance(one: str, other: str) -> int:
    """How many steps two keys are apart on the Camelot wheel, 0..7: a step goes round it, or from A to B.

    ValueError for a name that is not in `KEYS`.
    """
    (number, mode), (other_number, other_mode) = (divmod(camelot_number(camelot(name)), 2) for name in (one, other))
    round_it = abs(number - other_number)
    return min(round_it, 12 - round_it) + abs(mode - other_mode)


def key_name(pitch: int, mode: str) -> str:
    """The name of the key on a pitch class (0 is C): ``key_name(9, "minor")`` is ``"A minor"``."""
    return f"{PITCHES[pitch % 12]} {mode}"


def parse_key(text: str) -> str | None:
    """The name in `KEYS` for any usual spelling, else None.

    Understood are names (``Am``, ``A min``, ``a-moll``, ``A♭m``, ``F sharp minor``), Camelot (``8A``), Open Key (``1m``), and
    several of them together (``8A - Am``), of which the first that is understood holds. A lower-case letter alone is
    minor, an upper-case one major, as in the Roman convention.
    """
    for part in (text, *_SEPARATORS.split(text)):
        key = _parse_one(part.strip())
        if key is not None:
            return key
    return None


def _parse_one(text: str) -> str | None:
    wheel = _WHEEL.fullmatch(text)
    if wheel is not None:
        return _from_wheel(int(wheel[1]), wheel[2].lower())
    spelt = _SPELT.fullmatch(text)
    return None if spelt is None else _from_spelling(spelt)


def _from_wheel(number: int, letter: str) -> str:
    if letter in "ab":
        return KEYS[2 * (number - 1) + "ab".index(letter)]
    return KEYS[2 * ((number - 1 + _OPEN_KEY_SHIFT) % 12) + "md".index(letter)]


def _from_spelling(spelt: re.Match[str]) -> str:
    tonic, accidental = spelt["tonic"], spelt["accidental"]
    pitch = _NATURALS[tonic.lower()] + (_ACCIDENTALS[accidental.lower()] if accidental else 0)
    return key_name(pitch, _mode(tonic, spelt["mode"]))


def _mode(tonic: str, written: str | None) -> str:
    if written is None:
        return "minor" if tonic.islower() else "major"
    if written == "M":
        return "major"
    return "minor" if written.lower().rstrip(".") in {"m", "min", "minor", "moll"} else "major"
