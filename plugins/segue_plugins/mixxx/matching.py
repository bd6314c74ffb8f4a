"""Which file a deck of the script holds: it names the deck and the track's length, and never a path.

Three things tie the two together, strongest first: the length, which Mixxx's library has to a millionth of a second; the moment,
for the file is opened when the deck is loaded; and what is left over when all other decks have theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from segue_plugins.mixxx.files import LOOKS, Files, plays
from segue_plugins.mixxx.script import DeckReport

EXACT_SECONDS: Final = 1e-3
"""Two lengths are one track's when they differ by less."""
LOOSE_SECONDS: Final = 5.0
"""A length from a file's header may be so wrong, until Mixxx has read the file; beyond, it is another track."""
BEFORE_SECONDS: Final = 1.5
AFTER_SECONDS: Final = 2.0
"""A file that was opened so long before, or after, the script's report of a load may be the one."""
DOUBT_SECONDS: Final = 1.0
"""The script tells the length within that time of the load: where the moment alone fits two files, it is waited for."""
REST_SECONDS: Final = 2.5
"""After that nothing better will come: what is left over may be used."""
_ASK_AGAIN_SECONDS: Final = 1.0
_ASK_AT_LEAST_SECONDS: Final = 30.0
"""Mixxx's library is asked again for what it does not know after these times, which double."""

By = Literal["length", "double", "library", "moment", "history", "rest", "title", ""]
"""How a deck's path was found."""

CONFIDENCE: Final[Mapping[By, float]] = {
    "length": 1.0,
    "double": 0.95,
    "library": 0.9,
    "moment": 0.85,
    "history": 0.8,
    "rest": 0.6,
    "title": 0.5,
    "": 0.0,
}
"""How sure each way is, by the rank that they have; `benchmarks/decks.py` prints how often each is right in a made-up night."""

_BY_LENGTH: Final = frozenset({"length", "double"})


@dataclass(slots=True)
class Slot:
    """One of Mixxx's decks, as the script tells of it."""

    report: DeckReport
    since: float
    """When the script told of this load."""
    fresh: bool = False
    """The load was seen to happen; else the deck was full when the script was first heard."""
    path: str | None = None
    by: By = ""
    before: str | None = None
    """What it held before."""
    stale: float = 0.0
    """The length of the track before: for a moment the script may still say that."""
    asked: tuple[float, float] = (0.0, 0.0)
    """The length that Mixxx's library was last searched for, and when."""

    def take(self, path: str | None, by: By) -> None:
        """Hold that this deck has this file."""
        self.path, self.by = path, by

    def length(self, now: float) -> float:
        """Seconds of the track, 0 while they are not known, or in doubt."""
        length = self.report.duration
        doubtful = now - self.since < DOUBT_SECONDS and abs(length - self.stale) <= EXACT_SECONDS
        return 0.0 if doubtful else length


class _Pair(NamedTuple):
    rank: int
    distance: float
    number: int
    path: str
    by: By


