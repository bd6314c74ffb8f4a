"""Tables of Spotify's features: raw and binarised, and the audio that belongs to a row."""

from __future__ import annotations

from pathlib import Path

import pytest
from dataset_support import record, rows_of, write_rows

from segue_export.datasets.audio_files import AudioIndex, plain
from segue_export.datasets.command import main

BANDS = ("78-92bpm", "92-101bpm", "101-110bpm", "110-120bpm", "120-128bpm", "128-140bpm", "140-154bpm", "154-170bpm")
KEYS = (
    "A#_Bb-Key",
    "A-Key",
    "B-Key",
    "C#_Db-Key",
    "C-Key",
    "D#_Eb-Key",
    "D-Key",
    "E-Key",
    "F#_Gb-Key",
    "F-Key",
    "G#_Ab-Key",
    "G-Key",
)
METRES = ("1-time-sign", "3-time-sign", "4-time-sign", "5-time-sign")
FEATURES = ("danceability", "energy", "loudness", "mode", "acousticness", "instrumentalness", "liveness", "valence")
HEADER = ("Unnamed: 0", "artist_name", "track_uri", "track_name", "name", *FEATURES, "genres", *BANDS, *KEYS, *METRES)
IDS = tuple(f"{letter}zzz0123456789ABCDEFGH"[:22] for letter in "abcd")


def binarised(number: int, band: str, key: str, metre: str, mode: int, features: tuple[int, ...]) -> tuple[object, ...]:
    """A row as the seed research has them."""
    shares = (*features[:3], mode, *features[3:])
    hot = [int(column in {band, key, metre}) for column in (*BANDS, *KEYS, *METRES)]
    return (number, f"Artist {number}", IDS[number], f"Song {number}", "a list", *shares, "indie_pop rap", *hot)


