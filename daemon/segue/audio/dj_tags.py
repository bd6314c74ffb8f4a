"""Tempo, key and energy as DJ programs write them into texts of a file's tags.

Mixed In Key writes fields of its own (``EnergyLevel``), JSON in base64 (``{"energyLevel": 7, "source": "mixedinkey"}``),
and comments (``8A - Energy 7``, ``8A - 124 - 7``). Serato, Traktor, rekordbox and Mixxx write the standard fields, a tempo
with decimals or as a whole number, a key in one of several notations.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from segue.keys import parse_key

_SLOWEST_BPM: Final = 30.0
_FASTEST_BPM: Final = 300.0
_MOST_ENERGY: Final = 10.0
_MAX_JSON: Final = 4096
_BASE64_OF_BRACE: Final = "ey"
_WHOLE: Final = re.compile(r"\d+")
_WHOLE_ENERGY: Final = re.compile(r"10|[1-9]")
_WHEEL: Final = r"0?(?:1[0-2]|[1-9])[ABabdm]"
_KEY: Final = rf"(?:{_WHEEL}|[A-G][#b♯♭]?m?)"
_TEMPO: Final = r"(?:[3-9]\d|[12]\d\d)(?:[.,]\d{1,2})?"
_COMMENT: Final = re.compile(
    rf"(?P<key>{_KEY}(?:/{_KEY})*)(?:\s-\s(?P<bpm>{_TEMPO}))?(?:\s-\s(?P<word>[Ee]nergy\s)?(?P<energy>10|[1-9]))?"
)
"""What Mixed In Key puts before other words, or alone: key, tempo and energy, each as its settings say."""
_ENERGY_WORD: Final = re.compile(r"(?:^|\s-\s)[Ee]nergy (?P<energy>10|[1-9])(?=$|\s-\s|\s*[;,/|])")


class Tempo(NamedTuple):
    """A tempo that a file's tags state."""

    bpm: float
    rounded: bool
    """It is written as a whole number, without decimals."""


class Noted(NamedTuple):
    """What a DJ program noted in a comment; None where it says nothing."""

    key: str | None = None
    bpm: float | None = None
    energy: float | None = None


def tempo(texts: Iterable[str]) -> Tempo | None:
    """The first tempo from 30 to 300 among texts, or a later one with decimals that it is the rounded form of."""
    found = [one for text in texts if (one := _tempo(text)) is not None]
    if not found:
        return None
    finer = (one for one in found if not one.rounded and abs(one.bpm - found[0].bpm) <= 0.5)
    return found[0] if not found[0].rounded else next(finer, found[0])


def key(texts: Iterable[str]) -> str | None:
    """The first key among texts in any usual spelling, or in Mixed In Key's JSON."""
    return next((name for text in texts if (name := parse_key(_said(text, "key"))) is not None), None)


def energy(levels: Iterable[str], loose: Iterable[str]) -> float | None:
    """The first energy from 1 to 10 among texts.

    `levels` are texts of fields that hold nothing but energies from 1 to 10. `loose` are of fields that other programs fill
    with shares or per cent: of them only whole numbers count, and Mixed In Key's JSON.
    """
    for text in levels:
        level = _number(_said(text, "energyLevel"))
        if level is not None and 1.0 <= level <= _MOST_ENERGY:
            return level
    said = (_said(text, "energyLevel").strip() for text in loose)
    return next((float(text) for text in said if _WHOLE_ENERGY.fullmatch(text)), None)


def noted(comment: str | None) -> Noted:
    """What Mixed In Key noted in a comment, alone or before other words.

    Bare numbers count only where nothing else stands in the comment, and a key alone does not count: ``2B`` may be the side
    of a record.
    """
    if not comment:
        return Noted()
    found = _COMMENT.match(comment)
    if found is not None and _is_whole(found, comment):
        bpm = _tempo(found["bpm"]) if found["bpm"] else None
        level = float(found["energy"]) if found["energy"] else None
        return Noted(parse_key(found["key"].partition("/")[0]), bpm.bpm if bpm else None, level)
    word = _ENERGY_WORD.search(comment)
    return Noted(energy=float(word["energy"])) if word else Noted()


def _is_whole(found: re.Match[str], comment: str) -> bool:
    rest = comment[found.end() :]
    if found["word"]:
        return not rest or rest.startswith(" - ") or rest.lstrip()[:1] in {";", ",", "/", "|"}
    return not rest and bool(found["bpm"] or (found["energy"] and re.match(_WHEEL, comment)))


def _tempo(text: str) -> Tempo | None:
    plain = text.lower().removesuffix("bpm").strip()
    bpm = _number(plain)
    if bpm is None or not _SLOWEST_BPM <= bpm <= _FASTEST_BPM:
        return None
    return Tempo(bpm, bool(_WHOLE.fullmatch(plain)))


def _number(text: str) -> float | None:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _said(text: str, name: str) -> str:
    """A text as it is, or what Mixed In Key's JSON in it says of a name."""
    if not text.startswith(_BASE64_OF_BRACE) or len(text) > _MAX_JSON:
        return text
    try:
        found = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return text
    return str(found.get(name, "")) if isinstance(found, dict) else text
