"""What was played, and when."""

from __future__ import annotations

import sqlite3

from segue.errors import TrackNotFoundError
from segue.protocol.messages import Play


def add(db: sqlite3.Connection, track_id: int, at: float, source: str) -> Play:
    """Remember that a track was played at a time (Unix seconds), as a source says.

    Raises:
        TrackNotFoundError: there is no such track.

    """
    row = db.execute("SELECT title, artist FROM tracks WHERE id = ?", (track_id,)).fetchone()
    if row is None:
        raise TrackNotFoundError(f"There is no track #{track_id}: `segue search` finds tracks and their numbers.")
    db.execute("INSERT INTO plays (track_id, at, source) VALUES (?, ?, ?)", (track_id, at, source))
    return Play(track=track_id, title=row[0], artist=row[1], at=at)


def latest(db: sqlite3.Connection, limit: int) -> list[Play]:
    """Return the last plays, latest first."""
    rows = db.execute(
        """SELECT p.track_id, t.title, t.artist, p.at FROM plays p JOIN tracks t ON t.id = p.track_id
           ORDER BY p.at DESC, p.id DESC LIMIT ?""",
        (limit,),
    )
    return [Play(track=track, title=title, artist=artist, at=at) for track, title, artist, at in rows]
