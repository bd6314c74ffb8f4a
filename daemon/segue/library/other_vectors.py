"""Vectors of sets of networks that are not in use: made for the one to come, or kept of the one before.

A set of networks takes over in one transaction, so that there is no moment with half the vectors of each: see `switch`.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Collection
from typing import Final, NamedTuple

import numpy as np

from segue.analysis.result import Embedding
from segue.library import ends, generation, models, paths, tracks
from segue.library.models import Model

_LACKING: Final = """NOT EXISTS (SELECT 1 FROM other_vectors o WHERE o.model_id = :next AND o.track_id = t.id
                              AND o.ends IS NOT NULL)"""


class Work(NamedTuple):
    """A track that has no vector of the next set yet, and the file to make it from."""

    track_id: int
    path: str
    size: int
    mtime_ns: int
    duration: float
    """Seconds; 0 when it is not known."""


class Renewal(NamedTuple):
    """How far the next set of networks is, in tracks."""

    done: int
    waiting: int
    """A file of theirs is there."""
    away: int
    """Their files are missing: they cannot be done now."""


def progress(db: sqlite3.Connection, model: Model, following: Model) -> Renewal:
    """Count the tracks of the set in use that have a vector of the following one, and those that have none."""
    row = db.execute(
        f"""SELECT (SELECT count(*) FROM tracks t WHERE t.standing > 0 AND t.model_id = :now AND NOT {_LACKING})
                     + (SELECT count(*) FROM tracks WHERE standing > 0 AND model_id = :next),
                   (SELECT count(*) FROM tracks t WHERE t.standing = 2 AND t.model_id = :now AND {_LACKING}),
                   (SELECT count(*) FROM tracks t WHERE t.standing = 1 AND t.model_id = :now AND {_LACKING})""",
        {"now": model.id, "next": following.id},
    ).fetchone()
    return Renewal(*row)


def work(db: sqlite3.Connection, model: Model, following: Model, after: int, limit: int) -> list[Work]:
    """Return the next tracks behind the number `after` that lack a vector of the following set and have a file."""
    rows = db.execute(
        f"""SELECT t.id, f.path, f.size, f.mtime_ns, coalesce(t.duration, 0.0) FROM tracks t JOIN files f
                ON f.path = (SELECT path FROM files WHERE track_id = t.id AND state = 'indexed' LIMIT 1)
            WHERE t.standing = 2 AND t.model_id = :now AND t.id > :after AND {_LACKING} ORDER BY t.id LIMIT :limit""",
        {"now": model.id, "next": following.id, "after": after, "limit": limit},
    )
    return [Work(track_id, paths.restored(path), *rest) for track_id, path, *rest in rows]


def store(db: sqlite3.Connection, following: Model, track_id: int, embedding: Embedding) -> None:
    """Keep what the following set says of a track; nothing is kept of a track that was forgotten meanwhile.

    Raises:
        ModelMismatchError: it was made with other networks, or its vector is not sound.

    """
    tracks.refuse_unsound(embedding, following)
    tags = np.array([embedding.tags.get(label, 0.0) for label in following.labels], dtype="<f2")
    features = {name: round(float(x), 5) for name, x in embedding.features.items() if math.isfinite(x)}
    db.execute(
        """INSERT OR REPLACE INTO other_vectors (model_id, track_id, vector, tags, features, ends)
           SELECT ?, id, ?, ?, ?, ? FROM tracks WHERE id = ?""",
        (
            following.id,
            embedding.vector.astype("<f4").tobytes(),
            tags.tobytes(),
            json.dumps(features),
            ends.packed(embedding),
            track_id,
        ),
    )


def switch(db: sqlite3.Connection, model: Model, following: Model) -> None:
    """Let the following set take over: its vectors take the place of the others, which are kept here.

    Tracks that it has no vector of keep all that is known of them, and their files are queued behind everything else.
    """
    both = {"now": model.id, "next": following.id}
    db.execute(
        """INSERT OR REPLACE INTO other_vectors (model_id, track_id, vector, tags, features, ends)
           SELECT t.model_id, t.id, v.vector, v.tags, t.features, v.ends
           FROM tracks t JOIN vectors v ON v.track_id = t.id WHERE t.model_id = :now""",
        both,
    )
    db.execute(
        """INSERT INTO vectors
           SELECT o.track_id, o.vector, o.tags, o.ends FROM other_vectors o JOIN tracks t ON t.id = o.track_id
           WHERE o.model_id = :next AND t.model_id IS NOT :next
           ON CONFLICT DO UPDATE SET vector = excluded.vector, tags = excluded.tags, ends = excluded.ends""",
        both,
    )
    db.execute(
        """UPDATE tracks SET model_id = :next, features =
               (SELECT o.features FROM other_vectors o WHERE o.model_id = :next AND o.track_id = tracks.id)
           WHERE model_id IS NOT :next AND id IN (SELECT track_id FROM other_vectors WHERE model_id = :next)""",
        both,
    )
    db.execute("DELETE FROM other_vectors WHERE model_id = :next", both)
    models.appoint(db, following)
    generation.grow(db)


def keep_only(db: sqlite3.Connection, names: Collection[str]) -> None:
    """Drop the vectors of all sets but these."""
    db.execute(
        """DELETE FROM other_vectors WHERE model_id NOT IN
               (SELECT id FROM models WHERE name IN (SELECT value FROM json_each(?)))""",
        (json.dumps(sorted(names)),),
    )
