"""Pool by tags → cosine → tempo, key and what was learned → lanes and reasons: what to play next, and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.errors import LibraryEmptyError
from segue.index.vectors import Search, VectorIndex
from segue.recommend import lanes, mixability, pool, scoring
from segue.recommend.catalogue import Catalogue, Snapshot
from segue.recommend.explain import Explainer, Ranked, seed_notes
from segue.recommend.lanes import Gate, Lane
from segue.recommend.memory import Memory, Proven
from segue.recommend.pick import Picker
from segue.recommend.scoring import Terms
from segue.recommend.seed import AS_RECORDED, Played, ProbeSeed, seed_of
from segue.recommend.tonight import NOTHING_PLAYED, Tonight
from segue.recommend.weights import DEFAULT, Weights, preset

__all__ = ["AS_RECORDED", "PLAIN", "Asked", "Played", "ProbeSeed", "Ranked", "Ranking", "Recommender"]

Mask = npt.NDArray[np.bool_]

CANDIDATES: Final = 128
"""Nearest tracks that are ranked anew by everything else."""
SPREAD: Final = 128
"""The best of a lane that are put apart."""
MIXING: Final = 32
"""Nearest tracks that mix, which are ranked with them."""
TURNING: Final = 1024
"""Tracks that a turn compares in full, and ..."""
RESCUED: Final = 512
"""... nearest ones that are ranked by what is like a proven pair, beside all that ever followed in a set."""
PLAYED_ALREADY: Final = "nothing that was played, nor another version of it"
COPIES: Final = "no copy of the same recording"
NOT_PROVEN: Final = "proven pairs"
UNMIXED: Final = "tracks that mix now"
NOT_MIXING: Final = "pairs that mix now"
SEED_TAGS: Final = 5
_EXACT: Final[Search] = "exact"


@dataclass(frozen=True, slots=True)
class Asked:
    """How a question is meant."""

    lane: Lane = "best"
    weights: Weights = DEFAULT
    tonight: Tonight = NOTHING_PLAYED
    """What may not come again."""
    memory: Memory | None = None
    filters: Callable[[Snapshot], Sequence[tuple[str, Mask]]] | None = None
    """Conditions by name, the dearest first, as masks of shape (n,)."""
    versions: bool = False
    """Whether versions of one work may be answers, of the seed's too."""
    copies: bool = False
    """Whether copies of the seed may be answers."""


PLAIN: Final = Asked()
LIKE: Final = Asked(weights=preset("producer"), versions=True)
"""What sounds like it, whether it mixes or not."""


class Ranking(NamedTuple):
    """Suggestions, best first."""

    suggestions: list[Ranked]
    relaxed: list[str]
    """What was given up to fill the list, in order."""
    search: Search
    notes: list[str]
    """What should be known of the seed."""
    tags: list[str]
    """The seed's most telling tags, best first."""
    rate: float = 1.0
    """At which the seed was played."""
    lane: Lane = "best"


class _Question(NamedTuple):
    """All that one ranking needs."""

    snapshot: Snapshot
    seed: ProbeSeed
    limit: int
    asked: Asked
    proven: Mapping[int, Proven]


