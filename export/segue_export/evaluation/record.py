"""Write the figures of a report into the manifests of the models that they were measured with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from segue_export.evaluation.estimates import Estimate
from segue_export.evaluation.tables import Table

_DIGITS: Final = 4


class _Wanted(NamedTuple):
    """A figure to keep: where it is in the report, and the manifest and name that it gets."""

    manifest: str
    table: str
    row: str
    column: str
    name: str


_WANTED: Final = (
    *(
        _Wanted("vector", table, "segue", column, f"{table}_{column}")
        for table in ("genre", "genre_other_groups", "group")
        for column in ("P@1", "P@5", "P@10", "MAP")
    ),
    _Wanted("vector", "segments", "segue", "first", "same_track"),
    _Wanted("vector", "agreement", "teachers, joined", "ten nearest", "teachers_ten_nearest"),
    _Wanted("crnn", "zero_shot", "all with own tags", "among three", "zero_shot_top_3"),
    _Wanted("crnn", "tags", "mean", "ROC-AUC", "tags_roc_auc"),
    _Wanted("crnn", "tags", "mean", "PR-AUC", "tags_pr_auc"),
    _Wanted("short_chunk", "tempo", "network", "Acc1 (4 %)", "tempo_acc1"),
    _Wanted("short_chunk", "tempo", "network", "Acc2 (4 %)", "tempo_acc2"),
    _Wanted("short_chunk", "key", "network", "exact", "key_exact"),
    _Wanted("short_chunk", "key", "network", "MIREX score", "key_mirex"),
)


def record(models: Path, collection: str, tables: Sequence[Table], *, by_group: bool = False) -> list[str]:
    """Add figures to ``metrics`` of the manifests, their names led by the collection's; returns the names.

    `by_group` says that the clips' kinds were their groups, so that no figure by package passes for one by genre.

    The id of a set of models depends on ``vector.json``: recording changes it.
    """
    recorded: list[str] = []
    for manifest in ("crnn", "short_chunk", "vector"):
        figures = {
            f"{collection}_{name.replace('genre', 'group') if by_group else name}": value
            for name, value in _figures(manifest, tables)
        }
        if figures:
            path = models / f"{manifest}.json"
            content = msgspec.json.decode(path.read_bytes())
            content["metrics"] = content.get("metrics", {}) | figures
            path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
            recorded += figures
    return recorded


def _figures(manifest: str, tables: Sequence[Table]) -> Iterator[tuple[str, float]]:
    rows = {table.name: table.rows for table in tables}
    for wanted in _WANTED:
        cell = rows.get(wanted.table, {}).get(wanted.row, {}).get(wanted.column)
        if wanted.manifest == manifest and cell is not None and not isinstance(cell, str):
            value = cell.value if isinstance(cell, Estimate) else float(cell)
            yield wanted.name, round(value, _DIGITS)
    if manifest == "short_chunk":
        for feature, row in rows.get("features", {}).items():
            for source in ("labels", "formula"):
                correlation = row[source]
                if isinstance(correlation, float):
                    yield f"{feature}_rank_correlation_{source}", round(correlation, _DIGITS)
