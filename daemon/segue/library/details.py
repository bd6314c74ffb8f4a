"""What is heard in a track from moment to moment, stored deflated: a thousand characters a track, rarely asked for."""

from __future__ import annotations

import sqlite3
import zlib
from typing import Final

import msgspec

from segue.protocol.messages import Details

_LARGEST: Final = 1 << 22
"""Bytes that a track's details may have: a recording of ten days."""


def put(db: sqlite3.Connection, track_id: int, details: Details) -> None:
    """Store a track's details in place of earlier ones."""
    db.execute(
        "INSERT OR REPLACE INTO track_details VALUES (?, ?)", (track_id, zlib.compress(msgspec.json.encode(details)))
    )


def get(db: sqlite3.Connection, track_id: int) -> Details | None:
    """Return a track's details; None when there are none that can be read."""
    row = db.execute("SELECT details FROM track_details WHERE track_id = ?", (track_id,)).fetchone()
    return None if row is None else unpacked(row[0])


def unpacked(stored: object) -> Details | None:
    """Return stored details; None when they are not sound."""
    if not isinstance(stored, bytes):
        return None
    try:
        return msgspec.json.decode(zlib.decompressobj().decompress(stored, _LARGEST), type=Details)
    except (zlib.error, msgspec.DecodeError):
        return None
