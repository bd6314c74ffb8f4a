"""The tables, as numbered migrations. A step that was released is never edited: a change is a new step."""

from __future__ import annotations

import sqlite3
from typing import Final

from segue.errors import LibraryDamagedError, LibraryTooNewError

APPLICATION_ID: Final = 0x5E60E
"""Written into the file's header, so that a stranger's data base is told from ours."""

_PRESENCE: Final = """coalesce((SELECT max(CASE WHEN f.state IN ('indexed', 'queued') THEN 2 ELSE 1 END)
                               FROM files f WHERE f.track_id = tracks.id), 0)"""

_FIRST: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "INSERT INTO meta VALUES ('generation', 0), ('model', NULL)",
    """CREATE TABLE models (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        labels TEXT NOT NULL,  -- JSON list, in the order of vectors.tags
        dim INTEGER NOT NULL,
        UNIQUE (name, labels, dim)
    )""",
    """CREATE TABLE tracks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again: the index must not confuse two tracks
        identity TEXT NOT NULL UNIQUE,
        model_id INTEGER REFERENCES models (id),  -- NULL: to be analysed again
        standing INTEGER NOT NULL DEFAULT 0,  -- 2: a file is there, 1: its files are missing, 0: it has no file
        bpm REAL, bpm_confidence REAL,  -- the values that hold; all of them are in track_values
        key TEXT, key_confidence REAL, camelot INTEGER NOT NULL DEFAULT -1,
        energy REAL,
        duration REAL,
        artist_key INTEGER NOT NULL DEFAULT 0,  -- 64-bit hash of the folded name, as a signed number
        loudness REAL,
        tiled INTEGER NOT NULL DEFAULT 0,
        damaged INTEGER NOT NULL DEFAULT 0,
        added_at REAL NOT NULL,
        analysed_at REAL NOT NULL,
        year INTEGER,
        title TEXT NOT NULL, artist TEXT, album TEXT, genre TEXT, comment TEXT,
        features TEXT NOT NULL,  -- JSON object
        bpm_alternatives TEXT NOT NULL, key_alternatives TEXT NOT NULL  -- JSON lists
    )""",
    "CREATE INDEX tracks_standing ON tracks (standing, model_id)",
    """CREATE TABLE vectors (
        track_id INTEGER PRIMARY KEY REFERENCES tracks (id) ON DELETE CASCADE,
        vector BLOB NOT NULL,  -- little-endian float32
        tags BLOB NOT NULL  -- little-endian float16, in the order of models.labels
    )""",
    """CREATE TABLE files (
        path BLOB PRIMARY KEY,  -- the bytes of the file system
        shown TEXT NOT NULL,  -- the same as valid Unicode
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'indexed', 'failed', 'missing')),
        track_id INTEGER REFERENCES tracks (id),
        priority INTEGER NOT NULL DEFAULT 0,
        error_code TEXT, error_message TEXT,
        first_seen REAL NOT NULL,
        changed_at REAL NOT NULL
    )""",
    "CREATE INDEX files_track ON files (track_id, state) WHERE track_id IS NOT NULL",
    "CREATE INDEX files_queued ON files (priority DESC, mtime_ns DESC) WHERE state = 'queued'",
    "CREATE INDEX files_failed ON files (changed_at DESC) WHERE state = 'failed'",
    "CREATE INDEX files_missing ON files (path) WHERE state = 'missing'",
    f"""CREATE TRIGGER files_inserted AFTER INSERT ON files WHEN NEW.track_id IS NOT NULL BEGIN
        UPDATE tracks SET standing = {_PRESENCE} WHERE id = NEW.track_id;
    END""",
    f"""CREATE TRIGGER files_updated AFTER UPDATE OF state, track_id ON files
        WHEN OLD.state <> NEW.state OR OLD.track_id IS NOT NEW.track_id BEGIN
        UPDATE tracks SET standing = {_PRESENCE} WHERE id IN (OLD.track_id, NEW.track_id);
    END""",
    f"""CREATE TRIGGER files_deleted AFTER DELETE ON files WHEN OLD.track_id IS NOT NULL BEGIN
        UPDATE tracks SET standing = {_PRESENCE} WHERE id = OLD.track_id;
    END""",
    """CREATE TABLE track_values (
        track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        source TEXT NOT NULL CHECK (source IN ('user', 'dj', 'file', 'segue')),
        value NOT NULL,
        confidence REAL,
        changed_at REAL NOT NULL,
        PRIMARY KEY (track_id, name, source)
    ) WITHOUT ROWID""",
    "CREATE TABLE folders (path BLOB PRIMARY KEY, added_at REAL NOT NULL)",
    """CREATE TABLE plays (
        id INTEGER PRIMARY KEY,
        track_id INTEGER NOT NULL REFERENCES tracks (id),
        at REAL NOT NULL,
        source TEXT NOT NULL
    )""",
    "CREATE INDEX plays_at ON plays (at DESC)",
    "CREATE INDEX plays_track ON plays (track_id)",
    """CREATE VIRTUAL TABLE words USING fts5(
        title, artist, album, genre, comment, file, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
    )""",
)

