"""How alike two ways of hearing the same clips are: neighbours, distances, tags, features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from segue_export.evaluation.estimates import Estimate, estimate
from segue_export.evaluation.retrieval import neighbours, normalised

Array = npt.NDArray[np.float64]
NEIGHBOURS: Final = 10
_FEW: Final = 3
"""A correlation of fewer pairs says nothing."""


def overlap(ours: npt.ArrayLike, theirs: npt.ArrayLike, groups: Sequence[object] | None = None) -> Estimate:
    """Share of the ten nearest (of all others, when there are fewer) that both have, over vectors (n, d) and (n, e)."""
    pairs = zip(neighbours(ours, NEIGHBOURS), neighbours(theirs, NEIGHBOURS), strict=True)
    return estimate([len(a & b) / max(len(b), 1) for a, b in pairs], groups)


def rank_correlation(ours: npt.ArrayLike, theirs: npt.ArrayLike, groups: Sequence[object] | None = None) -> Estimate:
    """Spearman's correlation between one's cosines to all others and the other's, mean over the clips."""
    near, far = (normalised(vectors) for vectors in (ours, theirs))
    own, other = (np.asarray(rows @ rows.T, dtype=np.float64) for rows in (near, far))
    off = ~np.eye(len(own), dtype=bool)
    return estimate([spearman(a[keep], b[keep]) for a, b, keep in zip(own, other, off, strict=True)], groups)


def cka(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> float:
    """Linear centred kernel alignment, 0..1, of matrices (n, d) and (n, e).

    Kornblith, Norouzi, Lee, Hinton: "Similarity of neural network representations revisited" (ICML 2019), equation 3 with
    linear kernels.
    """
    a, b = (np.asarray(vectors, dtype=np.float64) for vectors in (ours, theirs))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
    return float(np.linalg.norm(a.T @ b) ** 2 / scale) if scale > 0 else 0.0


def spearman(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> float:
    """Spearman's rank correlation of two series (n,); 0 when one of them never changes."""
    a, b = (stats.rankdata(values) for values in (np.asarray(ours), np.asarray(theirs)))
    if len(a) < _FEW or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def logit(probability: npt.ArrayLike) -> Array:
    """Logits of probabilities, those beyond 1e-6 cut off."""
    clipped = np.clip(np.asarray(probability, dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))


def tag_correlation(ours: Mapping[str, Array], theirs: Mapping[str, Array]) -> dict[str, float]:
    """Correlation, tag by tag, of our logits (n,) with somebody else's, for the tags that both know (in any case)."""
    others = {name.lower(): values for name, values in theirs.items()}
    shared = {name: others[name.lower()] for name in ours if name.lower() in others}
    return {name: _pearson(ours[name], values) for name, values in shared.items()}


def _pearson(a: Array, b: Array) -> float:
    if len(a) < _FEW or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
