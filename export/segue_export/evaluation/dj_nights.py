"""Made-up DJs who play from a made-up library, night after night.

They do not add up scores. Each has a crate, a few rules of the thumb that he keeps more or less often, pairs that he loves, and
an idea of how a night goes; and he makes odd choices. What he knows is the truth, not what an analysis says of it:

- the crate is drawn from the DJ's own two or three genres, some of it played again and again, most of it seldom;
- at each step some twenty tracks come to his mind, the often played ones sooner;
- rule after rule, the dearest first, throws out what breaks it, unless nothing would be left, or he lets it pass this time;
- of what is left he takes what is nearest in energy to what the moment asks for, or nearest in sound, or anything;
- one choice in eight has no reason that anybody could know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue_export.evaluation.dj_world import GENRES, STYLES, World

Rule = Callable[[World, int, npt.NDArray[np.int64]], npt.NDArray[np.bool_]]
"""World, row of what plays, rows that come to mind → which of them keep the rule."""

ODD: Final = 0.12
"""Choices without a reason."""
LOVED: Final = 0.6
"""How often a loved pair is played when its first track plays."""
_LOVED_PAIRS: Final = 30
_MIND: Final = 20
"""Tracks that come to mind at once."""
_ARTIST_REST: Final = 8
_ARC_AT: Final = (0.0, 0.35, 0.7, 1.0)
_ARC: Final = (-2.0, 0.0, 1.5, -0.5)
"""Energy against that of the crate's middle, at these shares of a night."""


class Habit(NamedTuple):
    """What a DJ is like."""

    name: str
    genres: tuple[str, ...]
    crate: int
    """Tracks that he plays from, at the most."""
    rules: tuple[tuple[str, float], ...]
    """Rule and how often it is kept, the dearest first."""
    by: str
    """Of what keeps the rules he takes what is nearest in ``energy`` or ``sound``, or ``any``."""


HABITS: Final = (
    Habit("harmonic", ("house", "disco", "trance"), 260, (("tempo", 0.9), ("key", 0.85), ("style", 0.5)), "energy"),
    Habit("tight", ("techno", "trance", "breaks"), 200, (("tempo", 0.97), ("style", 0.8), ("voice", 0.5)), "energy"),
    Habit("mood", ("downtempo", "disco", "house"), 240, (("sound", 0.8), ("voice", 0.3), ("tempo", 0.6)), "sound"),
    Habit("open", ("hip hop", "drum and bass", "breaks"), 300, (("folded", 0.8), ("sound", 0.4), ("key", 0.3)), "any"),
)


class Dj(NamedTuple):
    """What one made-up DJ has and has done; tracks are ids."""

    name: str
    crate: tuple[int, ...]
    nights: tuple[tuple[int, ...], ...]
    """Each in the order of playing, the earliest night first."""


def play(world: World, nights: int, seed: int) -> list[Dj]:
    """Let each of the four play so many nights; the same numbers give the same nights."""
    return [_career(world, habit, nights, np.random.default_rng((seed, number))) for number, habit in enumerate(HABITS)]


