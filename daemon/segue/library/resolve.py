"""From what a user or a shim writes to one track."""

from __future__ import annotations

import ntpath
import os
import posixpath
import re
import sqlite3
from collections.abc import Sequence
from typing import Final

from segue.audio.formats import is_audio_name
from segue.errors import TrackNotFoundError, TrackNotReadyError
from segue.library import names, paths, search
from segue.library.models import Model

_NUMBER = re.compile(r"#(\d{1,18})")
_WORD = re.compile(r"[^\W_]+")
_CANDIDATES: Final = 50


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
    # The name of a file is as good as its stem.
    text = posixpath.splitext(ref)[0] if is_audio_name(ref) else ref
    found = search.named(db, text, _CANDIDATES) if text.strip() else []
    if found:
        return _best(db, found, (ref, text), model)
    waiting = search.queued_or_failed(db, text) if text.strip() else None
    if waiting is not None:
        raise _not_ready(*waiting)
    if db.execute("SELECT 1 FROM tracks LIMIT 1").fetchone() is None:
        raise TrackNotFoundError("The library is empty: index a folder with `segue up FOLDER`.")
    raise TrackNotFoundError(
        f"No track matches {search.clean(ref)!r}: try other words of its title or artist, or give the file's path."
    )


def _best(db: sqlite3.Connection, found: list[int], texts: Sequence[str], model: Model | None) -> int:
    """Of candidates, best first: the one that is named so exactly, else one that is there, with the shortest title."""
    marks = ",".join("?" * len(found))
    rows = db.execute(
        f"SELECT id, title, standing, model_id, artist FROM tracks WHERE id IN ({marks})", found
    ).fetchall()
    wanted = {_plain(text) for text in texts}
    words = _WORD.findall(min(wanted, key=len))
    ready = None if model is None else model.id
    stems = _stems(db, found)

    def order(row: tuple[int, str, int, int | None, str | None]) -> tuple[object, ...]:
        track, title, standing, model_id, artist = row
        plain = _plain(title)
        of_title = _WORD.findall(plain)
        by_title = all(any(own.startswith(word) for own in of_title) for word in words) or any(
            text in plain for text in wanted
        )
        return (
            wanted.isdisjoint({plain, _plain(f"{artist} {title}"), _plain(f"{artist} - {title}")}),
            wanted.isdisjoint(stems.get(track, ())),
            model_id != ready,
            standing < 2,
            not by_title,
            not set(words) <= set(of_title),
            len(plain) if by_title else 0,
            found.index(track),
        )

    return int(min(rows, key=order)[0])


def _stems(db: sqlite3.Connection, found: Sequence[int]) -> dict[int, set[str]]:
    """The names of the files of tracks, without folder and suffix."""
    marks = ",".join("?" * len(found))
    stems: dict[int, set[str]] = {}
    for track, shown in db.execute(f"SELECT track_id, shown FROM files WHERE track_id IN ({marks})", found):
        stems.setdefault(track, set()).add(_plain(ntpath.splitext(ntpath.basename(shown))[0]))
    return stems


def _plain(text: str) -> str:
    return names.fold(search.clean(text).replace("_", " "))


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
