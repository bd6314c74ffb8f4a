"""Tags against labels: area under the ROC curve and under the precision-recall curve, tag by tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue_export.shards import TrackLabels

_FEWEST: Final = 2
"""Clips that must have a tag, and clips that must not, for its curve to be one."""


class TagFigures(NamedTuple):
    """How well the scores of one tag tell those who have it from those who have not."""

    positives: int
    size: int
    """Clips of which it is known."""
    roc_auc: float
    pr_auc: float
    """Average precision; by chance it equals the share of positives."""


def areas(scores: npt.ArrayLike, truth: npt.ArrayLike) -> tuple[float, float]:
    """ROC-AUC and average precision of scores (n,) against booleans (n,) of which some are true and some false."""
    from sklearn import metrics  # noqa: PLC0415  # takes a second, and only labelled collections need it

    wanted, said = np.asarray(truth, dtype=bool), np.asarray(scores, dtype=np.float64)
    return float(metrics.roc_auc_score(wanted, said)), float(metrics.average_precision_score(wanted, said))


def tag_figures(scores: Mapping[str, npt.NDArray[np.float64]], labels: Sequence[TrackLabels]) -> dict[str, TagFigures]:
    """Figures of every tag that at least two clips have and two have not.

    A clip counts as not having a tag when its labels know of the tag (`tags_known`) and do not name it. When no clip's labels
    say what they know of, an absent tag counts as "not" wherever there are any tags; the figures are then too low
    rather than too high.
    """
    found = {}
    closed = any(label.tags_known is not None for label in labels)
    for tag, column in scores.items():
        known = [_knows(label, tag, closed) for label in labels]
        truth = np.array([tag.lower() in _lower(label.tags) for label in labels])[known]
        positives = int(truth.sum())
        if min(positives, len(truth) - positives) >= _FEWEST:
            found[tag] = TagFigures(positives, len(truth), *areas(np.asarray(column)[known], truth))
    return found


def mean_areas(figures: Mapping[str, TagFigures]) -> tuple[float, float]:
    """Mean ROC-AUC and mean PR-AUC over the tags."""
    return (
        float(np.mean([one.roc_auc for one in figures.values()])),
        float(np.mean([one.pr_auc for one in figures.values()])),
    )


def _knows(label: TrackLabels, tag: str, closed: bool) -> bool:
    if tag.lower() in _lower(label.tags):
        return True
    return tag.lower() in _lower(label.tags_known or ()) if closed else bool(label.tags)


def _lower(tags: Sequence[str]) -> set[str]:
    return {tag.lower() for tag in tags}
