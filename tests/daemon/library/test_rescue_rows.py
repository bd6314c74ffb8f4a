"""What becomes of tracks, plays, values and folders whose rows are lost, and of what was forgotten."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from rescue_support import (
    TRACKS,
    copy_of,
    pages_with,
    rows,
)

from library_support import analysis, probe
from segue.errors import LibraryDamagedError
from segue.library import folder_list
from segue.library.connection import PAGE_BYTES, Database, suspicion
from segue.library.rescue import rescue
from segue.library.store import Library


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
