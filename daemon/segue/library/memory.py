"""What was learned: which track followed which, how often and how well, and who says so.

A row of `transitions` is one track after another, once. Its source is ``night`` (two plays one after the other), ``deck`` (the
decks told of both), ``taken`` (it was suggested there, and put on a deck), ``history:3`` or ``playlist:3`` (import number 3).
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final, NamedTuple, Protocol

NIGHT: Final = "night"
DECK: Final = "deck"
TAKEN: Final = "taken"
HISTORY: Final = "history"
PLAYLIST: Final = "playlist"

BREAK_SECONDS: Final = 30 * 60.0
"""Two plays further apart say nothing of each other ..."""
USUAL_SECONDS: Final = 12 * 60.0
"""... and more and more up to here."""
HASTY_SECONDS: Final = 45.0
"""Two plays nearer to each other were noted down, or skipped through, rather than mixed."""
_HASTY_WEIGHT: Final = 0.5
_PLAYLIST_WEIGHT: Final = 0.25
_THROWN_OUT_WEIGHT: Final = -0.5
_TAKEN_WEIGHT: Final = 0.1
_TAKEN_AND_PLAYED_WEIGHT: Final = 0.3
"""A suggestion that was put on a deck says little, and a little more when it is played: the blend says the rest."""
_TAKEN_SECONDS: Final = 30 * 60.0
"""What was taken longer ago is not what is played, or thrown out, now."""
_CUT_WEIGHT: Final = 0.6
_LONG_BLEND_WEIGHT: Final = 1.5
_LONG_BLEND_SECONDS: Final = 60.0
_UNKNOWN_BLEND_WEIGHT: Final = 0.9
SAME_SECONDS: Final = 15 * 60.0
"""One track after another within so long is the same event, whoever tells of it."""
_LIVE: Final = f"source IN ('{NIGHT}', '{DECK}')"
_JUST_TAKEN: Final = f"source = '{TAKEN}' AND to_id = ? AND at BETWEEN ? - {_TAKEN_SECONDS} AND ?"
HEARD: Final = f"weight > 0 AND source NOT LIKE '{PLAYLIST}:%' AND source <> '{TAKEN}'"
"""A row that counts for "played together"."""


class AtTime(Protocol):
    """A track at a time: a play."""

    @property
    def track(self) -> int:
        """The track's number."""
        ...

    @property
    def at(self) -> float:
        """Unix time."""
        ...


class Learned(NamedTuple):
    """One track after another, as an import says."""

    from_id: int
    to_id: int
    at: float
    """Unix time; 0 where unknown, which is learned once whatever says it."""
    seconds: float | None
    """Between the beginnings of the two; None: unknown."""


def gap_weight(seconds: float) -> float:
    """What it says that a track was played so long after another; 0: nothing."""
    if seconds < HASTY_SECONDS:
        return _HASTY_WEIGHT
    return min(1.0, max(0.0, (BREAK_SECONDS - seconds) / (BREAK_SECONDS - USUAL_SECONDS)))


def blend_weight(seconds: float | None) -> float:
    """What a blend of so many seconds says: more, the longer it was held."""
    if seconds is None:
        return _UNKNOWN_BLEND_WEIGHT
    share = min(1.0, max(0.0, seconds) / _LONG_BLEND_SECONDS)
    return _CUT_WEIGHT + (_LONG_BLEND_WEIGHT - _CUT_WEIGHT) * share


# Writing ------------------------------------------------------------------------------------------------------------


def link(db: sqlite3.Connection, first: AtTime | None, second: AtTime | None) -> None:
    """Learn from two plays one after the other, unless a night began between them or the decks told of it already."""
    if first is None or second is None or first.track == second.track:
        return
    weight = gap_weight(second.at - first.at)
    between = "SELECT 1 FROM night_starts WHERE at > ? AND at <= ?"
    if weight <= 0 or db.execute(between, (first.at, second.at)).fetchone() is not None:
        return
    if not _is_told(db, f"source = '{DECK}'", first.track, second.track, second.at):
        _insert(db, first.track, second.track, second.at, NIGHT, weight, None)


def unlink(db: sqlite3.Connection, first: AtTime | None, second: AtTime | None) -> None:
    """Forget what two plays one after the other have taught, the blend of the decks too."""
    if first is not None and second is not None:
        db.execute(
            f"DELETE FROM transitions WHERE from_id = ? AND to_id = ? AND abs(at - ?) <= ? AND weight > 0 AND {_LIVE}",
            (first.track, second.track, second.at, SAME_SECONDS),
        )


def add_blend(db: sqlite3.Connection, from_id: int, to_id: int, at: float, seconds: float | None) -> None:
    """Learn from two tracks on the decks; what their plays alone said gives way."""
    db.execute(
        f"DELETE FROM transitions WHERE from_id = ? AND to_id = ? AND abs(at - ?) <= ? AND source = '{NIGHT}'",
        (from_id, to_id, at, SAME_SECONDS),
    )
    _insert(db, from_id, to_id, at, DECK, blend_weight(seconds), seconds)


def add_thrown_out(db: sqlite3.Connection, from_id: int, to_id: int, at: float) -> None:
    """Learn from a track that was tried after another and taken off; that it had been taken speaks for it no more."""
    forget_taken(db, to_id, at)
    _insert(db, from_id, to_id, at, DECK, _THROWN_OUT_WEIGHT, None)


