"""`segue-train tempo|beats|key` as it is typed: what it writes, how it goes on, and what it says when something is wrong."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from export_support import tune
from small_support import key_of

from segue.analysis.grid import GridFinder
from segue.analysis.key_network import KeyNetwork
from segue.analysis.levels import LevelChooser
from segue_export import train
from segue_export.shards import Corpus, ShardWriter, TrackLabels
from segue_export.small import command, recordings

LOADERS = {"tempo": LevelChooser.load, "beats": GridFinder.load, "key": KeyNetwork.load}
RATE = 16_000


def song(number: int, seconds: float = 12.0) -> tuple[np.ndarray, TrackLabels]:
    """Kicks on the beat, the first of each bar higher, over a chord; three or four beats in a bar."""
    tonic, mode, name = key_of(5 * number)
    metre, bpm, first = 3 + number % 2, 100.0 + 7 * number, 0.1 * (number % 3)
    time_ = np.arange(int(seconds * RATE)) / RATE
    since = (time_ - first) % (60 / bpm)
    bar = ((time_ - first) // (60 / bpm)) % metre == 0
    kick = np.where(time_ >= first, np.sin(2 * np.pi * np.where(bar, 90, 60) * since) * np.exp(-20 * since), 0)
    chord = sum(
        np.sin(2 * np.pi * 261.63 * 2 ** ((tonic + step) / 12) * time_) for step in (0, 3 if mode == "minor" else 4, 7)
    )
    labels = TrackLabels(tempo=bpm, first_beat=first, metre=metre, key=name, key_trusted=number % 2 == 0)
    return ((0.6 * kick + 0.08 * chord) * 20_000).astype(np.int16), labels


def write(folder: Path, count: int = 9) -> Path:
    """Songs of which the last two are for validation and one more, out of tune with its labels, for testing."""
    writer = ShardWriter(folder)
    for number in range(count):
        samples, labels = song(number)
        split = "valid" if number >= count - 2 else "train"
        digest = hashlib.sha256(samples.tobytes()).hexdigest()
        writer.add(f"g{number}", "song", "", digest, samples, split=split, labels=labels)
    wrong = TrackLabels(tempo=61.0, first_beat=0.0, metre=4, key="C major")
    writer.add("test", "song", "", "f" * 64, tune(1, 12.0), split="test", labels=wrong)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("data") / "songs")


def run(kind: str, data: Path, out: Path, *more: str) -> int:
    given = [kind, "--dataset", str(data), "--out", str(out), "--epochs", "2", "--workers", "1", *more]
    return train.main(given)


@pytest.mark.parametrize("kind", LOADERS)
def test_a_network_is_taught_measured_and_written(
    data: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(kind, data, tmp_path, "--seed", "5") == 0
    LOADERS[kind](tmp_path / f"{kind}.json")
    assert [file.name for file in tmp_path.iterdir()] == [f"{kind}.json"]
    content = json.loads((tmp_path / f"{kind}.json").read_text())
    training = content["training"]
    assert (training["datasets"], training["clips"], training["epochs"], training["seed"]) == ("songs", 7, 2, 5)
    assert training["hours"] == pytest.approx(7 * 12 / 3600, abs=0.01)
    assert training["voters"] == {"tempo": 3, "beats": 1, "key": 2}[kind]
    metrics = content["metrics"]
    assert metrics["clips"] == 2
    wanted = {
        "tempo": {"acc1", "acc2", "within 1 %", "within 0.1 %", "sure (0.9)"},
        "beats": {"beat right", "downbeat right", "downbeat right, 3 beats", "downbeat right, 4 beats"},
        "key": {"exact", "mirex", "clips with a key that can be heard", "exact of those", "mirex of those"},
    }
    assert wanted[kind] <= set(metrics)
    assert all(0 <= value <= 1 for name, value in metrics.items() if not name.startswith("clips"))
    said = capsys.readouterr().out
    assert "2 recordings to measure with" in said
    assert max(wanted[kind]) in said
    # Again: what was heard is not heard again, and the same comes out.
    first = (tmp_path / f"{kind}.json").read_bytes()
    assert run(kind, data, tmp_path, "--seed", "5") == 0
    assert (tmp_path / f"{kind}.json").read_bytes() == first


def test_what_was_heard_is_kept_and_what_is_damaged_is_heard_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []
    monkeypatch.setattr(recordings, "hear", lambda samples, hear=recordings.hear: heard.append(1) or hear(samples))
    recordings._ear()  # which listens to a probe once
    heard.clear()
    more = ("--cache", str(tmp_path / "cache"), "--voters", "1")
    assert run("key", data, tmp_path, *more) == 0
    assert len(heard) == 9, "those of the test split are left alone"
    assert run("key", data, tmp_path, *more) == 0
    assert len(heard) == 9
    files = sorted((tmp_path / "cache").rglob("*.npz"))
    assert len(files) == 9
    files[0].write_bytes(b"")
    files[1].write_bytes(files[1].read_bytes()[:500])
    content = files[2].read_bytes()
    files[2].write_bytes(content[:2000] + bytes(2000) + content[4000:])
    assert run("tempo", data, tmp_path, *more) == 0
    assert len(heard) == 12


@pytest.mark.slow
def test_processes_give_the_same_as_one(data: Path, tmp_path: Path) -> None:
    assert run("tempo", data, tmp_path / "one", "--voters", "1", "--cache", str(tmp_path / "a")) == 0
    assert run("tempo", data, tmp_path / "two", "--voters", "1", "--cache", str(tmp_path / "b"), "--workers", "2") == 0
    assert (tmp_path / "one" / "tempo.json").read_bytes() == (tmp_path / "two" / "tempo.json").read_bytes()


def test_shares_of_datasets_and_of_validation(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every = recordings.find_recordings([str(data)], lambda labels: True, tmp_path, None)
    assert [one.valid for one in every] == [False] * 7 + [True] * 2
    part = recordings.find_recordings([f"{data}:0.5"], lambda labels: True, tmp_path, 0.4)
    assert 0 < len(part) < 9
    names = [one.name for one in every]
    assert [name for name in names if name in {one.name for one in part}] == [one.name for one in part]
    assert not any(one.valid for one in recordings.find_recordings([str(data)], lambda labels: True, tmp_path, 0.0))
    assert run("key", data, tmp_path, "--valid-share", "0", "--cache", str(tmp_path)) == 0
    assert json.loads((tmp_path / "key.json").read_text()).get("metrics", {}) == {}
    assert "nothing is measured" in capsys.readouterr().out


def relabelled(folder: Path, **labels: object) -> Path:
    writer = ShardWriter(folder)
    for number in range(3):
        samples, _ = song(number, 8.0)
        writer.add(f"{number}", "song", "", f"{number}", samples, split="train", labels=TrackLabels(**labels))
    return folder


@pytest.mark.parametrize(
    ("kind", "labels", "words"),
    [
        ("tempo", {"key": "A minor"}, "no recording to learn from that has a tempo among its labels"),
        ("beats", {"tempo": 120.0, "metre": 4}, "that has a tempo and the first beat among its labels"),
        ("beats", {"tempo": 120.0, "first_beat": 0.0, "metre": 4}, "has 3 beats in a bar"),
        ("tempo", {"tempo": 399.0}, "at its labelled tempo: are the labels right?"),
    ],
)
def test_datasets_without_what_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, labels: dict[str, object], words: str
) -> None:
    assert run(kind, relabelled(tmp_path / "d", **labels), tmp_path / "out") == 1
    assert words in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        ("{data}:much", "the share of the recordings should follow"),
        ("{data}:2", "above 0 and up to 1"),
        ("nowhere", "there is no dataset in this folder"),
        ("{empty}", "cannot be read as a dataset"),
    ],
)
def test_datasets_that_are_none(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], dataset: str, words: str
) -> None:
    (tmp_path / "empty").mkdir()
    given = dataset.format(data=data, empty=tmp_path / "empty")
    assert train.main(["key", "--dataset", given, "--out", str(tmp_path / "out")]) == 1
    assert words in capsys.readouterr().err


def test_silence_teaches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = ShardWriter(tmp_path / "d")
    labels = TrackLabels(key="A minor", tempo=100.0)
    writer.add("a", "a", "", "0", np.zeros(10 * RATE, np.int16), split="train", labels=labels)
    for kind in ("key", "tempo"):
        assert run(kind, tmp_path / "d", tmp_path / "out") == 1
        assert "nothing to learn from in these recordings" in capsys.readouterr().err


@pytest.mark.parametrize("broken", [np.inf, np.nan, 70_000.0])
def test_weights_that_no_file_can_hold_are_not_written(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken: float
) -> None:
    monkeypatch.setattr(command.KINDS["key"], "train", lambda *_, **__: {"temperature": np.array([broken])})
    (tmp_path / "key.json").write_text("the one before")
    assert run("key", data, tmp_path) == 1
    assert "the training went astray: temperature" in capsys.readouterr().err
    assert (tmp_path / "key.json").read_text() == "the one before"


def test_a_place_that_cannot_be_written_to(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run("key", data, tmp_path / "file") == 1
    assert "file cannot be a folder" in capsys.readouterr().err
    assert run("key", data, tmp_path / "out", "--cache", str(tmp_path / "file")) == 1
    assert "cannot be heard, or not be kept" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--epochs", "0"), "a whole number above 0"),
        (("--valid-share", "1"), "a share from 0 up to 1"),
        (("--valid-share", "some"), "a share from 0 up to 1"),
        (("--voters", "2"), "beats has no voters"),
    ],
)
def test_options_that_make_no_sense(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], words: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("beats", data, tmp_path, *more)
    assert words in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other interrupts")
@pytest.mark.slow
def test_an_interruption_is_clean_and_the_next_run_goes_on(tmp_path: Path) -> None:
    write(tmp_path / "songs", 40)
    out, cache = tmp_path / "out", tmp_path / "cache"
    arguments = [
        "key",
        "--dataset",
        str(tmp_path / "songs"),
        "--out",
        str(out),
        "--cache",
        str(cache),
        "--workers",
        "2",
    ]
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from segue_export.train import main; sys.exit(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 120
        while len(list(cache.rglob("*.npz"))) < 3:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert process.returncode == 130
    assert "interrupted; what was heard is kept" in said
    assert "Traceback" not in said
    assert not list(out.iterdir())
    assert not list(cache.rglob("*.part"))
    assert len(list(cache.rglob("*.npz"))) < len(Corpus(tmp_path / "songs"))
    assert run("key", tmp_path / "songs", out, "--cache", str(cache), "--voters", "1") == 0
