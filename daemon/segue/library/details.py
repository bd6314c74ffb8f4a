"""What is heard in a track from moment to moment, stored deflated: a thousand characters a track, rarely asked for."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Collection
from typing import Final, TypeVar

import msgspec

from segue.protocol.messages import Details, MixPoint

T = TypeVar("T")

_LARGEST: Final = 1 << 22
"""Bytes that a track's details may have: a recording of ten days."""


class MixPoints(msgspec.Struct):
    """Where a track is mixed in and out; None where that is not known."""

    mix_in: MixPoint | None = None
    mix_out: MixPoint | None = None


def put(db: sqlite3.Connection, track_id: int, details: Details) -> None:
    """Store a track's details in place of earlier ones."""
    db.execute(
        "INSERT OR REPLACE INTO track_details VALUES (?, ?)", (track_id, zlib.compress(msgspec.json.encode(details)))
    )


def get(db: sqlite3.Connection, track_id: int) -> Details | None:
    """Return a track's details; None when there are none that can be read."""
    row = db.execute("SELECT details FROM track_details WHERE track_id = ?", (track_id,)).fetchone()
    return None if row is None else unpacked(row[0])


def mix_points(db: sqlite3.Connection, track_ids: Collection[int]) -> dict[int, MixPoints]:
    """Return where tracks are mixed in and out, by id; those of which it is not known are left out. Some 20 µs a track."""
    rows = db.execute(
        "SELECT track_id, details FROM track_details WHERE track_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(track_ids)),),
    )
    found = {track_id: _decoded(stored, MixPoints) for track_id, stored in rows}
    return {track_id: points for track_id, points in found.items() if points is not None}


def unpacked(stored: object) -> Details | None:
    """Return stored details; None when they are not sound."""
    return _decoded(stored, Details)


def _decoded(stored: object, kind: type[T]) -> T | None:
    if not isinstance(stored, bytes):
        return None
    try:
        return msgspec.json.decode(zlib.decompressobj().decompress(stored, _LARGEST), type=kind)
    except (zlib.error, msgspec.DecodeError):
        return None
