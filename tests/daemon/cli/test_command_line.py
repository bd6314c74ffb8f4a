"""The command without a daemon: help, options, exit codes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from command import segue
from segue.cli.main import main
from segue.home import Home

COMMANDS = main.list_commands(click.Context(main))
ASKS_THE_DAEMON = [
    ["next", "title"], ["similar", "x.mp3"], ["search", "words"], ["status"], ["folders"], ["folders", "add", "/"],
    ["failures"], ["events"], ["played", "title"], ["history"],
]  # fmt: skip
HEAVY = ("numpy", "zmq", "rich", "onnxruntime", "librosa", "av", "msgspec", "scipy", "hnswlib")


def test_help_lists_every_command():
    outcome = segue("--help")
    assert outcome.code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", outcome.out, re.MULTILINE), name


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from segue.cli.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"print('heavy:', sorted(set(sys.modules) & set({HEAVY!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_takes_a_home(name):
    with click.Context(main, info_name="segue") as context:
        command = main.get_command(context, name)
        assert command.help.strip()
        page = command.get_help(click.Context(command, parent=context, info_name=name))
    assert "--home" in page
    assert "\\b" not in page
    assert "\b" not in page


def test_the_version_is_told():
    assert segue("--version").out.startswith("segue, version 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"], ["next", "--limit", "0", "x"], ["search"], ["analyse"], ["--no-such"],
        ["folders", "add", "--private", "--public", "."],
    ],
)  # fmt: skip
def test_wrong_usage_is_two(arguments):
    outcome = segue(*arguments)
    assert outcome.code == 2
    assert "Usage: " in outcome.err


@pytest.mark.parametrize("arguments", ASKS_THE_DAEMON, ids=" ".join)
def test_without_a_daemon_it_says_so_in_a_sentence_and_in_json(home, arguments):
    outcome = segue(*arguments, "--json", home=home)
    assert outcome.code == 3
    assert outcome.json["error"]["code"] == "daemon-not-running"
    assert outcome.err == f"segue: {outcome.json['error']['message']}\n"
    assert "segue up" in outcome.err


def test_without_json_stdout_stays_empty(home):
    outcome = segue("status", home=home)
    assert (outcome.code, outcome.out) == (3, "")


def test_home_before_and_after_the_command_beats_the_environment(home, tmp_path):
    for arguments in (["--home", home, "status"], ["status", "--home", home]):
        assert str(home) in segue(*arguments, home=tmp_path).err
    assert str(tmp_path) in segue("status", home=tmp_path).err


def test_down_without_a_daemon_is_fine(home):
    outcome = segue("down", home=home)
    assert (outcome.code, outcome.out) == (0, "Segue was not running.\n")


def test_up_on_an_impossible_home_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    outcome = segue("up", "--home", tmp_path / "file" / "home")
    assert outcome.code == 1
    assert "--home" in outcome.err
    assert outcome.err.count("\n") == 1


def test_up_with_a_mistake_in_the_settings_says_where(home):
    Home.locate(home).config_file.write_text("workers = 2\nwrokers = 3\n")
    outcome = segue("up", "--home", home)
    assert outcome.code == 3
    assert "line 2" in outcome.err
    assert "wrokers" in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_folder_named_segue_in_the_working_directory_is_not_run(home, tmp_path):
    (tmp_path / "segue").mkdir()
    (tmp_path / "segue" / "__init__.py").write_text("raise SystemExit('wrong segue')")
    Home.locate(home).config_file.write_text("nonsense")  # so that the daemon ends at once, in its own words
    done = subprocess.run(
        [Path(sys.executable).with_name("segue"), "up", "--home", str(home)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "wrong segue" not in done.stderr
    assert "config.toml" in done.stderr
