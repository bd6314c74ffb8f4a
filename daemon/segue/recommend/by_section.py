"""What sounds like one section of a file: its drop, its intro or its outro."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.errors import LibraryEmptyError
from segue.recommend import scoring
from segue.recommend.catalogue import Snapshot
from segue.recommend.closeness import nearest_parts
from segue.recommend.explain import Explainer, seed_notes
from segue.recommend.pick import COPY_COSINE, COPY_SECONDS, Picker
from segue.recommend.recommender import CANDIDATES, SEED_TAGS, Ranking
from segue.recommend.seed import ProbeSeed
from segue.recommend.tonight import NOTHING_PLAYED
from segue.recommend.weights import Weights, preset

_WEIGHTS: Final[Weights] = preset("producer").changed({"tags": 0.0, "features": 0.0, "energy": 0.0})
"""Only the section counts: tags, features and energy are those of the whole file."""


def like_section(
    snapshot: Snapshot,
    seed: ProbeSeed,
    section: str,
    vector: npt.NDArray[np.float32],
    limit: int,
    exclude: Collection[int] = (),
) -> Ranking:
    """Tracks whose first part (``intro``), last part (``outro``) or whole (``drop``) sounds like a section's vector (dim,).

    ``seed`` is the whole file: its tempo and key are what the reasons tell, and they do not count. Never a copy of it, or one
    of ``exclude``. Raises LibraryEmptyError where the library has no other track.
    """
    allowed = _others(snapshot, seed, exclude)
    possible = int(np.count_nonzero(allowed))
    if not possible:
        raise LibraryEmptyError(
            "There is no other track to compare with yet: add a folder with music, or wait for the analysis."
        )
    near = replace(seed, vector=vector, tail=None)
    picker = Picker(snapshot, replace(near, duration=None), NOTHING_PLAYED, versions=True)
    count = max(CANDIDATES, 2 * limit)
    while True:
        rows, cosines = nearest_parts(snapshot, vector, section, allowed, count)
        found = scoring.terms(snapshot, near, rows, cosines, weights=_WEIGHTS)
        order = np.lexsort((snapshot.rows.ids[rows], -scoring.total(found, _WEIGHTS)))
        picked = picker.pick(found, order, limit)
        if len(picked) >= limit or len(rows) == possible:
            break
        count *= 4  # copies of one another were dropped
    tags = snapshot.telling.row(seed.tags)[0]
    explainer = Explainer(snapshot, near, tags, "best", _WEIGHTS, {})
    return Ranking(
        [explainer.explain(found, at) for at in picked],
        [],
        "exact",
        seed_notes(seed),
        snapshot.telling.shared(tags, tags)[:SEED_TAGS],
        seed.played.rate,
    )


def _others(snapshot: Snapshot, seed: ProbeSeed, exclude: Collection[int]) -> npt.NDArray[np.bool_]:
    """What may be suggested, without copies of the file and ``exclude``, shape (n,)."""
    others = snapshot.suggestable.copy()
    rows = snapshot.rows.find(np.array([*exclude, *([] if seed.id is None else [seed.id])], dtype=np.int64))
    others[rows[rows >= 0]] = False
    if seed.duration is not None:
        near = np.flatnonzero(others & (np.abs(snapshot.facts.duration - seed.duration) <= COPY_SECONDS))
        others[near[snapshot.rows.vectors[near] @ seed.vector > COPY_COSINE]] = False
    return others
