"""Mixxx's data base: set logs and playlists, read only.

Segue's own playlists in it are left out: what it suggests itself must not come back as somebody's choice.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from segue.errors import FileUnreadableError, SetFileError
from segue.sets import text
from segue.sets.entry import ENTRIES_AT_MOST, Entry, Reading, SetKind, TrackSet

MARK: Final = b"SQLite format 3\0"
"""A SQLite file begins with it."""
SETUP: Final = "segue/setup.json"
"""What Segue has set up in a settings folder of Mixxx, as ``ids`` by name."""
_KINDS: Final[dict[int, SetKind]] = {0: "playlist", 2: "history"}
"""By ``Playlists.hidden``; 1 is the Auto DJ queue."""
_WAIT_SECONDS: Final = 3.0
_LONGEST_SECONDS: Final = 1e6
"""Of a track."""
_READ_SECONDS: Final = 60.0
"""After so long it is not Mixxx who made this data base."""
_BYTES_AT_MOST: Final = 1 << 20
"""Of one value or row."""
_STEPS: Final = 100_000
"""Of SQLite, between two looks at the clock."""
_SELECT: Final = """
    SELECT p.id, substr(p.name, 1, 1000), p.hidden, substr(l.artist, 1, 1000), substr(l.title, 1, 1000), l.duration,
        substr(f.location, 1, 4096), substr(t.pl_datetime_added, 1, 100)
    FROM PlaylistTracks t JOIN Playlists p ON p.id = t.playlist_id
    JOIN library l ON l.id = t.track_id JOIN track_locations f ON f.id = l.location
    WHERE p.hidden IN (0, 2) ORDER BY p.id, t.position, t.id LIMIT ?"""


def read(path: Path) -> Reading:
    """Read ``mixxxdb.sqlite``, also while Mixxx runs; nothing is ever written to it.

    Raises:
        SetFileError: it is another program's data base, or damaged before the first list.
        FileUnreadableError: Mixxx has it locked for longer than it should.

    """
    ours = _ours(path)
    found: dict[int, TrackSet] = {}
    notes: list[str] = []
    try:
        with closing(_open(path)) as db:
            for row in db.execute(_SELECT, (ENTRIES_AT_MOST,)):
                if row[0] not in ours:
                    _add(found, row)
    except sqlite3.OperationalError as error:
        if "no such" in str(error):
            raise SetFileError(
                f"{path} is a data base, but not Mixxx's: export a playlist or a history instead."
            ) from error
        raise FileUnreadableError(f"{path} cannot be read now ({error}): close Mixxx, or try again.") from error
    except sqlite3.DatabaseError as error:
        if not found:
            raise SetFileError(f"{path} is damaged, or encrypted: {error}.") from error
        notes.append("the data base is damaged: what comes before was read")
    return Reading("mixxx", [one for one in found.values() if one.entries], notes)


def _ours(path: Path) -> frozenset[int]:
    """Ids of the playlists that Segue fills or once filled, as its setup has written them down beside the data base."""
    try:
        record = json.loads((path.parent / SETUP).read_bytes())
        ids = (*record["ids"].values(), *record.get("former", ()))
        return frozenset(number for number in ids if isinstance(number, int))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return frozenset()


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT_SECONDS)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _BYTES_AT_MOST)
    db.execute("PRAGMA query_only = ON")
    db.execute("PRAGMA trusted_schema = OFF")
    deadline = time.monotonic() + _READ_SECONDS
    db.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    db.text_factory = lambda value: value.decode("utf-8", "surrogateescape")
    return db


def _add(found: dict[int, TrackSet], row: tuple[Any, ...]) -> None:
    number, name, hidden, artist, title, duration, location, added = row
    playlist = found.get(number)
    if playlist is None:
        playlist = found[number] = TrackSet(str(name), _KINDS[hidden], date=text.date_in(str(name)))
    playlist.entries.append(
        Entry(
            path=str(location) if location else None,
            artist=str(artist) if artist else None,
            title=str(title) if title else None,
            duration=float(duration) if isinstance(duration, int | float) and 0 < duration < _LONGEST_SECONDS else None,
            at=_moment(added) if playlist.kind == "history" else None,
        )
    )


def _moment(written: object) -> float | None:
    """Mixxx writes UTC, without saying so."""
    try:
        when = datetime.fromisoformat(str(written))
        return text.sane((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError, OSError):
        return None
