"""From what a user or a shim writes to one track."""

from __future__ import annotations

import ntpath
import os
import posixpath
import re
import sqlite3
from typing import Final

from segue.errors import TrackNotFoundError, TrackNotReadyError
from segue.library import names, paths, search
from segue.library.models import Model

_NUMBER = re.compile(r"#(\d{1,18})")
_CANDIDATES: Final = 20


def track_id(db: sqlite3.Connection, ref: str, model: Model | None) -> int:
    """Return the track that ``#12``, a path, or words of a title or artist mean.

    Raises:
        TrackNotFoundError: nothing matches.
        TrackNotReadyError: what matches is not analysed yet, or could not be.

    """
    found = _by_number(db, ref) or _by_path(db, ref) or _by_words(db, ref, model)
    _refuse_unready(db, found, model)
    return found


def _by_number(db: sqlite3.Connection, ref: str) -> int | None:
    number = _NUMBER.fullmatch(ref.strip())
    if number is None:
        return None
    if db.execute("SELECT 1 FROM tracks WHERE id = ?", (int(number[1]),)).fetchone() is None:
        raise TrackNotFoundError(f"There is no track {ref.strip()}: `segue search` finds tracks and their numbers.")
    return int(number[1])


def _by_path(db: sqlite3.Connection, ref: str) -> int | None:
    try:
        name = paths.stored(ref)
    except UnicodeEncodeError:
        return None
    query = "SELECT track_id, state, error_message FROM files WHERE"
    row = db.execute(f"{query} path = ?", (name,)).fetchone()
    if row is None and "\ufffd" in ref:
        row = db.execute(f"{query} shown = ?", (ref,)).fetchone()
    if row is not None and row[0] is not None:
        return int(row[0])
    if row is not None:
        raise _not_ready(paths.shown(ref), row[1], row[2])
    if posixpath.isabs(ref) or (os.name == "nt" and ntpath.isabs(ref)):
        raise TrackNotFoundError(
            f"The file {paths.shown(ref)} is not in the library: add its folder with `segue folders add`, "
            "or ask for what sounds like it with `segue similar`."
        )
    return None


def _by_words(db: sqlite3.Connection, ref: str, model: Model | None) -> int:
    found = search.find(db, ref, _CANDIDATES) if ref.strip() else []
    if found:
        return _best(db, found, ref, model)
    waiting = search.queued_or_failed(db, ref) if ref.strip() else None
    if waiting is not None:
        raise _not_ready(*waiting)
    if db.execute("SELECT 1 FROM tracks LIMIT 1").fetchone() is None:
        raise TrackNotFoundError("The library is empty: index a folder with `segue up FOLDER`.")
    raise TrackNotFoundError(
        f"No track matches {search.clean(ref)!r}: try other words of its title or artist, or give the file's path."
    )


def _best(db: sqlite3.Connection, found: list[int], ref: str, model: Model | None) -> int:
    marks = ",".join("?" * len(found))
    rows = db.execute(f"SELECT id, title, standing, model_id FROM tracks WHERE id IN ({marks})", found).fetchall()
    wanted = names.fold(search.clean(ref))
    ready = None if model is None else model.id
    best = min(
        rows,
        key=lambda row: (row[3] != ready, row[2] < 2, names.fold(row[1]) != wanted, found.index(row[0])),
    )
    return int(best[0])


def _refuse_unready(db: sqlite3.Connection, found: int, model: Model | None) -> None:
    title, model_id = db.execute("SELECT title, model_id FROM tracks WHERE id = ?", (found,)).fetchone()
    if model is None or model_id != model.id:
        raise TrackNotReadyError(
            f"{title!r} waits to be analysed again with this version's networks: try again in a while."
        )


def _not_ready(path: str, state: str, message: str | None) -> TrackNotReadyError:
    if state == "failed":
        return TrackNotReadyError(f"{path} could not be analysed: {message}")
    return TrackNotReadyError(f"{path} waits to be analysed: try again in a moment.")
