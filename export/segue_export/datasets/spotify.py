"""A table of Spotify's audio features (raw, or binarised as in the seed research) → a plan; audio is found by its name.

The binarised table has 0 or 1 in ``78-92bpm`` ... ``154-170bpm`` (8 bands), ``C-Key`` ... ``A#_Bb-Key`` (12), ``1-time-sign``,
``3-``, ``4-`` and ``5-time-sign``, and in the features, of which 1 means the upper part of that collection.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from segue.keys import key_name, parse_key
from segue_export.datasets.audio_files import AudioIndex
from segue_export.datasets.build import DatasetError
from segue_export.datasets.cells import LabelColumns, flag, mode_name
from segue_export.datasets.csv_table import divided_note
from segue_export.datasets.items import Item, Plan, settle_groups
from segue_export.datasets.labels import SHARES, TrackLabels
from segue_export.datasets.tables import (
    BadRowError,
    BadRows,
    Policy,
    Row,
    Table,
    binary_columns,
    find_column,
)

_BAND: Final = re.compile(r"(?:tempo|bpm)?[\s_]*(\d+(?:\.\d+)?)\s*[-_]\s*(\d+(?:\.\d+)?)[\s_]*(?:bpm)?", re.IGNORECASE)
_KEY: Final = re.compile(
    r"(?:key[\s_-]+(?P<after>[A-G][#b]?|\d{1,2})|(?P<before>[A-G][#b]?))(?:_[A-G]b)?(?:[\s_-]*key)?", re.IGNORECASE
)
_METRE: Final = re.compile(
    r"(?:(\d)[\s_-]*time[\s_-]*sign(?:ature)?|time[\s_-]*sign(?:ature)?[\s_-]*(\d))", re.IGNORECASE
)
_SPLIT_FILES: Final = {"train": ("train",), "valid": ("val", "valid"), "test": ("test",)}
_ID: Final = re.compile(r"[A-Za-z0-9]+$")


@dataclass(frozen=True)
class SpotifyOptions:
    """How a table is to be read."""

    bad_rows: Policy = "stop"
    splits: Path | None = None
    """A folder with ``train.csv``, ``val.csv`` and ``test.csv``, which have a column ``track_uri``."""
    licence: str = ""
    unmatched: Path | None = None
    """A file that is written with the rows of which no audio was found."""


@dataclass(frozen=True)
class _Columns:
    uri: str
    artist: str | None
    title: str | None
    genres: str | None
    labels: LabelColumns
    bands: Mapping[str, tuple[float, float]]
    keys: Mapping[str, int]
    metres: Mapping[str, int]
    binarised: tuple[str, ...]

    def notes(self) -> list[str]:
        """Which columns were found."""
        raw = [label for label in self.labels.of if label not in self.binarised]
        groups = {"tempo bands": self.bands, "keys": self.keys, "time signatures": self.metres}
        found = [f"{len(columns)} {name}" for name, columns in groups.items() if columns]
        notes = [
            f"raw columns: {', '.join(raw) or 'none'}",
            f"binarised columns: {', '.join((*found, *self.binarised)) or 'none'}",
        ]
        if "loudness" in self.binarised:
            notes.append("loudness says only 0 and 1, which are no decibels: left out")
        return notes


def plan_spotify(path: Path, audio: Path, options: SpotifyOptions) -> Plan:
    """Recordings of a table for which there is audio. Raises DatasetError when there is none, and for a bad row."""
    table = Table(path)
    columns = _columns(table)
    splits = _read_splits(options.splits) if options.splits else {}
    index, bad = AudioIndex(audio), BadRows(path, options.bad_rows)
    items: list[Item] = []
    unmatched: list[Row] = []
    for row in table.rows(bad):
        try:
            file = _find(row, index, columns)
            if file is None:
                unmatched.append(row)
            else:
                items.append(_item(row, file, index.folder, columns, splits, options.licence))
        except BadRowError as error:
            bad.take(row.number, error)
    if options.unmatched is not None:
        _write_unmatched(options.unmatched, unmatched, columns)
    if not items:
        raise DatasetError(
            f"none of the {index.count} audio files in {audio} belongs to a row of {path}: a file should be named by its "
            "track id, or by artist and title"
        )
    if splits:
        items, divided = settle_groups(items)
    notes = [*columns.notes(), *_matches(len(items), unmatched, index, options.unmatched)]
    return Plan(items, [*notes, *(divided_note(divided) if splits else []), *bad.notes()])


def _columns(table: Table) -> _Columns:
    uri = find_column(table.columns, ("track uri", "track id", "uri", "id"))
    if uri is None:
        raise DatasetError(f"{table.path} has no column 'track_uri'. It has: {', '.join(table.columns)}")
    labels = LabelColumns.find(table.columns)
    measured = {label: labels.of[label] for label in (*SHARES, "loudness") if label in labels.of}
    binary = binary_columns(table)
    binarised = tuple(label for label, column in measured.items() if column in binary)
    if "loudness" in binarised:
        labels = replace(labels, of={label: column for label, column in labels.of.items() if label != "loudness"})
    # Genres are words with underscores here, parted by spaces.
    genres = labels.of.get("genres")
    labels = replace(labels, of={label: column for label, column in labels.of.items() if label != "genres"})
    return _Columns(
        uri,
        find_column(table.columns, ("artist name", "artist", "artists")),
        find_column(table.columns, ("track name", "title", "name")),
        genres,
        labels,
        {
            c: (float(m[1]), float(m[2]))
            for c in table.columns
            if (m := _BAND.fullmatch(c)) and float(m[1]) < float(m[2])
        },
        {c: pitch for c in table.columns if "key" in c.lower() and (pitch := _pitch(c)) is not None},
        {c: int(m[1] or m[2]) for c in table.columns if (m := _METRE.fullmatch(c))},
        binarised,
    )


def _pitch(column: str) -> int | None:
    found = _KEY.fullmatch(column)
    name = (found["after"] or found["before"]) if found else None
    if name is None:
        return None
    if name.isdigit():
        return int(name) if int(name) < 12 else None
    key = parse_key(name.capitalize())
    return next((pitch for pitch in range(12) if key_name(pitch, "major") == key), None)


def _find(row: Row, index: AudioIndex, columns: _Columns) -> Path | None:
    uri = row.cells[columns.uri]
    found = _ID.search(uri)
    if found is None:
        raise BadRowError(columns.uri, "a track id, as in spotify:track:6hEZk9hZ5o6lGrHLwLUPcs,", uri)
    title = row.cells[columns.title] if columns.title else ""
    return index.by_id(found[0]) or index.by_title(row.cells[columns.artist] if columns.artist else "", title)


def _item(row: Row, file: Path, folder: Path, columns: _Columns, splits: Mapping[str, str], licence: str) -> Item:
    cells = row.cells
    artist = cells[columns.artist] if columns.artist else ""
    name = str(file.relative_to(folder))
    found = _ID.search(cells[columns.uri])
    split = splits.get(found[0]) if found else None
    if splits and split is None:
        raise BadRowError(columns.uri, "a track of the split files", cells[columns.uri])
    return Item(artist or name, name, file, None, split, licence, folder.name, _labels(cells, columns))


def _labels(cells: Mapping[str, str], columns: _Columns) -> TrackLabels:
    labels = columns.labels.read(cells)
    band = _one_hot(cells, columns.bands)
    key = _one_hot(cells, columns.keys)
    metre = _one_hot(cells, columns.metres)
    mode = columns.labels.of.get("mode")
    genres = cells[columns.genres].split() if columns.genres else []
    return TrackLabels(
        **{name: getattr(labels, name) for name in labels.known() if name not in {"tags", "key", "metre"}},
        tags=(*labels.tags, *(genre.replace("_", " ") for genre in genres if genre != "unknown")),
        tempo_range=columns.bands[band] if band and labels.tempo is None else None,
        key=labels.key
        or (key_name(columns.keys[key], mode_name(mode, cells[mode])) if key and mode and cells[mode] else None),
        metre=labels.metre or (columns.metres[metre] if metre else None),
    )


def _one_hot(cells: Mapping[str, str], columns: Mapping[str, object]) -> str | None:
    """The one column that says 1. Raises BadRowError when several do."""
    said = [column for column in columns if cells[column] and flag(column, cells[column])]
    if len(said) > 1:
        raise BadRowError(said[1], f"0, because {said[0]!r} says 1,", "1")
    return said[0] if said else None


def _read_splits(folder: Path) -> dict[str, str]:
    splits: dict[str, str] = {}
    for split, names in _SPLIT_FILES.items():
        found = [path for name in names if (path := folder / f"{name}.csv").is_file()]
        if not found:
            raise DatasetError(f"{folder} has no {names[0]}.csv: train.csv, val.csv and test.csv are expected")
        table = Table(found[0])
        uri = find_column(table.columns, ("track uri", "track id", "uri"))
        if uri is None:
            raise DatasetError(f"{found[0]} has no column 'track_uri'. It has: {', '.join(table.columns)}")
        splits.update((found_id[0], split) for row in table.rows() if (found_id := _ID.search(row.cells[uri])))
    return splits


def _matches(matched: int, unmatched: list[Row], index: AudioIndex, report: Path | None) -> list[str]:
    notes = [f"{matched} rows matched to audio, {len(unmatched)} rows without; {index.count} audio files in all"]
    return [*notes, f"the rows without audio are listed in {report}"] if unmatched and report else notes


def _write_unmatched(path: Path, rows: list[Row], columns: _Columns) -> None:
    named = [column for column in (columns.uri, columns.artist, columns.title) if column]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("row", *named))
            writer.writerows((row.number, *(row.cells[column] for column in named)) for row in rows)
    except OSError as error:
        raise DatasetError(f"{path} cannot be written: {error}") from error
