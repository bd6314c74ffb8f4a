"""How the energy of a set goes: by names joined with dashes, ``warmup-peak-down``, or as a list of energies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.errors import InvalidParamsError

LEAST: Final = 1.0
MOST: Final = 10.0
MOST_POINTS: Final = 32
NAMES: Final = {
    "warmup": (3.0, 4.0, 5.5),
    "build": (5.0, 6.0, 7.5),
    "peak": (8.0, 9.0, 8.5),
    "plateau": (7.0, 7.0, 7.0),
    "down": (6.5, 5.0, 4.0),
    "after": (4.0, 3.0, 2.5),
}
"""The parts of an evening as energies of 1..10, evenly spread over the part; between parts the energy glides."""
DEFAULT: Final = "warmup-peak-down"


@dataclass(frozen=True, slots=True)
class Arc:
    """Energies evenly spread over a set, the first at its beginning and the last at its end; between them it glides."""

    points: tuple[float, ...]
    """At least one, each 1..10."""

    def at(self, share: float) -> float:
        """Energy, 1..10, when this share (0..1) of the set is over."""
        return float(np.interp(share * (len(self.points) - 1), np.arange(len(self.points)), self.points))

    def within(self, low: float, high: float) -> Arc:
        """The same shape for music that has nothing outside ``low``..``high``; an arc that fits stays as it is."""
        least, most = min(self.points), max(self.points)
        bottom, top = min(max(least, low), high), max(min(most, high), low)
        if (bottom, top) == (least, most):
            return self
        scale = (top - bottom) / (most - least) if most > least else 0.0
        return Arc(tuple(round(bottom + scale * (point - least), 2) for point in self.points))


def parse(wish: str | Sequence[float]) -> Arc:
    """Understand names of parts joined with dashes, or energies of 1..10, in a list or joined with commas.

    Raises InvalidParamsError for anything else, with the names that there are.
    """
    if isinstance(wish, str):
        return _numbers(wish) if any(character.isdigit() for character in wish) else _names(wish)
    points = tuple(float(point) for point in wish)
    if not 1 <= len(points) <= MOST_POINTS or not all(LEAST <= point <= MOST for point in points):
        raise InvalidParamsError(f"An arc in numbers has 1 to {MOST_POINTS} energies from 1 to 10, as in 3,5,8,9,6.")
    return Arc(points)


def _names(wish: str) -> Arc:
    parts = [part.strip().lower() for part in wish.split("-")]
    if len(parts) > MOST_POINTS or any(part not in NAMES for part in parts):
        raise InvalidParamsError(
            f"“{wish[:80]}” is no arc: join some of {', '.join(NAMES)} with dashes, as in {DEFAULT}, "
            "or write energies, as in 3,5,8,9,6."
        )
    return Arc(tuple(point for part in parts for point in NAMES[part]))


def _numbers(wish: str) -> Arc:
    try:
        return parse([float(part) for part in wish.split(",")])
    except ValueError:
        raise InvalidParamsError(
            f"“{wish[:80]}” is no arc: energies are numbers from 1 to 10 joined with commas, as in 3,5,8,9,6."
        ) from None
