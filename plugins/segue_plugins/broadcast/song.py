"""The title of what is heard."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final, NamedTuple

_LONGEST: Final = 512
"""Characters of a field that are kept."""


class Song(NamedTuple):
    """What a broadcast says is heard."""

    artist: str
    """Empty where the program sends artist and title as one text."""
    title: str
    at: float
    """`time.monotonic` when it was said."""

    @property
    def text(self) -> str:
        """As ``Artist - Title``, or what there is of it."""
        return f"{self.artist} - {self.title}" if self.artist else self.title


def song(fields: Mapping[str, str]) -> Song | None:
    """Make a song of the fields ``artist`` and ``title``, or ``song``; None when all of them are empty."""
    artist, title, both = (_clean(fields.get(name, "")) for name in ("artist", "title", "song"))
    if both and not title:
        artist, title = "", both
    return Song(artist, title, time.monotonic()) if title or artist else None


def _clean(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text[:_LONGEST]).split())
