"""`segue models`, without a daemon."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from command import SEGUE, segue
from models_support import add_set
from reference_support import DRIVER, send, server, write_checkpoints
from segue.cli import models
from segue.cli.exits import Exit
from segue.cli.main import main
from segue.home import Home
from segue_export.reference.published import CRNN
from support import wait_until


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """A copy of the repository's weights, made up."""
    return write_checkpoints(tmp_path_factory.mktemp("published"))


@pytest.fixture
def converter(monkeypatch):
    """Let made-up weights count as published."""
    monkeypatch.setattr(models, "CONVERTER", (str(DRIVER),))


def run(*arguments: str | Path, home: Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments), "--home", str(home)], catch_exceptions=False)


def left(home: Path) -> list[str]:
    return sorted(path.name for path in Home.locate(home).models_dir.iterdir())


def test_a_new_home_lists_the_shipped_set_and_what_can_be_installed(home):
    outcome = segue("models", "list", "--json", home=home)
    shipped, msd = outcome.json["sets"]
    assert (shipped["name"], shipped["state"], shipped["licence"]) == ("shipped", "in-use", "Apache-2.0")
    assert shipped["bytes"] > 1_000_000
    assert len(shipped["tags"]) >= 50
    assert (msd["name"], msd["installed"], msd["state"]) == ("msd", False, "available")
    text = segue("models", home=home).out
    assert "segue models install msd" in text
    assert shipped["id"] in text


def test_files_that_are_not_the_published_ones_are_refused(home, published):
    """By the real converter, which knows what the published ones are."""
    outcome = segue("models", "install", "msd", "--from", published, "--json", home=home)
    assert outcome.code == 1
    assert outcome.json["error"]["code"] == "model-mismatch"
    assert "5e4334531c3e630521d329c68a39ab374d61418c" in outcome.err
    assert left(home) == []


def test_a_folder_without_the_files(home, tmp_path):
    outcome = segue("models", "install", "msd", "--from", tmp_path, home=home)
    assert outcome.code == 1
    assert "best_model.pth" in outcome.err
    assert left(home) == []


def test_without_pytorch_the_command_to_install_it_is_said(home, monkeypatch):
    monkeypatch.setattr(models, "NEEDED", ("no_such_package",))
    outcome = run("models", "install", "msd", home=home)
    assert outcome.exit_code == 1
    assert f'{sys.executable} -m pip install "segue-dj[export]"' in outcome.stderr


def test_without_a_network_it_is_one_sentence(home):
    outcome = segue("models", "install", "msd", "--base-url", "http://127.0.0.1:9", home=home)
    assert outcome.code == 1
    assert "--from" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "program",
    [
        "import sys, pathlib; pathlib.Path(sys.argv[3], 'crnn.onnx').write_text('half'); sys.exit(9)",
        'print(\'{"name": "msd", "summary": "", "licence": ""}\')',
        "print('not json')",
        "import os; os.kill(os.getpid(), 9)",
    ],
)
def test_a_conversion_that_breaks_off_registers_nothing(home, monkeypatch, program):
    monkeypatch.setattr(models, "CONVERTER", ("-c", program))
    outcome = run("models", "install", "msd", home=home)
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("segue: ")
    assert left(home) == []


def test_a_name_that_is_none(home):
    outcome = segue("models", "use", "nonsense", home=home)
    assert outcome.code == 1
    assert "shipped" in outcome.err


def test_a_damaged_set_is_said(home):
    made = add_set(home)
    (made.folder / "vector.json").write_text("{")
    row = next(row for row in segue("models", "--json", home=home).json["sets"] if row["name"] == "other")
    assert row["problem"]
    assert segue("models", "use", "other", home=home).code == 1
    assert "damaged" in segue("models", home=home).out


def test_ctrl_c_leaves_only_what_can_be_gone_on_from(home):
    stalled = threading.Event()

    def answer(request, _number: int) -> None:
        send(request, bytes(900_000), stop=300_000)
        request.wfile.flush()
        stalled.set()
        request.close_connection = False
        done.wait(30)

    done = threading.Event()
    with server(answer) as (url, _):
        program = subprocess.Popen(
            [*SEGUE, "models", "install", "msd", "--base-url", url, "--home", str(home)],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        part = Home.locate(home).models_dir / "downloads" / f"{CRNN.name}-{CRNN.git_id}.part"
        wait_until(lambda: stalled.is_set() and part.is_file() and part.stat().st_size, what="part of a download")
        os.killpg(program.pid, signal.SIGINT)
        said = program.communicate(timeout=30)[1]
        done.set()
    assert program.returncode == Exit.INTERRUPTED
    assert "Traceback" not in said
    assert left(home) == ["downloads"]


@pytest.mark.skipif(shutil.which("mount") is None, reason="this system has no mount command")
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, published, converter):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs rights that this user does not have")
    try:
        outcome = run("models", "install", "msd", "--from", published, home=disk / "h")
        assert outcome.exit_code == 1
        assert "is full" in outcome.stderr
        assert "Traceback" not in outcome.stderr
        assert left(disk / "h") == []
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    outcome = segue("models", "use", "shipped", home=tmp_path / "file" / "home")
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
