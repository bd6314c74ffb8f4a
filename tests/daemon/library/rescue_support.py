"""A library with everything in it, and ways to damage it."""

from __future__ import annotations

import random
import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from library_support import DIM, LABELS, MODEL, analysis, probe
from segue.errors import AudioError
from segue.library.connection import PAGE_BYTES
from segue.library.store import Library

TRACKS = 600
KEYS = {
    "tracks": "id",
    "vectors": "track_id",
    "track_details": "track_id",
    "plays": "id",
    "files": "path",
    "folders": "path",
}


def plays_of(track: int) -> str:
    """A source that is found nowhere else in the file."""
    return f"deck-{track:05d}-of-this-play"


def confidence_of(track: int) -> float:
    """A number that is found nowhere else in the file."""
    return 0.123456789 + track / 7.0e6


def make_sound_library(folder: Path) -> Path:
    """A library of 600 tracks, 600 plays and 300 of the user's values, closed."""
    path = folder / "library.db"
    library = Library(path)
    library.set_model(MODEL, LABELS, DIM)
    library.add_folder(Path("/m"))
    names = [f"{number:05d}" for number in range(TRACKS)]
    comment = "a comment that makes rows as long as real ones are " * 6
    ids = library.store_many(
        [(f"/m/{n}.mp3", probe(n, title=f"Song {n}", comment=comment, bpm=100.5), analysis(n)) for n in names]
    )
    for track in ids:
        library.add_play(track, 1.7e9 + track, plays_of(track))
    library.attach("/m/00004.mp3", probe("00004", title="Song 4", comment="longer than pages are " * 1500, bpm=100.5))
    for track in ids[::2]:
        library.set_value(track, "bpm", 120.25 + track / 64, "user", confidence_of(track))
    library.enqueue("/m/waits.mp3", 5, 5)
    library.enqueue("/m/broken.mp3", 5, 5)
    library.fail("/m/broken.mp3", AudioError("It is broken."))
    library.mark_missing(["/m/00007.mp3"])
    library.close()
    return path


def copy_of(sound: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(sound, folder / "library.db"))


def rows(path: Path, table: str) -> dict[object, tuple[object, ...]]:
    """All rows that SQLite can read, one query each, by key; the file need not be sound."""
    with closing(sqlite3.connect(path)) as db:
        return {row[0]: row for row in db.execute(f"SELECT * FROM {table}")}


def readable(damaged: Path, sound: Path, table: str) -> list[object]:
    """Keys of the rows that SQLite still reads, each asked for by itself, and as they were."""
    found = []
    with closing(sqlite3.connect(f"file:{damaged}?mode=ro", uri=True)) as db:
        for key, row in rows(sound, table).items():
            try:
                if db.execute(f"SELECT * FROM {table} WHERE {KEYS[table]} = ?", (key,)).fetchone() == row:
                    found.append(key)
            except sqlite3.Error:
                continue
    return found


def overwrite_pages(path: Path, share: float, seed: int) -> set[int]:
    """Overwrite a share of the pages, the first one never, with noise; return their numbers from 0."""
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    pages = range(1, len(content) // PAGE_BYTES)
    hit = set(chance.sample(pages, max(1, round(share * len(pages)))))
    for page in hit:
        content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = chance.randbytes(PAGE_BYTES)
    path.write_bytes(bytes(content))
    return hit


def pages_with(sound: Path, sign: bytes) -> set[int]:
    content = sound.read_bytes()
    found = set()
    at = content.find(sign)
    while at >= 0:
        found.add(at // PAGE_BYTES)
        at = content.find(sign, at + 1)
    return found


def assert_usable(path: Path) -> None:
    library = Library(path)
    try:
        library.check()
        library.set_model(MODEL, LABELS, DIM)
        ids = library.columns().ids.tolist()
        assert [track.id for track in library.tracks(ids)] == ids
        library.plays(1000)
        library.search("song", 50)
        library.store("/m/new.mp3", probe("new"), analysis("new"))
    finally:
        library.close()


class Places(NamedTuple):
    """The page on which the one row of each track lies."""

    plays: dict[int, int]
    values: dict[int, int]


def places_in(sound: Path) -> Places:
    def only(pages: set[int]) -> int:
        (page,) = pages
        return page

    every = range(1, TRACKS + 1)
    return Places(
        {track: only(pages_with(sound, plays_of(track).encode())) for track in every},
        {track: only(pages_with(sound, struct.pack(">d", confidence_of(track)))) for track in every[::2]},
    )
