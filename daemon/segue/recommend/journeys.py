"""Paths and sets through the library as it is: what may be used, what is given up for want of music, and why each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

import numpy as np

from segue.errors import InvalidParamsError, LibraryEmptyError, TrackNotFoundError
from segue.index.vectors import VectorIndex
from segue.recommend import path, scoring, setlist
from segue.recommend.arc import Arc
from segue.recommend.catalogue import Snapshot
from segue.recommend.explain import Explainer, Ranked
from segue.recommend.memory import Memory
from segue.recommend.recommender import PLAIN, PLAYED_ALREADY, Asked
from segue.recommend.seed import seed_of
from segue.recommend.setlist import Lengths, Setlist
from segue.recommend.tonight import NOTHING_PLAYED
from segue.recommend.walk import Edges, Ground, Ids, Mask, Score
from segue.recommend.weights import Weights

R = TypeVar("R")

_RARE: Final = 0.02
"""This share of the music at both ends of its energies makes no arc: two calm tracks are no warm-up."""
_LEAST_SECONDS: Final = 30.0
"""What is shorter is a jingle or a sample, and no track of a set."""
TOO_SHORT: Final = f"no track shorter than {_LEAST_SECONDS:.0f} s"
_SQUEEZED: Final = 0.5
"""An arc that had to be changed by so much, of ten, is said to have been."""


class Stage(NamedTuple):
    """One track of a path or a set."""

    id: int
    why: Ranked | None
    """Why it follows the one before; None for the first."""
    begins: float | None = None
    """Seconds from the start of the set to the start of this track; None in a path."""
    arc: float | None = None
    """Energy, 1..10, that the arc asks for in its middle; None in a path."""


class Journey(NamedTuple):
    """Tracks in playing order."""

    stages: list[Stage]
    relaxed: list[str]
    """What was given up, in order, in words."""
    seconds: float | None = None
    """Length of a set; None for a path."""


@dataclass(frozen=True, slots=True)
class Terrain:
    """What a journey is made through."""

    snapshot: Snapshot
    index: VectorIndex
    asked: Asked = PLAIN
    """What was played may come again only as start or end. Of the filters the one that is kept longest comes first."""
    least_seconds: float = 0.0
    """What is known to be shorter may be used only as start or end."""

    @property
    def memory(self) -> Memory:
        """What was learned."""
        return self.asked.memory or Memory.empty()

    def filters(self) -> Sequence[tuple[str, Mask]]:
        """What the user wishes, each with its name, as masks of shape (n,)."""
        return () if self.asked.filters is None else self.asked.filters(self.snapshot)

    def row(self, track_id: int) -> int:
        """Row of a track. TrackNotFoundError where there is none."""
        row = int(self.snapshot.rows.find(np.asarray([track_id]))[0])
        if row < 0:
            raise TrackNotFoundError(f"Track #{track_id} is not in the library, or not analysed yet.")
        return row

    def ground(self, filters: Sequence[tuple[str, Mask]] = ()) -> Ground:
        """The music that some filters leave."""
        tracks = self.asked.tonight.tracks
        played = self.snapshot.rows.find(np.fromiter(tracks, dtype=np.int64, count=len(tracks)))
        played = np.unique(played[played >= 0])
        allowed = self.snapshot.suggestable.copy()
        allowed[played] = False
        allowed &= ~(self.snapshot.facts.duration < self.least_seconds)
        for _, mask in filters:
            allowed = allowed & mask
        snapshot, index = self.snapshot, self.index
        return Ground(
            snapshot,
            allowed,
            scorer(snapshot, self.asked.weights, self.memory),
            lambda vector, k, mask: index.search(snapshot.rows, vector.astype(np.float32), k, mask)[0].rows,
            self.asked.weights.reach,
            tuple(played.tolist()),
            self._followed,
            _shares(self.asked.weights),
        )

    def _followed(self, row: int) -> Ids:
        proven = self.memory.proven(int(self.snapshot.rows.ids[row]))
        rows = self.snapshot.rows.find(np.fromiter(proven, dtype=np.int64, count=len(proven)))
        return rows[rows >= 0]


def _shares(weights: Weights) -> tuple[float, float, float]:
    """Of sound, key and tempo in a score, together one."""
    of_key, of_tempo = weights.key / weights.base, weights.tempo / weights.base
    return 1.0 - of_key - of_tempo, of_key, of_tempo


def scorer(snapshot: Snapshot, weights: Weights, memory: Memory) -> Score:
    """The score of suggestions, and the mix that it is made of, between tracks of the library as they were recorded."""

    def score(row: int, rows: Ids) -> Edges:
        seed = seed_of(snapshot, int(snapshot.rows.ids[row]))
        found = scoring.terms(snapshot, seed, rows, None, memory, weights)
        mix = np.minimum(found.key, found.tempo).astype(np.float64)
        return Edges(scoring.total(found, weights), mix, found.mixes, found.strain.astype(np.float64))

    return score


def make_path(terrain: Terrain, start: int, end: int, steps: int) -> Journey:
    """From one track to another in ``steps`` steps, or fewer where the library has no more.

    Raises TrackNotFoundError, or InvalidParamsError where start and end are one track.
    """
    first, last = terrain.row(start), terrain.row(end)
    if first == last:
        raise InvalidParamsError("A path leads from one track to another: start and end are the same track.")
    rows, relaxed = _with_filters(
        terrain, lambda ground: path.find(ground, first, last, steps), lambda found: len(found) == steps + 1
    )
    if len(rows) < steps + 1:
        relaxed.append(f"{len(rows) - 1} of {steps} steps: {_no_more(terrain)}")
    stages = [Stage(one, explained) for one, explained in _explained(terrain, rows)]
    return Journey(stages, relaxed + _said(terrain.snapshot, rows, stages))


def make_set(
    terrain: Terrain, arc: Arc, seconds: float, lengths: Lengths, start: int | None = None, end: int | None = None
) -> Journey:
    """A set of so many seconds along an arc.

    What was played tonight comes again only where there is nothing else at all, and so do tracks of less than half a minute.

    Raises TrackNotFoundError, LibraryEmptyError where there is nothing, or InvalidParamsError where start and end are one.
    """
    if start is not None and start == end:
        raise InvalidParamsError("A set that begins and ends with the same track would play it twice.")
    wish = setlist.Wish(
        arc, seconds, None if start is None else terrain.row(start), None if end is None else terrain.row(end)
    )
    terrain, given_up = _not_bare(terrain, wish)
    made, relaxed = _with_filters(
        terrain, lambda ground: _along(ground, wish, lengths), lambda found: found.suffices(seconds)
    )
    relaxed = given_up + relaxed
    if made.arc != arc and max(abs(a - b) for a, b in zip(made.arc.points, arc.points, strict=True)) >= _SQUEEZED:
        low, high = min(made.arc.points), max(made.arc.points)
        relaxed.append(f"the arc goes from energy {low:.1f} to {high:.1f}: there is no other music")
    if made.made.seconds < seconds - made.typical:
        # The arc is for the whole set: it is made again for the music that there is.
        why = f"a set has at most {setlist.MOST_TRACKS} tracks" if made.is_full else _no_more(terrain)
        made = _along(made.ground, replace(wish, seconds=made.made.seconds), lengths)
        relaxed.append(f"{made.made.seconds / 60:.0f} of {seconds / 60:.0f} minutes: {why}")
    stages = [
        Stage(one, explained, begins, round(asked, 1))
        for (one, explained), begins, asked in zip(
            _explained(terrain, made.made.rows), made.made.begins, made.made.asked, strict=True
        )
    ]
    return Journey(stages, relaxed + _said(terrain.snapshot, made.made.rows, stages), made.made.seconds)


def _not_bare(terrain: Terrain, wish: setlist.Wish) -> tuple[Terrain, list[str]]:
    """The terrain with something beside start and end, if there is anything, and what had to be given up for it.

    Raises LibraryEmptyError where there is nothing at all.
    """
    long_enough = replace(terrain, least_seconds=_LEAST_SECONDS)
    again = replace(terrain.asked, tonight=NOTHING_PLAYED)
    for wider, given_up in (
        (long_enough, []),
        (replace(long_enough, asked=again), [PLAYED_ALREADY]),
        (terrain, [TOO_SHORT]),
        (replace(terrain, asked=again), [PLAYED_ALREADY, TOO_SHORT]),
    ):
        allowed = wider.ground().allowed
        allowed[[row for row in (wish.start, wish.end) if row is not None]] = False
        if allowed.any():
            return wider, given_up
    if wish.start is None and wish.end is None:
        raise LibraryEmptyError(
            "There is no track to make a set of: add a folder with music, or wait for the analysis."
        )
    return terrain, []


def _no_more(terrain: Terrain) -> str:
    return "there are no more tracks" + (" that were not played already" if terrain.asked.tonight.tracks else "")


class _Along(NamedTuple):
    made: Setlist
    arc: Arc
    typical: float
    ground: Ground

    @property
    def is_full(self) -> bool:
        return len(self.made.rows) >= setlist.MOST_TRACKS

    def suffices(self, seconds: float) -> bool:
        """Whether more music would make no better set of so many seconds."""
        return bool(self.made.rows) and (self.is_full or self.made.seconds >= seconds - self.typical)


def _along(ground: Ground, wish: setlist.Wish, lengths: Lengths) -> _Along:
    """A set along the arc as far as the music goes."""
    energies = ground.snapshot.facts.energy[ground.allowed]
    energies = energies[~np.isnan(energies)]
    if len(energies):
        low, high = np.quantile(energies, (_RARE, 1.0 - _RARE))
        wish = replace(wish, arc=wish.arc.within(float(low), float(high)))
    made = setlist.build(ground, wish, lengths)
    return _Along(made, wish.arc, setlist.typical_seconds(ground), ground)


def _with_filters(
    terrain: Terrain, search: Callable[[Ground], R], suffices: Callable[[R], bool]
) -> tuple[R, list[str]]:
    """The first result that suffices, as the filters are given up one after the other; else the last."""
    relaxed: list[str] = []
    kept = list(terrain.filters())
    while True:
        found = search(terrain.ground(kept))
        if suffices(found) or not kept:
            return found, relaxed
        relaxed.append(kept.pop()[0])


def _explained(terrain: Terrain, rows: Sequence[int]) -> list[tuple[int, Ranked | None]]:
    snapshot, weights, memory = terrain.snapshot, terrain.asked.weights, terrain.memory
    ids = snapshot.rows.ids
    explained: list[tuple[int, Ranked | None]] = [(int(ids[rows[0]]), None)]
    for before, row in pairwise(rows):
        seed = seed_of(snapshot, int(ids[before]))
        tags = snapshot.telling.row(seed.tags)[0]
        explainer = Explainer(snapshot, seed, tags, "best", weights, memory.proven(seed.id))
        found = scoring.terms(snapshot, seed, np.asarray([row]), None, memory, weights)
        explained.append((int(ids[row]), explainer.explain(found, 0)))
    return explained


def _said(snapshot: Snapshot, rows: Sequence[int], stages: Sequence[Stage]) -> list[str]:
    """What the steps could not keep to, in words."""
    artist = snapshot.facts.artist
    said = []
    for step, (before, row) in enumerate(pairwise(rows), start=1):
        why = stages[step].why
        if why is not None and not why.blend.mixes:
            said.append(f"step {step}: no track that mixes")
        if artist[row] and artist[row] == artist[before]:
            said.append(f"step {step}: the same artist again")
    return said
