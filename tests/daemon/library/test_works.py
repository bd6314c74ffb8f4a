"""Versions of one work: which they are, and in which order."""

from pathlib import Path

import pytest

from library_support import analysis, probe
from segue.library import works
from segue.library.store import Library
from segue.library.works import Entry


def entry(label: str, at: float, number: int = 1) -> Entry:
    return Entry(number, f"/b/song {label}.wav", f"song {label}", None, label, at, 200.0, missing=False)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("v7", ("v", (7,), "")),
        ("v07", ("v", (7,), "")),
        ("ver. 2.1", ("v", (2, 1), "")),
        ("version 12b", ("v", (12,), "b")),
        ("Bounce 3", ("bounce", (3,), "")),
        ("final2", ("final", (2,), "")),
        ("master_4", ("master", (4,), "")),
        ("Extended Mix", None),
        ("2011 Remaster", None),
        ("", None),
    ],
)
def test_versions_are_counted_by_their_word(label: str, expected: object) -> None:
    assert works.number(label) == expected


def test_numbers_come_before_times_where_there_are_some() -> None:
    mixed = [
        entry("v10", 1.0),
        entry("v2", 2.0),
        entry("rough", 3.0),
        entry("v9", 4.0),
        entry("final", 9.0),
        entry("final2", 5.0),
    ]
    assert [one.label for one in works.in_order(mixed)] == ["v2", "v9", "rough", "v10", "final2", "final"]


@pytest.mark.parametrize(
    ("wanted", "label"),
    [("v6", "v6"), ("6", "v6"), ("V 06", "v6"), ("Final 2", "final2"), ("extended mix", "Extended Mix")],
)
def test_a_version_is_called_by_its_name(wanted: str, label: str) -> None:
    found = works.called([entry("v6", 1.0), entry("final2", 2.0), entry("Extended Mix", 3.0)], wanted)
    assert found is not None
    assert found.label == label


def test_nobody_is_called_by_another_name() -> None:
    assert works.called([entry("v6", 1.0), entry("final2", 2.0)], "v2") is None


@pytest.fixture
def bounces(library: Library, tmp_path: Path) -> dict[str, int]:
    """Six files by name: four of one work, one of another folder, one of another work."""
    names = ("song_v10.wav", "song_v9.wav", "song final.wav", "song_v11.wav", "others/song_v1.wav", "sonata_v1.wav")
    found = {}
    for number, name in enumerate(names):
        path = str(tmp_path / name)
        library.enqueue(path, 1, (100 + number) * 10**9)
        artist = {"artist": "Ada", "title": "Song"} if name == "song_v11.wav" else {}
        found[name] = library.store(path, probe(name, **artist), analysis(name))
    return found


def test_bounces_of_one_folder_are_one_work(library: Library, bounces: dict[str, int], tmp_path: Path) -> None:
    """By their names, although the tags of one tell a title and an artist that the others have not."""
    found = library.versions_of(bounces["song_v9.wav"])
    # That of the other folder has the same title and, as these, no artist.
    labels = [(one.label, Path(one.path).parent.name == "others") for one in found]
    assert labels == [("v1", True), ("v9", False), ("final", False), ("v10", False), ("v11", False)]
    assert [one.id for one in library.versions_of(bounces["sonata_v1.wav"])] == [bounces["sonata_v1.wav"]]
    new = library.versions_of_file(str(tmp_path / "song_v12.wav"), None, None)
    assert [one.id for one in new] == [one.id for one in found]


def test_a_version_without_a_file_is_remembered(library: Library, bounces: dict[str, int], tmp_path: Path) -> None:
    library.mark_missing([str(tmp_path / "song_v10.wav")])
    found = {one.id: one for one in library.versions_of(bounces["song_v9.wav"])}
    assert found[bounces["song_v10.wav"]].missing
    assert not found[bounces["song_v9.wav"]].missing


def test_a_file_in_no_library_is_named_by_its_tags_or_its_name() -> None:
    this = works.file_entry("/b/Ada - Song v3.wav", None, None, 5.0, 200.0)
    assert (this.title, this.artist, this.label, works.name_of(this)) == ("Song v3", "Ada", "v3", "Song")
    tagged = works.file_entry("/b/x_v4.wav", "Song", "Ada", 5.0, 200.0)
    assert (tagged.title, tagged.artist, tagged.label) == ("Song", "Ada", "v4")
