"""Finding Mixxx's settings, refusing what is unknown, writing only what is ours; with a data base of Mixxx's layout."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import mixxx_tables
import msgspec
import pytest

from segue.errors import (
    ProgramBusyError,
    ProgramNotFoundError,
    ProgramRunningError,
    ProgramSetupError,
    ProgramTakenError,
    ProgramUnknownError,
)
from segue_plugins.mixxx import process, settings, setup
from segue_plugins.mixxx.__main__ import main
from segue_plugins.mixxx.database import Database, Playlist
from segue_plugins.mixxx.settings import Settings
from segue_plugins.one_at_a_time import one_at_a_time


@pytest.fixture
def mixxx(tmp_path) -> Settings:
    place = Settings(tmp_path / "mixxx")
    place.folder.mkdir()
    (place.folder / "mixxx.cfg").write_text("[Config]\nVersion 2.5.0\n")
    mixxx_tables.make(place.database)
    return place


def content(place):
    with closing(sqlite3.connect(place.database)) as db:
        return list(db.iterdump())


def change(place, statement):
    with closing(sqlite3.connect(place.database)) as db, db:
        db.execute(statement)


def files(place):
    return {path.relative_to(place.folder) for path in place.folder.rglob("*")}


def test_the_usual_places(tmp_path, monkeypatch):
    assert tmp_path / ".mixxx" in settings.usual_folders("linux", tmp_path)
    assert tmp_path / ".var/app/org.mixxx.Mixxx/.mixxx" in settings.usual_folders("linux", tmp_path)
    assert tmp_path / "Library/Application Support/Mixxx" in settings.usual_folders("darwin", tmp_path)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    assert settings.usual_folders("win32", tmp_path) == [tmp_path / "Local" / "Mixxx"]


def test_the_folder_that_was_used_last_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(ProgramNotFoundError):
        settings.find()
    for number, folder in enumerate((".mixxx", ".var/app/org.mixxx.Mixxx/.mixxx")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "mixxxdb.sqlite").touch()
        os.utime(tmp_path / folder / "mixxxdb.sqlite", (number, number))
    assert settings.find().folder == tmp_path / ".var/app/org.mixxx.Mixxx/.mixxx"
    assert settings.find(tmp_path / ".mixxx").folder == tmp_path / ".mixxx"
    with pytest.raises(ProgramNotFoundError):
        settings.find(tmp_path)


@pytest.mark.parametrize(
    ("command", "folder"),
    [
        (["mixxx"], None),
        (["mixxx", "--settingsPath", "/a/b/"], Path("/a/b")),
        (["mixxx", "--settings-path=/a/b", "x.mp3"], Path("/a/b")),
        (["mixxx", "--settings-path"], None),
    ],
)
def test_the_folder_that_a_running_mixxx_names(command, folder):
    assert settings.named_in(command) == folder


def test_version(mixxx, tmp_path):
    assert mixxx.version == "2.5.0"
    assert Settings(tmp_path).version == ""


def test_setup_twice_and_undo(mixxx):
    before, there = content(mixxx), files(mixxx)
    done = setup.set_up(mixxx)
    assert done.script.read_text().startswith("// Segue")
    assert [done.backup.exists(), done.mapping.exists()] == [True, True]
    after = content(mixxx)
    assert setup.set_up(mixxx).playlists == ["Segue: next", "Segue: stay", "Segue: lift", "Segue: turn"]
    assert content(mixxx) == after
    assert setup.undo(mixxx) == (done.playlists, [])
    assert content(mixxx) == before
    assert files(mixxx) == there
    with pytest.raises(ProgramNotFoundError):
        setup.undo(mixxx)


def test_a_setup_that_was_cut_short_is_taken_up_again(mixxx, monkeypatch):
    before = content(mixxx)
    with monkeypatch.context() as patch:
        patch.setattr(setup, "_install", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            setup.set_up(mixxx)
    setup.undo(mixxx)
    assert content(mixxx) == before
    with monkeypatch.context() as patch:
        patch.setattr(setup, "_install", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            setup.set_up(mixxx)
    assert setup.set_up(mixxx).playlists
    setup.undo(mixxx)
    assert content(mixxx) == before


def die_before_the_playlists_are_known(place, monkeypatch):
    make = Database.make

    def and_die(database, names):
        make(database, names)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Database, "make", and_die)
        with pytest.raises(KeyboardInterrupt):
            setup.set_up(place)


def test_a_setup_that_was_cut_short_before_it_knew_its_playlists(mixxx, monkeypatch):
    before = content(mixxx)
    for again in (False, True):
        die_before_the_playlists_are_known(mixxx, monkeypatch)
        if again:
            setup.set_up(mixxx)
        assert setup.undo(mixxx).left == []
        assert content(mixxx) == before


def test_a_playlist_that_the_user_made_in_place_of_ours_stays_his(mixxx):
    setup.set_up(mixxx)
    change(mixxx, "DELETE FROM Playlists WHERE name = 'Segue: stay'")
    change(mixxx, "INSERT INTO Playlists(id, name, position, hidden) VALUES(77, 'Segue: stay', 9, 0)")
    change(mixxx, "INSERT INTO PlaylistTracks(playlist_id, track_id, position) VALUES(77, 1, 1), (77, 2, 2)")
    with pytest.raises(ProgramSetupError, match=r"playlists of yours with the names Segue: stay\..*undo"):
        setup.set_up(mixxx)
    assert setup.read(mixxx).ids["stay"] != 77
    assert setup.undo(mixxx) == (["Segue: next", "Segue: lift", "Segue: turn"], [])
    assert Database(mixxx.database).tracks(Playlist(77, "Segue: stay")) == [1, 2]


def test_a_deleted_playlist_is_made_again(mixxx, monkeypatch):
    before = content(mixxx)
    setup.set_up(mixxx)
    change(mixxx, "DELETE FROM Playlists WHERE name = 'Segue: stay'")
    change(mixxx, "INSERT INTO Playlists(id, name, position, hidden) VALUES(77, 'Mine', 9, 0)")
    die_before_the_playlists_are_known(mixxx, monkeypatch)
    setup.set_up(mixxx)
    assert setup.read(mixxx).playlist("stay") == Playlist(78, "Segue: stay")
    assert setup.undo(mixxx).left == []
    change(mixxx, "DELETE FROM Playlists WHERE id = 77")
    assert content(mixxx) == before


def test_undoing_removes_locked_playlists_and_says_which_it_leaves(mixxx, capsys):
    setup.set_up(mixxx)
    change(mixxx, "UPDATE Playlists SET locked = 1 WHERE name = 'Segue: stay'")
    change(mixxx, "UPDATE Playlists SET name = 'My lift' WHERE name = 'Segue: lift'")
    assert main(["setup", "--undo", "--settings", str(mixxx.folder)]) == 0
    said = capsys.readouterr().out
    assert "Segue: next, Segue: stay, Segue: turn, all else" in said
    assert "Left as it is: My lift." in said
    with closing(sqlite3.connect(mixxx.database)) as db:
        assert [name for (name,) in db.execute("SELECT name FROM Playlists WHERE hidden = 0 ORDER BY id")] == [
            "Friday", "My lift",
        ]  # fmt: skip
    assert not mixxx.own.exists()


@pytest.mark.parametrize("lock", ["shim.lock", "autodj.lock"])
def test_nothing_is_undone_while_segue_follows_mixxx(mixxx, lock):
    setup.set_up(mixxx)
    there, before = files(mixxx), content(mixxx)
    with one_at_a_time(mixxx.own / lock, "Mixxx"), pytest.raises(ProgramTakenError, match="End it first"):
        setup.undo(mixxx)
    assert (files(mixxx) - {Path("segue", name) for name in ("shim.lock", "autodj.lock")}, content(mixxx)) == (
        there,
        before,
    )
    setup.undo(mixxx)
    assert not mixxx.own.exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_backup_that_cannot_be_made_leaves_nothing_behind(mixxx, monkeypatch, error):
    there, before = files(mixxx), content(mixxx)

    def full(_):
        raise error

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises((ProgramSetupError, KeyboardInterrupt)):
        setup.set_up(mixxx)
    assert (files(mixxx), content(mixxx)) == (there, before)


def test_names_one_by_one(mixxx):
    done = setup.set_up(mixxx, "> ", {"next": "Tonight"})
    assert done.playlists == ["Tonight", "> stay", "> lift", "> turn"]
    assert setup.set_up(mixxx).playlists == done.playlists, "nobody asks for other names"
    with pytest.raises(ProgramSetupError, match="undo"):
        setup.set_up(mixxx, names={"next": "Later"})
    setup.undo(mixxx)
    with pytest.raises(ProgramSetupError, match="of its own"):
        setup.set_up(mixxx, names={"next": "Same", "turn": "Same"})
    assert main(["setup", "--settings", str(mixxx.folder), "--name", "next=Tonight"]) == 0
    assert setup.read(mixxx).playlist("next").name == "Tonight"
    for wrong in ("best=Tonight", "next", "next= "):
        with pytest.raises(SystemExit):
            main(["setup", "--settings", str(mixxx.folder), "--name", wrong])


def test_what_an_earlier_version_set_up_still_reads_and_gets_what_is_missing(mixxx):
    before = content(mixxx)
    setup.set_up(mixxx, "Next: ")
    older = setup.read(mixxx)
    change(mixxx, "DELETE FROM Playlists WHERE name = 'Next: next'")
    for kept in (older.lanes, older.ids):
        del kept["next"]
    (mixxx.own / "setup.json").write_bytes(msgspec.json.encode(older))
    assert list(setup.read(mixxx).playlists) == ["stay", "lift", "turn"]
    assert setup.set_up(mixxx).playlists == ["Next: next", "Next: stay", "Next: lift", "Next: turn"]
    assert setup.read(mixxx).playlist("next").name == "Next: next"
    assert setup.read(mixxx).playlist("lift") == older.playlist("lift")
    setup.undo(mixxx)
    assert content(mixxx) == before


def test_what_the_user_has_is_not_taken(mixxx):
    change(mixxx, "INSERT INTO Playlists(name, position, hidden) VALUES('Segue: lift', 4, 0)")
    before, there = content(mixxx), files(mixxx)
    with pytest.raises(ProgramSetupError, match="Segue: lift"):
        setup.set_up(mixxx)
    assert (content(mixxx), files(mixxx)) == (before, there)
    setup.set_up(mixxx, "Next: ")
    with pytest.raises(ProgramSetupError, match="undo"):
        setup.set_up(mixxx, "Other: ")
    setup.undo(mixxx)
    assert content(mixxx) == before

    mixxx.controllers.mkdir()
    (mixxx.controllers / "segue.js").write_text("mine")
    with pytest.raises(ProgramSetupError, match=r"segue\.js"):
        setup.set_up(mixxx, "Next: ")
    assert (mixxx.controllers / "segue.js").read_text() == "mine"


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE settings SET value = '99'",
        "UPDATE settings SET value = 'x'",
        "DROP TABLE settings",
        "ALTER TABLE PlaylistTracks RENAME COLUMN position TO place",
        "DROP TABLE crates_and_more",
    ],
)
def test_an_unknown_layout_is_refused(mixxx, harm):
    if "crates" in harm:
        mixxx.database.write_bytes(b"this is no data base at all, but long enough to be one" * 100)
    else:
        change(mixxx, harm)
    there, before = files(mixxx), mixxx.database.read_bytes()
    with pytest.raises(ProgramUnknownError):
        setup.set_up(mixxx)
    assert files(mixxx) == there
    assert mixxx.database.read_bytes() == before


def test_an_open_mixxx_is_refused(mixxx, monkeypatch):
    monkeypatch.setattr(process, "find", lambda _: object())
    there = files(mixxx)
    with pytest.raises(ProgramRunningError):
        setup.set_up(mixxx)
    assert files(mixxx) == there


def test_lists_are_written_and_the_rest_stays(mixxx):
    setup.set_up(mixxx)
    record = setup.read(mixxx)
    database = Database(mixxx.database)
    stay, lift = record.playlist("stay"), record.playlist("lift")
    assert database.write({stay: [2, 1], lift: [1]}) == []
    assert (database.tracks(stay), database.tracks(lift)) == ([2, 1], [1])
    stamp = mixxx.database.read_bytes()
    database.write({stay: [2, 1], lift: [1]})
    assert mixxx.database.read_bytes() == stamp, "what is right already is not written again"
    database.write({stay: [], lift: [1]})
    assert database.tracks(stay) == []
    assert database.tracks(Playlist(3, "Friday")) == [1, 2]


def test_a_playlist_that_the_user_deleted_or_locked_is_not_written(mixxx):
    setup.set_up(mixxx)
    record = setup.read(mixxx)
    database = Database(mixxx.database)
    turn, lift = record.playlist("turn"), record.playlist("lift")
    change(mixxx, f"DELETE FROM Playlists WHERE id = {turn.id}")
    change(mixxx, "INSERT INTO Playlists(name, position, hidden) VALUES('Mine', 9, 0)")
    assert database.plain(["Mine", "None"]) == [Playlist(turn.id, "Mine")]
    change(mixxx, f"UPDATE Playlists SET locked = 1 WHERE id = {lift.id}")
    assert database.write({turn: [1], lift: [1]}) == [turn, lift]
    assert database.tracks(turn) == [], "the new playlist has the id of the old one"
    assert database.tracks(lift) == []


def test_a_locked_data_base_is_busy_and_soon_says_so(mixxx):
    setup.set_up(mixxx)
    record = setup.read(mixxx)
    database = Database(mixxx.database)
    with closing(sqlite3.connect(mixxx.database, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.raises(ProgramBusyError):
            database.write({record.playlist("stay"): [1]})
        assert time.monotonic() - began < 1.0
    database.write({record.playlist("stay"): [1]})


def test_the_command_says_what_is_wrong(mixxx, tmp_path, capsys):
    assert main(["--settings", str(tmp_path)]) == 1
    assert "There is no mixxxdb.sqlite" in capsys.readouterr().err
    assert main(["--settings", str(mixxx.folder)]) == 4
    assert "is not set up" in capsys.readouterr().err
    assert main(["setup", "--settings", str(mixxx.folder)]) == 0
    assert "--mapping NAME" in capsys.readouterr().out
    assert main(["setup", "--undo", "--settings", str(mixxx.folder)]) == 0
    assert main(["setup", "--undo", "--settings", str(mixxx.folder)]) == 1
