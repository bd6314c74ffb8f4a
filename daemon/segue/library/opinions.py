"""What the user likes and dislikes: tracks, and tracks after certain others."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from segue.errors import TrackNotFoundError
from segue.protocol.messages import Opinion, TrackName


class OpinionRow(NamedTuple):
    """One opinion."""

    track_id: int
    liked: bool
    after_id: int | None
    """None: whatever is played before it."""


def put(db: sqlite3.Connection, track_id: int, after_id: int | None, liked: bool | None, at: float) -> Opinion:
    """Remember an opinion in place of an earlier one, or forget it (`liked` None).

    Raises:
        TrackNotFoundError: there is no such track, or no opinion to forget.

    """
    name = track_name(db, track_id)
    after = None if after_id is None else track_name(db, after_id)
    if liked is None:
        gone = db.execute("DELETE FROM opinions WHERE track_id = ? AND after_id = ?", (track_id, after_id or 0))
        if not gone.rowcount:
            there = "" if after is None else f" after “{after.title}”"
            raise TrackNotFoundError(f"Nothing was said of “{name.title}”{there} yet.")
    else:
        db.execute(
            "INSERT OR REPLACE INTO opinions VALUES (?, ?, ?, ?)", (track_id, after_id or 0, 1 if liked else -1, at)
        )
    return Opinion(track=name, after=after, liked=liked, at=at)


def every(db: sqlite3.Connection) -> list[OpinionRow]:
    """Return all opinions."""
    rows = db.execute("SELECT track_id, liked, after_id FROM opinions ORDER BY track_id, after_id")
    return [OpinionRow(track, liked > 0, after or None) for track, liked, after in rows]


def latest(db: sqlite3.Connection, track_id: int | None, limit: int) -> list[Opinion]:
    """Return opinions, latest first; only those that name a track where one is given."""
    where, values = "", list[Any]()
    if track_id is not None:
        where, values = "WHERE o.track_id = ? OR o.after_id = ?", [track_id, track_id]
    rows = db.execute(
        f"""SELECT o.track_id, t.title, t.artist, o.after_id, a.title, a.artist, o.liked, o.at FROM opinions o
            JOIN tracks t ON t.id = o.track_id LEFT JOIN tracks a ON a.id = o.after_id {where}
            ORDER BY o.at DESC, o.track_id, o.after_id LIMIT ?""",
        (*values, limit),
    )
    return [
        Opinion(
            track=TrackName(id=track, title=title, artist=artist),
            after=TrackName(id=after, title=after_title, artist=after_artist) if after_title is not None else None,
            liked=liked > 0,
            at=at,
        )
        for track, title, artist, after, after_title, after_artist, liked, at in rows
    ]


def track_name(db: sqlite3.Connection, track_id: int) -> TrackName:
    """Return a track's title and artist. TrackNotFoundError when there is no such track."""
    row = db.execute("SELECT id, title, artist FROM tracks WHERE id = ?", (track_id,)).fetchone()
    if row is None:
        raise TrackNotFoundError(f"There is no track #{track_id}: `segue search` finds tracks and their numbers.")
    return TrackName(id=row[0], title=row[1], artist=row[2])