ROWS = [
    HEADER,
    binarised(0, "128-140bpm", "D#_Eb-Key", "4-time-sign", 0, (1, 0, 1, 0, 1, 0, 1)),
    binarised(1, "78-92bpm", "C-Key", "3-time-sign", 1, (0, 1, 0, 1, 0, 1, 0)),
    binarised(2, "", "", "", 1, (0, 1, 0, 1, 0, 1, 0)),
    binarised(3, "154-170bpm", "G-Key", "5-time-sign", 1, (0, 1, 0, 1, 0, 1, 0)),
]


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Named by id, by id with more around it, and by artist and title; the fourth song is not there."""
    folder = tmp_path_factory.mktemp("audio")
    record(folder / f"{IDS[0]}.mp3", 0)
    record(folder / f"previews/x {IDS[1]}_30s.mp3", 1)
    record(folder / "03. Ártist 2 - Song 2.wav", 2)
    record(folder / "Somebody - Else.wav", 3)
    return folder


def run(*arguments: object) -> int:
    return main(["spotify", *map(str, arguments), "--min-seconds", "1", "--workers", "1"])


def test_the_binarised_table(audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_rows(tmp_path / "spotify.csv", ROWS)
    assert run(table, "--audio", audio, "--out", tmp_path / "out") == 0
    rows = rows_of(tmp_path / "out")
    first = rows[f"{IDS[0]}.mp3"]
    assert first.group == "Artist 0"
    assert first.labels.tags == ("indie pop", "rap")
    assert (first.labels.tempo, first.labels.tempo_range) == (None, (128.0, 140.0))
    assert (first.labels.key, first.labels.metre) == ("D# minor", 4)
    assert (first.labels.danceability, first.labels.energy, first.labels.valence) == (1.0, 0.0, 1.0)
    assert first.labels.loudness is None
    second = rows[f"previews/x {IDS[1]}_30s.mp3"].labels
    assert (second.tempo_range, second.key, second.metre) == ((78.0, 92.0), "C major", 3)
    third = rows["03. Ártist 2 - Song 2.wav"].labels
    assert (third.tempo_range, third.key, third.metre) == (None, None, None)
    said = capsys.readouterr().out
    assert "binarised columns: 8 tempo bands, 12 keys, 4 time signatures, danceability" in said
    assert "loudness says only 0 and 1" in said
    assert "3 rows matched to audio, 1 rows without; 4 audio files in all" in said
    assert (tmp_path / "out/unmatched.csv").read_text() == (
        f"row,track_uri,artist_name,track_name\n5,{IDS[3]},Artist 3,Song 3\n"
    )


def test_the_raw_table(audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = ("track_uri", "tempo", "key", "mode", "time_signature", "energy", "loudness", "valence", "duration_ms")
    table = write_rows(
        tmp_path / "spotify.csv",
        [
            header,
            (f"spotify:track:{IDS[0]}", "132.024", "3", "1", "4", "0.73", "-6.1", "0.5", "180500"),
            (f"spotify:track:{IDS[1]}", "0.0", "-1", "0", "0", "0.1", "-12", "0.25", ""),
        ],
    )
    assert run(table, "--audio", audio, "--out", tmp_path / "out") == 0
    rows = rows_of(tmp_path / "out")
    first = rows[f"{IDS[0]}.mp3"].labels
    assert (first.tempo, first.key, first.metre) == (132.024, "D# major", 4)
    assert (first.energy, first.loudness, first.duration) == (0.73, -6.1, 180.5)
    assert rows[f"previews/x {IDS[1]}_30s.mp3"].labels.known() == ("energy", "valence", "loudness")
    said = capsys.readouterr().out
    assert "raw columns: tempo, key, mode, metre, loudness" in said
    assert "binarised columns: none" in said


def test_raw_columns_outrank_binarised_ones(audio: Path, tmp_path: Path) -> None:
    rows = [(*ROWS[0], "tempo"), *((*row, 131.5) for row in ROWS[1:])]
    table = write_rows(tmp_path / "spotify.csv", rows)
    assert run(table, "--audio", audio, "--out", tmp_path / "out") == 0
    labels = rows_of(tmp_path / "out")[f"{IDS[0]}.mp3"].labels
    assert (labels.tempo, labels.tempo_range) == (131.5, None)


def test_published_splits(audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_rows(tmp_path / "spotify.csv", ROWS)
    for number, name in enumerate(("train", "val", "test")):
        write_rows(tmp_path / "splits" / f"{name}.csv", [("dataset_index", "track_uri"), (number, IDS[number])])
    command = (table, "--audio", audio, "--out", tmp_path / "out", "--splits", tmp_path / "splits")
    assert run(*command) == 0
    assert [row.split for row in rows_of(tmp_path / "out").values()] == ["train", "valid", "test"]
    (tmp_path / "splits/val.csv").unlink()
    assert run(*command) == 1
    assert "has no val.csv" in capsys.readouterr().err


def test_two_bands_at_once(audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [1 if column in {"78-92bpm", "92-101bpm"} else cell for column, cell in zip(HEADER, ROWS[2], strict=True)]
    table = write_rows(tmp_path / "spotify.csv", [ROWS[0], ROWS[1], wrong])
    assert run(table, "--audio", audio, "--out", tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert "row 3: column '92-101bpm': 0, because '78-92bpm' says 1, is expected, and it says '1'" in said
    assert run(table, "--audio", audio, "--out", tmp_path / "out", "--bad-rows", "skip") == 0
    assert list(rows_of(tmp_path / "out")) == [f"{IDS[0]}.mp3"]


def test_no_table_and_no_match(audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_rows(tmp_path / "spotify.csv", [("title", "tempo"), ("x", "1")])
    assert run(table, "--audio", audio, "--out", tmp_path / "out") == 1
    assert "has no column 'track_uri'" in capsys.readouterr().err
    table = write_rows(tmp_path / "spotify.csv", [("track_uri", "tempo"), (IDS[3], "100")])
    assert run(table, "--audio", audio, "--out", tmp_path / "out") == 1
    assert "none of the 4 audio files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "artist", "title", "found"),
    [
        ("Björk - Jóga", "Bjork", "JOGA", True),
        ("07 Joga", "Bjork", "Joga", True),
        ("Joga - Bjork", "Bjork", "Joga", True),
        ("Bjork - Joga (feat. Somebody)", "Bjork", "Joga (feat. Somebody)", True),
        ("Bjork - Joga", "Bjork", "Joga (feat. Somebody)", True),
        ("Bjork - Jogging", "Bjork", "Joga", False),
        ("Bjork", "Bjork", "", False),
    ],
)
def test_matching_by_title(tmp_path: Path, file: str, artist: str, title: str, found: bool) -> None:
    (tmp_path / f"{file}.mp3").touch()
    assert (AudioIndex(tmp_path).by_title(artist, title) is not None) is found


def test_an_ambiguous_title_matches_nothing(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "Intro.mp3").touch()
    assert AudioIndex(tmp_path).by_title("", "Intro") is None
    assert plain("99 Luftballons") == "luftballons"
    assert plain("1999") == "1999"
