"""Cells of a table → labels of a track."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from segue.keys import key_name, parse_key
from segue_export.datasets.labels import SHARES, TrackLabels, decode_labels
from segue_export.datasets.tables import BadRowError, find_column

SPLIT_NAMES: Final = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "val": "valid",
    "validation": "valid",
    "dev": "valid",
    "test": "test",
    "testing": "test",
}
_NAMES: Final = {
    "tags": ("tags", "tag"),
    "genres": ("genre", "genres"),
    "style": ("style",),
    "instruments": ("instruments", "instrument"),
    "tempo": ("tempo", "bpm"),
    "first_beat": ("first beat",),
    "key": ("key", "initial key"),
    "key_trusted": ("key trusted",),
    "mode": ("mode",),
    "metre": ("metre", "meter", "time signature", "beats per bar"),
    "loudness": ("loudness", "loudness db", "lufs"),
    "duration": ("duration", "duration s", "length"),
    "duration_ms": ("duration ms",),
    "labels": ("labels",),
    **{share: (share,) for share in SHARES},
}


@dataclass(frozen=True)
class LabelColumns:
    """Which columns of a table hold which label."""

    of: Mapping[str, str]
    """Column by label."""
    tags: tuple[str, ...] = ()
    """Columns that are tags themselves, with 0 or 1 in them."""
    vocabulary: tuple[str, ...] | None = None
    """Every tag that the table's tag lists choose from, when a tag that is not listed does not hold."""
    separator: str = "|"

    @classmethod
    def find(cls, columns: tuple[str, ...], tags: Sequence[str] = (), separator: str = "|") -> LabelColumns:
        """Find the columns by their names."""
        found = {label: find_column(columns, names) for label, names in _NAMES.items()}
        named = {label: column for label, column in found.items() if column is not None and column not in tags}
        return cls(named, tuple(tags), separator=separator)

    def read(self, cells: Mapping[str, str]) -> TrackLabels:
        """The labels of a row. Raises BadRowError that names the column."""
        fields: dict[str, Any] = {}
        for label in ("tempo", "first_beat", "loudness", "duration", *SHARES):
            fields[label] = self._number(cells, label)
        if fields["duration"] is None and (milliseconds := self._number(cells, "duration_ms")) is not None:
            fields["duration"] = milliseconds / 1000
        fields["tempo"] = fields["tempo"] or None  # 0 stands for unknown where such tables come from
        fields["metre"] = self._metre(cells)
        fields["key"] = self._key(cells)
        trusted = self._cell(cells, "key_trusted")
        fields["key_trusted"] = flag(self.of["key_trusted"], trusted) if trusted else None
        fields["style"] = self._cell(cells, "style") or None
        fields["instruments"] = self._list(cells, "instruments")
        fields["tags"], fields["tags_known"] = self._all_tags(cells)
        return self._joined(cells, fields)

    def _joined(self, cells: Mapping[str, str], fields: dict[str, Any]) -> TrackLabels:
        spoken = {name: value for name, value in fields.items() if value not in (None, ())}
        base = decode(self.of["labels"], self._cell(cells, "labels")) if "labels" in self.of else TrackLabels()
        merged = {name: getattr(base, name) for name in base.known()} | spoken
        try:
            return TrackLabels(**merged)
        except ValueError as error:
            label = str(error).partition(" ")[0]
            column = self.of.get(label, label)
            raise BadRowError(column, str(error).rpartition(": ")[2], cells.get(column, "")) from error

    def _cell(self, cells: Mapping[str, str], label: str) -> str:
        column = self.of.get(label)
        return "" if column is None else cells[column]

    def _number(self, cells: Mapping[str, str], label: str) -> float | None:
        text = self._cell(cells, label)
        return number(self.of[label], text) if text else None

    def _metre(self, cells: Mapping[str, str]) -> int | None:
        text = self._cell(cells, "metre")
        if not text:
            return None
        value = number(self.of["metre"], text.partition("/")[0], "a number of beats, as in 4 or 4/4,")
        if value != int(value):
            raise BadRowError(self.of["metre"], "a whole number of beats", text)
        return int(value) or None

    def _key(self, cells: Mapping[str, str]) -> str | None:
        text = self._cell(cells, "key")
        if not text:
            return None
        if text.lstrip("-").replace(".", "", 1).isdigit():
            return self._pitch(text, self._cell(cells, "mode"))
        key = parse_key(text)
        if key is None:
            raise BadRowError(self.of["key"], "a key such as 'A minor', 'Am', '8A' or a pitch class 0-11", text)
        return key

    def _pitch(self, text: str, mode: str) -> str | None:
        pitch = number(self.of["key"], text)
        if pitch not in range(-1, 12):
            raise BadRowError(self.of["key"], "a pitch class from 0 (C) to 11 (B), or -1 for unknown,", text)
        return None if pitch < 0 or not mode else key_name(int(pitch), mode_name(self.of["mode"], mode))

    def _list(self, cells: Mapping[str, str], label: str) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(part for text in self._cell(cells, label).split(self.separator) if (part := text.strip()))
        )

    def _all_tags(self, cells: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        listed = tuple(dict.fromkeys((*self._list(cells, "tags"), *self._list(cells, "genres"))))
        said = {column: flag(column, cells[column]) for column in self.tags if cells[column]}
        held = (*listed, *(column for column, holds in said.items() if holds and column not in listed))
        known = (*(self.vocabulary or ()), *(column for column in said if column not in (self.vocabulary or ())))
        return held, known or None


def decode(column: str, text: str) -> TrackLabels:
    """Labels written as JSON in a cell. Raises BadRowError."""
    try:
        return decode_labels(text)
    except ValueError as error:
        raise BadRowError(column, f"a JSON object of labels ({error})", text) from error


def number(column: str, text: str, expected: str = "a number") -> float:
    """A finite number, with a point or a comma. Raises BadRowError."""
    try:
        value = float(text.replace(",", "."))
    except ValueError as error:
        raise BadRowError(column, expected, text) from error
    if not math.isfinite(value):
        raise BadRowError(column, expected, text)
    return value


def flag(column: str, text: str) -> bool:
    """Whether a cell says yes. Raises BadRowError for other than 0, 1, true, false, yes, no."""
    known = {"1": True, "1.0": True, "true": True, "yes": True, "0": False, "0.0": False, "false": False, "no": False}
    if text.lower() not in known:
        raise BadRowError(column, "0 or 1", text)
    return known[text.lower()]


def mode_name(column: str, text: str) -> str:
    """``major`` for 1 and ``minor`` for 0, or the words. Raises BadRowError."""
    if text.lower() in {"major", "minor"}:
        return text.lower()
    return "major" if flag(column, text) else "minor"


def split_name(column: str, text: str) -> str | None:
    """``train``, ``valid`` or ``test``, None for an empty cell. Raises BadRowError."""
    if not text:
        return None
    name = SPLIT_NAMES.get(text.lower())
    if name is None:
        raise BadRowError(column, "train, valid or test", text)
    return name
