"""`benchmarks/peers.py`, with a stand-in for librosa that fails on some files as real programs do."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

PEERS = Path(__file__).parents[3] / "benchmarks" / "peers.py"
STAND_IN = """
import os, sys
from types import SimpleNamespace

print("a library that talks")

def load(path):
    if path.endswith("a.wav"):
        raise ValueError("no longer than before")
    name = os.path.basename(path)
    if "crash" in name:
        os._exit(11)
    if "odd" in name:
        raise RuntimeError("odd file")
    return [0.0] * 22_050 * 60, 22_050

beat = SimpleNamespace(beat_track=lambda y, sr: (60.0 * len(y) / sr / 30, None))
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "librosa.py").write_text(STAND_IN)
    (tmp_path / "lib" / "ffmpeg").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "lib" / "ffmpeg").chmod(0o755)
    names = ["one.mp3", "crash.mp3", "odd.mp3", "two.mp3"]
    for name in names[:3]:
        (tmp_path / name).touch()
    (tmp_path / "truth.csv").write_text("path,bpm\n" + "".join(f"{name},120\n" for name in names))

    def call(*arguments):
        environment = {
            **os.environ,
            "PYTHONPATH": str(tmp_path / "lib"),
            "PATH": f"{tmp_path / 'lib'}:{os.environ['PATH']}",
        }
        command = [
            sys.executable,
            PEERS,
            tmp_path / "truth.csv",
            "--program",
            "librosa",
            "--out",
            tmp_path / "out.csv",
            *arguments,
        ]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return call


def test_a_program_that_crashes_is_started_again_and_what_is_there_is_kept(run, tmp_path):
    done = run()
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == ["one.mp3", "crash.mp3", "odd.mp3", "two.mp3"]
    assert [row["bpm"] for row in rows] == ["120.0", "", "", "120.0"]
    assert float(rows[0]["seconds"]) == 60.0
    assert float(rows[0]["cpu_seconds"]) >= 0.0
    assert "key" not in rows[0]  # it has no key finder: none is judged
    assert "ffmpeg" in rows[1]["error"]  # after the crash the file was to be decoded for it
    assert "ffmpeg" in rows[2]["error"]
    before = (tmp_path / "out.csv").read_bytes()
    with (tmp_path / "truth.csv").open("a") as file:
        file.write("three.mp3,120\n")
    assert run().returncode == 0
    after = (tmp_path / "out.csv").read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == before.count(b"\n") + 1


def test_what_cannot_run_is_said(run):
    assert "no key finder" in run("--only", "key").stderr
    assert "is it installed" in run("--program", "essentia").stderr
