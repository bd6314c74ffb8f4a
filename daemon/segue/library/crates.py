"""Crates: tracks that a user, or another program, keeps together under a name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.errors import CrateNotFoundError, InvalidParamsError
from segue.library import names

USER: Final = "user"
"""The source of crates that were made here; others are named by the file they came from."""
LONGEST: Final = 200
"""Characters of a name."""

Ids = npt.NDArray[np.int64]


class CrateRow(NamedTuple):
    """One crate of one source."""

    name: str
    source: str
    tracks: int
    """How many."""


def every(db: sqlite3.Connection) -> list[CrateRow]:
    """Return all crates by name."""
    rows = db.execute(
        """SELECT name, source, count(track_id) FROM crates LEFT JOIN crate_tracks ON crate_id = id
           GROUP BY id ORDER BY name, source"""
    )
    return [CrateRow(*row) for row in rows]


def ids(db: sqlite3.Connection) -> dict[str, Ids]:
    """Return the tracks of each crate, rising; crates of one name and several sources are one."""
    found: dict[str, tuple[str, set[int]]] = {}
    rows = db.execute("SELECT name, track_id FROM crates LEFT JOIN crate_tracks ON crate_id = id ORDER BY name, source")
    for name, track in rows:
        _, held = found.setdefault(names.fold(name), (name, set()))
        if track is not None:
            held.add(track)
    return {name: np.array(sorted(held), np.int64) for name, held in found.values()}


def tracks(db: sqlite3.Connection, name: str) -> list[int]:
    """Return the tracks of a crate in its order. CrateNotFoundError when there is none of this name."""
    crates = _numbers(db, name, None)
    if not crates:
        raise not_found(name)
    found: dict[int, None] = {}
    for crate in crates:
        rows = db.execute("SELECT track_id FROM crate_tracks WHERE crate_id = ? ORDER BY position", (crate,))
        found.update(dict.fromkeys(row[0] for row in rows))
    return list(found)


def put(db: sqlite3.Connection, name: str, source: str, held: Sequence[int], *, add: bool) -> CrateRow:
    """Put tracks into a crate, which is made where there is none.

    Args:
        db: the writer.
        name: of the crate.
        source: who keeps it so.
        held: tracks in their order; one that comes again counts once.
        add: behind those that are in it; otherwise in their place.

    Raises:
        InvalidParamsError: this is no name.

    """
    name = checked(name)
    known = _numbers(db, name, source)
    crate = known[0] if known else None
    if crate is None:
        crate = db.execute("INSERT INTO crates (name, source) VALUES (?, ?)", (name, source)).lastrowid
        assert crate is not None
    if not add:
        db.execute("DELETE FROM crate_tracks WHERE crate_id = ?", (crate,))
    (last,) = db.execute("SELECT coalesce(max(position), -1) FROM crate_tracks WHERE crate_id = ?", (crate,)).fetchone()
    db.executemany(
        "INSERT OR IGNORE INTO crate_tracks VALUES (?, ?, ?)",
        ((crate, track, place) for place, track in enumerate(dict.fromkeys(held), last + 1)),
    )
    (row,) = db.execute(
        """SELECT name, source, (SELECT count(*) FROM crate_tracks WHERE crate_id = id) FROM crates WHERE id = ?""",
        (crate,),
    )
    return CrateRow(*row)


def take_out(db: sqlite3.Connection, name: str, gone: Iterable[int]) -> None:
    """Take tracks out of a crate, whoever put them in. CrateNotFoundError when there is none of this name."""
    crates = _numbers(db, name, None)
    if not crates:
        raise not_found(name)
    db.executemany(
        "DELETE FROM crate_tracks WHERE crate_id = ? AND track_id = ?",
        ((crate, track) for track in list(gone) for crate in crates),
    )


def empty(db: sqlite3.Connection, name: str, source: str) -> None:
    """Remove what a source keeps in a crate, and the crate where nobody else keeps it."""
    db.executemany("DELETE FROM crates WHERE id = ?", ((crate,) for crate in _numbers(db, name, source)))


def remove(db: sqlite3.Connection, name: str) -> None:
    """Remove a crate of every source; its tracks stay. CrateNotFoundError when there is none of this name."""
    crates = _numbers(db, name, None)
    if not crates:
        raise not_found(name)
    db.executemany("DELETE FROM crates WHERE id = ?", ((crate,) for crate in crates))


def checked(name: str) -> str:
    """Return a name as it is kept. InvalidParamsError when it is none."""
    clean = names.text_or_none(name)
    if clean is None or not names.fold(clean) or len(clean) > LONGEST:
        raise InvalidParamsError(f"A crate's name has 1 to {LONGEST} characters.")
    return clean


def cut(name: str) -> str | None:
    """Return another program's name as it is kept, cut where it is too long; None when it is none."""
    clean = (names.text_or_none(name) or "")[:LONGEST].strip()
    return clean if names.fold(clean) else None


def not_found(name: str) -> CrateNotFoundError:
    """Return the error that says that there is no such crate."""
    return CrateNotFoundError(f"There is no crate “{name[:LONGEST]}”: `segue crates` lists them.")


def _numbers(db: sqlite3.Connection, name: str, source: str | None) -> list[int]:
    """The crates of a name, however it is spelt, of one source or of all."""
    folded = names.fold(name)
    rows = db.execute("SELECT id, name, source FROM crates ORDER BY name, source")
    return [number for number, known, by in rows if names.fold(known) == folded and source in {None, by}]
