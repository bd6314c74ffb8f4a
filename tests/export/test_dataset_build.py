"""Building a dataset: in parallel, interrupted, on a full disk, from files that are broken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dataset_crash import crash_on_poison
from dataset_support import record, rows_of

from segue_export.datasets import build as building
from segue_export.datasets.build import CRASHED, DatasetError, build, pending, relabel
from segue_export.datasets.command import main
from segue_export.datasets.items import Item, Limits, settle_groups
from segue_export.datasets.labels import TrackLabels
from segue_export.interrupts import INTERRUPTED
from segue_export.shards import Corpus, ShardWriter

LIMITS = Limits(min_seconds=1.0)


def items_of(folder: Path) -> list[Item]:
    return [Item(path.parent.name, path.name, path) for path in sorted(folder.rglob("*")) if path.is_file()]


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve recordings in three folders, of which one is a copy, one short, one silent and one broken."""
    folder = tmp_path_factory.mktemp("music")
    for number in range(8):
        record(folder / f"album-{number % 3}" / f"{number:02}.flac", number)
    (folder / "album-1/copy.flac").write_bytes((folder / "album-0/00.flac").read_bytes())
    record(folder / "album-2/short.wav", 20, 0.5)
    (folder / "album-2/broken.mp3").write_bytes(b"ID3" + bytes(500))
    silent = record(folder / "album-2/silent.wav", 21)
    silent.write_bytes(silent.read_bytes()[:44] + bytes(64_000))
    return folder


def test_every_recording_gets_a_row(music: Path, tmp_path: Path) -> None:
    said: list[str] = []
    counts = build(items_of(music), tmp_path, limits=LIMITS, report=lambda i, status: said.append(status))
    assert counts == {"ok": 8, "duplicate": 1, "short": 1, "silent": 1, "bad": 1}
    rows = rows_of(tmp_path)
    assert rows["copy.flac"].status == "duplicate"
    assert rows["broken.mp3"].status.startswith("bad: ")
    assert str(music) not in rows["broken.mp3"].status
    assert len(said) == 12
    corpus = Corpus(tmp_path)
    assert all(abs(track.seconds - 2) < 0.01 for track in corpus.tracks)
    assert np.abs(corpus.audio(5)).max() > 0.3