class Recommender:
    """Answers from memory; the same question to the same library has the same answer."""

    def __init__(self, catalogue: Catalogue, index: VectorIndex) -> None:
        self._catalogue = catalogue
        self._index = index

    def snapshot(self) -> Snapshot:
        """The library as it is now."""
        return self._catalogue.snapshot()

    def knows(self, track_id: int) -> bool:
        """Whether a track can be suggested, and asked for: one whose folder was removed is kept, but takes no part."""
        return self._catalogue.row(track_id) is not None

    def next(
        self,
        track_id: int,
        limit: int,
        exclude: Collection[int] = (),
        played: Played = AS_RECORDED,
        asked: Asked = PLAIN,
    ) -> Ranking:
        """Suggest what to play after a track of the library; never the track itself, a copy of it, or one of ``exclude``.

        What is ``played`` faster, or higher for want of keylock, is matched as it is heard.

        Raises TrackNotFoundError where the library has no such track, LibraryEmptyError where it has no other.
        """
        return self.after(seed_of(self.snapshot(), track_id, played), limit, {track_id, *exclude}, asked)

    def similar(self, seed: ProbeSeed, limit: int, exclude: Collection[int] = ()) -> Ranking:
        """Suggest what sounds like a file, in the library or not; never a copy of it, or one of ``exclude``.

        Raises LibraryEmptyError where the library has no track.
        """
        return self.after(seed, limit, exclude, LIKE)

    def after(self, seed: ProbeSeed, limit: int, exclude: Collection[int] = (), asked: Asked = PLAIN) -> Ranking:
        """Suggest what to play after any seed.

        What a lane or a filter promises holds for every suggestion, or is named in ``relaxed``. The list is never empty while
        there is another track; in a lane and with filters it may be shorter than ``limit``. Without a lane the first suggestion
        is the best one that can be blended with the seed, if any can.

        Raises LibraryEmptyError where there is no other track at all.
        """
        snapshot = self.snapshot()
        proven = {} if asked.memory is None else asked.memory.proven(seed.id)
        question = _Question(snapshot, seed, limit, asked, proven)
        allowed = _allowed(snapshot, set(exclude) | ({seed.id} if seed.id is not None else set()))
        again = replace(asked, tonight=NOTHING_PLAYED, versions=True)
        ranking = self._keeping(question, _without(snapshot, allowed, asked.tonight.tracks), [])
        if not ranking.suggestions:
            ranking = self._keeping(question._replace(asked=again), allowed, [PLAYED_ALREADY])
        if not ranking.suggestions:
            ranking = self._keeping(question._replace(asked=replace(again, copies=True)), allowed, [COPIES])
        return ranking

    def _keeping(self, question: _Question, allowed: Mask, given_up: list[str]) -> Ranking:
        """The ranking of what is ``allowed`` that keeps as many promises as there is music for."""
        gates = _gates(question, allowed)
        while True:
            left, relaxed = _through(allowed, gates)
            ranking = self._rank(question, left, list(dict.fromkeys([*given_up, *relaxed])))
            if ranking.suggestions or not gates:
                return ranking
            # Nothing but copies and other versions is left: the cheapest promise gives way.
            given_up = [*given_up, gates.pop().said]

    # One ranking -----------------------------------------------------------------------------------------------------

    def _rank(self, question: _Question, allowed: Mask, relaxed: list[str]) -> Ranking:
        snapshot, seed, _, asked, proven = question
        search = _EXACT
        tags = snapshot.telling.row(seed.tags)[0]
        if asked.lane == "rescue":
            rescued = self._rescue(question, allowed)
            found, order = rescued.found, rescued.order
            relaxed = [*relaxed, *rescued.relaxed]
        elif asked.lane == "best":
            found, order, search, given_up = self._best(question, allowed)
            relaxed = [*relaxed, *given_up]
        else:
            found, order, search = self._lane(question, allowed)
        explainer = Explainer(snapshot, seed, tags, asked.lane, asked.weights, proven)
        return Ranking(
            [explainer.explain(found, at) for at in order],
            relaxed,
            search,
            seed_notes(seed),
            snapshot.telling.shared(tags, tags)[:SEED_TAGS],
            seed.played.rate,
            asked.lane,
        )

    def _best(self, question: _Question, allowed: Mask) -> tuple[Terms, list[int], Search, list[str]]:
        snapshot, seed, limit, asked, proven = question
        tags = snapshot.telling.bits(snapshot.telling.row(seed.tags))[0]
        possible = int(np.count_nonzero(allowed))
        wanted, k, search = limit, max(CANDIDATES, 2 * limit), _EXACT
        picker = self._picker(question)
        blends = self._blends(question, allowed)
        while True:
            choice = pool.choose(snapshot, tags, allowed, wanted)
            near, search = self._index.search(snapshot.rows, seed.vector, k, choice.mask)
            rows = np.union1d(near.rows, np.concatenate([blends, _rows_of(snapshot, proven, allowed)]))
            found = self._terms(question, rows)
            score = scoring.total(found, asked.weights)
            order = picker.pick(found, _sorted(snapshot, found, score), limit)
            left = int(np.count_nonzero(choice.mask))
            if len(order) >= limit or len(near.rows) == possible:
                break
            # Copies were dropped: look further, first in the pool and then beyond it.
            wanted, k = (wanted, 4 * k) if len(near.rows) < left else (left + 1, k)
        if asked.weights.tempo or asked.weights.key:  # whoever asks for neither does not want to mix
            order = _blend_first(found, order, picker, _sorted(snapshot, found, score), limit)
        return found, order, search, choice.relaxed

    def _blends(self, question: _Question, allowed: Mask) -> npt.NDArray[np.int64]:
        """Rows of the nearest tracks that mix smoothly; of those that mix at all where there are none."""
        snapshot, seed, _, asked, _ = question
        for least in (mixability.SMOOTH, mixability.NO_CLASH):
            mixing = lanes.mixing(snapshot, seed, allowed, asked.weights, least)
            if np.any(mixing):
                return self._index.search(snapshot.rows, seed.vector, MIXING, mixing)[0].rows
        return np.zeros(0, dtype=np.int64)

    def _lane(self, question: _Question, allowed: Mask) -> tuple[Terms, list[int], Search]:
        snapshot, seed, limit, asked, proven = question
        weights = asked.weights
        k, search = max(CANDIDATES, 2 * limit), _EXACT
        if asked.lane == "turn":
            rows, weights = _meeting_best(question, np.flatnonzero(allowed)), weights.changed(lanes.TURN)
        else:
            near, search = self._index.search(snapshot.rows, seed.vector, k, allowed)
            blends = self._blends(question, allowed)
            rows = np.union1d(near.rows, np.concatenate([blends, _rows_of(snapshot, proven, allowed)]))
        found = self._terms(question, rows)
        score = scoring.total(found, weights)
        order = _sorted(snapshot, found, score)[:k]
        spread = np.array(lanes.spread(order[:SPREAD], score, snapshot.rows.vectors[rows]), dtype=np.int64)
        spread = np.concatenate([spread, order[SPREAD:]])
        # Where a promise was given up, those that keep it all the same come first.
        spread = spread[np.argsort(~found.mixes[spread], kind="stable")]
        return found, self._picker(question).pick(found, spread, limit), search

    def _rescue(self, question: _Question, allowed: Mask) -> _Rescued:
        """Proven pairs that mix now, the most proven first; else what is nearest to that."""
        snapshot, _, limit, asked, proven = question
        picker = self._picker(question)
        found = self._terms(question, _rows_of(snapshot, proven, allowed))
        worth = np.array([proven[int(track)].weight for track in snapshot.rows.ids[found.rows]])
        order = _sorted(snapshot, found, worth)
        blends = order[found.mixes[order]]
        for some, given_up in ((blends, []), (order, [NOT_MIXING])):
            picked = picker.pick(found, some, limit)
            if picked:
                return _Rescued(found, picked, given_up)
        mixing = lanes.mixing(snapshot, question.seed, allowed, asked.weights)
        for mask, given_up in ((mixing, [NOT_PROVEN]), (allowed, [NOT_PROVEN, UNMIXED])):
            near, _ = self._index.search(snapshot.rows, question.seed.vector, RESCUED, mask)
            followers: Collection[int] | npt.NDArray[np.int64] = () if asked.memory is None else asked.memory.followers
            found = self._terms(question, np.union1d(near.rows, _rows_of(snapshot, followers, mask)))
            order = _sorted(snapshot, found, found.learned + scoring.total(found, asked.weights))
            picked = picker.pick(found, order[: max(CANDIDATES, 4 * limit)], limit)
            rescued = _Rescued(found, picked, given_up)
            if picked:
                break
        return rescued

    def _terms(self, question: _Question, rows: npt.NDArray[np.int64]) -> Terms:
        asked = question.asked
        return scoring.terms(question.snapshot, question.seed, rows, memory=asked.memory, weights=asked.weights)

    def _picker(self, question: _Question) -> Picker:
        asked = question.asked
        return Picker(question.snapshot, question.seed, asked.tonight, versions=asked.versions, copies=asked.copies)


