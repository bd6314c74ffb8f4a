"""What can still be read of a damaged library is in the new one; no damage makes the rescue raise."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from rescue_support import (
    KEYS,
    TRACKS,
    Places,
    assert_usable,
    confidence_of,
    copy_of,
    overwrite_pages,
    plays_of,
    readable,
    rows,
)

from segue.library import folder_list
from segue.library.connection import PAGE_BYTES
from segue.library.rescue import rescue
from segue.library.store import Library


def test_a_sound_library_is_copied_whole(sound: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.db"
    rescued = rescue(copy_of(sound, tmp_path / "a"), fresh)
    assert rescued == (TRACKS, TRACKS + 2, 1, TRACKS, TRACKS // 2, False, 1)
    for table in (
        "models",
        "tracks",
        "vectors",
        "files",
        "track_values",
        "track_details",
        "folders",
        "plays",
        "sqlite_sequence",
    ):
        with closing(sqlite3.connect(sound)) as before, closing(sqlite3.connect(fresh)) as after:
            everything = f"SELECT * FROM {table} ORDER BY 1, 2"
            assert after.execute(everything).fetchall() == before.execute(everything).fetchall(), table
    library = Library(fresh)
    assert library.model is not None
    assert library.search("song 00012", 5) == [13]
    assert library.generation() > 10**9
    library.close()
    assert_usable(fresh)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
def test_nothing_that_is_readable_is_lost_when_pages_are_overwritten(
    sound: Path, places: Places, tmp_path: Path, share: float, seed: int
) -> None:
    damaged, fresh = copy_of(sound, tmp_path), tmp_path / "fresh.db"
    hit = overwrite_pages(damaged, share, seed)
    rescued = rescue(damaged, fresh)

    kept = {table: rows(fresh, table) for table in KEYS}
    for table in ("tracks", "files", "plays", "folders"):
        assert set(readable(damaged, sound, table)) <= set(kept[table]), table
    analysed = {number for number, row in kept["tracks"].items() if row[2] is not None}
    both = set(readable(damaged, sound, "tracks")) & set(readable(damaged, sound, "vectors"))
    assert both <= analysed or not rows(fresh, "models")
    assert rescued.tracks == len(analysed)

    with closing(sqlite3.connect(fresh)) as db:
        sources = {row[0] for row in db.execute("SELECT source FROM plays")}
        confidences = {row[0] for row in db.execute("SELECT confidence FROM track_values WHERE source = 'user'")}
    for track in range(1, TRACKS + 1):
        assert places.plays[track] in hit or plays_of(track) in sources
        assert track % 2 == 0 or places.values[track] in hit or confidence_of(track) in confidences
    assert_usable(fresh)


def test_a_library_without_its_first_page_gives_all_that_the_others_hold(sound: Path, tmp_path: Path) -> None:
    damaged, fresh = copy_of(sound, tmp_path), tmp_path / "fresh.db"
    content = bytearray(damaged.read_bytes())
    content[:PAGE_BYTES] = random.Random(1).randbytes(PAGE_BYTES)
    damaged.write_bytes(bytes(content))
    assert rescue(damaged, fresh)[:5] == (TRACKS, TRACKS + 2, 1, TRACKS, TRACKS // 2)
    assert_usable(fresh)


def letter(content: bytes) -> bytes:
    return b"This is a letter, no library. " * (len(content) // 30)


@pytest.mark.parametrize("left", [0, 1, 99, 4096, 8192, 9000, 100_000, 300_001])
def test_a_cut_library_gives_what_is_left(sound: Path, tmp_path: Path, left: int) -> None:
    damaged, fresh = copy_of(sound, tmp_path), tmp_path / "fresh.db"
    folder_list.write(damaged, [Path("/m"), Path("/other")])
    damaged.write_bytes(sound.read_bytes()[:left])
    readable_tracks = readable(damaged, sound, "tracks")
    rescued = rescue(damaged, fresh)
    assert rescued.lost
    assert rescued.folders >= 1
    assert set(readable_tracks) <= set(rows(fresh, "tracks"))
    assert_usable(fresh)


@pytest.mark.parametrize("harm", [letter, lambda content: bytes(len(content)), lambda content: content[::-1]])
def test_a_library_of_which_nothing_is_left_begins_with_the_folders(
    sound: Path, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    damaged, fresh = copy_of(sound, tmp_path), tmp_path / "fresh.db"
    folder_list.write(damaged, [Path("/m"), Path("/with \udcff bytes")])
    damaged.write_bytes(harm(sound.read_bytes()))
    assert rescue(damaged, fresh) == (0, 0, 2, 0, 0, True, 0)
    library = Library(fresh)
    assert set(library.folders()) == {Path("/m"), Path("/with \udcff bytes")}
    library.close()
    assert_usable(fresh)


@pytest.mark.parametrize("seed", range(4))
def test_single_bytes_scattered_anywhere_never_make_it_raise(sound: Path, tmp_path: Path, seed: int) -> None:
    damaged, fresh = copy_of(sound, tmp_path), tmp_path / "fresh.db"
    chance = random.Random(seed)
    content = bytearray(damaged.read_bytes())
    for _ in range(len(content) // 300):
        content[chance.randrange(len(content))] = chance.randrange(256)
    damaged.write_bytes(bytes(content))
    assert rescue(damaged, fresh).lost
    assert_usable(fresh)


def with_a_log(sound: Path, tmp_path: Path) -> tuple[Path, int]:
    """A copy with its last changes (a play) in the write-ahead log only; returns it and the log's length."""
    live = copy_of(sound, tmp_path / "live")
    library = Library(live)
    library.add_play(1, 5.0, "only in the log")
    library.add_play(2, 6.0, "last in the log")
    damaged = tmp_path / "library.db"
    shutil.copy(live, damaged)
    log = Path(shutil.copy(f"{live}-wal", f"{damaged}-wal"))
    library.close()
    return damaged, log.stat().st_size


def test_what_is_only_in_the_write_ahead_log_is_rescued_too(sound: Path, tmp_path: Path) -> None:
    damaged, _ = with_a_log(sound, tmp_path)
    before = damaged.read_bytes(), Path(f"{damaged}-wal").read_bytes()
    rescue(damaged, tmp_path / "fresh.db")
    sources = {row[3] for row in rows(tmp_path / "fresh.db", "plays").values()}
    assert {"only in the log", "last in the log"} <= sources
    assert before == (damaged.read_bytes(), Path(f"{damaged}-wal").read_bytes())


@pytest.mark.parametrize("seed", range(4))
def test_a_destroyed_write_ahead_log_costs_no_more_than_itself(sound: Path, tmp_path: Path, seed: int) -> None:
    damaged, length = with_a_log(sound, tmp_path)
    log = Path(f"{damaged}-wal")
    chance = random.Random(seed)
    start = chance.randrange(length)
    log.write_bytes(log.read_bytes()[:start] + chance.randbytes(length - start))
    assert rescue(damaged, tmp_path / "fresh.db")[:3] == (TRACKS, TRACKS + 2, 1)
    assert set(rows(sound, "plays")) <= set(rows(tmp_path / "fresh.db", "plays"))
