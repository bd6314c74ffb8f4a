"""Files: what lies where, what waits for analysis, what failed, what is missing.

A file is ``queued`` until an analysis, a known identity or a failure is committed for it: being in work is not a stored
state, so a killed daemon loses nothing. A queued file keeps its track, which stays present while the file is looked at.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from segue.analysis.result import ANALYSIS
from segue.errors import FileMissingError, SegueError
from segue.library import generation, paths
from segue.protocol.messages import Counts, FileFailure

RENEWAL_PRIORITY: Final = -10
"""Of files whose track is only analysed again, with other networks."""
_COLUMNS: Final = "path, size, mtime_ns, state, track_id, priority, error_code, error_message, first_seen"
_CHUNK: Final = 500


BulkStep = Callable[[sqlite3.Connection, Sequence[str]], list[int]]
"""What is done to many files at a time; returns tracks."""


class FileRow(NamedTuple):
    """One file as the library knows it."""

    path: str
    """As `os.fsdecode` gives it: may hold lone surrogates."""
    size: int
    mtime_ns: int
    state: str
    """``queued``, ``indexed``, ``failed`` or ``missing``."""
    track_id: int | None = None
    priority: int = 0
    error_code: str | None = None
    error_message: str | None = None
    first_seen: float = 0.0


class FileStat(NamedTuple):
    """What a scan says of one file."""

    path: str
    size: int
    mtime_ns: int


class Enqueued(NamedTuple):
    """What a look at some files came to."""

    queued: int
    """Files that now wait for analysis and did not before, or had changed."""
    returned: list[int]
    """Tracks whose missing file came back unchanged: they are there again at once."""


def get(db: sqlite3.Connection, path: str) -> FileRow | None:
    """Return one file, or None when the library does not know it."""
    found = db.execute(f"SELECT {_COLUMNS} FROM files WHERE path = ?", (paths.stored(path),)).fetchone()
    return None if found is None else _row(found)


def under(db: sqlite3.Connection, folder: str) -> Iterator[FileRow]:
    """Return all files below a folder, the missing ones among them."""
    return map(_row, db.execute(f"SELECT {_COLUMNS} FROM files WHERE path >= ? AND path < ?", paths.below(folder)))


def count_under(db: sqlite3.Connection, folder: str) -> int:
    """Count the files below a folder that are there."""
    # All of them less the missing ones: both counts come from an index alone, ten times as fast as a look at each row.
    within = "SELECT count(*) FROM files WHERE path >= ?1 AND path < ?2"
    query = f"SELECT ({within}) - ({within} AND state = 'missing')"
    return int(db.execute(query, paths.below(folder)).fetchone()[0])


def enqueue(db: sqlite3.Connection, found: Collection[FileStat], priority: int, model_id: int | None) -> Enqueued:
    """Queue what is new or changed; what is known with this size and mtime stays as it is."""
    back = _came_back(db, found, model_id)
    now = time.time()
    before = db.total_changes
    db.executemany(
        """INSERT INTO files (path, shown, size, mtime_ns, state, priority, first_seen, changed_at)
           VALUES (?, ?, ?, ?, 'queued', ?, ?, ?)
           ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, state = 'queued',
               priority = max(priority, excluded.priority), error_code = NULL, error_message = NULL,
               changed_at = excluded.changed_at
           WHERE size <> excluded.size OR mtime_ns <> excluded.mtime_ns OR state = 'missing'""",
        (
            (paths.stored(f.path), paths.shown(f.path), f.size, f.mtime_ns, priority, now, now)
            for f in found
            if f.path not in back
        ),
    )
    queued = _direct_changes(db, before, found, back)
    return Enqueued(queued, sorted(set(back.values())))


def _direct_changes(db: sqlite3.Connection, before: int, found: Collection[FileStat], back: dict[str, int]) -> int:
    # total_changes also counts what triggers did: never more than one row for each file.
    return min(db.total_changes - before, len(found) - len(back))


def _came_back(db: sqlite3.Connection, found: Collection[FileStat], model_id: int | None) -> dict[str, int]:
    if db.execute("SELECT 1 FROM files WHERE state = 'missing' LIMIT 1").fetchone() is None:
        return {}
    wanted = {paths.stored(stat.path): stat for stat in found}
    known: dict[str, int] = {}
    for chunk, marks in _chunks([stat.path for stat in found]):
        rows = db.execute(
            f"""SELECT f.path, f.size, f.mtime_ns, f.track_id FROM files f JOIN tracks t ON t.id = f.track_id
                WHERE f.path IN ({marks}) AND f.state = 'missing' AND t.model_id = ?""",
            (*chunk, model_id),
        )
        for path, size, mtime_ns, track_id in rows:
            stat = wanted[path]
            if (stat.size, stat.mtime_ns) == (size, mtime_ns):
                known[stat.path] = track_id
    db.executemany("UPDATE files SET state = 'indexed' WHERE path = ?", ((paths.stored(path),) for path in known))
    return known


def move(db: sqlite3.Connection, pairs: Iterable[tuple[str, str]]) -> int:
    """Give files a new path, and queue them there with the track they hold: the next probe confirms it.

    A pair is left out when the old path is unknown, or the new one holds a track of its own.
    """
    moved = 0
    for old, new in pairs:
        row, target = get(db, old), get(db, new)
        if row is None or (target is not None and target.track_id is not None):
            continue
        db.execute("DELETE FROM files WHERE path = ?", (paths.stored(new),))
        moved += db.execute(
            """UPDATE files SET path = ?, shown = ?, state = 'queued', error_code = NULL, error_message = NULL
               WHERE path = ?""",
            (paths.stored(new), paths.shown(new), paths.stored(old)),
        ).rowcount
    return moved


def raise_priority(db: sqlite3.Connection, path: str, priority: int) -> None:
    """Let a queued file be taken earlier; a lower priority than it has changes nothing."""
    db.execute(
        "UPDATE files SET priority = ? WHERE path = ? AND state = 'queued' AND priority < ?",
        (priority, paths.stored(path), priority),
    )


def take(db: sqlite3.Connection, limit: int, exclude: Collection[str]) -> list[FileRow]:
    """Return the next files to analyse: highest priority first, then newest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM files WHERE state = 'queued' ORDER BY priority DESC, mtime_ns DESC LIMIT ?",
        (limit + len(exclude),),
    )
    return list(islice((row for row in map(_row, rows) if row.path not in exclude), limit))


