"""The lanes: where the DJ wants the floor to go. Each is a promise of tempo, key and energy, and a way to put the rest in order."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from segue.recommend import mixability
from segue.recommend.catalogue import Snapshot
from segue.recommend.seed import ProbeSeed
from segue.recommend.weights import Weights

Lane = Literal["best", "stay", "lift", "ease", "turn", "rescue"]
LANES: Final[tuple[Lane, ...]] = get_args(Lane)
Mask = npt.NDArray[np.bool_]

STAY_BAND: Final = 1.0
"""Steps of energy, of ten, that keep the floor where it is."""
STEP_LEAST: Final = 0.5
"""Steps of energy that lift or ease a floor, at the least ..."""
STEP_MOST: Final = 3.0
"""... and at the most: more is a jump."""
TURN_SHARE: Final = 0.5
"""A turn is among this share of what mixes that sounds least like the seed."""
TURN: Final = {"similarity": 0.0, "ends": 0.1, "tags": 0.0, "features": 0.0, "key": 0.3, "tempo": 0.3, "energy": 0.3}
"""What counts in a turn: it should surprise by its sound alone."""
DIVERSITY: Final = 0.3
"""How much it costs a track of a lane to sound like those above it (MMR: Carbonell and Goldstein, "The use of MMR,
diversity-based reranking for reordering documents and producing summaries", SIGIR 1998)."""

SAID: Final = {
    "energy": "the energy asked for",
    "tempo": "tempi within the fader's range",
    "same time": "no half or double time",
    "key": "keys that go together",
    "smooth": "keys of nearly the same notes",
    "far": "far in style",
}
"""What an answer says when a promise is given up."""


class Gate(NamedTuple):
    """A condition that can be given up."""

    said: str
    """What the answer says then."""
    mask: Mask
    """Rows that meet it, shape (n,)."""
    least: int = 1
    """With fewer tracks than this it is given up."""


def gates(snapshot: Snapshot, seed: ProbeSeed, lane: Lane, weights: Weights) -> list[Gate]:
    """The promises of a lane, the dearest first. Tempo comes before energy: what lifts but cannot be mixed is no lane.

    What is not known of the seed cannot be asked for: no gate then, and a note to the seed (`seed_notes`).
    """
    facts = snapshot.facts
    if lane in {"best", "rescue"}:
        return []
    near = np.ones(len(facts.bpm), dtype=np.bool_)
    promised: list[Gate] = []
    if seed.bpm is not None:
        near = mixability.meeting(seed.played_bpm, facts.bpm, weights.reach)
        promised.append(Gate(SAID["tempo"], near))
    if seed.energy is not None:
        promised.append(Gate(SAID["energy"], _energy(seed.energy, lane, facts.energy)))
    if seed.bpm is not None and lane in {"stay", "lift"}:
        straight = mixability.meeting(seed.played_bpm, facts.bpm, weights.reach, folded=False)
        promised.append(Gate(SAID["same time"], straight))
    return [*promised, *_key_gates(snapshot, seed, lane, near)]


def mixing(
    snapshot: Snapshot, seed: ProbeSeed, allowed: Mask, weights: Weights, least: float = mixability.NO_CLASH
) -> Mask:
    """Rows of ``allowed`` that can be blended with the seed, as `mixability.mixes` has it, shape (n,).

    ``least``: the grade that the keys must have.
    """
    near = allowed & mixability.meeting(seed.played_bpm, snapshot.facts.bpm, weights.reach)
    return near & _keys(snapshot, seed, near, least)


def far(vectors: npt.NDArray[np.float32], seed: ProbeSeed) -> Mask:
    """Of the tracks that mix, with vectors (n, dim), those that sound least like the seed."""
    cosines = vectors @ seed.vector
    if len(cosines) < 2:
        return np.ones(len(cosines), dtype=np.bool_)
    least: Mask = cosines <= np.quantile(cosines, TURN_SHARE)
    return least


def spread(order: npt.NDArray[np.int64], score: npt.NDArray[np.float64], vectors: npt.NDArray[np.float32]) -> list[int]:
    """Put candidates in an order in which those that sound alike do not follow one another.

    ``order`` are positions, best first; ``score`` and ``vectors`` (dim) are by position. The first stays the first.
    """
    if not len(order):
        return []
    near = DIVERSITY * np.clip(vectors[order] @ vectors[order].T, 0.0, 1.0)
    worth, cost, chosen = score[order], near[0].copy(), [0]
    worth[0] = -np.inf
    for _ in range(len(order) - 1):
        best = int(np.argmax(worth - cost))
        chosen.append(best)
        worth[best] = -np.inf
        np.maximum(cost, near[best], out=cost)
    spaced: list[int] = order[chosen].tolist()
    return spaced


def _energy(now: float, lane: Lane, energy: npt.NDArray[np.float32]) -> Mask:
    step = energy - np.float32(now)
    if lane == "lift":
        asked: Mask = (step >= STEP_LEAST) & (step <= STEP_MOST)
    elif lane == "ease":
        asked = (step <= -STEP_LEAST) & (step >= -STEP_MOST)
    else:
        asked = np.abs(step) <= (STAY_BAND if lane == "stay" else STEP_MOST)
    return asked


def _key_gates(snapshot: Snapshot, seed: ProbeSeed, lane: Lane, among: Mask) -> list[Gate]:
    """Keys go together; where nothing is to be lifted, without the boosts of a semitone or a whole tone."""
    gates = [Gate(SAID["key"], _keys(snapshot, seed, among), least=3)]
    if lane in {"stay", "ease"}:
        gates.append(Gate(SAID["smooth"], _keys(snapshot, seed, among, mixability.SMOOTH), least=3))
    return gates


def _keys(snapshot: Snapshot, seed: ProbeSeed, among: Mask, least: float = mixability.NO_CLASH) -> Mask:
    """Rows of ``among`` whose key, as it is heard, has a grade of ``least``."""
    facts, fits = snapshot.facts, np.zeros(len(among), dtype=np.bool_)
    rows = np.flatnonzero(among)
    shift = None
    if not seed.played.keylock:
        tempo = mixability.tempo(seed.played_bpm, 1.0, facts.bpm[rows], np.ones(len(rows), np.float32))
        shift = mixability.own_pitch(tempo.change) - np.float32(seed.pitch)
    fits[rows] = mixability.grade(seed.camelot, facts.camelot[rows], shift) >= least
    return fits
