"""MagnaTagATune, MTG-Jamendo and the Million Song Dataset: small tables in their published formats."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from dataset_support import record, rows_of, write_rows

from segue_export.datasets import million_song
from segue_export.datasets.command import main
from segue_export.datasets.magnatagatune import usual_split

MTAT_TAGS = ("no voice", "guitar", "fast")
CLIPS = {
    "0/ann-first_album-01-dawn-0-29.mp3": (1, 0, 0),
    "0/ann-first_album-01-dawn-30-59.mp3": (1, 1, 0),
    "c/bob-second_album-02-noon-0-29.mp3": (0, 1, 0),
    "f/cid-third_album-03-dusk-59-88.mp3": (0, 0, 1),
    "f/gone-album-01-away-0-29.mp3": (1, 0, 0),
    "b/mute-album-01-none-0-29.mp3": (0, 0, 0),
}


def run(*arguments: object) -> int:
    return main([*map(str, arguments), "--min-seconds", "1", "--workers", "1"])


def write_annotations(folder: Path) -> None:
    annotations = [[f'"{cell}"' for cell in ("clip_id", *MTAT_TAGS, "mp3_path")]]
    annotations += [[f'"{cell}"' for cell in (n, *held, path)] for n, (path, held) in enumerate(CLIPS.items())]
    write_rows(folder / "annotations_final.csv", annotations, "\t")
    columns = (
        "clip_id",
        "track_number",
        "title",
        "artist",
        "album",
        "url",
        "segmentStart",
        "segmentEnd",
        "original_url",
        "mp3_path",
    )
    clips = [
        (n, 1, "t", path.split("/")[1].split("-")[0].title(), "Album", "u", 0, 29, "o", path)
        for n, path in enumerate(CLIPS)
    ]
    write_rows(folder / "clip_info_final.csv", [columns, *clips], "\t")


@pytest.fixture(scope="module")
def mtat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mtat")
    write_annotations(folder)
    for number, path in enumerate(CLIPS):
        if "gone" not in path:
            record(folder / "mp3" / path, number)
    return folder


def test_magnatagatune(mtat: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("mtat", mtat, "--audio", mtat / "mp3", "--out", tmp_path, "--top", 2) == 0
    rows = rows_of(tmp_path)
    assert list(rows) == [path for path in CLIPS if path[0] in "0c"]
    first = rows["0/ann-first_album-01-dawn-30-59.mp3"]
    assert (first.group, first.split, first.licence) == ("Ann: Album", "train", "CC-BY-NC-SA-3.0")
    assert first.labels.tags == ("no voice", "guitar")
    assert first.labels.tags_known == ("no voice", "guitar")
    assert rows["c/bob-second_album-02-noon-0-29.mp3"].split == "valid"
    said = capsys.readouterr().out
    assert "3 clips, 1 without audio" in said
    assert "2 tags, 2 clips without any of them" in said


def test_the_usual_split_is_12_to_1_to_3() -> None:
    splits = [usual_split(f"{folder}/x.mp3") for folder in "0123456789abcdef"]
    assert [splits.count(name) for name in ("train", "valid", "test")] == [12, 1, 3]
    assert splits[12] == "valid"


@pytest.mark.parametrize("kind", ["npy", "tsv"])
def test_magnatagatune_lists(mtat: Path, tmp_path: Path, kind: str) -> None:
    lists, paths = tmp_path / "lists", list(CLIPS)
    lists.mkdir()
    np.save(lists / "tags.npy", np.array(MTAT_TAGS))
    np.save(lists / "binary.npy", np.array(list(CLIPS.values()), dtype=float))
    for name, chosen in (("train", (3, 0)), ("valid", (1,)), ("test", (2,))):
        lines = [f"{index}\t{paths[index]}" for index in chosen]
        if kind == "npy":
            np.save(lists / f"{name}.npy", np.array(lines))
        else:
            (lists / f"{name}.tsv").write_text("\n".join(lines) + "\n")
    assert run("mtat", mtat, "--audio", mtat / "mp3", "--out", tmp_path / "out", "--lists", lists) == 0
    rows = rows_of(tmp_path / "out")
    assert [(row.path, row.split) for row in rows.values()] == [
        (paths[3], "train"),
        (paths[0], "train"),
        (paths[1], "valid"),
        (paths[2], "test"),
    ]
    assert rows[paths[3]].labels.tags == ("fast",)
    # The album of clips 0 and 1 is divided by these lists.
    assert [rows[paths[index]].group for index in (0, 1)] == ["Ann: Album (train)", "Ann: Album (valid)"]


def test_magnatagatune_lists_that_are_wrong(mtat: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("mtat", mtat, "--audio", mtat / "mp3", "--out", tmp_path / "out", "--lists", tmp_path)

    def said() -> str:
        assert run(*command) == 1
        return capsys.readouterr().err

    assert "should hold tags.npy and binary.npy" in said()
    np.save(tmp_path / "tags.npy", np.array(MTAT_TAGS))
    np.save(tmp_path / "binary.npy", np.zeros((6, 2)))
    assert "should have one column for each of the 3 tags; its shape is (6, 2)" in said()
    np.save(tmp_path / "binary.npy", np.zeros((6, 3)))
    assert "has no train.npy or train.tsv" in said()
    np.save(tmp_path / "train.npy", np.array(["0\tx.mp3", 3], dtype=object), allow_pickle=True)
    assert "If it holds Python objects and you trust it" in said()
    np.save(tmp_path / "train.npy", np.array(["9\t0/x.mp3"]))
    assert "line 1: an index below 6, a tab and a path are expected" in said()


def test_magnatagatune_tables_that_are_wrong(mtat: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("mtat", tmp_path, "--audio", mtat / "mp3", "--out", tmp_path / "out")
    assert run(*command) == 1
    assert "annotations_final.csv cannot be read" in capsys.readouterr().err
    rows = [("clip_id", "guitar", "mp3_path"), (1, 1, "0/ann-first_album-01-dawn-0-29.mp3"), (2, "x", "c/a.mp3")]
    write_rows(tmp_path / "annotations_final.csv", rows, "\t")
    assert run(*command) == 1
    assert "row 3: column 'guitar': 0 or 1 is expected, and it says 'x'" in capsys.readouterr().err
    assert run(*command, "--bad-rows", "skip") == 0
    row = rows_of(tmp_path / "out")["0/ann-first_album-01-dawn-0-29.mp3"]
    assert row.group == "ann-first_album-01-dawn", "without a table of clips, those of one song belong together"


JAMENDO = [
    "track_0000214\tartist_000014\talbum_000031\t14/214.mp3\t124.6\tgenre---punkrock\tinstrument---guitar",
    "track_0000241\tartist_000005\talbum_000033\t41/241.mp3\t340.1\tgenre---rock",
    "track_0000382\tartist_000020\talbum_000046\t82/382.mp3\t211.1\tmood/theme---happy",
]
JAMENDO_HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"


def write_jamendo(folder: Path, lines: list[str] = JAMENDO, header: str = JAMENDO_HEADER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, line in zip(("train", "validation", "test"), lines, strict=True):
        (folder / f"autotagging_top50tags-{name}.tsv").write_text(f"{header}\n{line}\n")


def test_jamendo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jamendo(tmp_path / "data/splits/split-0")
    record(tmp_path / "audio/14/214.low.mp3", 1)
    record(tmp_path / "audio/41/241.mp3", 2)
    assert run("jamendo", tmp_path, "--audio", tmp_path / "audio", "--out", tmp_path / "out") == 0
    rows = rows_of(tmp_path / "out")
    first = rows["14/214.mp3"]
    assert (first.group, first.split, first.source) == ("artist_000014", "train", "MTG-Jamendo")
    assert first.labels.tags == ("genre---punkrock", "instrument---guitar")
    assert first.labels.instruments == ("guitar",)
    assert first.labels.duration == 124.6
    assert first.labels.tags_known == ("genre---punkrock", "genre---rock", "instrument---guitar", "mood/theme---happy")
    assert rows["41/241.mp3"].split == "valid"
    assert "4 tags, 2 recordings, 1 without audio" in capsys.readouterr().out


def test_jamendo_files_that_are_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("jamendo", tmp_path, "--audio", tmp_path / "audio", "--out", tmp_path / "out", "--split", 2)
    assert run(*command) == 1
    assert "data/splits/split-2/autotagging_top50tags-train.tsv" in capsys.readouterr().err
    write_jamendo(tmp_path, header="ID\tPATH")
    assert run(*command) == 1
    assert "its first row should be TRACK_ID ARTIST_ID" in capsys.readouterr().err
    record(tmp_path / "audio/14/214.mp3", 1)
    for wrong, words in (
        (
            "t\ta\tb\t14/215.mp3\tlong\tgenre---rock",
            "row 2: column 'DURATION': a number is expected, and it says 'long'",
        ),
        ("t\ta\tb\t14/215.mp3\t12.5\trock", "row 2: column 'TAGS': a tag such as genre---rock is expected"),
        ("t\ta\tb", "row 2: it has 3 cells"),
    ):
        write_jamendo(tmp_path, [JAMENDO[0], JAMENDO[1], wrong])
        assert run(*command) == 1
        assert words in capsys.readouterr().err
    assert run(*command, "--bad-rows", "skip") == 0
    assert list(rows_of(tmp_path / "out")) == ["14/214.mp3"]


MSD = tuple(f"TR{letter * 7}128F000000"[:18] for letter in "ABCD")


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    for number, track in enumerate(MSD[:3]):
        record(folder / track[2] / f"{track}.mp3", number)
    return folder


def msd_rows(folder: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {track: (row.split, row.labels.tags) for track, row in rows_of(folder).items()}


EXPECTED = {MSD[0]: ("train", ("rock",)), MSD[1]: ("valid", ("rock", "sad")), MSD[2]: ("test", ())}
VECTORS = [(1, 0), (1, 1), (0, 0), (0, 1)]


def test_million_song_lists_of_lee(songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(million_song, "TRAIN_OF_FILTERED", 1)
    (tmp_path / "filtered_list_train.json").write_text(json.dumps([MSD[0], MSD[1]]))
    np.save(tmp_path / "filtered_list_test.npy", np.array([MSD[2], MSD[3]]))
    (tmp_path / "50tagList.txt").write_text("rock\nsad\n")
    vectors = {track: [list(vector)] for track, vector in zip(MSD, VECTORS, strict=True)}
    (tmp_path / "msd_id_to_tag_vector.json").write_text(json.dumps(vectors))
    artists = write_rows(tmp_path / "artists.csv", [("track_id", "artist"), *((track, "X") for track in MSD)])
    assert run("msd", tmp_path, "--audio", songs, "--out", tmp_path / "out", "--artists", artists) == 0
    assert msd_rows(tmp_path / "out") == EXPECTED
    assert rows_of(tmp_path / "out")[MSD[0]].group == "X (train)"
    assert rows_of(tmp_path / "out")[MSD[2]].labels.tags_known == ("rock", "sad")


def test_million_song_lists_of_choi(songs: Path, tmp_path: Path) -> None:
    (tmp_path / "tags.txt").write_text("rock\nsad\n")
    for name, chosen in (("train", (0,)), ("valid", (1,)), ("test", (2, 3))):
        (tmp_path / f"{name}_x_msd_id.txt").write_text("".join(f"{MSD[index]}\n" for index in chosen))
        np.save(tmp_path / f"{name}_y.npy", np.array([VECTORS[index] for index in chosen], dtype=bool))
    assert run("msd", tmp_path, "--audio", songs, "--out", tmp_path / "out") == 0
    assert msd_rows(tmp_path / "out") == EXPECTED


def test_million_song_lists_of_doh(songs: Path, tmp_path: Path) -> None:
    split = {"train_track": [MSD[0]], "valid_track": [MSD[1]], "test_track": [MSD[2]], "extra_track": [MSD[3]]}
    (tmp_path / "ecals_track_split.json").write_text(json.dumps(split))
    (tmp_path / "ecals_tags.json").write_text(json.dumps(["rock", "sad"]))
    tags = {track: {"track_id": track, "tag": list(EXPECTED[track][1])} for track in MSD[:3]}
    (tmp_path / "annotation.json").write_text(json.dumps(tags))
    paths = write_rows(tmp_path / "paths.csv", [("id", "path"), *((t, f"{t[2]}/{t}.mp3") for t in MSD[:3])])
    assert run("msd", tmp_path, "--audio", songs, "--out", tmp_path / "out", "--paths", paths) == 0
    assert msd_rows(tmp_path / "out") == EXPECTED


def test_million_song_vectors_in_a_table(songs: Path, tmp_path: Path) -> None:
    for name, track in zip(("train", "valid", "test"), MSD[:3], strict=True):
        (tmp_path / f"{name}.txt").write_text(f"{track}\n")
    rows = [("id", "rock", "sad"), *((track, *vector) for track, vector in zip(MSD, VECTORS, strict=True))]
    write_rows(tmp_path / "msd_id_to_tag_vector.csv", rows)
    assert run("msd", tmp_path, "--audio", songs, "--out", tmp_path / "out") == 0
    assert msd_rows(tmp_path / "out") == EXPECTED


class Trap:
    """A pickle that leaves a trace when it is opened."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.trace,)


