"""What the audio files that Mixxx has open say: which are on a deck, and which move as they are played."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
_ASK_SECONDS: Final = 0.5
"""Between questions to Mixxx's library whether a file was analysed."""
UNKNOWN_SECONDS: Final = 600.0
"""So long plays what nobody knows the length of."""

Source = Literal["told", "seen", "history", "title", "guessed"]
"""Who says so: the script in Mixxx, an open file, Mixxx's history, a window title or broadcast, or nobody."""


class Changes(NamedTuple):
    """What a look found to be different."""

    gone: list[str]
    """Files that are no longer open."""
    taken: list[str]
    """Files that are now held to be on a deck."""


@dataclass(slots=True)
class File:
    """An audio file that is open."""

    first: float
    """When it was seen first."""
    looks: int = 0
    handles: int = 0
    """Of the last look."""
    most: int = 0
    twice: float | None = None
    """Since when more than one handle holds it."""
    asked: float | None = None
    """When Mixxx's library was asked last whether it has analysed this file."""
    on_deck: bool = False
    stray: bool = False
    """The script knew of no deck that holds it: it is in a preview or a sampler."""
    position: tuple[int, ...] = ()
    moved: float | None = None
    heard: float | None = None
    """Until when it plays at the longest, where the last row of the history names it."""
    named: float | None = None
    """The same for a window title or a broadcast."""

    @property
    def is_mapped(self) -> bool:
        """Whether it lies in memory, so that nobody can see where Mixxx reads it."""
        return not any(self.position)

    def is_double(self, now: float) -> bool:
        """Whether two decks hold it: the analyser does not take so long."""
        return self.twice is not None and now - self.twice > ANALYSER_SECONDS


class Files:
    """The open files, look after look."""

    def __init__(self, is_analysed: Callable[[str], bool]) -> None:
        self._is_analysed = is_analysed
        self._files: dict[str, File] = {}
        self.visible = False
        """Whether open files can be seen at all."""

    def __contains__(self, path: str | None) -> bool:
        return path in self._files

    def __getitem__(self, path: str) -> File:
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def items(self) -> Iterable[tuple[str, File]]:
        """All that are open, by path."""
        return self._files.items()

    def look(self, handles: Iterable[Handle], now: float) -> Changes:
        """Take the files that are open now."""
        self.visible = True
        open_now: dict[str, list[Handle]] = {}
        for handle in handles:
            open_now.setdefault(handle.path, []).append(handle)
        changes = Changes([path for path in self._files if path not in open_now], [])
        for path in changes.gone:
            del self._files[path]
        for path, those in open_now.items():
            file = self._files.setdefault(path, File(now))
            _count(file, those, now)
            if not file.on_deck and self._is_on_a_deck(path, file, now):
                file.on_deck = True
                changes.taken.append(path)
            _follow(file, those, now)
        return changes

    def heard(self, path: str, seconds: float, now: float) -> None:
        """Take a new row of the history: this is the loudest now, and it lasts so long (0: unknown)."""
        for other, file in self._files.items():
            file.heard = _limit(file, seconds, now) if other == path else None
            file.named = None
            file.stray = file.stray and other != path

    def carry(self, path: str, seconds: float, now: float) -> None:
        """Hold that it plays, as the script said while it was there."""
        self._files[path].heard = _limit(self._files[path], seconds, now)

    def named(self, path: str | None, now: float) -> None:
        """Take what a window title or a broadcast says is heard; it says nothing of a stop."""
        for other, file in self._files.items():
            file.named = _limit(file, 0.0, now) if other == path else None

    def hushed(self, now: float) -> None:
        """Take that nothing is heard; what can be seen to move is seen."""
        for file in self._files.values():
            if file.heard is not None or file.named is not None:
                file.heard, file.named = None, now

    def forget(self) -> None:
        """Nothing is open, and nobody looks."""
        self._files.clear()
        self.visible = False

    def _is_on_a_deck(self, path: str, file: File, now: float) -> bool:
        if file.looks < LOOKS:
            return False
        if file.most > 1 or now - file.first > ANALYSER_SECONDS:
            return True
        if file.asked is not None and now - file.asked < _ASK_SECONDS:
            return False
        file.asked = now
        return self._is_analysed(path)


def plays(file: File, now: float) -> tuple[bool, Source]:
    """Whether a deck plays this file, and who says so."""
    if file.moved is not None:
        still = now - file.moved > STILL_SECONDS
        return (not still, "seen")
    # It never moved: it was not played yet, or it is mapped into memory and never will.
    if file.heard is not None:
        return (now < file.heard, "history")
    if file.named is not None:
        return (now < file.named, "title")
    return (False, "guessed" if file.is_mapped else "seen")


def _limit(file: File, seconds: float, now: float) -> float:
    """Until when it plays at the longest. Where it can be seen to move, it soon will."""
    return now + ((seconds or UNKNOWN_SECONDS) * SLOWEST if file.is_mapped else STILL_SECONDS)


def _count(file: File, handles: list[Handle], now: float) -> None:
    file.looks += 1
    file.handles = len(handles)
    file.most = max(file.most, file.handles)
    if file.handles < 2:
        file.twice = None
    elif file.twice is None:
        file.twice = now


def _follow(file: File, handles: list[Handle], now: float) -> None:
    """See whether a deck's handle moved; while the analyser reads the file too, nothing can be said."""
    position = tuple(sorted(handle.position for handle in handles if handle.position is not None))
    if not position:
        return
    alone = file.twice is None or file.is_double(now)
    comparable = len(position) == len(file.position)
    if alone and comparable and now - file.first > SETTLE_SECONDS and position != file.position:
        file.moved = now
    file.position = position
