"""How far a change of the recording moves what Segue says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.keys import PITCHES, key_name
from segue_export.evaluation.changes import CHANGES, Change
from segue_export.evaluation.collection import matrix
from segue_export.evaluation.estimates import Estimate, estimate
from segue_export.evaluation.hearing import Heard
from segue_export.evaluation.retrieval import Array, normalised
from segue_export.evaluation.tables import Cell, Table
from segue_export.evaluation.tempo_key import acc1, acc2, key_score

_NEIGHBOURS: Final = 10
_TOP_TAGS: Final = 5
_WHOLE_STEP: Final = 0.01
"""A pitch that is further from a semitone has no key that could be right."""


class Moved(NamedTuple):
    """What one change does, over all clips; None where nothing can be said."""

    change: Change
    cosine: Estimate
    """Between the vectors of the changed and of the original clip."""
    itself: Estimate
    """Share of changed clips whose nearest original is their own."""
    shared: Estimate
    """Share of the original's ten nearest among the changed clip's, their own original left out."""
    tags: Estimate | None
    """Mean absolute difference of the tags' probabilities."""
    top_tags: Estimate | None
    """Share of the five strongest tags that stay."""
    features: Estimate | None
    """Mean absolute difference of the medium-level features."""
    energy: Estimate
    """Absolute difference of the energy, 1..10."""
    acc1: Estimate | None
    """Share of tempi that are the original's times the change's, within 4 %; of the clips that had one."""
    acc2: Estimate | None
    key: Estimate | None
    """Share of keys that are the original's, transposed; of the clips that had one."""
    key_score: Estimate | None


def moved(original: Sequence[Heard], changed: Sequence[Sequence[Heard]]) -> list[Moved]:
    """What each of `CHANGES` does to clips: `changed` holds, for each clip, what was heard of it after every change."""
    vectors = matrix([one.vector for one in original])
    columns = zip(CHANGES, zip(*changed, strict=True), strict=True)
    return [_moved(change, original, after, vectors) for change, after in columns]


def _moved(change: Change, before: Sequence[Heard], after: Sequence[Heard], vectors: Array) -> Moved:
    own, others = normalised(vectors), normalised(matrix([one.vector for one in after]))
    cosine, near = np.asarray(others @ own.T), np.asarray(own @ own.T)
    itself = cosine.argmax(axis=1) == np.arange(len(own))
    pairs = list(zip(before, after, strict=True))
    return Moved(
        change=change,
        cosine=estimate(np.diag(cosine)),
        itself=estimate(itself),
        shared=estimate(_shared(cosine, near)),
        tags=_mean([_difference(a.tags, b.tags) for a, b in pairs if a.tags]),
        top_tags=_mean([_top_shared(a.tags, b.tags) for a, b in pairs if a.tags]),
        features=_mean([_difference(a.features, b.features) for a, b in pairs if a.features]),
        energy=estimate([abs(a.energy - b.energy) for a, b in pairs]),
        acc1=_mean([acc1(b.bpm, a.bpm * change.tempo) for a, b in pairs if a.bpm]),
        acc2=_mean([acc2(b.bpm, a.bpm * change.tempo) for a, b in pairs if a.bpm]),
        key=_mean([b.key == key for a, b in pairs if (key := transposed(a.key, change.semitones))]),
        key_score=_mean([key_score(b.key, key) for a, b in pairs if (key := transposed(a.key, change.semitones))]),
    )


def transposed(key: str | None, semitones: float) -> str | None:
    """A key so many semitones higher; None without a key, or when the way is no whole number of semitones."""
    if key is None or abs(semitones - round(semitones)) > _WHOLE_STEP:
        return None
    pitch, mode = key.split()
    return key_name(PITCHES.index(pitch) + round(semitones), mode)


def tables(found: Sequence[Moved], clips: int) -> list[Table]:
    """The figures as tables."""
    sound: dict[str, dict[str, Cell]] = {}
    music: dict[str, dict[str, Cell]] = {}
    for one in found:
        sound[one.change.name] = {
            "cosine": one.cosine.value,
            "finds itself": one.itself,
            "ten nearest": one.shared,
            "top 5 tags": one.top_tags,
            "tags moved": one.tags.value if one.tags else None,
            "features moved": one.features.value if one.features else None,
        }
        music[one.change.name] = {
            "Acc1": one.acc1,
            "Acc2": one.acc2,
            "key exact": one.key,
            "key MIREX": one.key_score,
            "energy moved": one.energy.value,
        }
    return [
        Table("sound", f"Vector, tags and features of {clips} clips", "change", sound, _SOUND_NOTE),
        Table("music", f"Tempo, key and energy of {clips} clips", "change", music, _MUSIC_NOTE),
    ]


_SOUND_NOTE: Final = (
    "Changed copy against original. cosine: between the two vectors. finds itself: the nearest of all originals is its own. "
    "ten nearest, top 5 tags: share that stays. moved: mean absolute difference, of 0..1. ±: half of the 95 % bootstrap interval."
)
_MUSIC_NOTE: Final = (
    "Against what the analysis said of the original, its tempo multiplied and its key transposed by the change. "
    "Acc1: within 4 %; Acc2: or double, triple, half, third. -: no key could be right. energy moved: of 1..10."
)


def by_kind(found: Sequence[Moved]) -> dict[str, list[Moved]]:
    """The changes of each kind, in order of their strength."""
    return {kind: list(some) for kind, some in groupby(found, key=lambda one: one.change.kind)}


def _shared(cosine: Array, near: Array) -> npt.NDArray[np.float64]:
    """For each clip, the share of its original's nearest that are also the changed clip's; the original itself left out."""
    count = min(_NEIGHBOURS, len(near) - 1)
    ours, theirs = cosine.copy(), near.copy()
    for matrix_ in (ours, theirs):
        np.fill_diagonal(matrix_, -np.inf)
    tops = zip(*(np.argsort(-one, axis=1, kind="stable")[:, :count].tolist() for one in (ours, theirs)), strict=True)
    return np.array([len({*a} & {*b}) / count for a, b in tops])


def _difference(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    return float(np.mean([abs(value - after[name]) for name, value in before.items()]))


def _top_shared(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    tops = [{*sorted(tags, key=lambda name: -tags[name])[:_TOP_TAGS]} for tags in (before, after)]
    return len(tops[0] & tops[1]) / max(len(tops[0]), 1)


def _mean(values: Sequence[float]) -> Estimate | None:
    return estimate(values) if values else None
