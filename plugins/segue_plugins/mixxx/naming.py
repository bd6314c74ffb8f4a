"""From what a window title or a broadcast says to a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

_AGAIN_SECONDS: Final = 5.0
"""A track that nobody knows yet may be known soon."""
_BETWEEN: Final = " - "


def splits(text: str) -> Iterator[tuple[str, str]]:
    """All artists and titles that ``Artist - Title`` may mean: either may hold a dash, or the artist be missing."""
    words = text.split(_BETWEEN)
    for place in range(1, len(words)):
        yield _BETWEEN.join(words[:place]).strip(), _BETWEEN.join(words[place:]).strip()
    yield "", text.strip()


class Naming:
    """Asks Mixxx's library for a text's track, and then whoever else may know it; each text once, and again while it fails."""

    def __init__(self, by_name: Callable[[str, str], str | None], guess: Callable[[str], str | None]) -> None:
        self._by_name = by_name
        self._guess = guess
        self._text = ""
        self._path: str | None = None
        self._next = 0.0

    def path(self, text: str | None, now: float) -> str | None:
        """The path of the track; None: there is no text, or nobody knows it. Passes on what the two raise."""
        if not text:
            return None
        if text != self._text or (self._path is None and now >= self._next):
            self._path = None
            self._text, self._next = text, now + _AGAIN_SECONDS
            found = (path for artist, title in splits(text) if (path := self._by_name(artist, title)))
            self._path = next(found, None) or self._guess(text)
        return self._path
