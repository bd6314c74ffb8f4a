"""The Million Song Dataset with Last.fm tags, in the splits that taggers are compared on → a plan.

Read are, all as ``.json``, ``.npy``, ``.txt``, ``.tsv`` or ``.csv`` (never as pickles):
the lists of Lee and Nam, ``filtered_list_train`` (the first 201 680 train, the rest validate) and ``filtered_list_test``, or
``train``, ``valid`` and ``test``, or ``train_x_msd_id`` and so on (Choi et al.); or a ``*track_split.json`` with ``train_track``,
``valid_track``, ``test_track`` (Doh et al.). Tags: ``msd_id_to_tag_vector`` (by id, a vector over ``50tagList.txt`` or a list of names),
``annotation.json`` (by id, with ``tag``), or ``train_y.npy`` and so on beside the lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from segue_export.datasets.audio_files import AudioIndex
from segue_export.datasets.build import DatasetError
from segue_export.datasets.items import Item, Plan
from segue_export.datasets.labels import TrackLabels
from segue_export.datasets.lists import find_list, read_array, read_json, read_list
from segue_export.datasets.tables import Table

TRAIN_OF_FILTERED: Final = 201_680
"""So many of ``filtered_list_train`` are for training, the rest for validation (Lee et al., SMC 2017)."""
_SOURCE: Final = "Million Song Dataset"
_ID_LENGTH: Final = 18


@dataclass(frozen=True)
class MillionSongOptions:
    """Where more is said of the tracks."""

    paths: Path | None = None
    """A table or JSON object of MSD ids and paths of audio; without, a file is found by the id in its name."""
    artists: Path | None = None
    """A table of MSD ids and artists (``track_id``, ``artist``), for the groups; without, each track is one."""


def plan_million_song(metadata: Path, audio: Path, options: MillionSongOptions) -> Plan:
    """Tracks of the split for which there is audio. Raises DatasetError when lists are missing or wrong."""
    splits = _read_splits(metadata)
    tags, vocabulary = _read_tags(metadata, splits)
    paths = _read_pairs(options.paths, ("path", "file")) if options.paths else None
    artists = _read_pairs(options.artists, ("artist", "artist id", "artist name")) if options.artists else {}
    index = AudioIndex(audio)
    items = []
    total = missing = untagged = 0
    for split, tracks in splits.items():
        for track in tracks:
            total += 1
            file = index.by_id(track) if paths is None else index.by_path(paths[track]) if track in paths else None
            held = tags.get(track)
            if file is None:
                missing += 1
            elif held is None:
                untagged += 1
            else:
                labels = TrackLabels(tags=held, tags_known=vocabulary)
                # A group may be divided by the split: an artist of two splits is two groups.
                group = f"{artists[track]} ({split})" if track in artists else track
                items.append(Item(group, track, file, split=split, source=_SOURCE, labels=labels))
    if not items:
        raise DatasetError(
            f"none of the {total} tracks of {metadata} is in {audio} with tags: files named by their MSD id are expected, or --paths"
        )
    return Plan(
        items, [f"{len(vocabulary)} tags, {len(items)} tracks, {missing} without audio, {untagged} without tags"]
    )


def _read_splits(folder: Path) -> dict[str, list[str]]:
    if (path := next(iter(sorted(folder.glob("*track_split.json"))), None)) is not None:
        content = read_json(path)
        try:
            return {split: _ids(path, content[f"{split}_track"]) for split in ("train", "valid", "test")}
        except (KeyError, TypeError) as error:
            raise DatasetError(
                f"{path} should be a JSON object with train_track, valid_track and test_track"
            ) from error
    filtered = find_list(folder, ("filtered_list_train",))
    if filtered is not None:
        test = find_list(folder, ("filtered_list_test",))
        if test is None:
            raise DatasetError(f"{folder} has no filtered_list_test beside {filtered.name}")
        tracks = _ids(filtered, read_list(filtered))
        return {
            "train": tracks[:TRAIN_OF_FILTERED],
            "valid": tracks[TRAIN_OF_FILTERED:],
            "test": _ids(test, read_list(test)),
        }
    found = {split: find_list(folder, (f"{split}_x_msd_id", split)) for split in ("train", "valid", "test")}
    if missing := [split for split, path in found.items() if path is None]:
        raise DatasetError(
            f"{folder} has no list {missing[0]!r}: train, valid and test are expected, each as .json, .npy, .txt, .tsv or .csv"
        )
    return {split: _ids(path, read_list(path)) for split, path in found.items() if path is not None}


def _ids(path: Path, lines: Sequence[str]) -> list[str]:
    for number, line in enumerate(lines, 1):
        if len(line) != _ID_LENGTH or not line.startswith("TR"):
            raise DatasetError(
                f"{path}, entry {number}: an MSD id such as TRAAAAW128F429D538 is expected, and it says {line!r}"
            )
    return list(lines)


def _read_tags(folder: Path, splits: Mapping[str, list[str]]) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    names = find_list(folder, ("50tagList", "tags", "tag_list", "ecals_tags"))
    vocabulary = tuple(read_list(names)) if names is not None else None
    if (path := find_list(folder, ("msd_id_to_tag_vector", "annotation"))) is not None:
        tags = dict(_by_id(path, vocabulary))
    else:
        tags = dict(_beside_lists(folder, splits, vocabulary))
    return tags, vocabulary or tuple(sorted({tag for held in tags.values() for tag in held}))


def _by_id(path: Path, vocabulary: tuple[str, ...] | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    if path.suffix == ".json":
        content = read_json(path)
        if not isinstance(content, dict):
            raise DatasetError(f"{path} should be a JSON object with an entry for each MSD id")
        yield from ((track, _tags(path, track, value, vocabulary)) for track, value in content.items())
        return
    table = Table(path)
    for row in table.rows():
        track, *vector = row.cells.values()
        yield (
            track,
            _tags(path, track, [_number(path, row.number, cell) for cell in vector], vocabulary or table.columns[1:]),
        )


def _tags(path: Path, track: str, value: Any, vocabulary: tuple[str, ...] | None) -> tuple[str, ...]:
    if isinstance(value, dict):
        value = value.get("tag", value.get("tags"))
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    try:
        vector = np.asarray(value, dtype=np.float64).ravel()
    except (TypeError, ValueError) as error:
        raise DatasetError(f"{path}, {track}: a list of tags or of 0 and 1 is expected") from error
    if vocabulary is None or len(vector) != len(vocabulary):
        known = (
            "there is no list of tags (50tagList.txt)" if vocabulary is None else f"there are {len(vocabulary)} tags"
        )
        raise DatasetError(f"{path}, {track}: it has {len(vector)} values, and {known}")
    return tuple(vocabulary[index] for index in np.flatnonzero(vector > 0.5))


def _beside_lists(
    folder: Path, splits: Mapping[str, list[str]], vocabulary: tuple[str, ...] | None
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for split, tracks in splits.items():
        path = folder / f"{split}_y.npy"
        if not path.is_file():
            raise DatasetError(
                f"{folder} says nothing of tags: msd_id_to_tag_vector.json, annotation.json or {path.name} is expected"
            )
        table = read_array(path)
        if len(table) != len(tracks):
            raise DatasetError(f"{path} has {len(table)} rows, and the list of {split} {len(tracks)} tracks")
        yield from ((track, _tags(path, track, row, vocabulary)) for track, row in zip(tracks, table, strict=True))


def _number(path: Path, row: int, cell: str) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise DatasetError(f"{path}, row {row}: 0 or 1 is expected, and it says {cell!r}") from error


def _read_pairs(path: Path, columns: tuple[str, ...]) -> dict[str, str]:
    if path.suffix == ".json":
        content = read_json(path)
        if not isinstance(content, dict):
            raise DatasetError(f"{path} should be a JSON object with an entry for each MSD id")
        return {str(track): str(value) for track, value in content.items()}
    table = Table(path)
    if len(table.columns) < 2:
        raise DatasetError(f"{path} should have a column of MSD ids and one named {columns[0]!r}")
    wanted = next((column for column in table.columns if column.lower().replace("_", " ") in columns), table.columns[1])
    return {row.cells[table.columns[0]]: row.cells[wanted] for row in table.rows()}
