"""Every figure that can be had of a collection, as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np

from segue_export.evaluation.collection import SEGUE, Collection, columns
from segue_export.evaluation.estimates import estimate
from segue_export.evaluation.genres import ZeroShot, zero_shot
from segue_export.evaluation.retrieval import Array, estimates, hits
from segue_export.evaluation.tables import Cell, Table
from segue_export.evaluation.tagging import mean_areas, tag_figures
from segue_export.evaluation.taught import agreement, features
from segue_export.evaluation.tempo_key import key_figures, tempo_figures

Value = TypeVar("Value")
_SHOWN_TAGS: Final = 2
INTERVAL: Final = "±: half of the 95 % bootstrap interval. On 100 clips P@1 moves by ±.05 to ±.08 by chance: a smaller difference says nothing."


def measure(collection: Collection) -> list[Table]:
    """All tables that the collection's labels and listeners allow. ValueError when they allow none."""
    makers = (_retrieval, _zero_shot, _tags, _tempo, _key, _metre, agreement, features)
    tables = [table for maker in makers for table in maker(collection)]
    if not tables:
        raise ValueError("nothing can be measured: no two clips have a genre, a group or a label in common")
    return tables


def _retrieval(collection: Collection) -> Iterator[Table]:
    genres = [clip.genre for clip in collection.clips]
    placed = [place for place, genre in enumerate(genres) if genre]
    by_genre = [str(genres[place]) for place in placed]
    groups = [collection.groups[place] for place in placed]
    vectors = {name: rows[placed] for name, rows in collection.vectors.items()}
    shared = len({*groups}) < len(groups)
    is_group = by_genre == groups
    if _repeats(by_genre):
        kind = "group" if is_group else "genre"
        yield _found("genre", f"Retrieval: nearest of the same {kind}", vectors, by_genre, groups)
    if shared and not is_group and _repeats(by_genre) and _beyond(by_genre, groups):
        title = "Retrieval: nearest of the same genre, the clip's own group left out"
        yield _found("genre_other_groups", title, vectors, by_genre, groups, groups)
    if not is_group and _repeats(collection.groups):
        title = "Retrieval: nearest of the same group (album, package, artist)"
        yield _found("group", title, collection.vectors, collection.groups, collection.groups)
    if len(collection.with_excerpts) > 1:
        yield _segments(collection)


def _found(
    name: str,
    title: str,
    vectors: Mapping[str, Array],
    labels: Sequence[str],
    groups: Sequence[str],
    exclude: Sequence[str] | None = None,
) -> Table:
    found = {vector: hits(rows, labels, exclude) for vector, rows in vectors.items()}
    asked = len(found[SEGUE].queries)
    rows = {vector: dict[str, Cell](estimates(hit, groups)) for vector, hit in found.items()}
    note = f"{asked} of {len(labels)} clips have another of their {len({*labels})} kinds to find. {INTERVAL}"
    return Table(name, title, "vector", rows, note)


def _segments(collection: Collection) -> Table:
    places = collection.with_excerpts
    tracks = np.repeat(places, 2)
    rows: dict[str, dict[str, Cell]] = {}
    for name, vectors in collection.excerpt_vectors.items():
        figures = estimates(hits(vectors, tracks), tracks.tolist())
        rows[name] = {"first": figures["P@1"], "mean reciprocal rank": figures["MAP"]}
    note = f"Two excerpts of each of {len(places)} tracks, at most 29 s long, that do not overlap: is the other one the nearest of all?"
    return Table("segments", "Retrieval: the other excerpt of the same track", "vector", rows, note)


def _zero_shot(collection: Collection) -> Iterator[Table]:
    heard = collection.whole()
    if not any(collection.genres) or not heard[0].tags:
        return
    found = zero_shot([one.tags for one in heard], collection.genres)
    rows: dict[str, dict[str, Cell]] = {one.genre: _zero_shot_row(one) for one in found}
    exact = [one for one in found if one.tags and not one.stands_in]
    for name, some in (("all with own tags", exact), ("all", found)):
        among = [hit for one in some for hit in one.among]
        groups = [collection.groups[place] for one in some for place in one.clips]
        if among:
            first = estimate([hit for one in some for hit in one.first], groups)
            rows[name] = {
                "clips": len(among), "strongest": first, "among three": estimate(among, groups), "ROC-AUC": None,
                "right tags": "", "commonest": "",
            }  # fmt: skip
    note = (
        "Is a tag of the clip's genre the strongest, or among the three strongest, of the tags that name genres? "
        "(stand-ins): the vocabulary has no tag of its own for the genre. none: it cannot express the genre, and counts as wrong in 'all'; 'all with own tags' leaves both out."
    )
    yield Table("zero_shot", "Zero-shot genre", "genre", rows, note)