def test_as_many_workers_as_one_likes_give_the_same(music: Path, tmp_path: Path) -> None:
    for workers in (1, 2):
        build(items_of(music), tmp_path / str(workers), limits=LIMITS, workers=workers)
    for name in ("audio.i16", "manifest.csv"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_build_that_was_ended_goes_on(tmp_path: Path, how: signal.Signals) -> None:
    for number in range(30):
        record(tmp_path / "music" / f"album-{number // 5}" / f"{number:02}.flac", number, 1.5)
    out, whole = tmp_path / "out", tmp_path / "whole"
    options = [str(tmp_path / "music"), "--min-seconds", "1", "--workers"]
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "import time; from segue_export.shards import ShardWriter; add = ShardWriter.add; "
        "ShardWriter.add = lambda *given, **named: (time.sleep(0.1), add(*given, **named))[1]; "  # there is time to end it
        "from segue_export.datasets.command import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", code, "folder", *options, "2", "--out", str(out)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        deadline = time.monotonic() + 120
        while not (out / "audio.i16").exists() or (out / "audio.i16").stat().st_size < 200_000:
            assert time.monotonic() < deadline
            assert run.poll() is None, "it was done before it could be ended"
            time.sleep(0.002)
        # Its workers get the signal as well, as from a terminal.
        os.killpg(run.pid, how)
        said = run.communicate(timeout=60)[1]
    assert 0 < len(Corpus(out)) < 30
    if how == signal.SIGINT:
        assert run.returncode == INTERRUPTED
        assert "interrupted; the same command goes on where it stopped" in said
        assert "Traceback" not in said
    assert main(["folder", *options, "1", "--out", str(out)]) == 0
    assert main(["folder", *options, "1", "--out", str(whole)]) == 0
    for name in ("audio.i16", "manifest.csv"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.slow
def test_a_crashed_decoder_hurts_nobody_else(music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned = tmp_path / "music"
    for number, name in enumerate(("a", "poison", "b")):
        record(poisoned / f"{number}-{name}.wav", number)
    monkeypatch.setattr(building, "_decode", crash_on_poison)
    counts = build(items_of(poisoned), tmp_path / "out", limits=LIMITS, workers=2)
    assert counts == {"ok": 2, "bad": 1}
    rows = rows_of(tmp_path / "out")
    assert [name for name, row in rows.items() if row.status == CRASHED] == ["1-poison.wav"]
    assert list(rows) == sorted(rows)


def test_a_full_disk_is_said_and_mended(music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    command = ["folder", str(music), "--min-seconds", "1", "--workers", "1", "--out", str(tmp_path)]
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, limits[1]))
        assert main(command) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert "the disk is full" in capsys.readouterr().err
    assert len(Corpus(tmp_path)) == 2
    assert main(command) == 0
    assert len(Corpus(tmp_path)) == 8


def test_what_another_dataset_has_is_left_out(music: Path, tmp_path: Path) -> None:
    build(items_of(music / "album-0"), tmp_path / "first", limits=LIMITS)
    counts = build(items_of(music), tmp_path / "second", limits=LIMITS, not_in=[tmp_path / "first"])
    assert counts["duplicate"] == 4
    with pytest.raises(DatasetError, match="nowhere cannot be read as a dataset"):
        build([], tmp_path / "third", not_in=[tmp_path / "nowhere"])
    assert not (tmp_path / "third").exists()


def test_what_is_there_is_not_looked_at_again(music: Path, tmp_path: Path) -> None:
    items = items_of(music)
    build(items[:5], tmp_path, limits=LIMITS)
    assert pending(items, tmp_path) == items[5:]
    assert sum(build([*items, *items], tmp_path, limits=LIMITS).values()) == len(items) - 5


def test_new_labels_need_no_new_decoding(music: Path, tmp_path: Path) -> None:
    items = items_of(music / "album-0")
    build(items, tmp_path, limits=LIMITS)
    audio = (tmp_path / "audio.i16").stat().st_mtime_ns
    assert relabel(items, tmp_path) == 0
    labelled = [replace(items[0], labels=TrackLabels(tempo=99.0)), *items[1:]]
    assert relabel(labelled, tmp_path) == 1
    assert [row.labels.tempo for row in rows_of(tmp_path).values()] == [99.0, *(None for _ in items[1:])]
    assert (tmp_path / "audio.i16").stat().st_mtime_ns == audio
    assert relabel(items, tmp_path / "nowhere") == 0


def test_another_split_than_before_is_refused(music: Path, tmp_path: Path) -> None:
    items = items_of(music / "album-0")
    build([replace(items[0], split="train")], tmp_path, limits=LIMITS)
    with pytest.raises(DatasetError, match=r"'album-0' is in the split 'train', not 'test'.*in a new folder"):
        build([replace(item, split="test") for item in items], tmp_path, limits=LIMITS)


def test_only_the_beginning_of_a_long_recording_is_taken(music: Path, tmp_path: Path) -> None:
    build(items_of(music / "album-0"), tmp_path, limits=Limits(0.5, 0.75))
    assert {track.samples for track in Corpus(tmp_path).tracks} == {12_000}


def test_a_folder_that_is_no_dataset_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("a,b\n")
    with pytest.raises(DatasetError, match="no dataset manifest"):
        build([], tmp_path)
    with pytest.raises(DatasetError, match="cannot be used"):
        build([], tmp_path / "manifest.csv")
    assert (tmp_path / "manifest.csv").read_text() == "a,b\n"


def test_a_divided_group_becomes_one_group_a_split(tmp_path: Path) -> None:
    paths = [("x", "train"), ("x", "test"), ("y", "train"), ("y", "train")]
    items = [Item(group, str(number), tmp_path, split=split) for number, (group, split) in enumerate(paths)]
    settled, divided = settle_groups(items)
    assert divided == ["x"]
    assert [item.group for item in settled] == ["x (train)", "x (test)", "y", "y"]
    writer = ShardWriter(tmp_path)
    for item in settled:
        writer.add(item.group, item.path, "", "", "short", split=item.split)