def link(db: sqlite3.Connection, path: str, track_id: int, as_of: FileRow | None) -> None:
    """Say that a file holds a track.

    Args:
        db: the writer.
        path: the file.
        track_id: its track.
        as_of: the row the work began with. A file that changed meanwhile stays queued, one that is gone stays gone.

    """
    row = get(db, path)
    if row is None:
        if as_of is None:
            _insert_linked(db, path, track_id)
        return
    if _changed_since(row, as_of):
        return
    state = "missing" if row.state == "missing" else "indexed"
    db.execute(
        """UPDATE files SET state = ?, track_id = ?, priority = 0, error_code = NULL, error_message = NULL,
           changed_at = ? WHERE path = ?""",
        (state, track_id, time.time(), paths.stored(path)),
    )
    if state == "indexed":
        # The track was moved here, or is here as a copy: where else it once was tells nobody anything.
        db.execute("DELETE FROM files WHERE track_id = ? AND state = 'missing'", (track_id,))


def _insert_linked(db: sqlite3.Connection, path: str, track_id: int) -> None:
    try:
        status = Path(path).stat()
        size, mtime_ns = status.st_size, status.st_mtime_ns
    except OSError:
        size, mtime_ns = 0, 0
    now = time.time()
    db.execute(
        """INSERT INTO files (path, shown, size, mtime_ns, state, track_id, first_seen, changed_at)
           VALUES (?, ?, ?, ?, 'indexed', ?, ?, ?)""",
        (paths.stored(path), paths.shown(path), size, mtime_ns, track_id, now, now),
    )


def restat(db: sqlite3.Connection, stat: FileStat) -> None:
    """Take over size and mtime of a file that holds what it held: a scan need not look at it again."""
    db.execute(
        "UPDATE files SET size = ?, mtime_ns = ?, changed_at = ? WHERE path = ?",
        (stat.size, stat.mtime_ns, time.time(), paths.stored(stat.path)),
    )


def fail(db: sqlite3.Connection, path: str, error: SegueError, as_of: FileRow | None) -> None:
    """Remember that a file could not be analysed; it is tried again when its size or mtime changes.

    One that was analysed before, and only waits for a newer version of the analysis, keeps what the older one heard. That
    it was tried is remembered: it waits for the version after this one.
    """
    row = get(db, path)
    if row is None and as_of is None:
        enqueue(db, [FileStat(path, 0, 0)], 0, None)
    elif row is None or _changed_since(row, as_of):
        return
    if isinstance(error, FileMissingError):
        mark_missing(db, [path])
        return
    if _is_only_renewed(db, row):
        db.execute("UPDATE files SET state = 'indexed', priority = 0 WHERE path = ?", (paths.stored(path),))
        db.execute(
            "UPDATE tracks SET analysis = ? WHERE id = (SELECT track_id FROM files WHERE path = ?)",
            (ANALYSIS, paths.stored(path)),
        )
        return
    db.execute(
        """UPDATE files SET state = 'failed', track_id = NULL, priority = 0, error_code = ?, error_message = ?,
           changed_at = ? WHERE path = ?""",
        (error.code, _storable(error.message), time.time(), paths.stored(path)),
    )