def add_taken(db: sqlite3.Connection, from_id: int, to_id: int, at: float) -> None:
    """Learn from a track that was suggested after another, and put on a deck at a time."""
    _insert(db, from_id, to_id, at, TAKEN, _TAKEN_WEIGHT, None)


def play_taken(db: sqlite3.Connection, track_id: int, at: float) -> None:
    """Learn that a track was played, begun at a time, that may have been taken from a list before."""
    db.execute(f"UPDATE transitions SET weight = ? WHERE {_JUST_TAKEN}", (_TAKEN_AND_PLAYED_WEIGHT, track_id, at, at))


def forget_taken(db: sqlite3.Connection, track_id: int, at: float) -> None:
    """Forget that a track was taken from a list, shortly before a time."""
    db.execute(f"DELETE FROM transitions WHERE {_JUST_TAKEN}", (track_id, at, at))


class News(NamedTuple):
    """What an import says that was not known."""

    rows: list[tuple[Any, ...]]
    """Tracks, time, kind of source and weight of each transition."""
    outdone: set[tuple[int]]
    """Rows of playlists that say of a pair less than a history now does."""


def news(db: sqlite3.Connection, history: list[Learned], playlists: list[Learned]) -> News:
    """Find what is new in an import.

    What another import, a night or the decks have told already is left out. A playlist does not count as told where a history
    says the same: its row gives way. What was thrown out once may have been played as well.
    """
    heard, listed = _Told(), _Told()
    for number, from_id, to_id, at, source in db.execute(
        f"SELECT id, from_id, to_id, at, source FROM transitions WHERE weight > 0 AND source <> '{TAKEN}'"
    ):
        (listed if source.startswith(f"{PLAYLIST}:") else heard).add(from_id, to_id, at, number)
    found = News([], set())
    for source, learned in ((HISTORY, history), (PLAYLIST, playlists)):
        for from_id, to_id, at, seconds in learned:
            weight = _import_weight(source, seconds)
            if weight <= 0 or heard.near(from_id, to_id, at):
                continue
            same = listed.near(from_id, to_id, at)
            if source == HISTORY:
                found.outdone.update((number,) for number in same)
            elif same:
                continue
            (heard if source == HISTORY else listed).add(from_id, to_id, at, 0)
            found.rows.append((from_id, to_id, at, source, weight))
    return found


def add_news(db: sqlite3.Connection, number: int, found: News) -> int:
    """Learn what is new in an import of this number; return how many transitions that is."""
    db.executemany("DELETE FROM transitions WHERE id = ?", found.outdone)
    db.executemany(
        f"INSERT OR IGNORE INTO transitions (from_id, to_id, at, source, weight) VALUES (?, ?, ?, ? || ':{number:d}', ?)",
        found.rows,
    )
    return len(found.rows)


class _Told:
    """Who followed whom and when, in stretches of `SAME_SECONDS`, so that a log of any length is compared in no time."""

    def __init__(self) -> None:
        self._stretches: dict[tuple[int, int, float], dict[float, int]] = {}

    def add(self, from_id: int, to_id: int, at: float, number: int) -> None:
        """Remember the first and the last time of each stretch, with the number of its row: none between them tells more."""
        held = self._stretches.setdefault((from_id, to_id, at // SAME_SECONDS), {})
        held[at] = number
        if len(held) > 2:
            del held[sorted(held)[1]]

    def near(self, from_id: int, to_id: int, at: float) -> list[int]:
        """Return the numbers of what was told within `SAME_SECONDS`."""
        middle = at // SAME_SECONDS
        return [
            number
            for stretch in (middle - 1, middle, middle + 1)
            for when, number in self._stretches.get((from_id, to_id, stretch), {}).items()
            if abs(when - at) <= SAME_SECONDS
        ]


def _import_weight(source: str, seconds: float | None) -> float:
    if source == PLAYLIST:
        return _PLAYLIST_WEIGHT
    return 1.0 if seconds is None else gap_weight(seconds)


def _insert(
    db: sqlite3.Connection, from_id: int, to_id: int, at: float, source: str, weight: float, blend: float | None
) -> None:
    db.execute(
        """INSERT INTO transitions (from_id, to_id, at, source, weight, blend) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (source, from_id, to_id, at) DO UPDATE SET weight = excluded.weight, blend = excluded.blend""",
        (from_id, to_id, at, source, weight, blend),
    )


def _is_told(db: sqlite3.Connection, by: str, from_id: int, to_id: int, at: float) -> bool:
    found = db.execute(
        f"SELECT 1 FROM transitions WHERE from_id = ? AND to_id = ? AND abs(at - ?) <= ? AND weight > 0 AND {by}",
        (from_id, to_id, at, SAME_SECONDS),
    )
    return found.fetchone() is not None


# Reading ------------------------------------------------------------------------------------------------------------


class PairRow(NamedTuple):
    """One track after another, summed up."""

    from_id: int
    to_id: int
    weight: float
    times: int
    """So often it was heard."""


def pairs(db: sqlite3.Connection) -> list[PairRow]:
    """Return all that is learned, summed up by pair."""
    rows = db.execute(
        f"SELECT from_id, to_id, sum(weight), sum({HEARD}) FROM transitions GROUP BY from_id, to_id ORDER BY 1, 2"
    )
    return [PairRow(*row) for row in rows]
