"""From candidates in order to a list: no copies, no second version of a work, nothing of tonight again, artists spaced."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from segue.recommend.catalogue import Snapshot
from segue.recommend.scoring import Terms
from segue.recommend.seed import ProbeSeed
from segue.recommend.tonight import Tonight

COPY_COSINE: Final = 0.9995
COPY_SECONDS: Final = 1.0
"""Two tracks this near in sound and length are copies of one recording."""
VERSION_COSINE: Final = 0.2
"""Two tracks of one name and artist that sound less alike than this are different works: there are many untitled ones."""
ARTIST_LIMIT: Final = 2
"""So many tracks of one artist at the most, while there are others, among the first ..."""
ARTIST_WINDOW: Final = 10
"""... so many."""
ARTIST_REST: Final = 3
"""So many tracks of tonight must lie between two of one artist, while there are others."""


class Picker:
    """Chooses for one seed, on one night."""

    def __init__(
        self, snapshot: Snapshot, seed: ProbeSeed, tonight: Tonight, *, versions: bool = False, copies: bool = False
    ) -> None:
        """``versions``: versions of one work may be chosen, of the seed's too; but nothing of tonight.

        ``copies``: copies of the seed, too.
        """
        self._vectors, self._facts = snapshot.rows.vectors, snapshot.facts
        played = snapshot.rows.find(np.fromiter(tonight.tracks, dtype=np.int64, count=len(tonight.tracks)))
        self._played = played[played >= 0]
        self._seed = seed
        self._works: dict[int, list[npt.NDArray[np.float32]]] = {}
        for row in self._played.tolist():
            self._note_work(int(self._facts.work[row]), self._vectors[row])
        self._versions = versions
        self._seconds = None if copies else seed.duration
        if not versions:
            self._note_work(seed.work, seed.vector)
        self._resting = set(self._facts.artist[self._played[-ARTIST_REST:]].tolist()) - {0}

    def pick(self, found: Terms, order: npt.NDArray[np.int64], limit: int) -> list[int]:
        """Positions of the first ``limit`` candidates, in this order but for artists who had their turn."""
        works = {work: list(vectors) for work, vectors in self._works.items()}
        picked: list[int] = []
        waiting: list[int] = []
        artists: dict[int, int] = dict.fromkeys(self._resting, ARTIST_LIMIT)
        place = {int(at): rank for rank, at in enumerate(order)}
        for at in order[~self._copies(found, order)].tolist():
            if len(picked) == limit:
                break
            row = int(found.rows[at])
            if self._again(row, found.rows[picked + waiting], works):
                continue
            work = int(self._facts.work[row])
            if work and not self._versions:
                works.setdefault(work, []).append(self._vectors[row])
            artist = int(self._facts.artist[row])
            if artist and artists.get(artist, 0) >= ARTIST_LIMIT and len(picked) < ARTIST_WINDOW:
                waiting.append(at)
                continue
            artists[artist] = artists.get(artist, 0) + 1
            picked.append(at)
        top, rest = picked[:ARTIST_WINDOW], picked[ARTIST_WINDOW:]
        return [*top, *sorted(waiting + rest, key=place.__getitem__)][:limit]

    def _copies(self, found: Terms, order: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which candidates are copies of the seed, shape as ``order``."""
        if self._seconds is None:
            return np.zeros(len(order), dtype=np.bool_)
        near = np.abs(self._facts.duration[found.rows[order]] - self._seconds) <= COPY_SECONDS
        copies: npt.NDArray[np.bool_] = near & (found.cosine[order] > COPY_COSINE)
        return copies

    def _again(self, row: int, chosen: npt.NDArray[np.int64], works: dict[int, list[npt.NDArray[np.float32]]]) -> bool:
        """Whether a candidate is a copy or another version of what was played or chosen already."""
        vector = self._vectors[row]
        if any(float(other @ vector) >= VERSION_COSINE for other in works.get(int(self._facts.work[row]), ())):
            return True
        others = np.concatenate([chosen, self._played])
        near = others[np.abs(self._facts.duration[others] - self._facts.duration[row]) <= COPY_SECONDS]
        return bool(len(near)) and bool(np.any(self._vectors[near] @ vector > COPY_COSINE))

    def _note_work(self, work: int, vector: npt.NDArray[np.float32]) -> None:
        if work:
            self._works.setdefault(work, []).append(vector)