def _zero_shot_row(one: ZeroShot) -> dict[str, Cell]:
    more = f" +{len(one.tags) - _SHOWN_TAGS}" if len(one.tags) > _SHOWN_TAGS else ""
    right = ", ".join(one.tags[:_SHOWN_TAGS]) + more or "none"
    return {
        "clips": len(one.clips),
        "strongest": float(np.mean(one.first)),
        "among three": float(np.mean(one.among)),
        "ROC-AUC": one.roc_auc,
        "right tags": f"({right})" if one.stands_in and one.tags else right,
        "commonest": one.commonest,
    }


def _tags(collection: Collection) -> Iterator[Table]:
    found = tag_figures(columns([one.tags for one in collection.whole()]), collection.labels)
    if not found:
        return
    ordered = sorted(found.items(), key=lambda item: -item[1].roc_auc)
    rows: dict[str, dict[str, Cell]] = {
        tag: {"clips with it": one.positives, "of": one.size, "ROC-AUC": one.roc_auc, "PR-AUC": one.pr_auc}
        for tag, one in ordered
    }
    roc, pr = mean_areas(found)
    rows["mean"] = {"clips with it": None, "of": None, "ROC-AUC": roc, "PR-AUC": pr}
    note = "Against the labels. By chance ROC-AUC is .5, and PR-AUC the share of clips with the tag."
    yield Table("tags", "Tags", "tag", rows, note)


def _tempo(collection: Collection) -> Iterator[Table]:
    places, tempi = _known([label.tempo for label in collection.labels])
    heard, groups = [collection.whole()[place] for place in places], [collection.groups[place] for place in places]
    said = {"analysis": [one.bpm for one in heard], "network": [one.network_bpm for one in heard]}
    rows = {name: dict[str, Cell](tempo_figures(bpm, tempi, groups)) for name, bpm in said.items() if any(bpm)}
    if rows:
        note = "Acc2 also takes the double, triple, half or third. analysis: what the daemon reports; network: the network's own head."
        yield Table("tempo", f"Tempo of {len(tempi)} clips", "by", rows, note)


def _key(collection: Collection) -> Iterator[Table]:
    places, keys = _known([label.key for label in collection.labels])
    heard, groups = [collection.whole()[place] for place in places], [collection.groups[place] for place in places]
    said = {"analysis": [one.key for one in heard], "network": [one.network_key for one in heard]}
    rows = {name: dict[str, Cell](key_figures(key, keys, groups)) for name, key in said.items() if any(key)}
    if rows:
        note = "The MIREX score gives .5 for a fifth off, .3 for the relative and .2 for the parallel key (mir_eval)."
        yield Table("key", f"Key of {len(keys)} clips", "by", rows, note)


def _metre(collection: Collection) -> Iterator[Table]:
    places, metres = _known([label.metre for label in collection.labels])
    said = [collection.whole()[place].network_metre for place in places]
    if any(said):
        right = [one == true for one, true in zip(said, metres, strict=True)]
        row: dict[str, Cell] = {"right": estimate(right, [collection.groups[place] for place in places])}
        row["always the commonest"] = max(metres.count(metre) for metre in metres) / len(metres)
        yield Table("metre", f"Metre of {len(metres)} clips", "by", {"network": row})


def _known(values: Sequence[Value | None]) -> tuple[list[int], list[Value]]:
    """Places where something is known, and what."""
    pairs = [(place, value) for place, value in enumerate(values) if value is not None]
    return [place for place, _ in pairs], [value for _, value in pairs]


def _repeats(labels: Sequence[str]) -> bool:
    return len({*labels}) > 1 and max(Counter(labels).values()) > 1


def _beyond(labels: Sequence[str], groups: Sequence[str]) -> bool:
    """Whether some label spans several groups."""
    return any(
        len({group for label, group in zip(labels, groups, strict=True) if label == one}) > 1 for one in {*labels}
    )
