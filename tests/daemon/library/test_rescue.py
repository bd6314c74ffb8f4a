"""What can still be read of a damaged library is in the new one; no damage makes the rescue raise."""

from __future__ import annotations

import random
import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe
from segue.errors import AudioError, LibraryDamagedError
from segue.library import folder_list
from segue.library.connection import PAGE_BYTES, Database, suspicion
from segue.library.rescue import rescue
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


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 600 tracks, 600 plays and 300 of the user's values, closed."""
    path = tmp_path_factory.mktemp("sound") / "library.db"
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


@pytest.fixture(scope="module")
def places(sound: Path) -> Places:
    def only(pages: set[int]) -> int:
        (page,) = pages
        return page

    every = range(1, TRACKS + 1)
    return Places(
        {track: only(pages_with(sound, plays_of(track).encode())) for track in every},
        {track: only(pages_with(sound, struct.pack(">d", confidence_of(track)))) for track in every[::2]},
    )


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


def test_a_lost_vector_queues_its_track_again(sound: Path, tmp_path: Path) -> None:
    damaged, fresh = copy_of(sound, tmp_path), tmp_path / "fresh.db"
    with closing(sqlite3.connect(damaged)) as db, db:
        db.execute("UPDATE vectors SET vector = zeroblob(64) WHERE track_id = 3")
        db.execute("UPDATE vectors SET vector = x'00' WHERE track_id = 4")
        db.execute("DELETE FROM vectors WHERE track_id = 5")
    assert rescue(damaged, fresh).again == 4
    library = Library(fresh)
    assert not {3, 4, 5} & set(library.columns().ids.tolist())
    assert {"/m/00002.mp3", "/m/00003.mp3", "/m/00004.mp3"} < {row.path for row in library.take(9)}
    assert library.store("/m/00002.mp3", probe("00002"), analysis("00002")) == 3
    library.close()


def test_lost_details_have_their_track_analysed_again_while_it_stays(sound: Path, tmp_path: Path) -> None:
    damaged = copy_of(sound, tmp_path / "a")
    with closing(sqlite3.connect(damaged)) as db:
        db.execute("UPDATE track_details SET details = x'00' WHERE track_id = 3")
        db.execute("UPDATE vectors SET ends = x'00' WHERE track_id = 5")
        db.commit()
    rescue(damaged, tmp_path / "fresh.db")
    library = Library(tmp_path / "fresh.db")
    assert len(library.columns().ids) == TRACKS
    assert library.track(3).details is None
    assert library.track(5).details is not None
    assert library.renew_analyses() == 1
    library.close()


def test_plays_and_values_of_a_lost_track_find_it_again_by_its_identity_or_its_file(
    sound: Path, tmp_path: Path
) -> None:
    damaged, fresh = copy_of(sound, tmp_path), tmp_path / "fresh.db"
    tracks = pages_with(sound, b"a comment that makes") & pages_with(sound, b'"danceability": 0.75')
    content = bytearray(damaged.read_bytes())
    for page in tracks:
        content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = bytes(PAGE_BYTES)
    damaged.write_bytes(bytes(content))
    with_identities, without = tmp_path / "first.db", tmp_path / "second.db"
    assert rescue(damaged, with_identities)[:5] == (0, TRACKS + 2, 1, TRACKS, TRACKS // 2)
    for page in pages_with(sound, b"audio-of-") - tracks:
        content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = bytes(PAGE_BYTES)
    damaged.write_bytes(bytes(content))
    assert rescue(damaged, without)[:5] == (0, TRACKS + 2, 1, TRACKS, TRACKS // 2)
    for fresh in (with_identities, without):
        library = Library(fresh)
        assert library.plays(1)[0].title == "Song 00599"
        assert library.store("/m/00010.mp3", probe("00010"), analysis("00010")) == 11
        assert library.track(11).bpm == 120.25 + 11 / 64
        library.close()


def test_plays_whose_rows_are_lost_are_put_together_from_the_indexes(sound: Path, tmp_path: Path) -> None:
    damaged, fresh = copy_of(sound, tmp_path), tmp_path / "fresh.db"
    content = bytearray(damaged.read_bytes())
    for page in pages_with(sound, b"-of-this-play"):
        content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = bytes(PAGE_BYTES)
    damaged.write_bytes(bytes(content))
    assert rescue(damaged, fresh).plays == TRACKS
    before, after = rows(sound, "plays"), rows(fresh, "plays")
    assert {row[:3] for row in after.values()} == {row[:3] for row in before.values()}


def test_folders_are_found_in_their_index_too(sound: Path, tmp_path: Path) -> None:
    damaged = copy_of(sound, tmp_path)
    with closing(sqlite3.connect(damaged)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'folders'").fetchone()
    with damaged.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        file.write(bytes(PAGE_BYTES))
    assert rescue(damaged, tmp_path / "fresh.db").folders == 1


def test_the_list_of_folders_follows_the_library(tmp_path: Path) -> None:
    file = tmp_path / "library.db"
    library = Library(file)
    library.add_folder(tmp_path / "one")
    library.add_folder(tmp_path / "two")
    library.remove_folder(tmp_path / "one")
    assert folder_list.read(file) == [tmp_path / "two"]
    library.close()
    (tmp_path / "folders.json").write_text("[[[")
    assert folder_list.read(file) == []
    Library(file).close()
    assert folder_list.read(file) == [tmp_path / "two"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folders.json", "library.db"]


def test_damage_that_is_met_leaves_a_mark(sound: Path, tmp_path: Path) -> None:
    damaged = copy_of(sound, tmp_path)
    library = Library(damaged)
    content = bytearray(damaged.read_bytes())
    for page in pages_with(sound, b"-of-this-play"):
        content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = bytes(PAGE_BYTES)
    damaged.write_bytes(bytes(content))
    assert library.trouble is None
    with pytest.raises(LibraryDamagedError, match="segue down"):
        library.plays(5000)
    assert "rescued" in (library.trouble or "")
    assert suspicion(damaged).exists()
    with pytest.raises(LibraryDamagedError):
        library.check()
    library.close()


def test_what_was_forgotten_stays_forgotten(sound: Path, tmp_path: Path) -> None:
    file = copy_of(sound, tmp_path)
    library = Library(file)
    library.forget([f"/m/{n:05d}.mp3" for n in range(100, 500)])
    library.close()
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA freelist_count").fetchone()[0] > 3
    assert rescue(file, tmp_path / "fresh.db").files == TRACKS + 2 - 400
    assert rows(tmp_path / "fresh.db", "files") == rows(file, "files")


def test_words_that_lost_their_index_are_noticed_by_the_check(sound: Path, tmp_path: Path) -> None:
    damaged = copy_of(sound, tmp_path)
    with closing(sqlite3.connect(damaged)) as db, db:
        db.execute("UPDATE words_data SET block = zeroblob(40) WHERE id > 10")
    library = Library(damaged)
    with pytest.raises(LibraryDamagedError):
        library.check()
    library.close()
    Database(tmp_path / "x.db").close()
