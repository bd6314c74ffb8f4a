"""rekordbox's XML: the collection and its playlists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from segue.sets import markup, text
from segue.sets.entry import ENTRIES_AT_MOST, LONGEST_NAME, Entry, Reading, TrackSet

_PLAYLIST: Final = "1"


def read(path: Path, content: bytes) -> Reading:
    """Read an exported ``rekordbox.xml``. Playlists called HISTORY, or in a folder of that name, were played."""
    reader = _Reader(path.parent)
    trouble = markup.stream(content, reader.start, reader.end)
    return Reading("rekordbox", reader.sets, [] if trouble is None else [trouble])


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.sets: list[TrackSet] = []
        self._folder = folder
        self._by_id: dict[str, Entry] = {}
        self._by_path: dict[str, Entry] = {}
        self._nodes: list[TrackSet | None] = []
        self._names: list[str] = []
        self._entries = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "NODE":
            self._node(attributes)
        elif name == "TRACK" and "Key" in attributes:
            self._member(attributes["Key"])
        elif name == "TRACK":
            self._track(attributes)

    def end(self, name: str) -> None:
        if name == "NODE":
            self._names.pop()
            done = self._nodes.pop()
            if done is not None and done.entries:
                self.sets.append(done)

    def _node(self, attributes: Mapping[str, str]) -> None:
        name = attributes.get("Name", "")[:LONGEST_NAME]
        self._names.append(name)
        if attributes.get("Type") != _PLAYLIST:
            self._nodes.append(None)
            return
        played = any("history" in above.casefold() for above in self._names)
        self._nodes.append(TrackSet(name, "history" if played else "playlist", date=text.date_in(name)))

    def _track(self, attributes: Mapping[str, str]) -> None:
        location = attributes.get("Location")
        entry = Entry(
            path=text.located(location, self._folder) if location else None,
            artist=attributes.get("Artist") or None,
            title=attributes.get("Name") or None,
            duration=_seconds(attributes.get("TotalTime", "")),
        )
        if len(self._by_id) < ENTRIES_AT_MOST:
            self._by_id[attributes.get("TrackID", "")] = entry
            self._by_path[location or ""] = entry

    def _member(self, key: str) -> None:
        playlist = self._nodes[-1] if self._nodes else None
        entry = self._by_id.get(key) or self._by_path.get(key)
        if playlist is not None and entry is not None and self._entries < ENTRIES_AT_MOST:
            self._entries += 1
            playlist.entries.append(entry)


def _seconds(written: str) -> float | None:
    try:
        seconds = float(written)
    except ValueError:
        return None
    return seconds if 0 < seconds < 1e6 else None
