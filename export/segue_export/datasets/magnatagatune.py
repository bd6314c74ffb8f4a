"""MagnaTagATune (Law et al., ISMIR 2009) as published, with the usual split or the lists of a paper → a plan.

The usual split takes the folders of clips ``0`` to ``b`` for training, ``c`` for validation and ``d`` to ``f`` for testing. The
lists of *Evaluation of CNN-based automatic music tagging models* (Won et al., SMC 2020) are ``train``, ``valid`` and ``test``
(``.npy`` or ``.tsv``, lines of an index and a path), ``binary.npy`` (clips, tags) and ``tags.npy``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from segue_export.datasets.build import DatasetError
from segue_export.datasets.cells import flag
from segue_export.datasets.items import Item, Plan, settle_groups
from segue_export.datasets.labels import TrackLabels
from segue_export.datasets.lists import find_list, read_array, read_list
from segue_export.datasets.tables import BadRowError, BadRows, Policy, Row, Table

_LICENCE: Final = "CC-BY-NC-SA-3.0"
_SOURCE: Final = "MagnaTagATune"
_CLIP_TIMES: Final = re.compile(r"-\d+-\d+$")
_LIST_NAMES: Final = {
    "train": ("train", "train_new"),
    "valid": ("valid", "valid_new", "validation"),
    "test": ("test", "test_new"),
}


@dataclass(frozen=True)
class MagnaTagATuneOptions:
    """How the tables are read."""

    top: int = 50
    """Only so many of the most frequent tags are kept (0: all 188); clips without any of them are left out."""
    lists: Path | None = None
    """A folder of split lists, instead of the usual split."""
    bad_rows: Policy = "stop"


def plan_magnatagatune(metadata: Path, audio: Path, options: MagnaTagATuneOptions) -> Plan:
    """Clips for which there is audio. Raises DatasetError when tables are missing or wrong."""
    groups = _groups(metadata / "clip_info_final.csv")
    notes: list[str] = []
    planned = _from_lists(options.lists) if options.lists else _from_annotations(metadata, options, notes)
    items, missing = [], 0
    for path, split, labels in planned:
        file = audio / path
        if not file.is_file():
            missing += 1
            continue
        group = groups.get(path) or _CLIP_TIMES.sub("", Path(path).stem)
        items.append(Item(group, path, file, split=split, licence=_LICENCE, source=_SOURCE, labels=labels))
    if not items:
        raise DatasetError(
            f"none of the {missing} clips is in {audio}: folders 0 to f with .mp3 files are expected there"
        )
    items, divided = settle_groups(items)
    notes.insert(0, f"{len(items)} clips, {missing} without audio")
    return Plan(items, [*notes, f"{len(divided)} albums are in more than one split"] if divided else notes)


def _from_annotations(
    metadata: Path, options: MagnaTagATuneOptions, notes: list[str]
) -> Iterator[tuple[str, str, TrackLabels]]:
    table = Table(metadata / "annotations_final.csv")
    for column in ("clip_id", "mp3_path"):
        if column not in table.columns:
            raise DatasetError(
                f"{table.path} has no column {column!r}; is it the annotations_final.csv of MagnaTagATune?"
            )
    names = [column for column in table.columns if column not in {"clip_id", "mp3_path"}]
    bad = BadRows(table.path, options.bad_rows)
    clips = list(_clips(table, names, bad))
    counts = Counter(tag for _, tags in clips for tag in tags)
    vocabulary = tuple(tag for tag, _ in counts.most_common(options.top or None))
    kept = [(path, [tag for tag in tags if tag in set(vocabulary)]) for path, tags in clips]
    notes += [f"{len(vocabulary)} tags, {sum(not tags for _, tags in kept)} clips without any of them", *bad.notes()]
    for path, tags in kept:
        if tags:
            yield path, usual_split(path), TrackLabels(tags=tuple(tags), tags_known=vocabulary)


def _clips(table: Table, names: list[str], bad: BadRows) -> Iterator[tuple[str, list[str]]]:
    for row in table.rows(bad):
        try:
            yield _clip_path(row), [name for name in names if flag(name, row.cells[name])]
        except BadRowError as error:
            bad.take(row.number, error)


def _clip_path(row: Row) -> str:
    path = row.cells["mp3_path"]
    if path[:1] not in set("0123456789abcdef") or path[1:2] != "/":
        raise BadRowError("mp3_path", "a path such as f/artist-album-01-song-30-59.mp3", path)
    return path


def usual_split(path: str) -> str:
    """The split of a clip by its folder, 12:1:3: ``c/...`` is for validation."""
    folder = int(path[0], 16)
    return "train" if folder < 12 else "valid" if folder == 12 else "test"


def _from_lists(folder: Path) -> Iterator[tuple[str, str, TrackLabels]]:
    tags, binary = find_list(folder, ("tags", "top50_tags")), folder / "binary.npy"
    if tags is None or not binary.is_file():
        raise DatasetError(f"{folder} should hold tags.npy and binary.npy beside train, valid and test")
    vocabulary, table = tuple(read_list(tags)), read_array(binary)
    if table.ndim != 2 or table.shape[1] != len(vocabulary):
        raise DatasetError(
            f"{binary} should have one column for each of the {len(vocabulary)} tags; its shape is {table.shape}"
        )
    for split, names in _LIST_NAMES.items():
        path = find_list(folder, names)
        if path is None:
            raise DatasetError(f"{folder} has no {names[0]}.npy or {names[0]}.tsv")
        for number, line in enumerate(read_list(path), 1):
            index, tab, clip = line.partition("\t")
            if not tab or not index.isdigit() or int(index) >= len(table):
                raise DatasetError(
                    f"{path}, line {number}: an index below {len(table)}, a tab and a path are expected, and it says {line!r}"
                )
            held = tuple(vocabulary[column] for column in np.flatnonzero(table[int(index)]))
            yield clip, split, TrackLabels(tags=held, tags_known=vocabulary)


def _groups(path: Path) -> Mapping[str, str]:
    """Artist and album of each clip, when the table of clips is there."""
    if not path.is_file():
        return {}
    table = Table(path)
    if not {"artist", "album", "mp3_path"} <= set(table.columns):
        raise DatasetError(
            f"{path} should have the columns artist, album and mp3_path. It has: {', '.join(table.columns)}"
        )
    return {
        row.cells["mp3_path"]: f"{row.cells['artist']}: {row.cells['album']}"
        for row in table.rows()
        if row.cells["mp3_path"]
    }
