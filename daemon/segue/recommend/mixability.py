"""How well two tracks mix, by what a blend joins, by tempo and by key, for many candidates at once.

Doubt is not a fault: a score is drawn towards `NEUTRAL` as the confidence falls, and is `NEUTRAL` where nothing is known.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

NEUTRAL: Final = 0.5

PITCH_RANGE: Final = 0.06
"""Change of tempo at which the score is one half: the narrow setting of most players' pitch faders is 6 or 8 %."""
HALF_TIME: Final = 0.9
"""What half or double time is worth compared with the same tempo: it mixes, but it changes the feel."""
CROSS_TIME: Final = 0.6
"""What three beats over two are worth: only every third beat meets, so the blend is short; still better than not to know."""
REACH: Final = 0.16
"""Change of tempo that the widest usual pitch fader makes: beyond it nobody mixes beat to beat."""
ENERGY_DOWN: Final = 1.0
"""A step of energy, of ten, that keeps a floor: one down ..."""
ENERGY_UP: Final = 2.0
"""... and two up ..."""
ENERGY_FALL: Final = 3.0
"""... and how many more make the step as bad as it gets."""
VOICE_TAGS: Final = frozenset({"voice", "vocal", "vocals", "female vocalists", "female vocalist", "male vocalists"})
"""Tags that say that somebody sings; in lower case."""
NO_CLASH: Final = 0.5 - 1e-6
"""Grade of key from which on two tracks go together; also that of an unknown key."""
SMOOTH: Final = 0.75
"""Grade of key from which on two tracks may lie over one another for long: they have all notes but one in common."""
TEMPO_SLACK: Final = 1e-6
"""A change of just the fader's range is within it, whatever the last bit says."""
HARDLY_SUNG: Final = 0.5
"""A track without vocals stays below this share of each voice tag's level."""
SEMITONES: Final = 12
FIFTH: Final = 7
"""A semitone up is seven steps round the Camelot wheel, whose steps are fifths of seven semitones."""

SAME_KEY: Final = 1.0
NEIGHBOUR: Final = 0.9
ENERGY_TWO: Final = 0.6
ENERGY_SEVEN: Final = 0.5
DIAGONAL: Final = 0.45
CLASH: Final = 0.1


class TempoMatch(NamedTuple):
    """Tempo compatibility of candidates with a seed; all arrays have shape (n,)."""

    score: Floats
    """0..1, drawn towards `NEUTRAL` by doubt."""
    change: Floats
    """How much faster the candidate is than the seed, as a fraction, after ``factor``; NaN where unknown."""
    factor: Floats
    """What the candidate's tempo was multiplied by to meet the seed's: 1, 2 (it runs at half time), 0.5, 3/2 or 2/3."""


def tempo(seed_bpm: float | None, seed_confidence: float, bpm: Floats, confidence: Floats) -> TempoMatch:
    """Compare tempi. The score falls off as a bell over the change of tempo that a mix would need.

    The seed's tempo is the played one. A seed without a tempo is None or NaN; candidates have shape (n,), NaN where unknown.
    """
    seed = np.float32(np.nan if seed_bpm is None or seed_bpm <= 0 else seed_bpm)
    factors = np.array([1.0, 2.0, 0.5, 3 / 2, 2 / 3], dtype=np.float32)
    worth = np.array([1.0, HALF_TIME, HALF_TIME, CROSS_TIME, CROSS_TIME], dtype=np.float32)
    changes = np.where(bpm > 0, bpm, np.nan)[:, None] * factors / seed - 1.0
    # Symmetric in the two tracks: +6 % one way is as hard as the same ratio the other way.
    strain = np.log1p(changes) / np.log1p(PITCH_RANGE)
    # The score's logarithm, which tells far tempi apart where the score itself is nothing.
    fits = np.log2(worth) - strain**2
    best = np.argmax(np.where(np.isnan(fits), -np.inf, fits), axis=1)
    pick = np.arange(len(bpm)), best
    score, change = np.exp2(fits[pick]), changes[pick]
    trust = np.clip(seed_confidence * confidence, 0.0, 1.0)
    score = np.where(np.isnan(change), NEUTRAL, NEUTRAL + trust * (score - NEUTRAL))
    return TempoMatch(score.astype(np.float32), change.astype(np.float32), factors[best])


def meeting(seed_bpm: float | None, bpm: Floats, reach: float, *, folded: bool = True) -> npt.NDArray[np.bool_]:
    """Tell which tempi a fader brings to the seed's, shape (n,); ``folded``: also at half and double time.

    ``reach`` is the widest change of tempo, a fraction. An unknown tempo meets none. For whole libraries: much quicker than `tempo`.
    """
    if seed_bpm is None or not seed_bpm > 0:
        return np.zeros(len(bpm), dtype=np.bool_)
    with np.errstate(divide="ignore", invalid="ignore"):
        octaves = np.log2(bpm / np.float32(seed_bpm))
    if folded:
        octaves -= np.clip(np.rint(octaves), -1.0, 1.0)
    near: npt.NDArray[np.bool_] = np.abs(octaves) <= math.log2(1.0 + reach)
    return near


