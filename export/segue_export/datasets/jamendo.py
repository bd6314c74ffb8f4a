"""The MTG-Jamendo data set (Bogdanov et al., ICML 2019) as published: ``autotagging*.tsv`` and its splits → a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from segue_export.datasets.build import DatasetError
from segue_export.datasets.cells import number
from segue_export.datasets.items import Item, Plan, settle_groups
from segue_export.datasets.labels import TrackLabels
from segue_export.datasets.tables import BadRowError, BadRows, Policy, read_lines

_HEADER: Final = ("TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS")
_SPLITS: Final = {"train": "train", "validation": "valid", "test": "test"}
SUBSETS: Final = (
    "autotagging",
    "autotagging_top50tags",
    "autotagging_genre",
    "autotagging_instrument",
    "autotagging_moodtheme",
)


@dataclass(frozen=True)
class JamendoOptions:
    """Which part of the data set is read, and how."""

    subset: str = "autotagging_top50tags"
    split: int = 0
    bad_rows: Policy = "stop"


class _Row(NamedTuple):
    number: int
    artist: str
    path: str
    seconds: float
    tags: tuple[str, ...]


def plan_jamendo(metadata: Path, audio: Path, options: JamendoOptions) -> Plan:
    """Recordings of a split for which there is audio (``14/214.mp3`` or ``14/214.low.mp3``).

    `metadata` is the data set's repository, its ``data`` folder, or a folder with the three files of a split. Raises DatasetError.
    """
    rows, notes = [], []
    for name, split in _SPLITS.items():
        path = _split_file(metadata, options, name)
        bad = BadRows(path, options.bad_rows)
        rows += [(split, row) for row in _rows(path, bad)]
        notes += bad.notes()
    vocabulary = tuple(sorted({tag for _, row in rows for tag in row.tags}))
    items, missing = [], 0
    for split, row in rows:
        file = _audio(audio, row.path)
        if file is None:
            missing += 1
            continue
        labels = TrackLabels(
            tags=row.tags, tags_known=vocabulary, instruments=_instruments(row.tags), duration=row.seconds
        )
        items.append(
            Item(
                row.artist,
                row.path,
                file,
                split=split,
                licence="CC, see audio_licenses.txt",
                source="MTG-Jamendo",
                labels=labels,
            )
        )
    if not items:
        raise DatasetError(
            f"none of the {len(rows)} recordings is in {audio}: files such as {audio / '14/214.mp3'} are expected"
        )
    items, divided = settle_groups(items)
    notes = [f"{len(vocabulary)} tags, {len(items)} recordings, {missing} without audio", *notes]
    return Plan(items, [*notes, f"{len(divided)} artists are in more than one split"] if divided else notes)


def _split_file(metadata: Path, options: JamendoOptions, name: str) -> Path:
    file = f"{options.subset}-{name}.tsv"
    inside = f"splits/split-{options.split}/{file}"
    for path in (
        metadata / file,
        metadata / inside,
        metadata / "data" / inside,
        metadata / f"split-{options.split}-{name}.tsv",
    ):
        if path.is_file():
            return path
    raise DatasetError(
        f"{metadata} has neither {file} nor data/{inside}; give the folder of the MTG-Jamendo repository"
    )


def _rows(path: Path, bad: BadRows) -> Iterator[_Row]:
    lines = read_lines(path, "\t")
    header = tuple(cell.strip() for cell in next(lines, []))
    if header[: len(_HEADER)] != _HEADER:
        raise DatasetError(f"{path}: its first row should be {' '.join(_HEADER)}")
    for line, cells in enumerate(lines, 2):
        if not cells:
            continue
        if len(cells) < len(_HEADER):
            bad.take(line, f"it has {len(cells)} cells, and {len(_HEADER)} or more are expected")
            continue
        try:
            seconds = number("DURATION", cells[4])
            tags = tuple(_tag(cell) for cell in cells[5:] if cell)
        except BadRowError as error:
            bad.take(line, error)
            continue
        yield _Row(line, cells[1], cells[3], seconds, tags)


def _tag(cell: str) -> str:
    category, dashes, name = cell.partition("---")
    if not dashes or not category or not name:
        raise BadRowError("TAGS", "a tag such as genre---rock", cell)
    return cell


def _instruments(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tag.partition("---")[2] for tag in tags if tag.startswith("instrument---"))


def _audio(audio: Path, path: str) -> Path | None:
    named = audio / path
    for candidate in (named, named.with_suffix(f".low{named.suffix}")):
        if candidate.is_file():
            return candidate
    return None
