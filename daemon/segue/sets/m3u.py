"""M3U and M3U8, with the comments of VirtualDJ's histories."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from segue.sets import text
from segue.sets.entry import ENTRIES_AT_MOST, Entry, Reading, SetKind, TrackSet

_INFO: Final = "#EXTINF:"
_SECONDS = re.compile(r"\d+(?:\.\d+)?")
_TAG = re.compile(r"<(?P<name>[A-Za-z]+)>(?P<value>[^<]*)</(?P=name)>")
_VIRTUAL_DJ: Final = "#EXTVDJ:"
_DATED_NAME = re.compile(r"^(?:tracklist|history|session|set)?[-_ ]*(?:19|20)\d\d[-_.]?\d\d[-_.]?\d\d", re.IGNORECASE)


def read(path: Path, content: bytes) -> Reading:
    """Read a playlist; it is a history where VirtualDJ wrote times into it, or where its name says so."""
    folder, decoded = path.parent, text.decode(content)
    entries: list[Entry] = []
    about = Entry()
    for line in (raw.strip().strip("\0") for raw in text.lines(decoded)):
        if line.startswith("#"):
            about = _comment(line, about)
        elif line and len(entries) < ENTRIES_AT_MOST:
            entries.append(about._replace(path=text.located(line, folder)))
            about = Entry()
    timed = any(entry.at is not None for entry in entries)
    kind: SetKind = "history" if timed or says_history(path) else "playlist"
    return Reading("m3u", [TrackSet(path.stem, kind, entries, text.date_in(path.stem))])


def says_history(path: Path) -> bool:
    """Whether a file's name, or its folder's, says that it was played: ``History/2024-03-01.m3u``."""
    words = re.split(r"[\W_]+", f"{path.parent.name} {path.stem}".casefold())
    told = {"history", "histories", "session", "sessions", "tracklist", "setlog", "setlogs", "played"}
    return bool(told & set(words)) or _DATED_NAME.match(path.stem) is not None


def _comment(line: str, about: Entry) -> Entry:
    if line.upper().startswith(_VIRTUAL_DJ):
        said = {found["name"].lower(): found["value"].strip() for found in _TAG.finditer(line)}
        seconds = said.get("songlength", "")
        at = said.get("lastplaytime", "")
        return about._replace(
            artist=said.get("artist") or about.artist,
            title=said.get("title") or about.title,
            duration=_number(seconds) or about.duration,
            at=_number(at) or about.at,
        )
    before, comma, label = line.partition(",")
    if not comma or not before.upper().startswith(_INFO):
        return about
    seconds = _SECONDS.match(before[len(_INFO) :].lstrip())
    artist, dash, title = label.strip().partition(" - ")
    return about._replace(
        artist=artist.strip() if dash else None,
        title=(title if dash else artist).strip() or None,
        duration=None if seconds is None else _number(seconds[0]),
    )


def _number(written: str) -> float | None:
    try:
        number = float(written)
    except ValueError:
        return None
    return number if 0 < number < 1e11 else None
