"""Traktor's NML: the collection with its playlists, and the histories that it writes beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from segue.sets import markup, text
from segue.sets.entry import ENTRIES_AT_MOST, LONGEST_NAME, Entry, Reading, TrackSet

_SEPARATOR: Final = "/:"
_DRIVE = re.compile(r"^[A-Za-z]:$")
_HISTORY_FILE = re.compile(r"history_(?P<year>\d{4})y(?P<month>\d\d)m(?P<day>\d\d)d", re.IGNORECASE)


def read(path: Path, content: bytes) -> Reading:
    """Read ``collection.nml``, an exported playlist, or a history (``history_2024y03m01d_22h05m10s.nml``)."""
    named = _HISTORY_FILE.search(path.name)
    date = text.date_in(f"{named['year']}-{named['month']}-{named['day']}") if named else None
    reader = _Reader(named is not None, date)
    trouble = markup.stream(content, reader.start, reader.end)
    return Reading("traktor", reader.finished(), [] if trouble is None else [trouble])


class _Reader:
    def __init__(self, is_history: bool, date: float | None) -> None:
        self._is_history = is_history
        self._date = date
        self._known: dict[str, Entry] = {}
        self._sets: list[TrackSet] = []
        self._names: list[str] = []
        self._playlist: TrackSet | None = None
        self._entry = Entry()
        self._key = ""
        self._public = True
        self._entries = 0

    def finished(self) -> list[TrackSet]:
        if self._playlist is not None:  # the file breaks off inside it
            self._sets.append(self._playlist)
        return [one for one in self._sets if one.entries]

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        match name:
            case "NODE":
                self._names.append(attributes.get("NAME", "")[:LONGEST_NAME])
                if attributes.get("TYPE") == "PLAYLIST":
                    self._begin(self._names[-1])
            case "ENTRY":
                self._entry = Entry(artist=attributes.get("ARTIST") or None, title=attributes.get("TITLE") or None)
                self._key, self._public = "", True
            case "LOCATION":
                volume, folder, file = (attributes.get(part, "") for part in ("VOLUME", "DIR", "FILE"))
                self._key = f"{volume}{folder}{file}"
                self._entry = self._entry._replace(path=_path(self._key))
            case "INFO":
                self._entry = self._entry._replace(duration=_seconds(attributes))
            case "PRIMARYKEY":
                self._key = attributes.get("KEY", "")
            case "EXTENDEDDATA":
                self._public = attributes.get("PLAYEDPUBLIC", "1") != "0"
                self._entry = self._entry._replace(at=_moment(attributes))

    def end(self, name: str) -> None:
        if name == "ENTRY" and self._playlist is not None:
            self._member(self._playlist)
        elif name == "ENTRY" and self._key and len(self._known) < ENTRIES_AT_MOST:
            self._known[self._key] = self._entry
        elif name == "PLAYLIST" and self._playlist is not None:
            self._sets.append(self._playlist)
            self._playlist = None
        elif name == "NODE":
            self._names.pop()

    def _begin(self, name: str) -> None:
        played = self._is_history or any("history" in above.casefold() for above in self._names)
        date = self._date or text.date_in(name)
        self._playlist = TrackSet(name, "history" if played else "playlist", date=date)

    def _member(self, playlist: TrackSet) -> None:
        if not self._key or not self._public or self._entries >= ENTRIES_AT_MOST:
            return
        self._entries += 1
        known = self._known.get(self._key, Entry(path=_path(self._key)))
        playlist.entries.append(known._replace(at=self._entry.at))
        if self._entry.at is not None:
            playlist.kind = "history"


def _path(key: str) -> str:
    """``Macintosh HD/:Users/:me/:a.mp3`` → ``/Users/me/a.mp3``; ``C:/:Music/:a.mp3`` → ``C:/Music/a.mp3``."""
    volume, *parts = key.split(_SEPARATOR)
    path = "/" + "/".join(parts)
    return f"{volume}{path}" if _DRIVE.match(volume) else path


def _seconds(attributes: Mapping[str, str]) -> float | None:
    try:
        seconds = float(attributes.get("PLAYTIME_FLOAT") or attributes.get("PLAYTIME") or "")
    except ValueError:
        return None
    return seconds if 0 < seconds < 1e6 else None


def _moment(attributes: Mapping[str, str]) -> float | None:
    """STARTDATE is year * 65536 + month * 256 + day, STARTTIME seconds since midnight, both of the machine's own zone."""
    try:
        date, clock = int(attributes["STARTDATE"]), int(attributes["STARTTIME"])
        return text.sane(datetime(date >> 16, (date >> 8) & 255, date & 255).astimezone().timestamp() + clock)
    except (KeyError, ValueError, OverflowError, OSError):
        return None