_OTHER_VECTORS: Final = (
    """CREATE TABLE other_vectors (
        id INTEGER PRIMARY KEY,
        model_id INTEGER NOT NULL REFERENCES models (id),  -- never the one in use, whose are in vectors
        track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
        vector BLOB NOT NULL, tags BLOB NOT NULL,  -- as in vectors
        features TEXT NOT NULL,  -- as in tracks
        UNIQUE (model_id, track_id)
    )""",
    "CREATE INDEX other_vectors_track ON other_vectors (track_id)",
)

_DETAILS: Final = (
    "ALTER TABLE tracks ADD COLUMN analysis INTEGER NOT NULL DEFAULT 0",  # version of what made all but the vectors
    """CREATE TABLE track_details (
        track_id INTEGER PRIMARY KEY REFERENCES tracks (id) ON DELETE CASCADE,
        details BLOB NOT NULL  -- deflated JSON, the protocol's Details
    )""",
    # Head and tail one after the other, little-endian float16; NULL: not made yet.
    "ALTER TABLE vectors ADD COLUMN ends BLOB",
    "ALTER TABLE other_vectors ADD COLUMN ends BLOB",
)

_LEARNING: Final = (
    "ALTER TABLE tracks ADD COLUMN rating INTEGER",  # the value that holds, 0..5
    "ALTER TABLE tracks ADD COLUMN promoted INTEGER NOT NULL DEFAULT 0",  # suggested although its folder is private
    # 64-bit hash of the title's stem and the artist, as a signed number; 0: unknown, or not made yet.
    "ALTER TABLE tracks ADD COLUMN work_key INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX tracks_work ON tracks (work_key)",
    "ALTER TABLE folders ADD COLUMN private INTEGER NOT NULL DEFAULT 0",  # its tracks are suggested to nobody
    "CREATE TABLE night_starts (at REAL NOT NULL)",  # nights that were begun by a command
    """CREATE TABLE transitions (
        id INTEGER PRIMARY KEY,
        from_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
        to_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
        at REAL NOT NULL,
        source TEXT NOT NULL,
        weight REAL NOT NULL,  -- below 0: it was taken off again
        blend REAL,  -- seconds in which both were heard; NULL: unknown
        UNIQUE (source, from_id, to_id, at)
    )""",
    """CREATE TABLE opinions (
        track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
        after_id INTEGER NOT NULL DEFAULT 0,  -- 0: whatever is played before it
        liked INTEGER NOT NULL,  -- 1 or -1
        at REAL NOT NULL,
        PRIMARY KEY (track_id, after_id)
    ) WITHOUT ROWID""",
    """CREATE TABLE imports (
        id INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        kind TEXT NOT NULL,
        at REAL NOT NULL,
        sets INTEGER NOT NULL,
        entries INTEGER NOT NULL,
        matched INTEGER NOT NULL
    )""",
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",  # JSON
    """CREATE TABLE crates (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        source TEXT NOT NULL,
        UNIQUE (name, source)
    )""",
    """CREATE TABLE crate_tracks (
        crate_id INTEGER NOT NULL REFERENCES crates (id) ON DELETE CASCADE,
        track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        PRIMARY KEY (crate_id, track_id)
    ) WITHOUT ROWID""",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (_FIRST, _OTHER_VECTORS, _DETAILS, _LEARNING)
"""Step n (from 1) brings a library of version n - 1 to version n."""


def migrate(db: sqlite3.Connection) -> None:
    """Bring the library to this version, one transaction a step.

    Raises:
        LibraryTooNewError: a newer version wrote it.
        LibraryDamagedError: it is some other program's data base.

    """
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise LibraryTooNewError(
            f"The library was written by a newer version of Segue (format {version}, this one reads up to "
            f"{len(MIGRATIONS)}): install the newer version, or choose another folder with --home."
        )
    if version == 0:
        _refuse_strangers(db)
    for number in range(version + 1, len(MIGRATIONS) + 1):
        _apply(db, number, MIGRATIONS[number - 1])


def _refuse_strangers(db: sqlite3.Connection) -> None:
    if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise LibraryDamagedError(
            "The library file is not a Segue library: move it away and start again, "
            "a new library is then made from your music folders."
        )


def _apply(db: sqlite3.Connection, number: int, step: tuple[str, ...]) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in step:
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {number}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