def mixes(
    tempo: TempoMatch, graded: Floats, reach: float = PITCH_RANGE, least: float = NO_CLASH
) -> npt.NDArray[np.bool_]:
    """Tell which candidates can be blended, shape (n,): the fader brings the tempi together and the keys do not clash.

    ``graded`` is the `grade` of the keys, which must be ``least``: of one that is unsure, the likeliest counts. A tempo that nobody knows does not mix; a key
    that nobody knows is no reason against it. Three beats over two are no blend.
    """
    near = np.abs(np.log1p(tempo.change)) <= math.log1p(reach) + TEMPO_SLACK
    blend: npt.NDArray[np.bool_] = near & np.isin(tempo.factor, (1.0, 2.0, 0.5)) & (graded >= least)
    return blend


def own_pitch(change: Floats) -> Floats:
    """Semitones by which each candidate sounds higher when it is brought to the seed's tempo without keylock, shape (n,).

    ``change`` is that of `TempoMatch`. A track that the fader cannot bring there (`REACH`), or whose tempo nobody knows, is played
    as it is: 0.
    """
    semitones = -SEMITONES * np.log2(1.0 + change)
    near = np.abs(1.0 / (1.0 + change) - 1.0) <= REACH
    return np.where(near, semitones, np.float32(0.0)).astype(np.float32)


def transposed(camelot: npt.NDArray[np.int8], semitones: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    """Move keys up by whole semitones; both of shape (n,). An unknown key (-1) stays unknown."""
    number, mode = camelot.astype(np.int64) >> 1, camelot & 1
    moved = 2 * ((number + FIFTH * semitones) % 12) + mode
    return np.where(camelot < 0, -1, moved).astype(np.int8)


def grade(seed_camelot: int, camelot: npt.NDArray[np.int8], shift: Floats | None = None) -> Floats:
    """Grade keys on the Camelot wheel (Mark Davis' numbering of the circle of fifths), 0..1, shape (n,); `NEUTRAL` where unknown.

    Keys are 0..23 as in `Columns`, -1 where unknown. The same key is best; one step round the wheel (a fifth) and the
    relative major or minor share all notes but one or all; two steps up (a whole tone) and seven steps up (a semitone)
    are the usual "energy boosts", and they lead only upwards.

    ``shift``, shape (n,), is by how many semitones each candidate is pitched up more than the seed: between two semitones the
    grade lies between theirs.
    """
    if seed_camelot < 0:
        return np.full(len(camelot), NEUTRAL, dtype=np.float32)
    if shift is None:
        graded = WHEEL[seed_camelot][camelot]
    else:
        low = np.floor(shift).astype(np.int64)
        part = shift - low
        below, above = (WHEEL[seed_camelot][transposed(camelot, semitones)] for semitones in (low, low + 1))
        graded = (1.0 - part) * below + part * above
    return np.where(camelot < 0, np.float32(NEUTRAL), graded).astype(np.float32)


def trusted(graded: Floats, seed_confidence: float, confidence: Floats) -> Floats:
    """Draw grades of keys towards `NEUTRAL` by doubt, shape (n,)."""
    trust = np.clip(seed_confidence * confidence, 0.0, 1.0)
    drawn: Floats = (NEUTRAL + trust * (graded - NEUTRAL)).astype(np.float32)
    return drawn


def key(
    seed_camelot: int,
    seed_confidence: float,
    camelot: npt.NDArray[np.int8],
    confidence: Floats,
    shift: Floats | None = None,
) -> Floats:
    """The `grade` of keys, `trusted` as far as they are sure, 0..1, shape (n,)."""
    return trusted(grade(seed_camelot, camelot, shift), seed_confidence, confidence)


def energy_strain(seed: float | None, energy: Floats) -> Floats:
    """How far the step of energy goes beyond what keeps a floor, 0..1, shape (n,); 0 where either energy is unknown.

    Energies are 1..10; None or NaN: unknown.
    """
    step = energy - np.float32(np.nan if seed is None else seed)
    beyond = np.maximum(step - ENERGY_UP, -ENERGY_DOWN - step) / ENERGY_FALL
    return np.where(np.isnan(beyond), 0.0, np.clip(beyond, 0.0, 1.0)).astype(np.float32)


def voiced(tags: npt.NDArray[np.float16], levels: Floats, labels: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Tell which tracks have vocals, shape (n,): a tag of `VOICE_TAGS` reaches its level.

    ``tags`` has shape (n, labels), ``levels`` (labels,). The tags are those of whole tracks: that the voices meet in the blend is
    likely, not sure.
    """
    of_voices = _of_voices(labels)
    found: npt.NDArray[np.bool_] = np.any(tags[:, of_voices] >= levels[of_voices], axis=1)
    return found


def unvoiced(tags: npt.NDArray[np.float16], levels: Floats, labels: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Tell which tracks surely have no vocals, shape (n,): no tag of `VOICE_TAGS` comes near its level. As `voiced`."""
    of_voices = _of_voices(labels)
    if not of_voices:
        return np.zeros(len(tags), dtype=np.bool_)
    silent: npt.NDArray[np.bool_] = np.all(tags[:, of_voices] < HARDLY_SUNG * levels[of_voices], axis=1)
    return silent


@lru_cache(maxsize=4)
def _of_voices(labels: tuple[str, ...]) -> list[int]:
    return [at for at, label in enumerate(labels) if label.casefold() in VOICE_TAGS]


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
