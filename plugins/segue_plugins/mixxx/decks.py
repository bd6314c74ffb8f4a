"""What is on Mixxx's decks, from what can be seen of it: open files, and the history that it writes.

Mixxx tells nobody what its decks hold. Three facts together say most of it:

- a deck holds its file open from the load to the eject. So does the analyser, for as long as it reads;
- the place in the file moves while a deck plays it, in formats that Mixxx reads as it goes (not in MP3, which it maps);
- about 1.5 s after a track has become the loudest one that plays, a row of the history names it.

Which of Mixxx's decks it is nobody says: ours are called ``mixxx a``, ``mixxx b`` ... in the order of their loads, and a
track that replaces another one in the same look takes its letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from segue_plugins.mixxx.process import Handle

LOOKS: Final = 2
"""A file that is open in so many looks is on a deck, unless the analyser may be the one that reads it."""
ANALYSER_SECONDS: Final = 15.0
"""So long a file that only one handle holds, and that Mixxx has not analysed, may be in the analyser alone."""
SETTLE_SECONDS: Final = 1.5
"""After a load Mixxx reads ahead: movement says nothing yet."""
STILL_SECONDS: Final = 4.0
"""A deck whose file has not moved for so long stands still; Mixxx reads compressed files in steps of up to 2 s."""
SLOWEST: Final = 1.25
"""A track that only the history tells of is over after its length, at the slowest tempo: nobody tells when it is stopped."""
_UNKNOWN_SECONDS: Final = 600.0
_LETTERS: Final = "abcdefghijklmnop"

Confidence = Literal["seen", "told", "guessed"]


class Deck(NamedTuple):
    """What is known of one deck."""

    name: str
    path: str | None
    playing: bool = False
    confidence: Confidence = "guessed"
    """Of `playing`: ``seen`` from the file, ``told`` by the history, or only ``guessed`` from their silence."""


@dataclass(slots=True)
class _File:
    first: float
    looks: int = 0
    handles: int = 0
    letter: str = ""
    position: int | None = None
    moved: float | None = None
    told: float | None = None
    """Until when it plays at the longest, where the last row of the history names it."""


class Decks:
    """The state machine: fed with looks and rows, asked for decks."""

    def __init__(self, is_analysed: Callable[[str], bool]) -> None:
        self._is_analysed = is_analysed
        self._files: dict[str, _File] = {}
        self._letters: dict[str, str] = {}
        """Path by letter."""
        self._loads: list[str] = []
        """Paths on decks, the latest load last."""

    @property
    def paths(self) -> frozenset[str]:
        """What is on the decks."""
        return frozenset(self._loads)

    @property
    def latest(self) -> str | None:
        """What was loaded last, of all that is still on a deck."""
        return self._loads[-1] if self._loads else None

    def look(self, handles: Iterable[Handle], now: float) -> None:
        """Take the files that are open now."""
        open_now: dict[str, list[Handle]] = {}
        for handle in handles:
            open_now.setdefault(handle.path, []).append(handle)
        for path in [path for path in self._files if path not in open_now]:
            self._drop(path)
        for path, those in open_now.items():
            file = self._files.setdefault(path, _File(now))
            file.looks += 1
            file.handles = max(file.handles, len(those))
            if not file.letter and self._is_on_a_deck(path, file, now):
                self._take(path, file)
            _follow(file, those, now)

    def heard(self, path: str, seconds: float, now: float) -> None:
        """Take a new row of the history: this is the loudest now, and it lasts so long."""
        for other, file in self._files.items():
            # Where it can be seen to move, it soon will.
            limit = STILL_SECONDS if file.position else (seconds or _UNKNOWN_SECONDS) * SLOWEST
            file.told = now + limit if other == path else None

    def forget(self) -> None:
        """Mixxx is gone, and with it all decks."""
        self._files.clear()
        self._letters.clear()
        self._loads.clear()

    def decks(self, now: float) -> list[Deck]:
        """All decks that hold something, by name."""
        return [
            Deck(f"mixxx {letter}", path, *_plays(self._files[path], now))
            for letter, path in sorted(self._letters.items())
        ]

    def playing(self, now: float) -> str | None:
        """What is heard: the track that the history named, or else any that moves."""
        heard = [
            (file.told is not None, path) for path, file in self._files.items() if file.letter and _plays(file, now)[0]
        ]
        return max(heard)[1] if heard else None

    def _is_on_a_deck(self, path: str, file: _File, now: float) -> bool:
        if file.looks < LOOKS:
            return False
        return file.handles > 1 or now - file.first > ANALYSER_SECONDS or self._is_analysed(path)

    def _take(self, path: str, file: _File) -> None:
        file.letter = next((one for one in _LETTERS if one not in self._letters), _LETTERS[-1])
        self._letters[file.letter] = path
        self._loads.append(path)

    def _drop(self, path: str) -> None:
        file = self._files.pop(path)
        if file.letter:
            self._loads.remove(path)
            if self._letters.get(file.letter) == path:
                del self._letters[file.letter]


def _follow(file: _File, handles: list[Handle], now: float) -> None:
    """See whether the deck's own handle moved: the one that has read least, for the analyser is ahead of it."""
    position = min((handle.position for handle in handles if handle.position is not None), default=None)
    if position is None:
        return
    settled = now - file.first > SETTLE_SECONDS and len(handles) == 1
    if settled and file.position is not None and position != file.position:
        file.moved = now
    file.position = position


def _plays(file: _File, now: float) -> tuple[bool, Confidence]:
    if file.moved is not None:
        still = now - file.moved > STILL_SECONDS
        return (not still, "seen")
    # It never moved: it was not played yet, or it is mapped into memory and never will.
    if file.told is not None:
        return (now < file.told, "told")
    return (False, "seen" if file.position else "guessed")
