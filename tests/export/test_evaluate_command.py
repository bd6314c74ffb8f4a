"""``segue-evaluate`` from a dataset, a folder or analysed files to its report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_support import STYLES, tune, write_dataset

from segue.analysis.analyse import Analyser
from segue.analysis.report import report as report_of
from segue.cli.analyse import json_line
from segue.demo.files import write_audio
from segue.errors import NotAudioError
from segue.networks.models import models_dir
from segue.networks.sessions import Networks
from segue_export.evaluation import listening
from segue_export.evaluation.clips import read_clips
from segue_export.evaluation.main import main

TEACHER = """
import torch
from torch import nn

class Loud(nn.Module):
    samples, tags = 48_000, ["rock", "jazz"]

    def forward(self, wave):
        level = wave.reshape(len(wave), 8, -1).abs().mean(2)
        return level, torch.stack([level.mean(1), -level.mean(1)], 1)

def load(name):
    return Loud().eval()
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    write_dataset(folder)
    return folder


@pytest.fixture(scope="module")
def evaluated(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report on the dataset, with a teacher."""
    out, teachers = tmp_path_factory.mktemp("report"), tmp_path_factory.mktemp("teachers")
    (teachers / "teachers.py").write_text(TEACHER)
    assert main([str(dataset), "--out", str(out), "--teachers", str(teachers), "--teacher", "loud"]) == 0
    return out


def report(out: Path) -> dict:
    return json.loads((out / "report.json").read_text())


def test_a_dataset_gives_every_figure(evaluated: Path) -> None:
    figures = report(evaluated)["figures"]
    assert report(evaluated)["about"]["clips"] == 12
    assert {"genre", "genre_other_groups", "group", "segments", "zero_shot", "tags", "tempo", "key"} <= {*figures}
    assert {"agreement", "features"} <= {*figures}
    assert {"segue", "part: crnn_conv", "MFCC", "loud", "random"} <= {*figures["genre"]}
    # Three styles as unlike as these are told apart by anything that hears, and by chance they are not.
    assert figures["genre"]["segue"]["P@1"]["value"] > 0.9 > figures["genre"]["random"]["P@1"]["value"]
    assert figures["genre"]["segue"]["P@1"]["size"] == 12
    assert figures["genre_other_groups"]["segue"]["P@1"]["value"] > 0.9
    assert figures["tempo"]["analysis"]["Acc2 (4 %)"]["value"] > 0.6
    assert figures["zero_shot"]["all"]["clips"] == 12
    assert figures["zero_shot"]["jazz"]["clips"] == 4
    assert {*figures["tags"]} == {"rock", "jazz", "electronic", "mean"}
    assert -1 <= figures["agreement"]["loud"]["tag logits"] <= 1
    assert figures["features"]["danceability"]["clips with labels"] == 12


def test_a_page_with_pictures_is_written(evaluated: Path) -> None:
    page = (evaluated / "report.md").read_text()
    assert "| segue |" in page
    for name in ("tags", "confusion", "map"):
        assert f"({name}.png)" in page
        assert (evaluated / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_a_second_run_hears_nothing_anew(
    dataset: Path, evaluated: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = report(evaluated)["figures"]["genre"]["segue"]
    (cache,) = (evaluated / "cache").glob("segue-*.jsonl")
    lines = cache.read_bytes().splitlines()
    cache.write_bytes(b"\n".join(lines[:-1]) + b"\n" + lines[-1][:50])  # interrupted in the last line
    heard = []
    hear = listening.hear_clip
    monkeypatch.setattr(listening, "hear_clip", lambda task, clip: heard.append(clip) or hear(task, clip))
    assert main([str(dataset), "--out", str(evaluated), "--no-plots", "--no-baseline", "--json"]) == 0
    assert len(heard) == 1
    assert json.loads(capsys.readouterr().out)["figures"]["genre"]["segue"] == before


def test_a_folder_of_genres_with_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for genre in ("jazz", "rock"):
        (tmp_path / genre).mkdir()
        for number in range(3):
            wave = tune("swing" if genre == "jazz" else "rock", number).astype(np.float32) / 32768
            write_audio(tmp_path / genre / f"{number}.flac", wave, 16_000)
    (tmp_path / "rock" / "bad.mp3").write_bytes(b"no music")
    arguments = [str(tmp_path), "--out", str(tmp_path / "out"), "--no-segments", "--no-baseline", "--jobs", "2"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert "bad.mp3" in printed.err
    found = report(tmp_path / "out")
    assert (found["about"]["clips"], found["about"]["left_out"]) == (6, 1)
    assert found["figures"]["genre"]["segue"]["P@1"]["value"] == 1.0
    assert {*found["figures"]["zero_shot"]} >= {"jazz", "rock", "all"}
    assert "segments" not in found["figures"]
    assert "Zero-shot genre" in printed.out


def test_what_segue_analyse_prints_can_be_evaluated(tmp_path: Path) -> None:
    for style in STYLES[:2]:
        (tmp_path / style).mkdir()
        for number in range(2):
            wave = tune(style, number).astype(np.float32) / 32768
            write_audio(tmp_path / style / f"{number}.flac", wave, 16_000)
    analyser = Analyser(Networks.load(models_dir(), "cpu"))
    paths = sorted(tmp_path.rglob("*.flac"))
    said = [json_line(path, report_of(path, analyser.analyse(path), vector=True), vector=True) for path in paths]
    bad = tmp_path / "bad.wav"
    said.append(json_line(bad, NotAudioError("bad.wav is no audio."), vector=True))
    lines = tmp_path / "analysed.jsonl"
    lines.write_text("".join(json.dumps(line) + "\n" for line in said))
    assert main([str(lines), "--out", str(tmp_path / "out"), "--no-plots"]) == 0
    found = report(tmp_path / "out")
    assert found["figures"]["genre"]["segue"]["P@1"]["value"] == 1.0
    assert (found["about"]["clips"], found["about"]["left_out"]) == (4, 1)
    assert found["about"]["model"]


def test_figures_are_recorded_in_the_manifests(dataset: Path, evaluated: Path, tmp_path: Path) -> None:
    for file in models_dir().glob("*.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    arguments = [str(dataset), "--out", str(evaluated), "--no-plots", "--no-baseline", "--models", str(tmp_path)]
    assert main([*arguments, "--record", "tiny"]) == 0
    figures = report(evaluated)["figures"]
    vector, crnn = (json.loads((tmp_path / f"{name}.json").read_text())["metrics"] for name in ("vector", "crnn"))
    assert vector["tiny_genre_P@1"] == pytest.approx(figures["genre"]["segue"]["P@1"]["value"], abs=1e-4)
    assert crnn["tiny_tags_roc_auc"] == pytest.approx(figures["tags"]["mean"]["ROC-AUC"], abs=1e-4)
    assert main([*arguments, "--by", "group", "--record", "albums"]) == 0
    vector = json.loads((tmp_path / "vector.json").read_text())["metrics"]
    assert "albums_group_P@1" in vector
    assert "albums_genre_P@1" not in vector


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["nowhere"], "check the path"),
        (["empty"], "one sub-folder of audio for each genre"),
        (["dataset", "--split", "valid"], "valid"),
        (["dataset", "--by", "mood"], "style, genre, group"),
        (["dataset", "--teachers", "empty"], "teachers.py"),
        (["dataset", "--limit", "0"], "--limit"),
        (["wrong.jsonl"], "line 1"),
        (["plain.jsonl"], "--vector"),
        (["mixed.jsonl"], "2 sets of models"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str], advice: str, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "wrong.jsonl").write_text("no JSON\n")
    (tmp_path / "plain.jsonl").write_text('{"path": "a/b.mp3"}\n')
    lines = [json.dumps({"path": f"a/{model}.mp3", "model": model, "vector": [1.0]}) for model in "xy"]
    (tmp_path / "mixed.jsonl").write_text("\n".join(lines))
    source = dataset if arguments[0] == "dataset" else tmp_path / arguments[0]
    rest = [str(tmp_path / value) if value == "empty" else value for value in arguments[1:]]
    assert main([str(source), *rest, "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("segue-evaluate: ")
    assert advice in said


@pytest.mark.parametrize(
    ("rule", "genres"),
    [
        ("style", {*STYLES}),
        ("genre", {"jazz", "rock", "techno"}),
        ("tag:jazz,rock", {"jazz", "rock", None}),
        ("group", {f"{style}-{number}" for style in STYLES for number in (0, 1)}),
    ],
)
def test_what_clips_are_compared_by(dataset: Path, rule: str, genres: set[str | None]) -> None:
    assert {clip.genre for clip in read_clips(dataset, "test", rule)} == genres


def test_a_clip_sounds_the_same_from_a_dataset_and_from_a_file(dataset: Path, tmp_path: Path) -> None:
    clip = read_clips(dataset, "test")[0]
    write_audio(tmp_path / "a.wav", clip.wave(), 16_000)
    (again,) = read_clips(tmp_path)
    assert again.wave() == pytest.approx(clip.wave(), abs=1e-4)
    assert (again.name, again.genre) == ("a.wav", None)