class _Rescued(NamedTuple):
    found: Terms
    order: list[int]
    relaxed: list[str]


def _gates(question: _Question, allowed: Mask) -> list[Gate]:
    """All conditions, the dearest first: the user's filters, then the lane's tempo, energy, key and style."""
    snapshot, seed, _, asked, _ = question
    filters = [] if asked.filters is None else [Gate(said, mask) for said, mask in asked.filters(snapshot)]
    gates = [*filters, *lanes.gates(snapshot, seed, asked.lane, asked.weights)]
    if asked.lane == "turn":
        rows = np.flatnonzero(_through(allowed, gates)[0])
        style = np.zeros(len(allowed), dtype=np.bool_)
        style[rows] = lanes.far(snapshot.rows.vectors[rows], seed)
        gates.append(Gate(lanes.SAID["far"], style))
    return gates


def _through(allowed: Mask, gates: Sequence[Gate]) -> tuple[Mask, list[str]]:
    """What passes all gates; one that would leave too few is given up, and said."""
    left, given_up = allowed, []
    for gate in gates:
        passed = left & gate.mask
        count = int(np.count_nonzero(passed))
        if count >= gate.least or (count and count == np.count_nonzero(left)):
            left = passed
        else:
            given_up.append(gate.said)
    return left, given_up


