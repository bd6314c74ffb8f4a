"""Figures of tempo and key as the literature defines them, each with the doubt that comes of few files."""

from __future__ import annotations

import math
from enum import Enum
from typing import Final, NamedTuple

from segue.keys import KEYS, PITCHES

FACTORS: Final = {"1": 1.0, "2": 2.0, "1/2": 1 / 2, "3": 3.0, "1/3": 1 / 3}
"""Tempi that a listener may tap instead of the true one.

Gouyon et al., "An experimental comparison of audio tempo induction algorithms", IEEE Transactions on Audio, Speech and
Language Processing 14 (5), 2006.
"""
TEMPO_TOLERANCE: Final = 0.04
"""The window of Acc1 and Acc2 in the same paper, relative to the true tempo."""
_EPSILON: Final = 1e-9
_Z: Final = 1.959963984540054  # 95 %


class Share(NamedTuple):
    """A sum of scores 0..1 over so many files."""

    total: float
    of: int

    @property
    def value(self) -> float | None:
        """The mean score; None of no files."""
        return self.total / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval after Wilson (1927); None of no files.

        Of graded scores it is the interval of a proportion with the same mean, which is never narrower.
        """
        if not self.of:
            return None
        share, z2 = self.total / self.of, _Z * _Z / self.of
        centre = (share + z2 / 2) / (1 + z2)
        half = _Z / (1 + z2) * math.sqrt(share * (1 - share) / self.of + z2 / (4 * self.of))
        return max(centre - half, 0.0), min(centre + half, 1.0)


def share(scores: list[float] | list[bool]) -> Share:
    """The scores of some files together."""
    return Share(float(sum(scores)), len(scores))


def octave(said: float | None, true: float) -> str:
    """The name in `FACTORS` of the tempo that was said: ``1`` right, ``2`` twice as fast...; ``other``; empty for none.

    Where two windows overlap the nearer one holds.
    """
    if not said:
        return ""
    name, factor = min(FACTORS.items(), key=lambda item: abs(math.log(said / (true * item[1]))))
    return name if _within(said, true * factor, TEMPO_TOLERANCE) else "other"


def tempo_error(said: float, true: float) -> float:
    """How much faster (above 0) than the true tempo, relative to it."""
    return said / true - 1.0


def is_tempo(said: float | None, true: float, tolerance: float = TEMPO_TOLERANCE, *, octaves: bool = False) -> bool:
    """Whether a tempo is within a relative tolerance of the true one, or of one of its `FACTORS`; no tempo is not."""
    if not said:
        return False
    return any(_within(said, true * factor, tolerance) for factor in (FACTORS.values() if octaves else (1.0,)))


def _within(said: float, true: float, tolerance: float) -> bool:
    return abs(said - true) <= tolerance * true + _EPSILON


class Relation(Enum):
    """How a key that was said is related to the true one."""

    SAME = "same"
    FIFTH_ABOVE = "fifth above"
    FIFTH_BELOW = "fifth below"
    RELATIVE = "relative"
    PARALLEL = "parallel"
    OTHER = "other"
    NONE = ""


MIREX: Final = {Relation.SAME: 1.0, Relation.FIFTH_ABOVE: 0.5, Relation.RELATIVE: 0.3, Relation.PARALLEL: 0.2}
"""Weights of MIREX's audio key detection as `mir_eval.key.weighted_score` has them.

A fifth counts when the key that was said is a fifth above the true one (G major for C major), not below it.
"""
COMPATIBLE: Final = frozenset({Relation.SAME, Relation.FIFTH_ABOVE, Relation.FIFTH_BELOW, Relation.RELATIVE})
"""What mixes by the Camelot rule: the same field of the wheel, its neighbours, and the other letter."""


def relation(said: str | None, true: str) -> Relation:
    """The relation of a key to the true one, by their names in `segue.keys.KEYS`."""
    if said is None:
        return Relation.NONE
    (said_tonic, said_mode), (true_tonic, true_mode) = _parts(said), _parts(true)
    up = (said_tonic - true_tonic) % 12
    if said_mode == true_mode:
        return {0: Relation.SAME, 7: Relation.FIFTH_ABOVE, 5: Relation.FIFTH_BELOW}.get(up, Relation.OTHER)
    if up == 0:
        return Relation.PARALLEL
    return Relation.RELATIVE if up == (9 if true_mode == "major" else 3) else Relation.OTHER


def _parts(key: str) -> tuple[int, str]:
    assert key in KEYS, key
    tonic, _, mode = key.partition(" ")
    return PITCHES.index(tonic), mode