def is_renewed(row: FileRow) -> bool:
    """Whether a file waits only because its track is to be analysed again, and has not changed since it last was."""
    return row.state == "queued" and row.priority == RENEWAL_PRIORITY


def _is_only_renewed(db: sqlite3.Connection, row: FileRow | None) -> bool:
    """Whether a file that has not changed waits for a newer version of the analysis, and what an older one heard holds."""
    if row is None or not is_renewed(row):
        return False
    found = db.execute(
        "SELECT 1 FROM tracks WHERE id = ? AND model_id = (SELECT value FROM meta WHERE name = 'model')",
        (row.track_id,),
    )
    return found.fetchone() is not None


def mark_missing(db: sqlite3.Connection, gone: Sequence[str]) -> list[int]:
    """Remember that files are not there now; return the tracks that were in them, some of which may have other files.

    A file that never became a track is forgotten: nothing is known of it.
    """
    affected: set[int] = set()
    for chunk, marks in _chunks(gone):
        there = f"path IN ({marks}) AND state <> 'missing'"
        affected.update(r[0] for r in db.execute(f"SELECT track_id FROM files WHERE {there} AND track_id > 0", chunk))
        db.execute(f"DELETE FROM files WHERE {there} AND track_id IS NULL", chunk)
        db.execute(f"UPDATE files SET state = 'missing', priority = 0 WHERE {there}", chunk)
    return sorted(affected)


def forget(db: sqlite3.Connection, gone: Sequence[str]) -> list[int]:
    """Delete files from the library; return the tracks that no present file is left of."""
    affected: set[int] = set()
    for chunk, marks in _chunks(gone):
        affected.update(r[0] for r in db.execute(f"SELECT track_id FROM files WHERE path IN ({marks})", chunk) if r[0])
        db.execute(f"DELETE FROM files WHERE path IN ({marks})", chunk)
    if left_alone(db, affected, 0):
        generation.grow(db)
    return left_alone(db, affected, 1)


def left_alone(db: sqlite3.Connection, track_ids: Iterable[int], standing: int) -> list[int]:
    """Of some tracks, return those whose standing is no higher than this (1: missing, 0: without a file)."""
    ids = list(track_ids)
    found: list[int] = []
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        marks = ",".join("?" * len(chunk))
        rows = db.execute(f"SELECT id FROM tracks WHERE id IN ({marks}) AND standing <= ?", (*chunk, standing))
        found.extend(row[0] for row in rows)
    return sorted(found)


def failures(db: sqlite3.Connection, limit: int) -> list[FileFailure]:
    """Return the files that could not be analysed, latest first."""
    rows = db.execute(
        """SELECT shown, error_code, error_message FROM files WHERE state = 'failed'
           ORDER BY changed_at DESC LIMIT ?""",
        (limit,),
    )
    return [FileFailure(path=path, code=code, message=message) for path, code, message in rows]


def counts(db: sqlite3.Connection, model_id: int | None) -> Counts:
    """Count tracks that can be suggested, files that wait or failed, and tracks whose files are missing."""
    row = db.execute(
        """SELECT (SELECT count(*) FROM tracks WHERE standing = 2 AND model_id = ?),
                  (SELECT count(*) FROM files WHERE state = 'queued'),
                  (SELECT count(*) FROM files WHERE state = 'failed'),
                  (SELECT count(*) FROM tracks WHERE standing = 1)""",
        (model_id,),
    ).fetchone()
    return Counts(indexed=row[0], queued=row[1], failed=row[2], missing=row[3])


def _changed_since(row: FileRow, as_of: FileRow | None) -> bool:
    return as_of is not None and (row.size, row.mtime_ns) != (as_of.size, as_of.mtime_ns)


def _chunks(names: Sequence[str]) -> Iterable[tuple[list[bytes], str]]:
    for start in range(0, len(names), _CHUNK):
        chunk = [paths.stored(name) for name in names[start : start + _CHUNK]]
        yield chunk, ",".join("?" * len(chunk))


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _row(values: tuple[bytes, int, int, str, int | None, int, str | None, str | None, float]) -> FileRow:
    return FileRow(paths.restored(values[0]), *values[1:])
