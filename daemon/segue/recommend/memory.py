"""What was learned from one's own sets: which tracks follow one another, and what is liked.

A pair that was played raises itself, and pulls its neighbours: tracks that sound like the successor are raised after tracks that
sound like the predecessor. That is kernel regression over the learned pairs, with a kernel in the cosine of the track vectors
(Nadaraya 1964, Watson 1964); the neighbours together have one vote. A track that was played after anything is known, and raised
a little everywhere: a DJ plays from a fraction of what lies in the library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from segue.index.rows import Rows
from segue.recommend.catalogue import Snapshot

KERNEL_WIDTH: Final = 0.12
"""Cosine below one at which the pull has fallen to 1/e: the nearest other track of a library is about that far away."""
_LEAST_PULL: Final = 0.02
_NEIGHBOURS: Final = 48
"""Tracks nearest to the seed whose successors pull."""
_PAIRS: Final = 64
"""Pairs that pull, at the most: the strongest of them."""
_PULL_AT_MOST: Final = 2.0
"""Of one pair, however often it was played: its neighbours are not played so often."""
KNOWN: Final = 0.4
"""What speaks for a track that is played often, whatever plays; ..."""
KNOWN_TIMES: Final = 2.0
"""... 1 - 1/e of it for one that was played so often."""
_EXACT_AT_MOST: Final = 1024
"""Candidates that neighbours pull exactly; of more, those that are nearest to the middle of what pulls."""
_OPINION_WEIGHT: Final = 1.0
"""Of a track that is liked, or disliked, after another: as much as one blend."""


class Transition(NamedTuple):
    """One track after another, once or summed up over many times."""

    from_id: int
    to_id: int
    weight: float
    """How much it says: 1 for a blend, less for a neighbour in a playlist, below 0 for one that was thrown out at once."""
    times: int = 1
    """So often it was heard; 0 for neighbours in a playlist, and for what was thrown out."""


class Opinion(NamedTuple):
    """A track that is liked or disliked, everywhere or after another one."""

    track_id: int
    liked: bool
    after_id: int | None = None


class Proven(NamedTuple):
    """A pair that may be trusted."""

    times: int
    """So often it was played; 0 where it is only liked."""
    weight: float
    """Sum of all that is known of the pair, above 0."""


class _Opinions(NamedTuple):
    """Who is liked (1) or not (-1), by ascending id."""

    ids: npt.NDArray[np.int64]
    signs: npt.NDArray[np.float32]


_NO_OPINIONS: Final = _Opinions(np.empty(0, np.int64), np.empty(0, np.float32))
_NO_PAIRS: Final[Mapping[int, Proven]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where the learned tracks lie in the vectors of a snapshot.

    A row never changes its vector, so a later snapshot of the same array differs only where a track has another row.
    """

    rows: Rows
    array: npt.NDArray[np.float32]
    from_rows: npt.NDArray[np.int64]
    to_rows: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]
    """Of the predecessors, shape (u, dim); zeros where a track is not in the library."""
    known: npt.NDArray[np.float32]
    """What speaks for each row of the snapshot, whatever plays, shape (n,)."""


