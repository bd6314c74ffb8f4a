"""The hardest question that a DJ asks: every filter on, a night behind, thousands of transitions learned."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from segue.analysis.result import FileTags
from segue.client import Client
from segue.library.store import Library

GENRES = ("House", "Deep House", "Techno", "Drum & Bass", "Disco", "Trance", "Ambient", "Hip Hop")
CRATE = "Saturday"
TRANSITIONS = 5000
_OFTEN = 600
"""Tracks that the transitions are among."""
_NIGHT = 20
FILTERS: dict[str, Any] = {
    "crates": [CRATE],
    "folders": ["/music"],
    "genres": ["house", "techno", "disco", "trance", "ambient"],
    "tags": ["electronic"],
    "bpm_from": 60.0,
    "bpm_to": 180.0,
    "energy_from": 2.0,
    "energy_to": 10.0,
    "rating": 1,
    "year_from": 1970,
    "year_to": 2026,
}
"""Each passes most of the library, so that none is given up."""


def file_tags(track: int, artist: int) -> FileTags:
    """What the file of a made-up track says."""
    return FileTags(
        title=f"Title {track}",
        artist=f"Artist {artist}",
        album=f"Album {track // 10}",
        genre=GENRES[track % len(GENRES)],
        year=1975 + track % 50,
        rating=1 + track % 5,
    )


def furnish(library: Library, file: Path, tracks: int) -> list[int]:
    """Give a library a crate with four fifths of it, and transitions; return the tracks that these begin with."""
    rng = np.random.default_rng(5)
    library.set_crates({CRATE: (rng.permutation(tracks)[: 4 * tracks // 5] + 1).tolist()}, "benchmark")
    often = rng.permutation(tracks)[: min(_OFTEN, tracks)] + 1
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < min(TRANSITIONS, len(often) * (len(often) - 1) // 2):
        one, other = rng.choice(often, 2, replace=False).tolist()
        pairs.add((one, other))
    with closing(sqlite3.connect(file)) as db, db:
        db.executemany(
            "INSERT INTO transitions (from_id, to_id, at, source, weight, blend) VALUES (?, ?, ?, 'deck', 1.2, 40)",
            [(one, other, 1.6e9 + 300.0 * at) for at, (one, other) in enumerate(sorted(pairs))],
        )
    return sorted({one for one, _ in pairs})


def play_a_night(client: Client, tracks: int) -> None:
    """Twenty plays tonight."""
    for track in np.random.default_rng(6).integers(1, tracks + 1, _NIGHT).tolist():
        client.mark_played(f"#{track}")
