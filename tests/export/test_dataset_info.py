"""What is said of a dataset, and its manifest as Parquet."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from dataset_support import record, rows_of
from export_support import tune
from rich.console import Console

from segue_export.datasets import parquet
from segue_export.datasets.command import main
from segue_export.datasets.info import summarise
from segue_export.datasets.items import Item
from segue_export.datasets.labels import TrackLabels
from segue_export.datasets.progress import Progress
from segue_export.evaluation import main as evaluate
from segue_export.evaluation.clips import read_clips
from segue_export.shards import Corpus, ShardWriter, read_tracks


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """36 s for training, 18 s for testing, and a file that could not be read."""
    folder = tmp_path / "dataset"
    writer = ShardWriter(folder)
    labels = TrackLabels(tags=("jazz", "[live]"), tempo=120.0)
    for number, (group, split) in enumerate((("one", "train"), ("one", "train"), ("two", "test"))):
        known = labels if number else TrackLabels(tags=("jazz",))
        writer.add(group, f"{number}.ogg", "CC0-1.0", str(number), tune(number, 18), split=split, labels=known)
    writer.add("two", "odd,name.ogg", "", "", "bad: no audio")
    return folder


def test_figures(dataset: Path) -> None:
    summary = summarise(dataset)
    assert summary.hours == pytest.approx({"train": 0.01, "valid": 0.0, "test": 0.005})
    assert (summary.tracks, summary.groups) == ({"train": 2, "test": 1}, {"train": 1, "valid": 0, "test": 1})
    assert [entry[:2] for entry in summary.largest] == [("one", "train"), ("two", "test")]
    assert summary.labels == {"tags": 3, "tempo": 2}
    assert summary.tags == [("jazz", 3), ("[live]", 2)]
    assert summary.licences == [("CC0-1.0", pytest.approx(0.015))]
    assert summary.left_out == {"bad": 1}
    assert summary.problems == ["no track is for validation", "two: odd,name.ogg: bad: no audio"]


def test_problems_of_the_audio(dataset: Path) -> None:
    audio = dataset / "audio.i16"
    whole = audio.read_bytes()
    audio.write_bytes(whole[:-20])
    assert summarise(dataset).problems[0].startswith("audio.i16 is cut short by 10 samples")
    audio.write_bytes(whole + bytes(8))
    assert summarise(dataset).problems[0].startswith("audio.i16 has 4 samples that no row names")


def test_tables(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(dataset)]) == 0
    said = capsys.readouterr().out
    for words in ("train", "0.01", "[live]", "CC0-1.0", "67 %", "no track is for validation"):
        assert words in said
    assert main(["info", str(dataset / "nowhere")]) == 1
    assert "cannot be read as a dataset" in capsys.readouterr().err


def test_parquet_and_back(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = read_tracks(dataset)
    assert main(["export", str(dataset), str(dataset / "manifest.parquet")]) == 0
    assert "4 rows in" in capsys.readouterr().out
    (dataset / "manifest.csv").unlink()
    assert read_tracks(dataset) == expected
    assert len(Corpus(dataset, "train")) == 2
    assert main(["export", str(dataset), str(tmp_path / "manifest.csv")]) == 0
    (tmp_path / "audio.i16").write_bytes((dataset / "audio.i16").read_bytes())
    assert read_tracks(tmp_path) == expected


def test_a_dataset_with_a_parquet_manifest_alone_is_listened_to_and_grows(tmp_path: Path) -> None:
    for number in (1, 2):
        record(tmp_path / f"audio/{number}.wav", number)
    command = [
        "folder",
        str(tmp_path / "audio"),
        "--min-seconds",
        "1",
        "--workers",
        "1",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(command) == 0
    before = {clip.name: clip.wave() for clip in read_clips(tmp_path / "out")}
    assert main(["export", str(tmp_path / "out"), str(tmp_path / "out/manifest.parquet")]) == 0
    (tmp_path / "out/manifest.csv").unlink()
    clips = read_clips(tmp_path / "out")
    assert {clip.name: clip.offset is None for clip in clips} == dict.fromkeys(before, False)
    record(tmp_path / "audio/3.wav", 3)
    assert main(command) == 0
    after = {clip.name: clip.wave() for clip in read_clips(tmp_path / "out")}
    assert len(after) == 3
    assert all(np.array_equal(after[name], wave) for name, wave in before.items()), "what was there is kept"


def test_audio_of_which_nothing_says_what_it_is_is_left_alone(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (dataset / "manifest.csv").unlink()
    held = (dataset / "audio.i16").stat().st_size
    record(tmp_path / "audio/1.wav", 1)
    assert main(["folder", str(tmp_path / "audio"), "--workers", "1", "--out", str(dataset)]) == 1
    assert "has audio.i16 and no manifest.csv" in capsys.readouterr().err
    assert (dataset / "audio.i16").stat().st_size == held


def test_a_parquet_manifest_that_is_none_is_told_in_a_sentence(
    dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (dataset / "manifest.csv").rename(dataset / "manifest.parquet")
    with pytest.raises(ValueError, match="cannot be read as Parquet"):
        Corpus(dataset)
    assert evaluate.main([str(dataset)]) == 1
    assert "cannot be read as Parquet" in capsys.readouterr().err


def test_a_parquet_table_is_read_as_a_csv_table_is(tmp_path: Path) -> None:
    record(tmp_path / "audio/a.wav", 1)
    record(tmp_path / "audio/b.wav", 2)
    columns = ("path", "tags", "tempo", "live")
    parquet.write_rows(
        tmp_path / "my.parquet", columns, [("a.wav", ["x", "y"], 128.5, True), ("b.wav", None, None, False)]
    )
    command = ["csv", str(tmp_path / "my.parquet"), "--audio", str(tmp_path / "audio"), "--out", str(tmp_path / "out")]
    assert main([*command, "--min-seconds", "1", "--workers", "1"]) == 0
    rows = rows_of(tmp_path / "out")
    assert (rows["a.wav"].labels.tags, rows["a.wav"].labels.tempo) == (("x", "y", "live"), 128.5)
    assert rows["b.wav"].labels.known() == ("tags_known",)


def test_parquet_that_is_none(tmp_path: Path, dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "my.parquet").write_text("path\n")
    command = ["csv", str(tmp_path / "my.parquet"), "--audio", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(command) == 1
    assert "cannot be read as Parquet" in capsys.readouterr().err
    assert main(["export", str(dataset), str(tmp_path / "nowhere/x.parquet")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert main(["export", str(dataset), str(tmp_path / "x.json")]) == 1
    assert "should end in .parquet or .csv" in capsys.readouterr().err


def test_without_pyarrow(dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def missing(name: str) -> object:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return import_module(name)

    monkeypatch.setattr(parquet, "import_module", missing)
    assert main(["export", str(dataset), str(dataset / "x.parquet")]) == 1
    assert "pip install 'segue-dj[parquet]', or use a CSV file" in capsys.readouterr().err


def test_progress_without_a_terminal_and_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    item = Item("album", "[odd] name.ogg", Path("x"))
    for terminal in (False, True):
        console = Console(file=StringIO(), width=100, highlight=False, force_terminal=terminal)
        with Progress("recordings", 2, console) as progress:
            progress.step(item, "ok")
            progress.step(item, "bad: no audio")
        said = re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", console.file.getvalue())
        assert "album: [odd] name.ogg: bad: no audio" in said
        assert ("2/2" in said) is terminal
    assert capsys.readouterr().err.count("2 of 2 recordings; 1 ok, 1 bad") == 1


def test_the_command_needs_no_torch() -> None:
    code = "import sys, segue_export.datasets.command; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
