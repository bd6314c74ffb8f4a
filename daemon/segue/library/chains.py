"""Transitions put together again to what was played in one go: nights on the decks, and sets of other programs' histories."""

from __future__ import annotations

import sqlite3
from typing import Final

from segue.library.memory import HEARD

SILENCE: Final = 5 * 3600.0
"""Seconds after which a track that follows is another night."""


def chains(db: sqlite3.Connection) -> list[list[int]]:
    """Return the track ids of each set, oldest set first; playlists are no sets.

    A live night is in the order of its times; an import keeps the order in which it was read.
    """
    rows = db.execute(
        f"""SELECT from_id, to_id, at, CASE WHEN source LIKE 'history:%' THEN source ELSE '' END AS told, id
            FROM transitions WHERE {HEARD}
            ORDER BY told, CASE WHEN told = '' THEN at END, id"""
    )
    found: list[tuple[float, list[int]]] = []
    teller, last = None, 0.0
    for from_id, to_id, at, told, _ in rows:
        if told == teller and found[-1][1][-1] == from_id and abs(at - last) <= SILENCE:
            found[-1][1].append(to_id)
        else:
            found.append((at, [from_id, to_id]))
        teller, last = told, at
    return [tracks for _, tracks in sorted(found, key=lambda chain: chain[0])]
