"""Ctrl-C in the commands of the workshop: one sentence, status 130, no traceback, and nothing lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from evaluation_support import write_dataset
from export_support import teachers, tune, write_corpus

from segue_export import commands, export, labelling, quantise, train
from segue_export.evaluation import main as evaluation
from segue_export.evaluation import recommend_main, robustness_main
from segue_export.interrupts import INTERRUPTED, deaf_to_interrupts, interruptible, stopping, undivided
from segue_export.shards import ShardWriter
from segue_export.trainer import CHECKPOINT
from segue_export.views import ViewMaker, ViewStore

TYPED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from {0} import main
{1}
sys.exit(main())
"""
"""A program as a terminal starts it: with Ctrl-C heard, whatever the tests were started from."""
QUICK = """
from functools import partial
from segue_export import train
train.Settings = partial(train.Settings, calibration_crops=8)
"""
SLOW = """
import time
from segue_export.evaluation.listening import Archive
append = Archive.append
Archive.append = lambda *given: (append(*given), time.sleep(2))
"""
"""A clip takes a tenth of a second, and all of them could be heard before Ctrl-C is."""

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other interrupts")


@pytest.fixture(autouse=True)
def _heard() -> Any:
    """Ctrl-C is heard in the tests' own process, also in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


COMMANDS: dict[str, tuple[Callable[[list[str]], int], Any, str, list[str]]] = {
    "label": (train.main, labelling, "load_teachers", ["label", "--dataset", "x", "--views", "v", "--teachers", "."]),
    "train": (train.main, train, "_vocabulary", ["crnn", "--dataset", "x", "--out", "o", "--no-teachers"]),
    "tempo": (
        train.main,
        import_module("segue_export.small.command"),
        "run",
        ["tempo", "--dataset", "x", "--out", "o"],
    ),
    "export": (export.main, export, "export", ["crnn", "--dataset", "x", "--out", "o", "--run", "r"]),
    "quantise": (export.main, quantise, "prepare", ["quantise", "--models", "m", "--data", "d"]),
    "evaluate": (evaluation.main, evaluation, "read_clips", ["x"]),
    "recommend": (evaluation.main, recommend_main, "synthetic", ["recommend", "--synthetic"]),
    "robustness": (robustness_main.main, robustness_main, "read_clips", ["x"]),
    "info": (
        import_module("segue_export.datasets.command").main,
        import_module("segue_export.datasets.command"),
        "summarise",
        ["info", "x"],
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_it_is_told_in_a_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command, module, step, given = COMMANDS[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(labelling, "folder", Path)
    monkeypatch.setattr(module, step, press)
    assert command(given) == INTERRUPTED
    assert re.fullmatch(r"interrupted; [^\n]+\n", capsys.readouterr().err)


def test_while_the_program_loads(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(commands, "import_module", press)
    for command in (commands.dataset, commands.evaluate, commands.robustness, commands.export, commands.train):
        assert command() == INTERRUPTED
    assert capsys.readouterr().err == 5 * "interrupted before it began\n"


def test_every_installed_command_is_one_of_these() -> None:
    scripts = (
        (Path(__file__).parents[2] / "pyproject.toml").read_text().partition("[project.scripts]")[2].split("\n\n")[0]
    )
    targets = re.findall(r'^segue-[a-z]+ = "(.+):(.+)"$', scripts, re.MULTILINE)
    assert len(targets) == 5
    assert all(module == "segue_export.commands" and hasattr(commands, name) for module, name in targets)


def test_a_command_without_its_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named 'torch' (for {name})")

    monkeypatch.setattr(commands, "import_module", missing)
    assert commands.train() == 1
    assert "pip install 'segue-dj[export]'" in capsys.readouterr().err


def test_what_belongs_together_is_put_in_place_together() -> None:
    done = []

    @interruptible("interrupted")
    def work() -> int:
        with undivided():
            for number in range(3):
                signal.raise_signal(signal.SIGINT)
                done.append(number)
        return 0

    assert work() == INTERRUPTED
    assert done == [0, 1, 2]


def test_the_first_asks_and_the_second_does_not_wait() -> None:
    asked: list[bool] = []

    @interruptible("interrupted")
    def work() -> int:
        with stopping(lambda: asked.append(True)):
            signal.raise_signal(signal.SIGINT)
            asked.append(False)
            signal.raise_signal(signal.SIGINT)
        return 0

    assert work() == INTERRUPTED
    assert asked == [True, False]


def test_where_it_is_ignored_it_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for context in (deaf_to_interrupts(), stopping(press), undivided()):
        with context:
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_models_are_as_before_when_the_making_of_new_ones_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_corpus(tmp_path / "data")
    torch.manual_seed(0)
    ViewMaker(labelling.need_mixer([str(tmp_path / "data")]), teachers(), tmp_path / "views", "a", 1).make()
    run = train.Trainer(
        train.Settings("shortchunk", minutes=1, width=4, calibration_crops=4, batch_scale=1 / 32),
        ViewStore(tmp_path / "views"), train.Vocabulary.of(teachers()[0].tags), tmp_path / "run",
    )  # fmt: skip
    run.learn()
    run.save()
    given = [
        "shortchunk",
        "--run",
        str(tmp_path / "run"),
        "--dataset",
        str(tmp_path / "data"),
        "--out",
        str(tmp_path / "m"),
    ]
    assert export.main(given) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "m").iterdir()}
    assert set(before) == {"short_chunk.onnx", "short_chunk.json"}
    run.learn()
    run.save()
    with monkeypatch.context() as patch:
        patch.setattr(export, "_golden", press)
        assert export.main(given) == INTERRUPTED
    assert {path.name: path.read_bytes() for path in (tmp_path / "m").iterdir()} == before
    assert export.main(given) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "m").iterdir()} != before


@needs_signals
@pytest.mark.slow
def test_a_training_ends_after_its_step_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = ShardWriter(tmp_path / "data")
    for number in range(4):
        writer.add("package-0", f"{number}.ogg", "CC0-1.0", str(number), tune(number), split="train")
    quick = ["--minutes", "9", "--width", "4", "--first-views", "4", "--batch-scale", "0.05", "--full-precision"]
    given = ["shortchunk", "--dataset", str(tmp_path / "data"), "--out", str(tmp_path / "run"), *quick, "--no-teachers"]
    log = tmp_path / "run" / "log.csv"
    code, said = interrupt("segue_export.train", given, log.exists, QUICK)
    assert (code, said.splitlines()[-1]) == (INTERRUPTED, train._STOPPED)
    assert "Traceback" not in said
    state = torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)
    assert state["progress"]["step"] >= 20
    minutes = state["progress"]["minutes"] + 0.005
    assert train.main([*given, "--resume", "--minutes", str(minutes)]) == 0
    assert f"starting at step {state['progress']['step']}" in capsys.readouterr().out


@needs_signals
@pytest.mark.slow
def test_listening_in_several_processes_ends_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dataset(tmp_path / "data", each=2)
    out = tmp_path / "out"
    given = [str(tmp_path / "data"), "--out", str(out), "--jobs", "2", "--no-baseline", "--no-plots", "--no-segments"]

    def heard() -> int:
        return sum(path.read_bytes().count(b'"digest"') for path in out.glob("cache/segue-*"))

    code, said = interrupt("segue_export.evaluation.main", given, lambda: heard() > 0, SLOW)
    assert code == INTERRUPTED
    assert "interrupted; what was heard is kept" in said
    assert "Traceback" not in said
    kept = heard()
    assert 0 < kept < 6
    assert evaluation.main([*given, "--jobs", "1"]) == 0
    assert f"{6 - kept} of {6 - kept} clips" in capsys.readouterr().err
    assert heard() == 6


def interrupt(module: str, given: list[str], ready: Callable[[], object], more: str = "") -> tuple[int, str]:
    """Start a command, press Ctrl-C as a terminal does when it is ready; the exit status and what was said of it."""
    command = [sys.executable, "-c", TYPED.format(module, more), *given]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            deadline = time.monotonic() + 150
            while not ready():
                assert process.poll() is None, process.communicate()[1]
                assert time.monotonic() < deadline
                time.sleep(0.005)
            os.killpg(process.pid, signal.SIGINT)
            said = process.communicate(timeout=60)[1]
        finally:
            process.kill()
    return process.returncode, said


def test_a_view_that_was_being_labelled_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_corpus(tmp_path / "data", packages=8, tracks=1)
    mixer = labelling.need_mixer([str(tmp_path / "data")])
    ViewMaker(mixer, teachers(), tmp_path / "whole", "a", 1).make()
    with monkeypatch.context() as patch:
        patch.setattr(np, "save", press)
        with pytest.raises(KeyboardInterrupt):
            ViewMaker(mixer, teachers(), tmp_path / "views", "a", 1).make()
    assert len(ViewStore(tmp_path / "views")) == 0
    ViewMaker(mixer, teachers(), tmp_path / "views", "a", 1).make()
    for name in ("a-00000.npy", "a-00000.npz"):
        assert (tmp_path / "views" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
