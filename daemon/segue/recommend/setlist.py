"""A whole set: so many minutes whose energy follows an arc, every track mixing with the one before.

A beam of sets grows track by track. The next track of each is looked for among those that its tempo reaches, whose energy is what
the arc asks for at that moment, and that sound nearest; a set is finished when it is as long as was asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.recommend.arc import Arc
from segue.recommend.mixability import meeting
from segue.recommend.walk import (
    Costs,
    Edges,
    Ground,
    Ids,
    Mask,
    artist_costs,
    is_repeat,
    pair_costs,
    step_costs,
)

ENOUGH: Final = 24
"""Candidates below which a wider step of energy, and then of tempo, is taken."""
ENERGY_STEPS: Final = (0.75, 1.5, 3.0)
"""How far from the arc a track's energy may be, of ten: the first with enough candidates."""
CANDIDATES: Final = 96
"""Nearest of them that are rated."""
BEAM: Final = 12
CHILDREN: Final = 4
"""Sets that are grown at a time, and ways on from each that are kept."""
ROUNDS: Final = 240
"""Of growing, divided among the sets of the beam: those of half a day have fewer."""
STARTS: Final = 6
"""Different beginnings, where none is asked for."""
SAMPLE: Final = 512
ARC_COST: Final = 0.08
"""Of an energy that is one off, of ten; of two off four times as much: as a step that lacks .53, then .75."""
DRIFT: Final = 0.04
"""Change of tempo a track that a set on its way to a given end is asked to keep to."""
OFF_COURSE: Final = 0.15
"""Cost of being one track late for the tempo of the end, and of sounding nothing like it at the very end."""
MOST_TRACKS: Final = 300
"""A set has no more: half a day of four minutes each has 216; beyond that the music is made of jingles and samples."""
USUAL_SECONDS: Final = 240.0
"""Length of a track where there is none to learn it from."""
UNKNOWN_ENERGY: Final = 2.0
"""How far off an unknown energy is taken to be."""

Seconds = npt.NDArray[np.float64]


class Stays(NamedTuple):
    """How long tracks are heard; arrays have shape (n,), in seconds."""

    until_next: Seconds
    """From where a track is started to where the next one may come in."""
    until_end: Seconds
    """From where it is started to its end."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a set is to be like."""

    arc: Arc
    seconds: float
    start: int | None = None
    end: int | None = None
    """Rows; neither need be among those that the ground allows."""


@dataclass(frozen=True, slots=True)
class Setlist:
    """Rows in playing order with when each comes in."""

    rows: tuple[int, ...]
    begins: tuple[float, ...]
    """Seconds from the start of the set to the start of each track."""
    asked: tuple[float, ...]
    """Energy that the arc asks for in the middle of each; at the two ends of the set those of the arc."""
    seconds: float
    """Whole length."""
    cost: float = 0.0
    next_at: float = 0.0
    """When the next track may come in."""


Lengths = Callable[[Ids], Stays]
"""How long each of some rows (n,) is heard."""


def build(ground: Ground, wish: Wish, lengths: Lengths) -> Setlist:
    """The set that mixes best and keeps to the arc, as long as was wished to within half a track.

    It is shorter only where the music does not suffice, or where it has `MOST_TRACKS`; it has no track where the ground allows
    none and no end is asked for. ``lengths`` are asked for the few tracks that are considered.
    """
    return _Builder(ground, wish, lengths).build()


def typical_seconds(ground: Ground) -> float:
    """How long the tracks of the ground usually are."""
    durations = ground.snapshot.facts.duration[ground.allowed]
    durations = durations[durations > 0]
    return float(np.clip(np.median(durations) if len(durations) else USUAL_SECONDS, 60.0, 900.0))


