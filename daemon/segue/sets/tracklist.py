"""Lists of tracks as text or as a table: by hand, or as Serato, rekordbox and others export them."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from segue.errors import SetFileError
from segue.sets import text
from segue.sets.entry import ENTRIES_AT_MOST, Entry, Reading, SetKind, TrackSet
from segue.sets.m3u import says_history

_COLUMNS: Final = {
    "title": ("title", "name", "track title", "track", "song", "track name", "song title"),
    "artist": ("artist", "artists", "artist name", "track artist"),
    "path": ("path", "location", "file path", "full path", "file", "filename", "file name"),
    "length": ("duration", "length", "time", "total time", "track length"),
    "at": ("start time", "played at", "timestamp", "started", "start", "play time", "date played", "datetime"),
}
_NUMBER = re.compile(r"^\s*(?:#?\d{1,3}\s*[.):\]-]+\s+|#\d{1,3}\s+)")
_STAMP = re.compile(r"^\s*[\[(]?\d{1,2}:\d{2}(?::\d{2})?[\])]?\s*(?:[-–—|]\s+)?")  # noqa: RUF001 - dashes as people type them
_DASH = re.compile(r"\s+[-–—]\s+|\t+")  # noqa: RUF001 - as above
_LABEL = re.compile(r"\s*\[[^\]]*\]\s*$")
_TRACK_ID = re.compile(r"^(?:id|\?+|unknown)$", re.IGNORECASE)
_DAY: Final = 86400.0
_LOOKS_AT: Final = 20
_LOOKS_AT_CHARACTERS: Final = 4096
_TYPED_FOR_ONE_ODD: Final = 50
_LONGEST_LINE: Final = 1000


def read(path: Path, content: bytes) -> Reading:
    """Read a table (with a line of headings) or a list of ``Artist - Title``.

    Raises:
        SetFileError: nothing in it looks like a track.

    """
    decoded = text.decode(content)
    if _is_noise(decoded[:_LOOKS_AT_CHARACTERS]):
        raise SetFileError(f"{path} is neither a text nor a file that Segue knows.")
    lines = list(text.lines(decoded))
    table = _table(lines)
    entries = list(islice(_rows(*table) if table else _lines(lines), ENTRIES_AT_MOST))
    if not any(entry.path or entry.title for entry in entries):
        raise SetFileError(f"{path} holds no tracks: write a line for each, as Artist - Title, or export a playlist.")
    timed = any(entry.at is not None for entry in entries)
    kind: SetKind = "history" if timed or says_history(path) else "playlist"
    date = text.date_in(path.stem)
    return Reading("tracklist", [TrackSet(path.stem, kind, _dated(entries, date), date)])


def _is_noise(beginning: str) -> bool:
    """Whether it is something else that was decoded as text: it has characters that nobody types."""
    odd = sum(not (letter.isprintable() or letter.isspace()) or letter == "\ufffd" for letter in beginning)
    return odd * _TYPED_FOR_ONE_ODD > len(beginning)


# Tables -------------------------------------------------------------------------------------------------------------


def _table(lines: Sequence[str]) -> tuple[dict[str, int], Iterator[list[str]]] | None:
    """Where each column is, and the rows below the headings; None for a text that is no table."""
    for number, line in enumerate(lines[:_LOOKS_AT]):
        for separator in ("\t", ",", ";"):
            if separator not in line:
                continue
            names = [name.strip().strip("#").casefold() for name in next(_cells([line], separator), [])]
            columns = {
                what: min(names.index(name) for name in known if name in names)
                for what, known in _COLUMNS.items()
                if set(known) & set(names)
            }
            if "title" in columns or "path" in columns:
                return columns, _cells(lines[number + 1 :], separator)
    return None


def _cells(lines: Sequence[str], separator: str) -> Iterator[list[str]]:
    rows = csv.reader(lines, delimiter=separator)
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:  # a cell beyond any size, say: the others are as good as before
            continue


def _rows(columns: dict[str, int], rows: Iterator[list[str]]) -> Iterator[Entry]:
    def cell(row: list[str], what: str) -> str:
        at = columns.get(what)
        return row[at].strip() if at is not None and at < len(row) else ""

    day: float | None = None
    for row in rows:
        title, artist, path = cell(row, "title"), cell(row, "artist"), cell(row, "path")
        when = cell(row, "at")
        if not (title or path):
            continue
        if not artist and not path and "artist" in columns and text.date_in(title + " " + when) is not None:
            day = text.date_in(title + " " + when)  # Serato's line for the whole session
            continue
        yield Entry(
            path=path or None,
            artist=artist or None,
            title=title or None,
            duration=_length(cell(row, "length")),
            at=_at(when, day),
        )


def _length(written: str) -> float | None:
    parts = written.split(":")
    if len(parts) > 3:
        return None
    try:
        seconds = sum(float(part) * 60.0**place for place, part in enumerate(reversed(parts)))
    except ValueError:
        return None
    return seconds if 1.0 < seconds < _DAY else None


def _at(written: str, day: float | None) -> float | None:
    """A moment; or seconds since midnight where the day is not known, to be dated by `_dated`."""
    whole = text.moment(written)
    if whole is not None:
        return whole
    clock = text.clock_in(written)
    return None if clock is None else clock + (0.0 if day is None else day - text.NOON)


def _dated(entries: list[Entry], date: float | None) -> list[Entry]:
    """Give times of day their date; past midnight the next day begins. Without a date they tell nothing."""
    found: list[Entry] = []
    last = 0.0
    for entry in entries:
        at = entry.at
        if at is not None and at < _DAY:
            at = None if date is None else at + date - text.NOON
        if at is not None and at < last - _DAY / 2:
            at += _DAY * math.ceil((last - _DAY / 2 - at) / _DAY)
        last = at or last
        found.append(entry._replace(at=at))
    return found


# Lists --------------------------------------------------------------------------------------------------------------


def _lines(lines: Sequence[str]) -> Iterator[Entry]:
    for line in lines:
        if len(line) > _LONGEST_LINE:
            continue
        bare = _NUMBER.sub("", _STAMP.sub("", _NUMBER.sub("", line))).strip()
        if not bare or line.lstrip().startswith(("#", "//")):
            continue
        if re.match(r"^(?:/|[A-Za-z]:[\\/]|file://)", bare):
            yield Entry(path=text.located(bare, Path("/")))
            continue
        parts = _DASH.split(bare, maxsplit=1)
        if len(parts) == 2 and not any(_TRACK_ID.match(part.strip()) for part in parts):
            yield Entry(artist=parts[0].strip(), title=_LABEL.sub("", parts[1]).strip())
