"""What is on Mixxx's decks: one answer from its script, its open files, its history and its window title.

Each of them knows a part, and any of them may be missing:

- the script in Mixxx (`told`) knows every deck's number, whether it plays, tempo, keylock, faders and length, at once, but no path;
- open files (`look`): a deck holds its file open from the load to the eject. So does the analyser, for as long as it reads. The
  place in the file moves while a deck plays it, in formats that Mixxx reads as it goes (not in MP3, which it maps);
- the history (`heard`): about 1.5 s after a track has become the loudest one that plays, a row names it;
- the window title, or a broadcast (`named`): as the history, where that cannot be read.

With the script the decks are Mixxx's own, ``mixxx 1``, ``mixxx 2`` ..., and a file that none of them has is in a preview or a
sampler. Without, they are ``mixxx a``, ``mixxx b`` ... in the order of their loads, and a track that replaces another one in the
same look takes its letter. Whether something plays is said by the script, else by the file that moves, the history, the title.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from segue_plugins.mixxx.files import LOOKS, SLOWEST, UNKNOWN_SECONDS, Files, Source, plays
from segue_plugins.mixxx.matching import CONFIDENCE, DOUBT_SECONDS, By, Matcher, Slot, is_another
from segue_plugins.mixxx.process import Handle
from segue_plugins.mixxx.script import DeckReport

GRACE_SECONDS: Final = 1.5
"""After the script was heard first, decks of which it has not told yet keep their letters so long."""
_ROW_SECONDS: Final = 1.0
"""A row of the history is younger than the track's start by at least so much."""
_TITLE_SECONDS: Final = 3.0
"""A title that names nothing may be from before a row, or another title, that is no older."""
_LETTERS: Final = "abcdefghijklmnop"

_SOURCES: Final[Mapping[By, Source]] = {
    "length": "told",
    "double": "told",
    "library": "told",
    "moment": "seen",
    "rest": "guessed",
    "history": "history",
    "title": "title",
    "": "guessed",
}
_SURE: Final[Mapping[Source, float]] = {"told": 1.0, "seen": 0.95, "history": 0.8, "title": 0.5, "guessed": 0.6}


class Deck(NamedTuple):
    """What is known of one deck."""

    name: str
    path: str | None
    """None: it holds a track that cannot be named."""
    playing: bool = False
    path_by: Source = "seen"
    playing_by: Source = "guessed"
    """Who says what the track is, and that it plays or not: see `Source`."""
    confidence: float = 0.0
    """Of both, 0..1: the product of how sure each of the two sources is."""
    number: int | None = None
    """Mixxx's own, from 1; None: nobody tells. So are the next three."""
    rate: float | None = None
    keylock: bool | None = None
    volume: float | None = None
    """As heard in the room, 0..1."""


class _Heard(NamedTuple):
    path: str
    seconds: float
    at: float
    until: float
    by: Source


def _knows_no_lengths(paths: list[str]) -> Mapping[str, float]:
    del paths
    return {}


def _finds_nothing(duration: float, bpm: float) -> str | None:
    del duration, bpm
    return None


