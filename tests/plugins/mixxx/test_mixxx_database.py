"""What is read from Mixxx's data base, and what is put behind its Auto DJ queue."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import mixxx_tables
import pytest
from mixxx_tables import execute

from segue.errors import ProgramBusyError, ProgramError, ProgramUnknownError
from segue_plugins.mixxx import reading
from segue_plugins.mixxx.database import Database, Entry, Playlist, Values

A, B, GONE, NONE = (f"/music/{name}.flac" for name in ("a", "b", "gone", "none"))


@pytest.fixture
def database(tmp_path) -> Database:
    mixxx_tables.make(tmp_path / "mixxxdb.sqlite")
    return Database(tmp_path / "mixxxdb.sqlite")


def test_tracks_by_path(database):
    assert database.ids([A, GONE, NONE, "/music/\udc80.flac"]) == {A: 1}
    assert database.ids([]) == {}
    assert database.durations([A, B, NONE]) == {A: 200.0, B: 300.0}
    assert [database.is_analysed(path) for path in (A, B, "/music/\udc80.flac")] == [True, False, False]


def test_the_last_row_of_the_history(database):
    last = database.last_played()
    assert (last.path, last.seconds) == (B, 300.0)
    execute(database.path, "DELETE FROM PlaylistTracks")
    assert database.last_played() is None


def test_the_last_night(database):
    assert database.night() == [Entry(2, B)]
    execute(database.path, "INSERT INTO Playlists(id, name, position, hidden) VALUES(9, '2026-01-02', 4, 2)")
    assert database.night() == []
    execute(database.path, "INSERT INTO PlaylistTracks(playlist_id, track_id, position) VALUES(9, 3, 1), (9, 1, 2)")
    assert database.night() == [Entry(3, GONE), Entry(1, A)]


def test_a_track_by_its_length(database):
    assert database.find(200.0000004) == A
    assert database.find(200.1) is None
    assert database.find(100.0) is None, "its file is gone"
    execute(database.path, "UPDATE library SET duration = 200.0, bpm = 130.0 WHERE id = 2")
    assert database.find(200.0) is None, "there are two"
    assert [database.find(200.0, bpm) for bpm in (124.0, 130.001, 99.0)] == [A, B, None]


def test_a_track_by_its_name(database):
    assert database.by_name("Rook", "A") == A
    assert database.by_name("", "B") == B
    assert database.by_name("Rook", "B") is None
    execute(database.path, "UPDATE library SET artist = 'Rook', title = 'A' WHERE id = 2")
    assert database.by_name("Rook", "A") is None, "there are two"


def test_what_mixxx_knows_of_tracks(database):
    assert database.values() == [
        Values(A, "Rook", "A", 200.0, 124.0, locked=True, key="A minor", rating=4, plays=3),
        Values(B, "", "B", 300.0, None, locked=False, key=None, rating=0, plays=0),
    ]
    for number, text, key in (
        (1, "", "C major"),
        (24, "", "B minor"),
        (13, "", "C minor"),
        (0, " 8A ", "8A"),
        (7, "x", "F# major"),
    ):
        execute(database.path, "UPDATE library SET key_id = ?, key = ? WHERE id = 1", number, text)
        assert database.values()[0].key == key


def test_lists_folders_and_counts(database):
    assert database.crates() == {"Mine": [A]}
    assert database.directories() == ["/music"]
    assert database.artists([1, 2, 99]) == ["Rook"]
    assert database.counts() == (2, 1, 1, 2)


def test_the_auto_dj_queue_grows_at_its_end_only(database):
    assert database.auto_dj() == []
    assert database.append_auto_dj([2, 2]) == [2]
    assert database.append_auto_dj([2, 1]) == [1]
    assert database.auto_dj() == [Entry(2, B), Entry(1, A)]
    assert database.append_auto_dj([1, 2]) == []
    assert database.tracks(Playlist(3, "Friday")) == [1, 2]
    execute(database.path, "DELETE FROM Playlists WHERE hidden = 1")
    assert database.append_auto_dj([1]) == []


def test_paths_as_another_system_writes_them(database, monkeypatch):
    monkeypatch.setattr(reading, "_OURS", "\\")
    a, b = "\\music\\a.flac", "\\music\\b.flac"
    assert database.ids([a, B]) == {a: 1, B: 2}, "under the names that were asked for"
    assert database.durations([a]) == {a: 200.0}
    assert database.is_analysed(a)
    assert [database.find(200.0), database.by_name("Rook", "A"), database.last_played().path] == [a, a, b]
    assert database.night() == [Entry(2, b)]
    assert [one.path for one in database.values()] == [a, b]
    assert (database.crates(), database.directories()) == ({"Mine": [a]}, ["\\music"])
    database.append_auto_dj([1])
    assert database.auto_dj() == [Entry(1, a)]


def test_only_a_data_base_that_is_in_use_is_busy(database, tmp_path):
    with pytest.raises(ProgramError) as caught:
        Database(tmp_path / "none" / "mixxxdb.sqlite").check()
    assert type(caught.value) is ProgramError
    with closing(sqlite3.connect(database.path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ProgramBusyError):
            database.check()


def test_another_programs_data_base(tmp_path):
    path: Path = tmp_path / "other.sqlite"
    execute(path, "CREATE TABLE settings(name, value)")
    with pytest.raises(ProgramUnknownError, match="no such table"):
        Database(path).values()