@dataclass(slots=True)
class Matcher:
    """Finds paths for slots; asked again whenever something has changed."""

    durations: Callable[[list[str]], Mapping[str, float]]
    find: Callable[[float, float], str | None]
    _lengths: dict[str, float] = field(default_factory=dict)
    _asked: dict[str, tuple[float, float]] = field(default_factory=dict)
    """When the length of a file is to be asked for again, and seconds until the time after that."""

    def settle(self, slots: Mapping[int, Slot], files: Files, now: float) -> None:
        """Give every loaded slot the best path that can be had now, and take wrong ones away."""
        loaded = {number: slot for number, slot in slots.items() if slot.report.loaded}
        if not loaded:
            return
        self._learn(files, now)
        for slot in loaded.values():
            self._review(slot, files, now)
        self._pair(loaded, files, now)
        if files.visible:
            self._double(loaded, files, now)
            self._rest(loaded, files, now)
        else:
            self._search(loaded, now)

    def heard(self, slots: Iterable[Slot], path: str, seconds: float, by: By, now: float) -> None:
        """Use what the history, or a title, says is heard: it is on a deck that plays, if these do."""
        playing = [slot for slot in slots if slot.report.loaded and slot.report.playing]
        if any(slot.path == path for slot in playing):
            return
        open_ones = [slot for slot in playing if slot.path is None and _may_last(slot.length(now), seconds)]
        if len(open_ones) == 1 and (len(playing) == 1 or _is_exact(open_ones[0].length(now), seconds)):
            open_ones[0].take(path, by)

    def _learn(self, files: Files, now: float) -> None:
        """Look the lengths of the open files up, each once."""
        for known in (self._lengths, self._asked):
            for path in [path for path in known if path not in files]:
                del known[path]
        wanted = [path for path in files if path not in self._lengths and now >= self._asked.get(path, (now, 0.0))[0]]
        if not wanted:
            return
        for path in wanted:
            pause = self._asked.get(path, (now, _ASK_AGAIN_SECONDS))[1]
            self._asked[path] = (now + pause, min(2 * pause, _ASK_AT_LEAST_SECONDS))
        self._lengths.update((path, length) for path, length in self.durations(wanted).items() if length > 0)

    def _review(self, slot: Slot, files: Files, now: float) -> None:
        """Take away what cannot be, or no longer; raise what the length has proved."""
        if slot.path is None or not files.visible:
            return
        length = self._lengths.get(slot.path, 0.0)
        # What is left over may be so in spite of its length: Mixxx's library can be wrong.
        if slot.path not in files or not (slot.by == "rest" or _may_last(slot.length(now), length)):
            slot.take(None, "")
        elif slot.by != "double" and _is_exact(slot.length(now), length):
            slot.by = "length"

    def _pair(self, slots: Mapping[int, Slot], files: Files, now: float) -> None:
        """Pair decks with open files by length and moment, the surest first."""
        pairs = sorted(
            pair
            for number, slot in slots.items()
            if not _is_final(slot, files, now)
            for pair in self._pairs(number, slot, slots, files, now)
        )
        taken = {slot.path for slot in slots.values() if slot.by in _BY_LENGTH}
        done: set[int] = set()
        for pair in pairs:
            slot = slots[pair.number]
            if pair.number in done or pair.path in taken:
                continue
            if slot.path is not None and pair.rank > (0 if slot.by in _BY_LENGTH else 1):
                continue  # what it has is no worse
            for other in slots.values():
                if other.path == pair.path and other is not slot:
                    other.take(None, "")
            slot.take(pair.path, pair.by)
            done.add(pair.number)
            taken.add(pair.path)

    def _pairs(self, number: int, slot: Slot, slots: Mapping[int, Slot], files: Files, now: float) -> Iterable[_Pair]:
        held = {other.path for other in slots.values() if other.path is not None}
        timely: list[_Pair] = []
        for path, file in files.items():
            length = self._lengths.get(path, 0.0)
            distance = abs(file.first - slot.since)
            if _is_exact(slot.length(now), length):
                yield _Pair(0 if _is_timely(file.first, slot) else 1, distance, number, path, "length")
            elif (
                path not in held
                and path != slot.before
                and file.looks >= LOOKS
                and _is_timely(file.first, slot)
                and _may_last(slot.length(now), length)
            ):
                timely.append(_Pair(2, distance, number, path, "moment"))
        # The analyser and other decks open files too.
        if len(timely) == 1 or now - slot.since > DOUBT_SECONDS:
            yield from timely

    def _double(self, slots: Mapping[int, Slot], files: Files, now: float) -> None:
        """A deck that has the length of a file of another deck, and no file of its own, holds the same."""
        for slot in slots.values():
            if slot.path is not None:
                continue
            same = [path for path in files if _is_exact(slot.length(now), self._lengths.get(path, 0.0))]
            if same:
                slot.take(min(same, key=lambda path: -files[path].first), "double")

    def _rest(self, slots: Mapping[int, Slot], files: Files, now: float) -> None:
        """One deck and one file are left over; or only one of these decks plays, and one of these files moves."""
        left = [slot for slot in slots.values() if slot.path is None]
        if not left or any(now - slot.since < REST_SECONDS for slot in left):
            return
        held = {slot.path for slot in slots.values()}
        free = [path for path, file in files.items() if path not in held and file.on_deck]
        self._only(
            [slot for slot in left if slot.report.playing], [path for path in free if _moves(path, files, now)], now
        )
        self._only(left, free, now)
        for slot in left:
            if slot.path is None:  # Mixxx's library may be wrong about lengths: who else was opened just then?
                timely = [path for path in free if _is_timely(files[path].first, slot)]
                if len(timely) == 1 and all(other.path != timely[0] for other in slots.values()):
                    slot.take(timely[0], "rest")

    def _only(self, left: list[Slot], free: list[str], now: float) -> None:
        """Give the only deck of these the only file that it may be."""
        taken = {slot.path for slot in left}
        open_ones = [slot for slot in left if slot.path is None]
        if len(open_ones) != 1:
            return
        (slot,) = open_ones
        fits = [
            path for path in free if path not in taken and _may_last(slot.length(now), self._lengths.get(path, 0.0))
        ]
        if len(fits) == 1:
            slot.take(fits[0], "rest")

    def _search(self, slots: Mapping[int, Slot], now: float) -> None:
        """Search Mixxx's library for a deck's length, where open files cannot be seen."""
        for slot in slots.values():
            length = slot.length(now)
            if slot.by == "library" and length != slot.asked[0]:
                slot.take(None, "")
            if not length or slot.by in _BY_LENGTH or slot.by == "library":
                continue
            if slot.asked[0] == length and now - slot.asked[1] < 5 * _ASK_AGAIN_SECONDS:
                continue
            slot.asked = (length, now)
            if (path := self.find(length, slot.report.bpm)) is not None:
                slot.take(path, "library")


def is_another(slot: Slot, report: DeckReport, now: float) -> bool:
    """Whether a deck holds another track than at its last report; a length that becomes known is none."""
    if not slot.report.loaded or not report.loaded:
        return report.loaded and not slot.report.loaded
    length = slot.length(now)
    return bool(length) and abs(length - report.duration) > EXACT_SECONDS


def _is_final(slot: Slot, files: Files, now: float) -> bool:
    """Whether nothing better can come: a file of the same length as one that was open before may be seen to open yet."""
    if slot.path is None or slot.by not in _BY_LENGTH:
        return False
    is_timely = slot.by == "length" and slot.path in files and _is_timely(files[slot.path].first, slot)
    return is_timely or now - slot.since > AFTER_SECONDS


def _moves(path: str, files: Files, now: float) -> bool:
    return plays(files[path], now) == (True, "seen")


def _is_timely(first: float, slot: Slot) -> bool:
    return -BEFORE_SECONDS <= first - slot.since <= AFTER_SECONDS


def _is_exact(said: float, length: float) -> bool:
    return length > 0 and said > 0 and abs(said - length) <= EXACT_SECONDS


def _may_last(said: float, length: float) -> bool:
    return length <= 0 or said <= 0 or abs(said - length) <= LOOSE_SECONDS
