"""What every reader returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

SetKind = Literal["history", "playlist"]
"""Played in this order, or only put into it."""


class Entry(NamedTuple):
    """One track of a set, as its file writes it down. Some of the first three are there."""

    path: str | None = None
    """Of any system; relative ones were joined to the folder of the file that was read."""
    artist: str | None = None
    title: str | None = None
    duration: float | None = None
    """Seconds."""
    at: float | None = None
    """When it was played, Unix time."""

    @property
    def label(self) -> str:
        """What a user would call it."""
        if self.title:
            return f"{self.artist} - {self.title}" if self.artist else self.title
        return (self.path or "").replace("\\", "/").rpartition("/")[2]


@dataclass(slots=True)
class TrackSet:
    """A set or a playlist."""

    name: str
    kind: SetKind
    entries: list[Entry] = field(default_factory=list)
    date: float | None = None
    """When it was played, Unix time, where the file says so of the whole."""


@dataclass(slots=True)
class Reading:
    """What was read of a file."""

    format: str
    sets: list[TrackSet] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What could not be read, in a DJ's words."""


ENTRIES_AT_MOST = 200_000
"""Of one file: more is no DJ's history."""
LONGEST_NAME: Final = 1000
"""Characters of the name of a set, or of a folder of sets, that are read."""
