"""The set of networks that the library's vectors are made with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from segue.analysis.result import ANALYSIS
from segue.library.files import RENEWAL_PRIORITY


@dataclass(frozen=True, slots=True)
class Model:
    """One set of networks."""

    id: int
    name: str
    labels: tuple[str, ...]
    """Names of the tags, in the order they are stored."""
    dim: int
    """Length of the track vector."""

    def describes(self, name: str, labels: Sequence[str], dim: int) -> bool:
        """Whether it is the set with this name, these labels and this length of the vector."""
        return (self.name, self.labels, self.dim) == (name, tuple(labels), dim)


def current(db: sqlite3.Connection) -> Model | None:
    """Return the set of networks in use; None in a new library."""
    row = db.execute(
        """SELECT id, name, labels, dim FROM models
           WHERE id = (SELECT value FROM meta WHERE meta.name = 'model')"""
    ).fetchone()
    return None if row is None else Model(row[0], row[1], tuple(json.loads(row[2])), row[3])


def enter(db: sqlite3.Connection, name: str, labels: Sequence[str], dim: int) -> Model:
    """Return a set of networks, entered into the library when it is new to it."""
    listed = json.dumps(list(labels))
    db.execute("INSERT OR IGNORE INTO models (name, labels, dim) VALUES (?, ?, ?)", (name, listed, dim))
    (number,) = db.execute(
        "SELECT id FROM models WHERE name = ? AND labels = ? AND dim = ?", (name, listed, dim)
    ).fetchone()
    return Model(number, name, tuple(labels), dim)


def use(db: sqlite3.Connection, name: str, labels: Sequence[str], dim: int) -> Model:
    """Use a set of networks from now on, and queue the present files of tracks that another one analysed."""
    model = enter(db, name, labels, dim)
    appoint(db, model)
    return model


def appoint(db: sqlite3.Connection, model: Model) -> None:
    """Say that a set is the one in use, and queue the present files of tracks that another one analysed."""
    db.execute("UPDATE meta SET value = ? WHERE name = 'model'", (model.id,))
    db.execute(
        """UPDATE files SET state = 'queued', priority = ? WHERE state = 'indexed'
           AND track_id IN (SELECT id FROM tracks WHERE model_id IS NOT ?)""",
        (RENEWAL_PRIORITY, model.id),
    )


def renew(db: sqlite3.Connection) -> int:
    """Queue the present files of tracks that an older version of the analysis heard, and return how many they are.

    Until their turn comes, behind everything else, the tracks keep all that is known of them and are suggested as ever.
    """
    return db.execute(
        """UPDATE files SET state = 'queued', priority = ? WHERE state = 'indexed'
           AND track_id IN (SELECT id FROM tracks WHERE analysis < ?)""",
        (RENEWAL_PRIORITY, ANALYSIS),
    ).rowcount


def distrust(db: sqlite3.Connection, track_ids: Sequence[int]) -> None:
    """Queue the files of tracks whose stored vector is not sound, to be analysed again."""
    ids = json.dumps(list(track_ids))
    db.execute("UPDATE tracks SET model_id = NULL WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    db.execute(
        """UPDATE files SET state = 'queued', priority = ? WHERE state = 'indexed'
           AND track_id IN (SELECT value FROM json_each(?))""",
        (RENEWAL_PRIORITY, ids),
    )