def _career(world: World, habit: Habit, nights: int, rng: np.random.Generator) -> Dj:
    mine = np.flatnonzero([GENRES[style // STYLES].name in habit.genres for style in world.style.tolist()])
    crate = rng.permutation(mine)[: habit.crate]
    common: npt.NDArray[np.float64] = (1.0 / (np.arange(len(crate)) + 8.0)).astype(
        np.float64
    )  # how soon each comes to mind
    loved = _loved(world, habit, crate, rng)
    played = [_night(world, habit, crate, common, loved, rng) for _ in range(nights)]
    return Dj(habit.name, tuple((crate + 1).tolist()), tuple(played))


def _night(
    world: World,
    habit: Habit,
    crate: npt.NDArray[np.int64],
    common: npt.NDArray[np.float64],
    loved: Mapping[int, int],
    rng: np.random.Generator,
) -> tuple[int, ...]:
    length = int(rng.integers(18, 29))
    middle = float(np.median(world.energy[crate]))
    quiet = np.argsort(world.energy[crate])[: max(len(crate) // 4, 1)]
    rows = [int(crate[rng.choice(quiet)])]
    while len(rows) < min(length, len(crate)):
        asked = middle + float(np.interp(len(rows) / length, _ARC_AT, _ARC))
        rows.append(_choice(world, habit, crate, common, loved, rows, asked, rng))
    return tuple(row + 1 for row in rows)


def _choice(
    world: World,
    habit: Habit,
    crate: npt.NDArray[np.int64],
    common: npt.NDArray[np.float64],
    loved: Mapping[int, int],
    rows: Sequence[int],
    asked: float,
    rng: np.random.Generator,
) -> int:
    now = rows[-1]
    if now in loved and loved[now] not in rows and rng.random() < LOVED:
        return loved[now]
    fresh = ~np.isin(crate, rows)
    if rng.random() < ODD:
        return int(rng.choice(crate[fresh]))
    rested = fresh & ~np.isin(world.artist[crate], world.artist[list(rows[-_ARTIST_REST:])])
    able = np.flatnonzero(rested if rested.any() else fresh)
    weights = common[able] / common[able].sum()
    mind = crate[rng.choice(able, min(_MIND, len(able)), replace=False, p=weights)]
    for name, kept in habit.rules:
        if rng.random() < kept:
            passing = RULES[name](world, now, mind)
            mind = mind[passing] if passing.any() else mind
    if habit.by == "energy":
        return int(mind[np.argmin(np.abs(world.energy[mind] - asked) + rng.normal(0.0, 0.5, len(mind)))])
    if habit.by == "sound":
        return int(mind[np.argmax(world.sound[mind] @ world.sound[now] + rng.normal(0.0, 0.1, len(mind)))])
    return int(rng.choice(mind))


def _loved(world: World, habit: Habit, crate: npt.NDArray[np.int64], rng: np.random.Generator) -> dict[int, int]:
    """Pairs that keep the dearest rule, from among the tracks that are often played."""
    often = crate[: len(crate) // 2]
    rule = RULES[habit.rules[0][0]]
    pairs = {}
    for row in rng.permutation(often)[:_LOVED_PAIRS].tolist():
        others = often[(often != row) & rule(world, row, often)]
        if len(others):
            pairs[int(row)] = int(rng.choice(others))
    return pairs


# Rules of the thumb -------------------------------------------------------------------------------------------------


def _tempo(world: World, now: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    near: npt.NDArray[np.bool_] = np.abs(world.bpm[rows] / world.bpm[now] - 1.0) < 0.04
    return near


def _folded(world: World, now: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    octaves = np.log2(world.bpm[rows] / world.bpm[now])
    near: npt.NDArray[np.bool_] = np.abs(octaves - np.rint(octaves)) < np.log2(1.06)
    return near


def _key(world: World, now: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """The same key, its relative, or a fifth away."""
    here, there = world.camelot[now], world.camelot[rows]
    steps = (there // 2 - here // 2) % 12
    same = (there % 2) == (here % 2)
    fits: npt.NDArray[np.bool_] = (steps == 0) | (same & np.isin(steps, (1, 11)))
    return fits


def _style(world: World, now: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    same: npt.NDArray[np.bool_] = world.style[rows] == world.style[now]
    return same


def _sound(world: World, now: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    near: npt.NDArray[np.bool_] = world.sound[rows] @ world.sound[now] > 0.6
    return near


def _voice(world: World, now: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """No voice over a voice."""
    alone: npt.NDArray[np.bool_] = ~(world.sung[rows] & bool(world.sung[now]))
    return alone


RULES: Final[Mapping[str, Rule]] = {
    "tempo": _tempo, "folded": _folded, "key": _key, "style": _style, "sound": _sound, "voice": _voice
}  # fmt: skip
