"""Folders and tables of one's own: what is understood, and what is said of a bad row."""

from __future__ import annotations

from pathlib import Path

import pytest
from dataset_support import record, rows_of, write_rows

from segue_export.datasets.command import main
from segue_export.shards import Corpus


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four recordings, two in sub-folders, with tags."""
    folder = tmp_path_factory.mktemp("audio")
    record(
        folder / "Jazz/Modal/one.flac", 1, tags={"genre": "Jazz; Modal Jazz", "artist": "A", "bpm": 120.0, "key": "8A"}
    )
    record(folder / "Jazz/two.mp3", 2, tags={"artist": "A", "title": "Two"})
    record(folder / "three.wav", 3)
    record(folder / "four.ogg", 4, tags={"genre": "House/Techno", "album": "Nights"})
    (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    return folder


def run(*arguments: object) -> int:
    return main([*map(str, arguments), "--min-seconds", "1", "--workers", "1"])


def test_folder(audio: Path, tmp_path: Path) -> None:
    assert run("folder", audio, "--out", tmp_path, "--licence", "CC0-1.0", "--tempo-and-key") == 0
    rows = rows_of(tmp_path)
    assert set(rows) == {"Jazz/Modal/one.flac", "Jazz/two.mp3", "three.wav", "four.ogg"}
    one = rows["Jazz/Modal/one.flac"]
    assert (one.labels.tags, one.labels.tempo, one.labels.key) == (("Jazz", "Modal Jazz"), 120.0, "A minor")
    assert rows["four.ogg"].labels.tags == ("House", "Techno")
    assert [rows[name].group for name in sorted(rows)] == ["Jazz/Modal", "Jazz", "Nights", "three.wav"]
    assert {row.licence for row in rows.values()} == {"CC0-1.0"}
    assert {row.status for row in rows.values()} == {"ok"}


def test_groups_for_testing(audio: Path, tmp_path: Path) -> None:
    assert run("folder", audio, "--out", tmp_path / "all", "--test-every", 1) == 0
    assert {row.split for row in rows_of(tmp_path / "all").values()} == {"test"}
    assert run("folder", audio, "--out", tmp_path / "some", "--test-every", 2, "--group", "file") == 0
    rows = rows_of(tmp_path / "some")
    assert [name for name, row in rows.items() if row.split == "test"] == ["Jazz/two.mp3"]


def test_a_name_that_is_no_text(audio: Path, tmp_path: Path) -> None:
    odd = tmp_path / "music/caf\udce9/one.flac"
    try:
        odd.parent.mkdir(parents=True)
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system takes only text")
    odd.write_bytes((audio / "Jazz/Modal/one.flac").read_bytes())
    assert run("folder", tmp_path / "music", "--out", tmp_path / "out", "--folder-tags") == 0
    row = rows_of(tmp_path / "out")["caf\udce9/one.flac"]
    assert (row.group, row.status) == ("caf\udce9", "ok")
    assert main(["info", str(tmp_path / "out")]) == 0


def test_folder_names_as_tags(audio: Path, tmp_path: Path) -> None:
    assert run("folder", audio, "--out", tmp_path, "--folder-tags", "--no-genres", "--group", "artist") == 0
    rows = rows_of(tmp_path)
    assert rows["Jazz/Modal/one.flac"].labels.tags == ("Jazz", "Modal")
    assert rows["Jazz/Modal/one.flac"].labels.tempo is None
    assert rows["four.ogg"].labels.tags == ()
    assert rows["Jazz/Modal/one.flac"].group == rows["Jazz/two.mp3"].group == "A"


def test_a_folder_without_audio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert run("folder", tmp_path / "empty", "--out", tmp_path / "out") == 1
    assert "there is no audio file in" in capsys.readouterr().err
    assert run("folder", tmp_path / "nowhere", "--out", tmp_path / "out") == 1
    assert "is no folder of audio" in capsys.readouterr().err


HEADER = ("path", "artist", "split", "tags", "tempo", "key", "mode", "time_signature", "energy", "jazz", "live", "note")


def test_csv(audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_rows(
        tmp_path / "my.csv",
        [
            HEADER,
            ("Jazz/Modal/one.flac", "A", "train", "swing | piano", "128.5", "9", "0", "4", "0.5", "1", "0", "x"),
            ("Jazz/two.mp3", "A", "training", "", "", "Bbm", "", "3/4", "", "1", "", "y"),
            ("three.wav", "B", "val", "piano", "0", "-1", "1", "0", "1", "0", "1", ""),
            ("four.flac", "C", "test", "", "", "", "", "", "", "0", "0", ""),
        ],
    )
    assert run("csv", table, "--audio", audio, "--out", tmp_path / "out") == 0
    rows = rows_of(tmp_path / "out")
    one = rows["Jazz/Modal/one.flac"].labels
    assert one.tags == ("swing", "piano", "jazz")
    assert one.tags_known == ("jazz", "live")
    assert (one.tempo, one.key, one.metre, one.energy) == (128.5, "A minor", 4, 0.5)
    two = rows["Jazz/two.mp3"].labels
    assert (two.tags, two.tags_known, two.key, two.metre) == (("jazz",), ("jazz",), "A# minor", 3)
    assert rows["three.wav"].labels.known() == ("tags", "tags_known", "energy")
    assert rows["four.flac"].status == "ok", "the table says .flac, the file is an .ogg of this name"
    assert [row.split for row in rows.values()] == ["train", "train", "valid", "test"]
    assert [row.group for row in rows.values()] == ["A", "A", "B", "C"]
    said = capsys.readouterr().out
    assert "columns that are tags: jazz, live" in said
    assert "not understood and left out: note" in said


def test_a_first_beat_and_whether_a_key_can_be_heard(audio: Path, tmp_path: Path, capsys) -> None:
    rows = [("path", "first_beat", "key", "key_trusted"), ("three.wav", "0.25", "8A", "no"), ("four.ogg", "", "8A", "")]
    assert run("csv", write_rows(tmp_path / "my.csv", rows), "--audio", audio, "--out", tmp_path / "out") == 0
    found = rows_of(tmp_path / "out")
    assert (found["three.wav"].labels.first_beat, found["three.wav"].labels.key_trusted) == (0.25, False)
    assert found["four.ogg"].labels.known() == ("key",)
    rows[1] = ("three.wav", "-1", "8A", "no")
    assert run("csv", write_rows(tmp_path / "my.csv", rows), "--audio", audio, "--out", tmp_path / "bad") == 1
    assert "'first_beat': seconds from the beginning" in capsys.readouterr().err


def test_a_list_of_tags_may_be_complete(audio: Path, tmp_path: Path) -> None:
    table = write_rows(tmp_path / "my.tsv", [("file", "genre"), ("three.wav", "a;b"), ("four.ogg", "c")], "\t")
    assert run("csv", table, "--audio", audio, "--out", tmp_path / "out", "--complete", "--separator", ";") == 0
    rows = rows_of(tmp_path / "out")
    assert rows["three.wav"].labels.tags == ("a", "b")
    assert rows["four.ogg"].labels.tags_known == ("a", "b", "c")


def test_semicolons_and_decimal_commas(audio: Path, tmp_path: Path) -> None:
    table = tmp_path / "my.csv"
    table.write_bytes("\ufeffPath;BPM;Energy\nthree.wav;99,5;0,25\n".encode())
    assert run("csv", table, "--audio", audio, "--out", tmp_path / "out") == 0
    labels = rows_of(tmp_path / "out")["three.wav"].labels
    assert (labels.tempo, labels.energy) == (99.5, 0.25)


def test_a_manifest_is_a_table_too(audio: Path, tmp_path: Path) -> None:
    assert run("folder", audio, "--out", tmp_path / "first", "--tempo-and-key") == 0
    assert run("csv", tmp_path / "first/manifest.csv", "--audio", audio, "--out", tmp_path / "second") == 0
    first, second = rows_of(tmp_path / "first"), rows_of(tmp_path / "second")
    assert {name: row.labels for name, row in first.items()} == {name: row.labels for name, row in second.items()}
    assert {row.split for row in second.values()} == {row.split for row in first.values()}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("gone.wav", "128", "0.5", "1"), "row 3: column 'path': the path of an audio file below .* says 'gone.wav'"),
        (("three.wav", "fast", "0.5", "1"), "row 3: column 'tempo': a number is expected, and it says 'fast'"),
        (("three.wav", "nan", "0.5", "1"), "row 3: column 'tempo': a number is expected, and it says 'nan'"),
        (("three.wav", "900", "0.5", "1"), "row 3: column 'tempo': beats per minute .* says '900'"),
        (
            ("three.wav", "128", "1.5", "1"),
            "row 3: column 'energy': it goes from 0 to 1 is expected, and it says '1.5'",
        ),
        (("three.wav", "128", "0.5", "2"), "row 3: column 'jazz': 0 or 1 is expected, and it says '2'"),
        (("three.wav", "128"), "row 3: it has 2 cells, and the first row names 4 columns"),
    ],
)
def test_a_bad_row_is_named(
    audio: Path, tmp_path: Path, row: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good = ("four.ogg", "128", "0.5", "1")
    table = write_rows(tmp_path / "my.csv", [("path", "tempo", "energy", "jazz"), good, row])
    command = ("csv", table, "--audio", audio, "--out", tmp_path / "out", "--tag-columns", "jazz")
    assert run(*command) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert pytest.importorskip("re").search(words, said), said
    assert "--bad-rows skip" in said
    assert not (tmp_path / "out").exists()
    assert run(*command, "--bad-rows", "skip") == 0
    assert "left out: my.csv, row 3" in capsys.readouterr().out
    assert len(Corpus(tmp_path / "out")) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"name,tempo\nx,1\n", "no column for the audio file"),
        (b"path,tempo,tempo\nthree.wav,1,1\n", "names the column 'tempo' twice"),
        (b"path,artist\nthree.wav,Bj\xf6rk\n", "is no UTF-8 text"),
        (b"path\n", "has no usable row"),
    ],
)
def test_a_table_that_is_none(
    audio: Path, tmp_path: Path, content: bytes, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "my.csv"
    table.write_bytes(content)
    assert run("csv", table, "--audio", audio, "--out", tmp_path / "out") == 1
    assert words in capsys.readouterr().err


def test_missing_tables_and_columns(audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("csv", tmp_path / "no.csv", "--audio", audio, "--out", tmp_path / "out") == 1
    assert "cannot be read" in capsys.readouterr().err
    table = write_rows(tmp_path / "my.csv", [("path",), ("three.wav",)])
    assert run("csv", table, "--audio", audio, "--out", tmp_path / "out", "--tag-columns", "jazz") == 1
    assert "has no column 'jazz'" in capsys.readouterr().err


def test_many_bad_rows_are_counted(audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_rows(tmp_path / "my.csv", [("path",), ("three.wav",), *((f"{n}.wav",) for n in range(50))])
    assert run("csv", table, "--audio", audio, "--out", tmp_path / "out", "--bad-rows", "skip") == 0
    assert "30 more bad rows" in capsys.readouterr().out
