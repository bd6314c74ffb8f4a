"""What was played, and when; which plays are one night."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from segue.errors import TrackNotFoundError
from segue.library import memory
from segue.protocol.messages import Play

_LATEST: Final = 4096
"""So many plays are looked at for the beginning of a night: no night has more."""
_SELECT: Final = "SELECT p.track_id, t.title, t.artist, p.at, p.source FROM plays p JOIN tracks t ON t.id = p.track_id"


class PlayRow(NamedTuple):
    """One play."""

    track: int
    at: float
    """Unix time."""


class Nights(NamedTuple):
    """The night and the one before it."""

    started: float | None
    """When it was begun by a command, else its first play; None: nothing was played yet."""
    tonight: list[PlayRow]
    """Oldest first."""
    before: list[PlayRow]
    """The plays of the night before, oldest first."""


def add(db: sqlite3.Connection, track_id: int, at: float, source: str) -> Play:
    """Remember that a track was played at a time (Unix seconds), as a source says, and what it followed.

    Raises:
        TrackNotFoundError: there is no such track.

    """
    row = db.execute("SELECT title, artist FROM tracks WHERE id = ?", (track_id,)).fetchone()
    if row is None:
        raise TrackNotFoundError(f"There is no track #{track_id}: `segue search` finds tracks and their numbers.")
    number = db.execute("INSERT INTO plays (track_id, at, source) VALUES (?, ?, ?)", (track_id, at, source)).lastrowid
    assert number is not None
    before, after = _neighbours(db, number, at)
    memory.unlink(db, before, after)
    memory.link(db, before, PlayRow(track_id, at))
    memory.link(db, PlayRow(track_id, at), after)
    memory.play_taken(db, track_id, at)
    return Play(track=track_id, title=row[0], artist=row[1], at=at, source=source)


def undo(db: sqlite3.Connection, track_id: int | None) -> Play:
    """Take the last play back, or the last play of a track, with what was learned from it.

    Raises:
        TrackNotFoundError: there is no such play.

    """
    mine = "" if track_id is None else "WHERE p.track_id = ?"
    row = db.execute(
        f"""SELECT p.id, p.track_id, t.title, t.artist, p.at, p.source FROM plays p JOIN tracks t ON t.id = p.track_id
            {mine} ORDER BY p.at DESC, p.id DESC LIMIT 1""",
        () if track_id is None else (track_id,),
    ).fetchone()
    if row is None:
        title = db.execute("SELECT title FROM tracks WHERE id = ?", (track_id,)).fetchone()
        what = "Nothing was" if track_id is None else f"“{title[0]}” was not" if title else f"Track #{track_id} was not"
        raise TrackNotFoundError(f"{what} played yet: there is no play to undo.")
    number, track, title, artist, at, source = row
    before, after = _neighbours(db, number, at)
    db.execute("DELETE FROM plays WHERE id = ?", (number,))
    memory.unlink(db, before, PlayRow(track, at))
    memory.unlink(db, PlayRow(track, at), after)
    memory.link(db, before, after)
    memory.forget_taken(db, track, at)
    return Play(track=track, title=title, artist=artist, at=at, source=source)


def latest(db: sqlite3.Connection, limit: int) -> list[Play]:
    """Return the last plays, latest first."""
    return _plays(db.execute(f"{_SELECT} ORDER BY p.at DESC, p.id DESC LIMIT ?", (limit,)))


def since(db: sqlite3.Connection, at: float) -> list[Play]:
    """Return the plays from a time on, oldest first."""
    return _plays(db.execute(f"{_SELECT} WHERE p.at >= ? ORDER BY p.at, p.id", (at,)))


def start_night(db: sqlite3.Connection, at: float) -> None:
    """Begin a night now."""
    db.execute("INSERT INTO night_starts VALUES (?)", (at,))


def nights(db: sqlite3.Connection, gap: float) -> Nights:
    """Return the last night and the one before it; `gap` seconds of silence, or a command, part two nights."""
    rows = [
        PlayRow(track, at)
        for track, at in db.execute("SELECT track_id, at FROM plays ORDER BY at DESC, id DESC LIMIT ?", (_LATEST,))
    ]
    oldest = rows[-1].at if rows else 0.0
    starts = [row[0] for row in db.execute("SELECT at FROM night_starts WHERE at >= ? ORDER BY at", (oldest,))]
    return split(rows[::-1], starts, gap)


def split(rows: Sequence[PlayRow], starts: Sequence[float], gap: float) -> Nights:
    """Part plays (oldest first) into nights, and return the last two.

    Args:
        rows: plays.
        starts: times at which a night was begun by a command.
        gap: seconds of silence that end a night.

    """
    found: list[list[PlayRow]] = [[]]
    for row in rows:
        last = found[-1][-1] if found[-1] else None
        if last is not None and (row.at - last.at > gap or any(last.at < start <= row.at for start in starts)):
            found.append([])
        found[-1].append(row)
    last_at = rows[-1].at if rows else None
    begun = max(starts, default=None)
    if begun is not None and last_at is not None and begun > last_at:
        found.append([])  # begun by a command, and nothing was played since
    tonight, before = found[-1], found[-2] if len(found) > 1 else []
    if not tonight:
        return Nights(begun, [], before)
    own = [start for start in starts if start <= tonight[0].at and (not before or start > before[-1].at)]
    return Nights(max(own, default=tonight[0].at), tonight, before)


def _neighbours(db: sqlite3.Connection, number: int, at: float) -> tuple[PlayRow | None, PlayRow | None]:
    """The plays before and after one."""
    before = db.execute(
        "SELECT track_id, at FROM plays WHERE (at, id) < (?, ?) ORDER BY at DESC, id DESC LIMIT 1", (at, number)
    ).fetchone()
    after = db.execute(
        "SELECT track_id, at FROM plays WHERE (at, id) > (?, ?) ORDER BY at, id LIMIT 1", (at, number)
    ).fetchone()
    return before and PlayRow(*before), after and PlayRow(*after)


def _plays(rows: sqlite3.Cursor) -> list[Play]:
    found: list[tuple[Any, ...]] = rows.fetchall()
    return [
        Play(track=track, title=title, artist=artist, at=at, source=source)
        for track, title, artist, at, source in found
    ]
