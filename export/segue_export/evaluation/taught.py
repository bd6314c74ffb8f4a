"""Tables of how well the networks learnt what they were taught: teachers' neighbours and tags, medium-level features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from segue_export.evaluation.agreement import cka, logit, overlap, rank_correlation, spearman, tag_correlation
from segue_export.evaluation.collection import SEGUE, TEACHERS, Collection, columns
from segue_export.evaluation.tables import Cell, Table
from segue_export.targets import FEATURES, scores

Column = npt.NDArray[np.float64]
_FEWEST: Final = 3
_ENERGY: Final = "energy"


def agreement(collection: Collection) -> Iterator[Table]:
    """Segue's vector and tags beside each teacher's."""
    theirs = [*collection.teachers, *([TEACHERS] if len(collection.teachers) > 1 else [])]
    vectors = collection.vectors
    rows: dict[str, dict[str, Cell]] = {}
    for name in theirs:
        rows[name] = {
            "ten nearest": overlap(vectors[SEGUE], vectors[name], collection.groups),
            "rank correlation": rank_correlation(vectors[SEGUE], vectors[name], collection.groups),
            "CKA": cka(vectors[SEGUE], vectors[name]),
            "tag logits": _tag_agreement(collection, name),
        }
    if rows:
        note = (
            "ten nearest: share that both have. rank correlation: Spearman's, of the cosines to all other clips. "
            "tag logits: mean correlation over the tags that both know. Teachers' embeddings are z-scored over these clips."
        )
        yield Table("agreement", "Agreement with the teachers", "teacher", rows, note)


def _tag_agreement(collection: Collection, teacher: str) -> float | None:
    if teacher not in collection.heard:
        return None
    ours = {tag: logit(column) for tag, column in columns([one.tags for one in collection.whole()]).items()}
    found = tag_correlation(ours, columns([one.logits for one in collection.whole(teacher)]))
    return float(np.mean(list(found.values()))) if found else None


def features(collection: Collection) -> Iterator[Table]:
    """Medium-level features against labels, and against what the teachers' tags make of them."""
    said = columns([one.features for one in collection.whole()])
    wanted = _formulas(collection)
    rows: dict[str, dict[str, Cell]] = {}
    for name, column in said.items():
        true = [(place, value) for place, value in enumerate(_labelled(collection, name)) if value is not None]
        by_labels = None
        if len(true) >= _FEWEST and len({value for _, value in true}) > 1:
            by_labels = spearman(column[[place for place, _ in true]], [value for _, value in true])
        by_formula = spearman(column, wanted[name]) if name in wanted else None
        if by_labels is not None or by_formula is not None:
            rows[name] = {"clips with labels": len(true), "labels": by_labels, "formula": by_formula}
    if rows:
        note = (
            "Spearman's rank correlation. formula: of the teachers' tag logits (docs/models.md); for energy, the daemon's own "
            "measure of it. How well a formula was learnt is not how true it is."
        )
        yield Table("features", "Medium-level features", "feature", rows, note)


def _labelled(collection: Collection, feature: str) -> list[float | None]:
    return [getattr(label, feature, None) for label in collection.labels]


def _formulas(collection: Collection) -> dict[str, Column]:
    """What the features should say by the teachers' tags; energy by the daemon's measure."""
    energy = np.array([one.energy for one in collection.whole()])
    found = {_ENERGY: energy} if np.ptp(energy) > 0 else {}
    merged = _merged([columns([one.logits for one in collection.whole(name)]) for name in collection.teachers])
    if merged:
        rows = np.stack(list(merged.values()), axis=1).astype(np.float32)
        raw = np.stack([scores(row, 0.0, list(merged)) for row in rows])
        found |= {name: raw[:, place] for place, name in enumerate(FEATURES) if name != _ENERGY}
    return found


def _merged(logits: list[dict[str, Column]]) -> Mapping[str, Column]:
    """Mean logits of each tag over the teachers that know it; the first spelling stays."""
    spelt: dict[str, str] = {}
    said: dict[str, list[Column]] = {}
    for one in logits:
        for name, column in one.items():
            said.setdefault(spelt.setdefault(name.lower(), name), []).append(column)
    return {name: np.mean(some, axis=0) for name, some in said.items()}
