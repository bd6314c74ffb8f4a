"""Which tempi, energies and ratings can be true: asked before they go on the wire, and before they are stored."""

from __future__ import annotations

import math
from typing import Final

from segue.errors import InvalidParamsError

_RANGES: Final = {"bpm": (20.0, 999.0), "energy": (1.0, 10.0), "rating": (0.0, 5.0)}
_LOOKS: Final = {
    "bpm": "a tempo is a number from 20 to 999",
    "key": "a key is written like 'A minor'",
    "energy": "an energy is a number from 1 to 10",
    "rating": "a rating is a number from 0 to 5",
}


def is_sound(name: str, value: float) -> bool:
    """Whether a number can be a track's ``bpm``, ``energy`` or ``rating``."""
    low, high = _RANGES[name]
    return math.isfinite(value) and low <= value <= high


def unsound(name: str, value: float | str) -> InvalidParamsError:
    """The error that says what such a ``bpm``, ``key``, ``energy`` or ``rating`` looks like."""
    return InvalidParamsError(f"{value!r} is no {name}: {_LOOKS[name]}.")


def refuse_unsound(name: str, value: float | None) -> None:
    """InvalidParamsError when a number is given and can be no ``bpm``, ``energy`` or ``rating``.

    A client asks this itself: JSON has no word for NaN and infinity, and the daemon would hear that nothing was said.
    """
    if value is not None and not is_sound(name, value):
        raise unsound(name, value)
