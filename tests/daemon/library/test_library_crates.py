"""Crates, private folders and promoted tracks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe
from segue.errors import CrateNotFoundError, FolderNotFoundError, InvalidParamsError, TrackNotFoundError
from segue.library import folder_list
from segue.library.rescue import rescue
from segue.library.store import Library
from segue.recommend.catalogue import Catalogue


@pytest.fixture
def three(library: Library) -> list[int]:
    library.add_folder(Path("/m"))
    return [library.store(f"/m/{name}.mp3", probe(name, title=name), analysis(name)) for name in "abc"]


def private(library: Library) -> dict[str, bool]:
    columns = library.columns()
    titles = [track.title for track in library.tracks(columns.ids.tolist())]
    assert Catalogue(columns).snapshot().suggestable.tolist() == (columns.present & ~columns.private).tolist()
    return dict(zip(titles, columns.private.tolist(), strict=True))


def test_crates_keep_their_order_and_count_a_track_once(library: Library, three: list[int]) -> None:
    a, b, c = three
    library.set_crates({"Friday": [c, a, c]}, "user")
    library.set_crates({"friday ": [b, a]}, "user", add=True)
    assert library.crate("FRIDAY") == [c, a, b]
    assert library.crates() == [("Friday", "user", 3)]
    assert library.crate_ids["Friday"].tolist() == [a, b, c]
    library.set_crates({"Friday": [b]}, "user")
    assert library.crate("Friday") == [b]


def test_crates_of_one_name_are_one_to_whoever_asks(library: Library, three: list[int]) -> None:
    a, b, c = three
    library.set_crates({"Friday": [a, b]}, "user")
    library.set_crates({"friday": [b, c], "Empty": []}, "traktor")
    assert {name: ids.tolist() for name, ids in library.crate_ids.items()} == {"Friday": [a, b, c], "Empty": []}
    library.remove_from_crate("friday", [b])
    assert library.crate("Friday") == [a, c]
    library.remove_crate("FRIDAY")
    assert [row.name for row in library.crates()] == ["Empty"]


def test_crates_that_are_not_there(library: Library) -> None:
    for ask in (library.crate, library.remove_crate, lambda name: library.remove_from_crate(name, [1])):
        with pytest.raises(CrateNotFoundError, match="segue crates"):
            ask("Nothing")
    for name in ("", " ", "\0", "x" * 201):
        with pytest.raises(InvalidParamsError):
            library.set_crates({name: []}, "user")
    assert library.crates() == []


def test_crates_are_in_memory_from_the_start(library_file: Path, library: Library, three: list[int]) -> None:
    library.set_crates({"Friday": three}, "user")
    library.close()
    with closing(Library(library_file)) as again:
        assert again.crate_ids["Friday"].tolist() == three


def test_tracks_of_private_folders_are_not_suggested(library: Library, three: list[int]) -> None:
    assert private(library) == {"a": False, "b": False, "c": False}
    assert library.set_private(Path("/m"), True) == three
    assert private(library) == {"a": True, "b": True, "c": True}
    library.promote(three[0], True)
    assert private(library) == {"a": False, "b": True, "c": True}
    assert library.track(three[0]).promoted
    library.promote(three[0], False)
    assert library.set_private(Path("/m"), False) == three
    assert private(library) == {"a": False, "b": False, "c": False}


def test_the_innermost_folder_says_who_is_private(library: Library, three: list[int]) -> None:
    library.add_folder(Path("/m/bounces"))
    library.set_private(Path("/m/bounces"), True)
    library.add_folder(Path("/m/bounces/deeper"))  # as the one around it
    library.store("/m/bounces/d.mp3", probe("d", title="d"), analysis("d"))
    library.store("/m/bounces/deeper/e.mp3", probe("e", title="e"), analysis("e"))
    library.store("/m/bounces-not/f.mp3", probe("f", title="f"), analysis("f"))
    assert library.private_folders() == [Path("/m/bounces"), Path("/m/bounces/deeper")]
    assert private(library) == {"a": False, "b": False, "c": False, "d": True, "e": True, "f": False}
    library.attach("/m/bounces/copy of a.mp3", probe("a"))
    assert not private(library)["a"]  # a copy of it is no secret
    library.mark_missing(["/m/a.mp3"])
    assert private(library)["a"]
    library.add_folder(Path("/m/bounces"))  # again, which changes nothing
    assert Path("/m/bounces") in library.private_folders()


def test_privacy_of_what_is_not_there(library: Library) -> None:
    with pytest.raises(FolderNotFoundError):
        library.set_private(Path("/nowhere"), True)
    with pytest.raises(TrackNotFoundError):
        library.promote(99, True)


def test_what_a_user_arranged_and_taught_is_rescued(
    library_file: Path, library: Library, three: list[int], tmp_path: Path
) -> None:
    library.set_crates({"Friday": three[::-1], "Empty": []}, "user")
    library.set_private(Path("/m"), True)
    library.promote(three[1], True)
    library.set_value(three[1], "rating", 4, "user")
    library.rate(three[0], three[1], True)
    library.add_blend(three[0], three[1], 1.7e9, 30.0)
    library.start_night(1.7e9)
    library.close()
    tables = (
        "crates",
        "crate_tracks",
        "folders",
        "tracks",
        "opinions",
        "transitions",
        "night_starts",
        "imports",
        "settings",
    )
    with closing(sqlite3.connect(library_file)) as db:
        db.execute("INSERT INTO settings VALUES ('weights', '{\"key\": 1}')")
        db.execute("INSERT INTO imports VALUES (1, '/x.nml', 'traktor', 1.7e9, 1, 2, 3)")
        db.commit()
        before = {table: db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() if table != "night_starts" else
                  db.execute("SELECT * FROM night_starts").fetchall() for table in tables}  # fmt: skip
        assert all(before.values())
    fresh = tmp_path / "fresh.db"
    assert not rescue(library_file, fresh).lost
    with closing(sqlite3.connect(fresh)) as db:
        for table, rows in before.items():
            assert sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr) == sorted(rows, key=repr), table
    with closing(Library(fresh)) as rescued:
        rescued.set_model(MODEL, LABELS, DIM)
        assert private(rescued) == {"a": True, "b": False, "c": True}


def test_private_folders_stay_private_when_all_is_lost(
    library_file: Path, library: Library, three: list[int], tmp_path: Path
) -> None:
    del three
    library.set_private(Path("/m"), True)
    library.add_folder(Path("/other"))
    library.close()
    assert folder_list.read_private(library_file) == [Path("/m")]
    library_file.write_bytes(b"")
    fresh = tmp_path / "fresh.db"
    rescue(library_file, fresh)
    with closing(Library(fresh)) as rescued:
        assert set(rescued.folders()) == {Path("/m"), Path("/other")}
        assert rescued.private_folders() == [Path("/m")]


def test_rows_that_contradict_the_rest_are_left_out(
    library_file: Path, library: Library, three: list[int], tmp_path: Path
) -> None:
    library.set_crates({"Friday": three}, "user")
    library.close()
    with closing(sqlite3.connect(library_file)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("INSERT INTO crate_tracks VALUES (1, 999, 9), (77, 1, 0)")
        db.execute("INSERT INTO transitions VALUES (1, 1, 999, 1.7e9, 'deck', 1.0, NULL)")
        db.execute("INSERT INTO opinions VALUES (1, 0, 7, 1.7e9)")
        db.execute("INSERT INTO settings VALUES ('weights', '{')")
        db.commit()
    fresh = tmp_path / "fresh.db"
    assert rescue(library_file, fresh).lost
    with closing(sqlite3.connect(fresh)) as db:
        counts = [db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                  for name in ("crate_tracks", "transitions", "opinions", "settings")]  # fmt: skip
    assert counts == [3, 0, 0, 0]


def test_a_copy_in_a_private_folder_is_not_the_one_that_is_shown(library: Library) -> None:
    library.add_folder(Path("/a-bounces"))
    library.add_folder(Path("/music"))
    library.set_private(Path("/a-bounces"), True)
    for path in ("/a-bounces/x.mp3", "/music/x.mp3"):
        track = library.store(path, probe("x", title="X"), analysis("x"))

    def shown() -> set[str]:
        return {library.track(track).path, library.brief([track])[0].path, library.versions_of(track)[0].path}

    assert shown() == {"/music/x.mp3"}
    assert library.track(track).files == ["/music/x.mp3", "/a-bounces/x.mp3"]
    library.mark_missing(["/music/x.mp3"])
    assert shown() == {"/a-bounces/x.mp3"}
