"""A data base of Mixxx's layout, as far as Segue reads it, with a few tracks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

TABLES: Final = """
CREATE TABLE settings(name TEXT UNIQUE, value TEXT, locked INTEGER, hidden INTEGER);
CREATE TABLE Playlists(id INTEGER PRIMARY KEY, name varchar(48), position INTEGER, hidden INTEGER DEFAULT 0 NOT NULL,
    date_created datetime, date_modified datetime, locked INTEGER DEFAULT 0);
CREATE TABLE PlaylistTracks(id INTEGER PRIMARY KEY, playlist_id INTEGER, track_id INTEGER, position INTEGER,
    pl_datetime_added);
CREATE TABLE library(id INTEGER PRIMARY KEY, artist TEXT, title TEXT, location INTEGER, duration FLOAT, bpm FLOAT,
    bpm_lock INTEGER DEFAULT 0, key TEXT DEFAULT '', key_id INTEGER DEFAULT 0, rating INTEGER DEFAULT 0,
    timesplayed INTEGER DEFAULT 0, mixxx_deleted INTEGER);
CREATE TABLE track_locations(id INTEGER PRIMARY KEY, location TEXT UNIQUE, fs_deleted INTEGER);
CREATE TABLE track_analysis(id INTEGER PRIMARY KEY, track_id INTEGER, type TEXT);
CREATE TABLE directories(directory TEXT UNIQUE);
CREATE TABLE crates(id INTEGER PRIMARY KEY, name varchar(48) UNIQUE NOT NULL, count INTEGER DEFAULT 0);
CREATE TABLE crate_tracks(crate_id INTEGER NOT NULL, track_id INTEGER NOT NULL, UNIQUE(crate_id, track_id));
INSERT INTO settings VALUES('mixxx.schema.version', '39', 0, 0);
INSERT INTO Playlists(id, name, position, hidden) VALUES(1, 'Auto DJ', 1, 1), (2, '2026-01-01', 2, 2), (3, 'Friday', 3, 0);
INSERT INTO PlaylistTracks(playlist_id, track_id, position) VALUES(3, 1, 1), (3, 2, 2), (2, 2, 1);
INSERT INTO track_locations VALUES(1, '/music/a.flac', 0), (2, '/music/b.flac', 0), (3, '/music/gone.flac', 1);
INSERT INTO library(id, artist, title, location, duration, bpm, bpm_lock, key, key_id, rating, timesplayed, mixxx_deleted)
    VALUES(1, 'Rook', 'A', 1, 200.0, 124.0, 1, 'Am', 22, 4, 3, 0), (2, NULL, 'B', 2, 300.0, 0.0, 0, '', 0, 0, 0, 0),
    (3, 'Rook', 'Gone', 3, 100.0, 99.0, 0, '8A', 0, 5, 1, 0);
INSERT INTO track_analysis(track_id, type) VALUES(1, '1');
INSERT INTO directories VALUES('/music');
INSERT INTO crates(id, name) VALUES(1, 'Mine'), (2, 'Empty');
INSERT INTO crate_tracks VALUES(1, 1), (1, 3);
"""

BUS, MARKET = "Ada Lantern - Night Bus.mp3", "Oleander - Sunday Market.ogg"
"""Two of the test music's files, which a daemon knows as Mixxx knows its first two tracks."""


def make(path: Path) -> None:
    """Write it."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"PRAGMA synchronous = OFF; BEGIN; {TABLES} COMMIT;")


def execute(path: Path, statement: str, *values: object) -> None:
    """Change it, as somebody else would."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement, values)
