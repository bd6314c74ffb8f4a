"""Tempo and key against what is known: the measures of MIREX and of the tempo literature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from segue_export.evaluation.estimates import Estimate, estimate

Tempi = Sequence[float | None]
Keys = Sequence[str | None]
_FACTORS: Final = (1.0, 2.0, 3.0, 1 / 2, 1 / 3)
_TOLERANCES: Final = {"Acc1 (4 %)": 0.04, "within 1 %": 0.01, "within 0.1 %": 0.001}


def tempo_error(said: float, true: float) -> float:
    """Relative error of a tempo."""
    return abs(said - true) / true


def acc1(said: float | None, true: float, tolerance: float = 0.04) -> bool:
    """Whether a tempo is within the tolerance; no tempo is not."""
    return said is not None and tempo_error(said, true) <= tolerance


def acc2(said: float | None, true: float, tolerance: float = 0.04) -> bool:
    """The same for the tempo, its double, triple, half or third.

    Gouyon et al., "An experimental comparison of audio tempo induction algorithms" (IEEE TASLP 2006).
    """
    return said is not None and any(tempo_error(said, true * factor) <= tolerance for factor in _FACTORS)


def tempo_figures(said: Tempi, true: Sequence[float], groups: Sequence[object] | None = None) -> dict[str, Estimate]:
    """Share of right tempi by each measure."""
    pairs = list(zip(said, true, strict=True))
    figures = {name: estimate([acc1(*pair, limit) for pair in pairs], groups) for name, limit in _TOLERANCES.items()}
    return {**figures, "Acc2 (4 %)": estimate([acc2(*pair) for pair in pairs], groups)}


def key_score(said: str | None, true: str) -> float:
    """MIREX's weighted score of a key: 1 right, .5 a fifth off, .3 relative, .2 parallel, 0 otherwise; no key has 0."""
    import mir_eval.key  # noqa: PLC0415  # takes two seconds, and only labelled collections need it

    return 0.0 if said is None else float(mir_eval.key.weighted_score(true, said))


def key_figures(said: Keys, true: Sequence[str], groups: Sequence[object] | None = None) -> dict[str, Estimate]:
    """Share of keys that are exactly right, and mean MIREX score."""
    pairs = list(zip(said, true, strict=True))
    return {
        "exact": estimate([one == other for one, other in pairs], groups),
        "MIREX score": estimate([key_score(*pair) for pair in pairs], groups),
    }


def median_error(said: Tempi, true: Sequence[float]) -> float:
    """Median relative error, octave errors left out: how exact a tempo is when its level is right. NaN when none is."""
    errors = [tempo_error(one, other) for one, other in zip(said, true, strict=True) if one and acc1(one, other)]
    return float(np.median(errors)) if errors else float("nan")
