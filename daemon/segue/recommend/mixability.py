"""How well two tracks mix, by what a blend joins, by tempo and by key, for many candidates at once.

Doubt is not a fault: a score is drawn towards `NEUTRAL` as the confidence falls, and is `NEUTRAL` where nothing is known.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

NEUTRAL: Final = 0.5

ENDS_WEIGHT: Final = 0.25
"""Share of the seed's tail and the candidate's head in the similarity: they are what a mix joins, but a minute of each.
The whole tracks weigh more, for they say which style a track has, and the next minutes belong to it."""

PITCH_RANGE: Final = 0.06
"""Change of tempo at which the score is one half: the narrow setting of most players' pitch faders is 6 or 8 %."""
HALF_TIME: Final = 0.9
"""What half or double time is worth compared with the same tempo: it mixes, but it changes the feel."""

SAME_KEY: Final = 1.0
NEIGHBOUR: Final = 0.9
ENERGY_TWO: Final = 0.6
ENERGY_SEVEN: Final = 0.5
DIAGONAL: Final = 0.5
CLASH: Final = 0.1


class TempoMatch(NamedTuple):
    """Tempo compatibility of candidates with a seed; all arrays have shape (n,)."""

    score: Floats
    """0..1, drawn towards `NEUTRAL` by doubt."""
    change: Floats
    """How much faster the candidate is than the seed, as a fraction, after ``factor``; NaN where unknown."""
    factor: Floats
    """What the candidate's tempo was multiplied by to meet the seed's: 1, 2 (it runs at half time) or 0.5."""


def similarity(whole: Floats, tail: Floats, heads: npt.NDArray[np.float16]) -> Floats:
    """Join what the whole tracks and what their meeting ends have in common, 0..1, shape (n,); below zero counts as zero.

    ``whole`` are cosines of track vectors, shape (n,), ``tail`` is the seed's last part, shape (dim,), ``heads`` are the
    candidates' first parts, shape (n, dim), all of length one. Whoever has no tail or head of its own brings its track vector.
    """
    ends = heads.astype(np.float32) @ tail
    return np.clip((1.0 - ENDS_WEIGHT) * whole + ENDS_WEIGHT * ends, 0.0, 1.0).astype(np.float32)


def tempo(seed_bpm: float | None, seed_confidence: float, bpm: Floats, confidence: Floats) -> TempoMatch:
    """Compare tempi. The score falls off as a bell over the change of tempo that a mix would need.

    A seed without a tempo is None or NaN; candidates have shape (n,), NaN where unknown.
    """
    seed = np.float32(np.nan if seed_bpm is None or seed_bpm <= 0 else seed_bpm)
    factors = np.array([1.0, 2.0, 0.5], dtype=np.float32)
    changes = np.where(bpm > 0, bpm, np.nan)[:, None] * factors / seed - 1.0
    # Symmetric in the two tracks: +6 % one way is as hard as the same ratio the other way.
    strain = np.log1p(changes) / np.log1p(PITCH_RANGE)
    fits = np.exp2(-(strain**2)) * np.where(factors == 1.0, 1.0, HALF_TIME)
    nearest = np.nanargmin(np.where(np.isnan(strain), np.inf, np.abs(strain)), axis=1)
    pick = np.arange(len(bpm)), nearest
    score, change = fits[pick], changes[pick]
    trust = np.clip(seed_confidence * confidence, 0.0, 1.0)
    score = np.where(np.isnan(change), NEUTRAL, NEUTRAL + trust * (score - NEUTRAL))
    return TempoMatch(score.astype(np.float32), change.astype(np.float32), factors[nearest])


def key(seed_camelot: int, seed_confidence: float, camelot: npt.NDArray[np.int8], confidence: Floats) -> Floats:
    """Grade keys on the Camelot wheel (Mark Davis' numbering of the circle of fifths), 0..1, shape (n,).

    Keys are 0..23 as in `Columns`, -1 where unknown. The same key is best; one step round the wheel (a fifth) and the
    relative major or minor share all notes but one or all; two steps up (a whole tone) and seven steps up (a semitone)
    are the usual "energy boosts", and they lead only upwards.
    """
    if seed_camelot < 0:
        return np.full(len(camelot), NEUTRAL, dtype=np.float32)
    trust = np.clip(seed_confidence * confidence, 0.0, 1.0)
    graded = NEUTRAL + trust * (WHEEL[seed_camelot][camelot] - NEUTRAL)
    return np.where(camelot < 0, np.float32(NEUTRAL), graded).astype(np.float32)


def _wheel() -> Floats:
    table = np.full((24, 24), CLASH, dtype=np.float32)
    for seed in range(24):
        number, mode = divmod(seed, 2)
        for steps, other_mode, grade in (
            (0, mode, SAME_KEY),
            (0, 1 - mode, NEIGHBOUR),
            (1, mode, NEIGHBOUR),
            (-1, mode, NEIGHBOUR),
            (2, mode, ENERGY_TWO),
            (7, mode, ENERGY_SEVEN),
            # 8A and 9B, or 8B and 7A: all notes but one are shared.
            (1 if mode == 0 else -1, 1 - mode, DIAGONAL),
        ):
            table[seed, 2 * ((number + steps) % 12) + other_mode] = grade
    return table


WHEEL: Final = _wheel()
"""``WHEEL[seed, candidate]``, shape (24, 24)."""