def _allowed(snapshot: Snapshot, exclude: Collection[int]) -> Mask:
    others = _without(snapshot, snapshot.suggestable, exclude)
    if not np.any(others):
        raise LibraryEmptyError(
            "There is no other track to suggest yet: add a folder with music, or wait for the analysis."
        )
    return others


def _without(snapshot: Snapshot, mask: Mask, ids: Collection[int]) -> Mask:
    others = mask.copy()
    rows = snapshot.rows.find(np.fromiter(ids, dtype=np.int64, count=len(ids)))
    others[rows[rows >= 0]] = False
    return others


def _meeting_best(question: _Question, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Those of ``rows`` that meet the seed best in tempo, key and energy: in a large library it takes long to compare all in full."""
    if len(rows) <= TURNING:
        return rows
    meets = scoring.meeting(question.snapshot, question.seed, rows)
    return np.sort(rows[np.argsort(-meets, kind="stable")[:TURNING]])


def _rows_of(
    snapshot: Snapshot, tracks: Collection[int] | npt.NDArray[np.int64], allowed: Mask
) -> npt.NDArray[np.int64]:
    ids = tracks if isinstance(tracks, np.ndarray) else np.fromiter(tracks, dtype=np.int64, count=len(tracks))
    rows = snapshot.rows.find(ids)
    rows = rows[rows >= 0]
    return rows[allowed[rows]]


def _sorted(snapshot: Snapshot, found: Terms, score: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """Positions, best first; equal scores in the order of their ids."""
    return np.lexsort((snapshot.rows.ids[found.rows], -score))


def _blend_first(
    found: Terms, order: list[int], picker: Picker, candidates: npt.NDArray[np.int64], limit: int
) -> list[int]:
    """The same list of ``limit`` of the ``candidates``, which are best first, with the best one that mixes at the top.

    One whose key lies smoothly over the seed's is taken before one that jumps a semitone or a whole tone.
    """
    for blends in (found.smooth, found.mixes):
        if order and blends[order[0]]:
            return order
        first = np.array(picker.pick(found, candidates[blends[candidates]], 1), dtype=np.int64)
        if len(first):
            return picker.pick(found, np.concatenate([first, candidates[~np.isin(candidates, first)]]), limit)
    return order
