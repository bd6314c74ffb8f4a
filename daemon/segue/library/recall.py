"""What was learned as a user sees it, and the ways to forget it."""

from __future__ import annotations

import sqlite3
import time
from typing import Any, Final, NamedTuple

from segue.errors import InvalidParamsError, TrackNotFoundError
from segue.library import opinions
from segue.library.memory import DECK, HEARD, HISTORY, NIGHT, PLAYLIST, TAKEN
from segue.protocol.messages import Forgotten, Import, LearnedPair, MemoryPage, TrackName

_WHAT: Final = {
    NIGHT: "source = 'night'",
    DECK: "source = 'deck'",
    TAKEN: "source = 'taken'",
    "imports": f"(source LIKE '{HISTORY}:%' OR source LIKE '{PLAYLIST}:%')",
}


class Forget(NamedTuple):
    """What is to be forgotten."""

    track: int | None = None
    source: str | None = None
    """``night``, ``deck``, ``taken``, ``imports``, ``opinions``, or ``import:3``."""
    everything: bool = False
    plays: bool = False
    """Of the track, or all of them, too; they are kept without it."""


def page(db: sqlite3.Connection, track_id: int | None, limit: int, offset: int) -> MemoryPage:
    """Return what was learned, of all tracks or of one: the pairs that weigh most first.

    Raises:
        TrackNotFoundError: there is no such track.

    """
    where, of_track = "", tuple[int, ...]()
    if track_id is not None:
        opinions.track_name(db, track_id)
        where, of_track = "WHERE p.from_id = ? OR p.to_id = ?", (track_id, track_id)
    inner = where.replace("p.", "")
    rows = db.execute(
        f"""SELECT p.from_id, a.title, a.artist, p.to_id, b.title, b.artist,
                   p.weight, p.times, p.blend, p.last, p.sources
            FROM (SELECT from_id, to_id, sum(weight) AS weight, sum({HEARD}) AS times, avg(blend) AS blend,
                         max(at) AS last, group_concat(DISTINCT source) AS sources
                  FROM transitions {inner} GROUP BY from_id, to_id) p
            JOIN tracks a ON a.id = p.from_id JOIN tracks b ON b.id = p.to_id
            ORDER BY p.weight DESC, p.last DESC, p.from_id, p.to_id LIMIT ? OFFSET ?""",
        (*of_track, limit, offset),
    )
    total, transitions = db.execute(
        f"SELECT count(DISTINCT from_id || ' ' || to_id), count(*) FROM transitions {inner}", of_track
    ).fetchone()
    return MemoryPage(
        pairs=[_pair(row) for row in rows],
        total=total,
        transitions=transitions,
        opinions=opinions.latest(db, track_id, limit),
        imports=_imports(db),
    )


def forget(db: sqlite3.Connection, what: Forget) -> Forgotten:
    """Forget what was learned. Plays are what happened, and stay unless they are asked for.

    Raises:
        InvalidParamsError: nothing was named, or no such source.
        TrackNotFoundError: there is no such track, or no such import.

    """
    if not (what.everything or what.plays) and what.track is None and what.source is None:
        raise InvalidParamsError("Say what to forget: a track, a source, everything, or the plays.")
    if what.everything and (what.track is not None or what.source is not None):
        raise InvalidParamsError("Everything is more than a track or a source: say one of them.")
    forgotten = Forgotten()
    if what.everything or what.source is not None or what.track is not None:
        forgotten.transitions = _forget_transitions(db, what)
        forgotten.opinions = _forget_opinions(db, what)
        forgotten.imports = _forget_imports(db, what)
    if what.plays:
        of_track, values = ("WHERE track_id = ?", [what.track]) if what.track is not None else ("", [])
        forgotten.plays = db.execute(f"DELETE FROM plays {of_track}", values).rowcount
        if what.track is None:
            db.execute("DELETE FROM night_starts")
    return forgotten


def add_import(db: sqlite3.Connection, path: str, kind: str, sets: int, entries: int, matched: int) -> int:
    """Note that a file was learned from, in place of an earlier note of the same file; return its number."""
    row = db.execute("SELECT id FROM imports WHERE path = ?", (path,)).fetchone()
    number = None if row is None else int(row[0])
    done = db.execute(
        "INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, path, kind, time.time(), sets, entries, matched),
    )
    assert done.lastrowid is not None
    return done.lastrowid if number is None else number


def _imports(db: sqlite3.Connection) -> list[Import]:
    rows = db.execute(
        """SELECT i.id, i.path, i.kind, i.at, i.sets, i.entries, i.matched,
                  (SELECT count(*) FROM transitions WHERE source IN ('history:' || i.id, 'playlist:' || i.id))
           FROM imports i ORDER BY i.at DESC, i.id DESC"""
    )
    return [
        Import(id=row[0], path=row[1], format=row[2], at=row[3], sets=row[4], entries=row[5], matched=row[6], transitions=row[7])
        for row in rows
    ]  # fmt: skip


def _pair(row: tuple[Any, ...]) -> LearnedPair:
    return LearnedPair(
        first=TrackName(id=row[0], title=row[1], artist=row[2]),
        second=TrackName(id=row[3], title=row[4], artist=row[5]),
        weight=round(row[6], 3),
        times=row[7],
        blend=None if row[8] is None else round(row[8], 1),
        last=row[9] or None,
        sources=sorted(row[10].split(",")),
    )


def _forget_transitions(db: sqlite3.Connection, what: Forget) -> int:
    wheres, values = list[str](), list[Any]()
    if what.track is not None:
        wheres.append("(from_id = ? OR to_id = ?)")
        values += [what.track, what.track]
    if what.source == "opinions":
        return 0
    if what.source is not None and what.source in _WHAT:
        wheres.append(_WHAT[what.source])
    elif what.source is not None:
        number = _import_number(db, what.source)
        wheres.append("source IN (?, ?)")
        values += [f"{HISTORY}:{number}", f"{PLAYLIST}:{number}"]
    where = f"WHERE {' AND '.join(wheres)}" if wheres else ""
    return db.execute(f"DELETE FROM transitions {where}", values).rowcount


def _forget_opinions(db: sqlite3.Connection, what: Forget) -> int:
    if what.source not in {None, "opinions"}:
        return 0
    if what.track is None:
        return db.execute("DELETE FROM opinions").rowcount
    return db.execute("DELETE FROM opinions WHERE track_id = ? OR after_id = ?", (what.track, what.track)).rowcount


def _forget_imports(db: sqlite3.Connection, what: Forget) -> int:
    if what.track is not None or what.source in {NIGHT, DECK, TAKEN, "opinions"}:
        return 0
    if what.source in {None, "imports"}:
        return db.execute("DELETE FROM imports").rowcount
    assert what.source is not None
    return db.execute("DELETE FROM imports WHERE id = ?", (_import_number(db, what.source),)).rowcount


def _import_number(db: sqlite3.Connection, source: str) -> int:
    word, _, digits = source.partition(":")
    if word != "import" or not digits.isdecimal() or len(digits) > 18:
        raise InvalidParamsError(
            f"“{source}” is nothing to forget: say night, deck, taken, imports, opinions, or import:3 for one import."
        )
    if db.execute("SELECT 1 FROM imports WHERE id = ?", (int(digits),)).fetchone() is None:
        raise TrackNotFoundError(f"There is no import {digits}: `segue memory` lists them.")
    return int(digits)