class Decks:
    """The state machine: fed by four sources in any order, asked for decks.

    The three callables ask Mixxx's library and must not raise: whether it has analysed a file; the lengths [s] that it knows of
    files; and the only file of a length [s] and tempo (0: unknown) that it has.
    """

    def __init__(
        self,
        is_analysed: Callable[[str], bool],
        *,
        durations: Callable[[list[str]], Mapping[str, float]] = _knows_no_lengths,
        find: Callable[[float, float], str | None] = _finds_nothing,
    ) -> None:
        self._files = Files(is_analysed)
        self._matcher = Matcher(durations, find)
        self._slots: dict[int, Slot] = {}
        """By deck number, while the script is there."""
        self._linked: float | None = None
        """Since when the script is there."""
        self._letters: dict[str, str] = {}
        """Path by letter."""
        self._heard: _Heard | None = None
        self._named: _Heard | None = None
        self._latest: str | None = None
        self._now = 0.0

    # What the sources say -------------------------------------------------------------------------------------------

    def look(self, handles: Iterable[Handle], now: float) -> None:
        """Take the files that are open now."""
        gone, taken = self._files.look(handles, now)
        for letter in [letter for letter, path in self._letters.items() if path in gone]:
            del self._letters[letter]
        for path in taken:
            if self._linked is None:
                self._give_letter(path)
        if self._linked is None:
            self._count_doubles(now)
        self._settle(now)

    def told(self, report: DeckReport, now: float) -> None:
        """Take a report of the script."""
        if self._linked is None:
            self._linked = now
        slot = self._slots.get(report.number)
        if slot is None:
            self._slots[report.number] = Slot(report, now, fresh=now - self._linked > GRACE_SECONDS)
        elif is_another(slot, report, now):
            stale = slot.report.duration if slot.report.loaded else slot.stale
            before = slot.path or slot.before
            self._slots[report.number] = Slot(report, now, fresh=True, before=before, stale=stale)
        else:
            if slot.report.loaded and not report.loaded:
                slot.stale = slot.report.duration
                slot.before = slot.path
                slot.take(None, "")
            slot.report = report
        self._settle(now)

    def silent(self, now: float) -> None:
        """The script is heard no longer: decks go by letters again, the first two by those of their numbers."""
        if self._linked is None:
            return
        was_long = now - self._linked > GRACE_SECONDS
        self._settle(now)
        self._letters.clear()
        held = {slot.path for slot in self._slots.values()}
        for number, slot in sorted(self._slots.items()):
            if slot.path in self._files:
                assert slot.path is not None
                self._give_letter(slot.path, _LETTERS[(number - 1) % len(_LETTERS)])
                self._carry(slot, now)
        for path, file in self._files.items():
            if path in held:
                file.on_deck = True
            elif file.on_deck and was_long and now - file.first > GRACE_SECONDS:
                file.stray = True
            elif file.on_deck:
                self._give_letter(path)
        self._slots.clear()
        self._linked = None
        self._settle(now)

    def heard(self, path: str, seconds: float, now: float) -> None:
        """Take a new row of the history: this is the loudest now, and it lasts so long (0: unknown)."""
        self._heard = _Heard(path, seconds, now, now + (seconds or UNKNOWN_SECONDS) * SLOWEST, "history")
        self._named = None
        self._files.heard(path, seconds, now)
        if self._linked is None and path in self._files and self._files[path].on_deck:
            self._give_letter(path)
        self._settle(now)

    def named(self, path: str | None, now: float) -> None:
        """Take what a broadcast or the window title says is heard; tell it again as often as you like."""
        if path == (self._named.path if self._named else None):
            return
        self._named = _Heard(path, 0.0, now, now + UNKNOWN_SECONDS * SLOWEST, "title") if path else None
        self._files.named(path, now)
        self._settle(now)

    def hushed(self, now: float) -> None:
        """Take what the window title says by naming nothing: nothing is heard; tell it again as often as you like."""
        rows = [one.at for one in (self._heard, self._named) if one is not None]
        if all(now - at > _TITLE_SECONDS for at in rows):
            self._heard = self._named = None
            self._files.hushed(now)
            self._settle(now)

    def forget(self) -> None:
        """Mixxx is gone, and with it all decks."""
        self._files.forget()
        self._slots.clear()
        self._letters.clear()
        self._linked = self._heard = self._named = self._latest = None

    # What follows ---------------------------------------------------------------------------------------------------

    @property
    def paths(self) -> frozenset[str]:
        """What is on the decks."""
        return frozenset(path for path, _ in self._loads())

    @property
    def latest(self) -> str | None:
        """What was loaded last, of all that is still on a deck."""
        return self._latest

    @property
    def is_settled(self) -> bool:
        """Whether no load is under way that has no path yet: then `latest` may be another in a moment."""
        return not self._is_pending()

    def decks(self, now: float) -> list[Deck]:
        """All decks that hold something, by name."""
        self._settle(now)
        lettered = [self._lettered(letter, path, now) for letter, path in sorted(self._letters.items(), key=_by_letter)]
        if self._linked is not None:
            held = {slot.path for slot in self._slots.values()}
            lettered = [deck for deck in lettered if self._is_new(now) and deck.path not in held]
            slots = [slot for _, slot in sorted(self._slots.items()) if slot.report.loaded]
            # One of the lettered may be it: a deck too few is better than one too many.
            return [_numbered(slot) for slot in slots if slot.path or not lettered] + lettered
        blind = self._blind(now)
        return [blind] if blind else lettered

    def playing(self, now: float) -> str | None:
        """What is heard: the loudest deck, where the script tells; else what the history named, or any that moves."""
        decks = [deck for deck in self.decks(now) if deck.playing and deck.path is not None]
        named = self._heard.path if self._heard and now < self._heard.until else None
        best = max(
            decks,
            key=lambda deck: (deck.volume or 0.0, deck.path == named, _SURE[deck.playing_by], deck.path),
            default=None,
        )
        return best.path if best else None

    def _settle(self, now: float) -> None:
        self._now = now
        if self._linked is not None:
            self._matcher.settle(self._slots, self._files, now)
            rows: tuple[tuple[By, _Heard | None], ...] = (("history", self._heard), ("title", self._named))
            for by, one in rows:
                if one is not None and now < one.until and (not self._files.visible or one.path in self._files):
                    before = [s for s in self._slots.values() if not s.fresh or s.since < one.at - _ROW_SECONDS]
                    self._matcher.heard(before, one.path, one.seconds, by, now)
        loads = self._loads()
        if not self._is_pending() or self._latest not in {path for path, _ in loads}:
            self._latest = max(loads, key=lambda load: load[1])[0] if loads else None

    def _loads(self) -> list[tuple[str, float]]:
        """Paths on decks, and when they were loaded."""
        found: list[tuple[str, float]] = []
        if self._linked is not None:
            for slot in self._slots.values():
                if slot.path is not None:
                    opened = self._files[slot.path].first if slot.path in self._files else slot.since
                    found.append((slot.path, slot.since if slot.fresh else opened))
            if not self._is_new(self._now):
                return found
        elif blind := self._blind(self._now):
            return [(blind.path, self._now)] if blind.path else []
        held = {path for path, _ in found}
        return found + [(path, self._files[path].first) for path in self._letters.values() if path not in held]

    def _is_pending(self) -> bool:
        if any(file.looks < LOOKS for _, file in self._files.items()):
            return True
        return any(
            slot.report.loaded and slot.path is None and slot.fresh and self._now - slot.since < DOUBT_SECONDS
            for slot in self._slots.values()
        )

    def _is_new(self, now: float) -> bool:
        """Whether the script may not have told of all decks yet."""
        return self._linked is not None and now - self._linked <= GRACE_SECONDS

    def _lettered(self, letter: str, path: str, now: float) -> Deck:
        playing, by = plays(self._files[path], now)
        if letter != self._letters_of(path)[0]:
            playing, by = False, "guessed"  # of two decks with one file the first is the one that plays
        return Deck(f"mixxx {letter}", path, playing, "seen", by, round(_SURE["seen"] * _SURE[by], 3))

    def _blind(self, now: float) -> Deck | None:
        """The only deck that can be known of without script and open files: the one that is heard."""
        if self._files.visible:
            return None
        one = self._heard if self._heard and now < self._heard.until else self._named
        if one is None or now >= one.until:
            return None
        return Deck("mixxx a", one.path, playing=True, path_by=one.by, playing_by=one.by, confidence=_SURE[one.by])

    # Letters --------------------------------------------------------------------------------------------------------

    def _give_letter(self, path: str, wanted: str = "") -> None:
        if self._files[path].stray or (not wanted and path in self._letters.values()):
            return
        self._letters[wanted if wanted and wanted not in self._letters else self._free_letter()] = path

    def _free_letter(self) -> str:
        return next(one for one in _all_letters() if one not in self._letters)

    def _letters_of(self, path: str) -> list[str]:
        return [letter for letter, held in sorted(self._letters.items(), key=_by_letter) if held == path]

    def _count_doubles(self, now: float) -> None:
        """Give a file that two decks hold two letters: the analyser does not take so long."""
        for path, file in self._files.items():
            letters = self._letters_of(path)
            if len(letters) == 1 and file.is_double(now):
                self._letters[self._free_letter()] = path
            elif len(letters) == 2 and file.handles == 1:
                del self._letters[letters[1]]

    def _carry(self, slot: Slot, now: float) -> None:
        """What the script said last holds until a file moves: an MP3 is never seen to."""
        assert slot.path is not None
        file = self._files[slot.path]
        if slot.report.playing and file.moved is None and file.heard is None:
            self._files.carry(slot.path, slot.report.duration, now)


def _all_letters() -> Iterator[str]:
    """``a`` to ``p``, then ``a1`` to ``p1`` and so on: samplers hold files too, and Mixxx may have 64 of them."""
    for turn in itertools.count():
        yield from (f"{letter}{turn or ''}" for letter in _LETTERS)


def _by_letter(one: tuple[str, str]) -> tuple[int, str]:
    """The order in which letters are given."""
    return (int(one[0][1:] or 0), one[0])


def _numbered(slot: Slot) -> Deck:
    report = slot.report
    return Deck(
        f"mixxx {report.number}",
        slot.path,
        report.playing,
        _SOURCES[slot.by],
        "told",
        CONFIDENCE[slot.by] if slot.path else _SURE["told"],
        report.number,
        report.rate,
        report.keylock,
        report.volume,
    )