class Memory:
    """All that was learned; immutable but for a cache. `Memory.of` makes one, `Memory.empty` knows nothing."""

    def __init__(
        self,
        pairs: Mapping[int, Mapping[int, tuple[int, float]]],
        tracks: Mapping[int, float],
        after: Mapping[int, Mapping[int, float]],
    ) -> None:
        """Use `of` or `empty`.

        Args:
            pairs: times played and weight by successor, by predecessor.
            tracks: 1 for liked and -1 for disliked tracks.
            after: the same of tracks after a certain other one, by that.

        """
        self._proven = {
            before: {
                to: Proven(count, weight)
                for to, (count, weight) in following.items()
                if weight > 0 and (count or after.get(before, {}).get(to, 0) > 0)
            }
            for before, following in pairs.items()
        }
        self._tracks = _opinions(tracks)
        self._after = {before: _opinions(opinions) for before, opinions in after.items()}
        self._pairs = pairs
        self._from = np.array(sorted(pairs), np.int64)
        sizes = [len(pairs[before]) for before in self._from.tolist()]
        self._starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        self._to = np.array([to for before in self._from.tolist() for to in pairs[before]], np.int64)
        self._followers = np.unique(self._to)
        said = [pair for before in self._from.tolist() for pair in pairs[before].values()]
        self._weights = np.array([weight for _, weight in said], np.float32)
        self._times = np.array([times for times, _ in said], np.float32)
        self._placed: _Placed | None = None

    @classmethod
    def empty(cls) -> Self:
        """Nothing was learned yet."""
        return cls({}, {}, {})

    @classmethod
    def of(cls, transitions: Iterable[Transition], opinions: Iterable[Opinion] = ()) -> Self:
        """Sum up what was played and what is liked; the order does not matter."""
        pairs: dict[int, dict[int, tuple[int, float]]] = {}
        for one in sorted(transitions):
            following = pairs.setdefault(one.from_id, {})
            count, weight = following.get(one.to_id, (0, 0.0))
            following[one.to_id] = (count + one.times, weight + one.weight)
        tracks: dict[int, float] = {}
        after: dict[int, dict[int, float]] = {}
        for opinion in opinions:
            sign = 1.0 if opinion.liked else -1.0
            if opinion.after_id is None:
                tracks[opinion.track_id] = sign
                continue
            after.setdefault(opinion.after_id, {})[opinion.track_id] = sign
            following = pairs.setdefault(opinion.after_id, {})
            count, weight = following.get(opinion.track_id, (0, 0.0))
            following[opinion.track_id] = (count, weight + sign * _OPINION_WEIGHT)
        return cls(pairs, tracks, after)

    def __bool__(self) -> bool:
        """Whether anything was learned."""
        return bool(self._pairs) or len(self._tracks.ids) > 0

    @property
    def followers(self) -> npt.NDArray[np.int64]:
        """Ids of the tracks that ever followed another one, ascending."""
        return self._followers

    @property
    def pairs(self) -> int:
        """How many different pairs are known."""
        return len(self._to)

    def proven(self, seed_id: int | None) -> Mapping[int, Proven]:
        """The tracks that were played after a track with success, or are liked there, by id."""
        return _NO_PAIRS if seed_id is None else self._proven.get(seed_id, _NO_PAIRS)

    def liked(self, ids: npt.NDArray[np.int64], seed_id: int | None = None) -> npt.NDArray[np.float32]:
        """1 for tracks that are liked, -1 for disliked ones, else 0, shape (n,); an opinion for after the seed comes first."""
        said = np.zeros(len(ids), np.float32)
        for liked, signs in (self._tracks, self._after.get(seed_id, _NO_OPINIONS) if seed_id else _NO_OPINIONS):
            if len(liked):
                at = np.minimum(np.searchsorted(liked, ids), len(liked) - 1)
                said = np.where(liked[at] == ids, signs[at], said)
        return said

    def affinity(
        self,
        snapshot: Snapshot,
        vector: npt.NDArray[np.float32],
        seed_id: int | None,
        rows: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.float32]:
        """How much the learned pairs speak for each of some candidates after a seed.

        Args:
            snapshot: the library.
            vector: of the seed, L2-normalised, shape (dim,).
            seed_id: its id; None for a file that is in no library, which only has neighbours.
            rows: the candidates' rows in the snapshot, shape (n,).

        Returns:
            Shape (n,), -1..1: 0 where nothing is known, near 1 for a pair that was played often, below 0 for what was
            thrown out or is disliked there.

        """
        speaks = np.zeros(len(rows), np.float32)
        if not len(self._to) or not len(rows):
            return speaks
        ids = snapshot.rows.ids[rows]
        following = self._pairs.get(seed_id, {}) if seed_id is not None else {}
        if following:
            speaks += np.array([following.get(track, (0, 0.0))[1] for track in ids.tolist()], np.float32)
        placed = self._place(snapshot.rows)
        speaks += placed.known[rows] + self._pull(placed, vector, rows)
        said: npt.NDArray[np.float32] = np.sign(speaks) * -np.expm1(-np.abs(speaks))
        return said

    def warm(self, snapshot: Snapshot) -> None:
        """Look the learned tracks up in the library now, so that the first question need not."""
        self._place(snapshot.rows)

    def _pull(
        self, placed: _Placed, vector: npt.NDArray[np.float32], candidates: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """What pairs near the seed say of candidates near their successors, shape (n,)."""
        pull = np.zeros(len(candidates), np.float32)
        near = _kernel(placed.vectors @ vector.astype(np.float32))
        near[placed.from_rows < 0] = 0.0
        order = np.argsort(-near, kind="stable")[:_NEIGHBOURS]
        order = order[near[order] > _LEAST_PULL]
        if not len(order):
            return pull
        at = np.concatenate([np.arange(self._starts[one], self._starts[one + 1]) for one in order])
        lengths = self._starts[order + 1] - self._starts[order]
        strength = np.repeat(near[order], lengths)
        known = placed.to_rows[at] >= 0
        at, strength = at[known], strength[known]
        weights = np.clip(self._weights[at], -_PULL_AT_MOST, _PULL_AT_MOST) * strength
        strongest = np.argsort(-np.abs(weights), kind="stable")[:_PAIRS]
        vectors = placed.rows.vectors
        successors, weights = vectors[placed.to_rows[at[strongest]]], weights[strongest]
        chosen = _nearest(vectors, candidates, weights @ successors)
        pull[chosen] = _kernel(vectors[candidates[chosen]] @ successors.T) @ weights
        return pull / np.float32(max(1.0, float(strength.sum())))

    def _place(self, rows: Rows) -> _Placed:
        placed = self._placed
        if placed is not None and placed.rows is rows:
            return placed
        array = rows.vectors if rows.vectors.base is None else rows.vectors.base
        from_rows, to_rows = rows.find(self._from), rows.find(self._to)
        if placed is not None and placed.array is array and np.array_equal(placed.from_rows, from_rows):
            vectors = placed.vectors
        else:
            vectors = np.zeros((len(from_rows), rows.dim), np.float32)
            vectors[from_rows >= 0] = rows.vectors[from_rows[from_rows >= 0]]
        # Another thread may do the same at the same time: whichever comes last stays, and both are right.
        self._placed = _Placed(rows, array, from_rows, to_rows, vectors, self._known(rows, to_rows))
        return self._placed

    def _known(self, rows: Rows, to_rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        there = to_rows >= 0
        times = np.bincount(to_rows[there], self._times[there], minlength=len(rows.ids))
        known: npt.NDArray[np.float32] = (-KNOWN * np.expm1(-times / KNOWN_TIMES)).astype(np.float32)
        return known


def _opinions(said: Mapping[int, float]) -> _Opinions:
    ids = np.array(sorted(said), np.int64)
    return _Opinions(ids, np.array([said[track] for track in ids.tolist()], np.float32))


def _nearest(
    vectors: npt.NDArray[np.float32], candidates: npt.NDArray[np.int64], middle: npt.NDArray[np.float32]
) -> npt.NDArray[np.int64]:
    """Positions of the candidates that are pulled most, either way; of all of them where that is cheap."""
    if len(candidates) <= _EXACT_AT_MOST:
        return np.arange(len(candidates))
    most = 2 * len(candidates) > len(vectors)  # gathering them would cost more than the others
    pulled = (vectors @ middle)[candidates] if most else vectors[candidates] @ middle
    return np.sort(np.argpartition(-np.abs(pulled), _EXACT_AT_MOST)[:_EXACT_AT_MOST])


def _kernel(cosines: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    pull: npt.NDArray[np.float32] = np.exp((np.minimum(cosines, 1.0) - 1.0) / np.float32(KERNEL_WIDTH))
    return pull
