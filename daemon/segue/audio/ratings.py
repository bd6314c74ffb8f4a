"""Stars as players and DJ programs write them into a file's tags, each on a scale of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

_STARS: Final = 5
_BYTE: Final = 255
_FROM: Final = (1, 32, 96, 160, 224)
"""The least byte of an ID3 popularimeter for one star, two and so on, as Windows reads them: others write 1, 64, 128, 196, 255."""
_BY_FIFTHS: Final = ("traktor", "native-instruments")
"""Whose popularimeters are fifths of 255."""


def of_byte(rating: int, by: str = "") -> int | None:
    """Stars of an ID3 popularimeter; None where it says "not rated".

    Args:
        rating: 0..255.
        by: whom the frame names, which tells the program that wrote it.

    """
    if not 0 < rating <= _BYTE:
        return None
    if any(name in by.lower() for name in _BY_FIFTHS):
        return max(1, round(rating * _STARS / _BYTE))
    return sum(rating >= least for least in _FROM)


def of_texts(shares: Iterable[str], texts: Iterable[str]) -> int | None:
    """The first stars among texts.

    `shares` are of fields that hold 0..1 (FMPS). `texts` are of fields for which every program has a scale of its own: up to
    5 they are stars, up to 100 per cent, up to 255 as in an ID3 popularimeter.
    """
    for text in shares:
        share = _number(text)
        if share is not None and 0.0 < share <= 1.0:
            return _rounded(share * _STARS)
    for text in texts:
        number = _number(text)
        if number is None or not 0.0 < number <= _BYTE:
            continue
        if number <= _STARS:
            return _rounded(number)
        return _rounded(number / 20.0) if number <= 100.0 else of_byte(round(number))
    return None


def _rounded(stars: float) -> int:
    """Whole stars, halves up: whoever gives half a star gives something."""
    return min(_STARS, max(1, math.floor(stars + 0.5)))


def _number(text: str) -> float | None:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return len(text.strip()) if text.strip() and set(text.strip()) <= {"★", "*"} else None
    return number if math.isfinite(number) else None