def test_pickles_are_not_opened(songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "filtered_list_train.cP").write_bytes(pickle.dumps(Trap(tmp_path / "trace")))
    assert run("msd", tmp_path, "--audio", songs, "--out", tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert "is a Python pickle, which can run any code" in said
    assert "filtered_list_train.json" in said
    assert not (tmp_path / "trace").exists()


def test_million_song_files_that_are_wrong(songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("msd", tmp_path, "--audio", songs, "--out", tmp_path / "out")

    def said() -> str:
        assert run(*command) == 1
        return capsys.readouterr().err

    assert "has no list 'train'" in said()
    for name, track in zip(("train", "valid", "test"), MSD[:3], strict=True):
        (tmp_path / f"{name}.txt").write_text(f"{track}\n")
    assert "says nothing of tags" in said()
    (tmp_path / "msd_id_to_tag_vector.json").write_text(json.dumps({MSD[0]: [1, 0]}))
    assert "it has 2 values, and there is no list of tags (50tagList.txt)" in said()
    (tmp_path / "50tagList.txt").write_text("rock\n")
    assert "it has 2 values, and there are 1 tags" in said()
    (tmp_path / "msd_id_to_tag_vector.json").write_text("{")
    assert "is no JSON" in said()
    (tmp_path / "valid.txt").write_text("8947470\n")
    assert "valid.txt, entry 1: an MSD id such as" in said()
