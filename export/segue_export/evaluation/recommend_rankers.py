"""Who answers: what anybody would write first, Segue as it is shipped, and Segue with one part taken away at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from segue.index.vectors import VectorIndex
from segue.recommend import mixability, scoring, tuning
from segue.recommend.catalogue import Catalogue, Snapshot
from segue.recommend.recommender import Asked, Recommender
from segue.recommend.seed import seed_of
from segue.recommend.tonight import NOTHING_PLAYED, Tonight
from segue.recommend.weights import DEFAULT, PRESETS, Weights
from segue_export.evaluation.recommend_history import History, Question

Mask = npt.NDArray[np.bool_]
UNTAUGHT: Final = ("chance", "tempo and key", "same artist", "cosine", "Segue, nothing learned")
"""Those of the baselines that need no history."""
LIMIT: Final = 50
"""Length of an answer."""


class Ranker(Protocol):
    """Gives at most `LIMIT` track ids, best first."""

    def __call__(self, question: Question) -> Sequence[int]:
        """Answer."""
        ...


class _Everything(Catalogue):
    """A library in which every track shares every tag, so that the pool is all of it."""

    def __init__(self, history: History) -> None:
        super().__init__(history.columns)
        snapshot = super().snapshot()
        shared = np.full(len(snapshot.rows.ids), ~np.uint64(0))
        self._whole = replace(snapshot, facts=replace(snapshot.facts, telling=shared))

    def snapshot(self) -> Snapshot:
        """The same view each time."""
        return self._whole


class Study:
    """What all rankers of a history share: the library in memory, and what was learned from the earlier nights."""

    def __init__(self, history: History) -> None:
        self.history = history
        catalogue = Catalogue(history.columns)
        self.snapshot = catalogue.snapshot()
        self.memories = {dj: tuning.remembered(career.earlier) for dj, career in history.careers.items()}
        self._recommender = _recommender(catalogue)
        self._without_pool = _recommender(_Everything(history))
        self._tuned: dict[str, tuning.Tuned] = {}

    def tuned(self, dj: str, base: Weights = DEFAULT) -> tuning.Tuned:
        """What the earlier nights of a DJ make of the weights."""
        if dj not in self._tuned:
            self._tuned[dj] = tuning.learn(self.snapshot, self.history.careers[dj].earlier, base)
        return self._tuned[dj]

    def segue(
        self,
        weights: Weights | Callable[[str], Weights] = DEFAULT,
        *,
        memory: bool = True,
        tonight: bool = True,
        pool: bool = True,
        crate: bool = False,
    ) -> Ranker:
        """Segue's own answer, with parts of it switched off, or the DJ's crate as a filter."""
        recommender = self._recommender if pool else self._without_pool

        def answer(question: Question) -> Sequence[int]:
            asked = Asked(
                weights=weights(question.dj) if callable(weights) else weights,
                tonight=Tonight(question.tonight) if tonight else NOTHING_PLAYED,
                memory=self.memories[question.dj] if memory else None,
                filters=self._crate(question.dj) if crate else None,
            )
            ranking = recommender.next(question.tonight[-1], LIMIT, asked=asked)
            return [one.id for one in ranking.suggestions]

        return answer

    def alone(self, question: Question) -> Sequence[int]:
        """The score over all tracks: no pool, no rule about artists, works and what mixes first."""
        seed = seed_of(self.snapshot, question.tonight[-1])
        rows = self._fresh(question)
        found = scoring.terms(self.snapshot, seed, rows, memory=self.memories[question.dj])
        return self._best(rows, scoring.total(found, DEFAULT))

    def cosine(self, question: Question) -> Sequence[int]:
        """What sounds most alike."""
        rows = self._fresh(question)
        vectors = self.snapshot.rows.vectors
        return self._best(rows, (vectors[rows] @ vectors[self._row(question.tonight[-1])]).astype(np.float64))

    def tempo_and_key(self, question: Question) -> Sequence[int]:
        """What DJ programs do: key and tempo alone; equal ones by the nearness of the tempo."""
        seed, rows, facts = seed_of(self.snapshot, question.tonight[-1]), self._fresh(question), self.snapshot.facts
        tempo = mixability.tempo(seed.played_bpm, 1.0, facts.bpm[rows], np.ones(len(rows), np.float32))
        key = mixability.key(seed.camelot, 1.0, facts.camelot[rows], np.ones(len(rows), np.float32))
        near = np.nan_to_num(1.0 - np.abs(tempo.change), nan=0.0)
        return self._best(rows, (key * tempo.score + 1e-3 * near).astype(np.float64))

    def artist(self, question: Question) -> Sequence[int]:
        """The same artist first, then what sounds most alike."""
        rows, row = self._fresh(question), self._row(question.tonight[-1])
        artists, vectors = self.snapshot.facts.artist, self.snapshot.rows.vectors
        same = (artists[rows] == artists[row]) & (artists[row] != 0)
        return self._best(rows, same + (vectors[rows] @ vectors[row]).astype(np.float64) / 4.0)

    def most_played(self, question: Question) -> Sequence[int]:
        """What the DJ played most on the earlier nights, whatever plays."""
        plays = Counter(track for night in self.history.careers[question.dj].earlier for track in night)
        rows = self._fresh(question)
        ids = self.snapshot.rows.ids[rows].tolist()
        return self._best(rows, np.array([plays[track] for track in ids], dtype=np.float64))

    def chance(self, question: Question) -> Sequence[int]:
        """Any track, the same ones for the same question."""
        rng = np.random.default_rng([*question.tonight, question.chosen])
        picked: list[int] = self.snapshot.rows.ids[rng.permutation(self._fresh(question))[:LIMIT]].tolist()
        return picked

    def _fresh(self, question: Question) -> npt.NDArray[np.int64]:
        """Rows of what was not played yet this night."""
        mask = self.snapshot.suggestable.copy()
        mask[self.snapshot.rows.find(np.asarray(question.tonight, dtype=np.int64))] = False
        return np.flatnonzero(mask)

    def _row(self, track: int) -> int:
        return int(self.snapshot.rows.find(np.asarray([track]))[0])

    def _best(self, rows: npt.NDArray[np.int64], score: npt.NDArray[np.float64]) -> Sequence[int]:
        ids = self.snapshot.rows.ids[rows]
        best: list[int] = ids[np.lexsort((ids, -score))[:LIMIT]].tolist()
        return best

    def _crate(self, dj: str) -> Callable[[Snapshot], Sequence[tuple[str, Mask]]]:
        crate = np.asarray(self.history.careers[dj].crate, dtype=np.int64)

        def masks(snapshot: Snapshot) -> Sequence[tuple[str, Mask]]:
            return [("crates", np.isin(snapshot.rows.ids, crate))]

        return masks


def baselines(study: Study) -> Mapping[str, Ranker]:
    """What Segue is compared with, and Segue."""
    found: dict[str, Ranker] = {
        "chance": study.chance,
        "tempo and key": study.tempo_and_key,
        "same artist": study.artist,
        "cosine": study.cosine,
        "most played": study.most_played,
        "Segue, nothing learned": study.segue(memory=False),
        "Segue": study.segue(),
        "Segue, tuned": study.segue(lambda dj: study.tuned(dj).weights),
    }
    if all(career.crate for career in study.history.careers.values()):
        found["Segue, tuned, in the crate"] = study.segue(lambda dj: study.tuned(dj).weights, crate=True)
    return found


def ablations(
    study: Study, base: Callable[[str], Weights] | Weights = DEFAULT, *, memory: bool = True
) -> Mapping[str, Ranker]:
    """Segue without one part after the other; ``base`` are the weights with all parts."""

    def weights(changes: Mapping[str, float]) -> Callable[[str], Weights]:
        return lambda dj: (base(dj) if callable(base) else base).changed(changes)

    found: dict[str, Ranker] = {"all parts": study.segue(base, memory=memory)}
    for name in tuning.TUNED:
        if memory or name != "learned":
            found[f"without {name.replace('_', ' ')}"] = study.segue(weights({name: 0.0}), memory=memory)
    if memory:
        found["without all of the memory"] = study.segue(base, memory=False)
    found["without the pool"] = study.segue(base, memory=memory, pool=False)
    found["without the night"] = study.segue(base, memory=memory, tonight=False)
    return found


def presets(study: Study) -> Mapping[str, Ranker]:
    """Segue with the weights of each moment."""
    return {name: study.segue(DEFAULT.changed(changes)) for name, changes in PRESETS.items()}


def _recommender(catalogue: Catalogue) -> Recommender:
    # Never opened: every search is exact.
    return Recommender(catalogue, VectorIndex(Path("never-opened"), dim=catalogue.dim, model=""))