class _Builder:
    """One search: what is worked out once, and the steps that use it."""

    def __init__(self, ground: Ground, wish: Wish, lengths: Lengths) -> None:
        self._ground, self._wish, self._lengths = ground, wish, lengths
        facts = ground.snapshot.facts
        self._bpm, self._energy = facts.bpm, facts.energy
        allowed = ground.allowed.copy()
        allowed[[row for row in (wish.start, wish.end) if row is not None]] = False
        self._allowed = allowed
        self._typical = typical_seconds(ground)
        self._closing = 0.0 if wish.end is None else self._length_of(wish.end)
        rounds = max(wish.seconds / self._typical, 1.0)
        self._beam = int(np.clip(ROUNDS / rounds, 3, BEAM))

    def build(self) -> Setlist:
        growing, finished = self._beginnings(), list[Setlist]()
        best_unfinished = growing[:1]
        while growing:
            ways: list[Setlist] = []
            for one in growing:
                if self._is_long_enough(one) or self._is_full(one):
                    finished.append(self._closed(one))
                else:
                    on = self._ways_on(one)
                    finished.extend(self._closed(one) for _ in on[:1] if self._may_stop(one))
                    ways.extend(on)
            ways.sort(key=lambda way: (_mean(way), way.rows))
            growing = ways[: self._beam]
            best_unfinished = growing[:1] or best_unfinished
        candidates = finished or [self._closed(one) for one in best_unfinished]
        if not candidates:
            return Setlist((), (), (), 0.0)
        return min(candidates, key=lambda one: (_mean(one) + self._wrong_length(one), one.rows))

    # Beginning and end ------------------------------------------------------------------------------------------------

    def _beginnings(self) -> list[Setlist]:
        rows = [self._wish.start] if self._wish.start is not None else self._starts()
        found = []
        for row in rows:
            stays = self._lengths(np.asarray([row]))
            cost = 0.0 if self._wish.start is not None else float(self._arc_costs(np.asarray([row]), 0.0)[0])
            found.append(
                Setlist(
                    (row,),
                    (0.0,),
                    (self._wish.arc.at(0.0),),
                    float(stays.until_end[0]),
                    cost,
                    next_at=float(stays.until_next[0]),
                )
            )
        return found

    def _starts(self) -> list[int]:
        """Different tracks with the energy of the beginning that have much around them to go on with."""
        mask = self._in_energy(self._allowed, self._wish.arc.at(0.0))
        pool = np.flatnonzero(mask)
        vectors = self._ground.snapshot.rows.vectors
        sample = pool[:: max(1, -(-len(pool) // SAMPLE))]
        if not len(sample):
            return [] if self._wish.end is None else [self._wish.end]
        cosines = np.einsum("ik,jk->ij", vectors[sample], vectors[sample])
        near = np.sort(cosines, axis=1)[:, -min(len(sample), 12) :].mean(axis=1)
        if self._wish.end is not None:
            near = near + vectors[sample] @ vectors[self._wish.end]
        chosen: list[int] = []
        for at in np.lexsort((sample, -near)).tolist():
            if all(cosines[at, other] < 0.8 for other in chosen):
                chosen.append(at)
            if len(chosen) == STARTS:
                break
        return [int(sample[at]) for at in chosen]

    def _closed(self, one: Setlist) -> Setlist:
        """The set with its end, where one is asked for."""
        end = self._wish.end
        if end is None or one.rows == (end,):
            return one
        row = np.asarray([end])
        cost = float(self._step_costs(one.rows[-1], row)[0] + self._arc_costs(row, 1.0)[0])
        return Setlist(
            (*one.rows, end),
            (*one.begins, one.next_at),
            (*one.asked, self._wish.arc.at(1.0)),
            one.next_at + self._closing,
            one.cost + cost,
        )

    def _length(self, one: Setlist) -> float:
        """How long the set is when it ends now."""
        return one.seconds if self._wish.end is None else one.next_at + self._closing

    def _length_of(self, row: int) -> float:
        return float(self._lengths(np.asarray([row])).until_end[0])

    def _is_long_enough(self, one: Setlist) -> bool:
        return self._length(one) >= self._wish.seconds

    def _is_full(self, one: Setlist) -> bool:
        return len(one.rows) + (self._wish.end is not None) >= MOST_TRACKS

    def _may_stop(self, one: Setlist) -> bool:
        return self._length(one) >= self._wish.seconds - self._typical / 2

    def _wrong_length(self, one: Setlist) -> float:
        """Cost of ending early or late: little up to half a track, as much as a bad step from a whole one on."""
        off = abs(one.seconds - self._wish.seconds) / self._typical
        return 0.02 * off + max(0.0, off - 0.5)

    # One track more ---------------------------------------------------------------------------------------------------

    def _ways_on(self, one: Setlist) -> list[Setlist]:
        last, share = one.rows[-1], min(one.next_at / self._wish.seconds, 1.0)
        # A track's energy is that of its middle; the arc is asked for what holds then.
        share = min(share + self._typical / 2 / self._wish.seconds, 1.0)
        allowed = self._allowed.copy()
        allowed[list(one.rows)] = False
        if not allowed.any():
            return []
        choice = self._choice(allowed, one, share)
        rows = self._ground.nearest(self._towards(last, share), CANDIDATES, choice)
        rows = np.union1d(rows, self._ground.allowed_successors(last, choice))
        costs = self._step_costs(last, rows) + self._arc_costs(rows, share) + self._course_costs(one, rows, share)
        kept: list[int] = []
        ends = () if self._wish.end is None else (self._wish.end,)
        for at in np.lexsort((rows, costs)).tolist():
            if len(kept) == CHILDREN:
                break
            if not is_repeat(self._ground, (*one.rows, *ends), int(rows[at])):
                kept.append(at)
        return self._grown(one, rows[kept], costs[kept], share)

    def _grown(self, one: Setlist, rows: Ids, costs: Costs, share: float) -> list[Setlist]:
        if not len(rows):
            return []
        stays = self._lengths(rows)
        return [
            replace(
                one,
                rows=(*one.rows, row),
                begins=(*one.begins, one.next_at),
                asked=(*one.asked, self._wish.arc.at(share)),
                seconds=one.next_at + float(stays.until_end[at]),
                cost=one.cost + float(costs[at]),
                next_at=one.next_at + float(stays.until_next[at]),
            )
            for at, row in enumerate(rows.tolist())
        ]

    def _towards(self, last: int, share: float) -> npt.NDArray[np.float32]:
        """Where in sound the next track is looked for: near the last one, and towards the end as it comes nearer."""
        vectors = self._ground.snapshot.rows.vectors
        whole: npt.NDArray[np.float32] = vectors[last]
        if self._wish.end is None:
            return whole
        mixed = (1.0 - share) * whole + share * vectors[self._wish.end]
        length = float(np.linalg.norm(mixed))
        return (mixed / length).astype(np.float32) if length > 1e-6 else whole

    def _choice(self, allowed: Mask, one: Setlist, share: float) -> Mask:
        """Rows that the tempo reaches and whose energy is near the arc; then also others, until there are enough."""
        energy = self._wish.arc.at(share)
        known = [float(self._bpm[row]) for row in one.rows[::-1] if not np.isnan(self._bpm[row])]
        if known:
            in_tempo = allowed & meeting(known[0], self._bpm, self._ground.reach)
            if np.count_nonzero(in_tempo) >= ENOUGH:
                return self._in_energy(in_tempo, energy)
        return self._in_energy(allowed, energy)

    def _in_energy(self, allowed: Mask, energy: float) -> Mask:
        off = np.abs(self._energy - np.float32(energy))
        for most in ENERGY_STEPS:
            mask: Mask = allowed & (off <= most)
            if np.count_nonzero(mask) >= ENOUGH:
                return mask
        return allowed

    # What it costs ----------------------------------------------------------------------------------------------------

    def _step_costs(self, last: int, rows: Ids) -> Costs:
        edges: Edges = self._ground.score(last, rows)
        return step_costs(edges) + artist_costs(self._ground.snapshot, last, rows)

    def _arc_costs(self, rows: Ids, share: float) -> Costs:
        off = np.abs(self._energy[rows].astype(np.float64) - self._wish.arc.at(share))
        costs: Costs = ARC_COST * np.square(np.where(np.isnan(off), UNKNOWN_ENERGY, off))
        return costs

    def _course_costs(self, one: Setlist, rows: Ids, share: float) -> Costs:
        """What it costs to stray from the way to a given end, in tempo and in sound."""
        end = self._wish.end
        if end is None:
            return np.zeros(len(rows))
        apart = np.log2((self._bpm[rows] / self._bpm[end]).astype(np.float64))
        apart = np.abs(apart - np.clip(np.rint(apart), -1.0, 1.0))
        left = max((self._wish.seconds - one.next_at - self._closing) / self._typical, 0.0)
        late = np.nan_to_num(np.maximum(apart / np.log2(1.0 + DRIFT) - left, 0.0))
        vectors = self._ground.snapshot.rows.vectors
        unlike = 1.0 - np.clip(np.einsum("ij,j->i", vectors[rows], vectors[end]), 0.0, 1.0)
        costs: Costs = OFF_COURSE * (late + share * share * unlike)
        if left < 1.5:
            costs += pair_costs(self._ground, rows, np.asarray([end]))[:, 0]
        return costs


def _mean(one: Setlist) -> float:
    """Cost a track: sets of different numbers of tracks are compared by it."""
    return one.cost / len(one.rows)
