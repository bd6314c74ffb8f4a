"""A table with a path and labels of any kind in each row → a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from segue_export.datasets.audio_files import AudioIndex
from segue_export.datasets.build import DatasetError
from segue_export.datasets.cells import LabelColumns, split_name
from segue_export.datasets.items import Item, Plan, settle_groups
from segue_export.datasets.tables import BadRowError, BadRows, Policy, Row, Table, binary_columns, find_column


@dataclass(frozen=True)
class CsvOptions:
    """How a table is to be read."""

    bad_rows: Policy = "stop"
    tag_columns: Sequence[str] | None = None
    """Columns that are tags with 0 or 1; None: every column that nothing else is known of and that says only 0 and 1."""
    separator: str = "|"
    complete: bool = False
    """A tag that a row does not list does not hold, for every tag that some row lists."""
    licence: str = ""


@dataclass(frozen=True)
class _Places:
    """Columns that say where a recording belongs."""

    path: str
    group: str | None
    split: str | None
    licence: str | None
    source: str | None


def plan_csv(path: Path, audio: Path, options: CsvOptions) -> Plan:
    """Recordings that a table names. Raises DatasetError, for a bad row too unless these are to be skipped."""
    table = Table(path)
    places = _places(table)
    labels = _label_columns(table, places, options)
    index, bad = AudioIndex(audio), BadRows(path, options.bad_rows)
    items = []
    for row in table.rows(bad):
        try:
            items.append(_item(row, index, places, labels, options.licence))
        except BadRowError as error:
            bad.take(row.number, error)
    settled, divided = settle_groups(items)
    if not settled:
        raise DatasetError("\n".join([f"{path} has no usable row", *bad.notes()]))
    return Plan(settled, [*_notes(table, places, labels), *divided_note(divided), *bad.notes()])


def divided_note(divided: list[str]) -> list[str]:
    """What to say of groups that a table puts into several splits."""
    if not divided:
        return []
    return [
        f"{len(divided)} groups are in more than one split ({', '.join(divided[:3])}, ...): recordings that belong together are heard in training and in testing"
    ]


def _places(table: Table) -> _Places:
    path = find_column(table.columns, ("path", "file", "filename", "file path", "audio", "audio path", "mp3 path"))
    if path is None:
        raise DatasetError(
            f"{table.path} has no column for the audio file: one should be named 'path'. It has: {', '.join(table.columns)}"
        )
    return _Places(
        path,
        find_column(table.columns, ("group", "album", "album id", "artist", "artist id")),
        find_column(table.columns, ("split", "subset", "partition")),
        find_column(table.columns, ("licence", "license")),
        find_column(table.columns, ("source",)),
    )


def _label_columns(table: Table, places: _Places, options: CsvOptions) -> LabelColumns:
    known = {*(vars(places).values()), *LabelColumns.find(table.columns).of.values()}
    if options.tag_columns is None:
        binary = binary_columns(table)
        tags = tuple(column for column in table.columns if column in binary and column not in known)
    else:
        missing = [column for column in options.tag_columns if column not in table.columns]
        if missing:
            raise DatasetError(f"{table.path} has no column {missing[0]!r}. It has: {', '.join(table.columns)}")
        tags = tuple(options.tag_columns)
    labels = LabelColumns.find(table.columns, tags, options.separator)
    if not options.complete:
        return labels
    return replace(labels, vocabulary=_vocabulary(table, labels))


def _vocabulary(table: Table, labels: LabelColumns) -> tuple[str, ...]:
    columns = [labels.of[label] for label in ("tags", "genres") if label in labels.of]
    listed = {
        tag.strip() for row in table.rows() for column in columns for tag in row.cells[column].split(labels.separator)
    }
    return tuple(sorted(listed - {""}))


def _item(row: Row, index: AudioIndex, places: _Places, columns: LabelColumns, licence: str) -> Item:
    cells = row.cells
    name = cells[places.path]
    file = index.by_path(name) if name else None
    if file is None:
        raise BadRowError(places.path, f"the path of an audio file below {index.folder}", name)
    return Item(
        (cells[places.group] if places.group else "") or name,
        name,
        file,
        split=split_name(places.split, cells[places.split]) if places.split else None,
        licence=(cells[places.licence] if places.licence else "") or licence,
        source=(cells[places.source] if places.source else "") or index.folder.name,
        labels=columns.read(cells),
    )


def _notes(table: Table, places: _Places, labels: LabelColumns) -> list[str]:
    used = {*(column for column in vars(places).values() if column), *labels.of.values(), *labels.tags}
    notes = [f"labels: {', '.join(sorted(labels.of)) or 'none'}"]
    if labels.tags:
        notes.append(f"columns that are tags: {', '.join(labels.tags)}")
    ignored = [column for column in table.columns if column and column not in used]
    return [*notes, f"columns not understood and left out: {', '.join(ignored)}"] if ignored else notes
