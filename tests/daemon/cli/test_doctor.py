"""`segue doctor`: what is wrong, and what to do."""

from __future__ import annotations

import os

import pytest

from command import segue
from segue.cli.checks import home as home_checks
from segue.cli.checks.finding import State
from segue.cli.checks.home import check_home
from segue.cli.checks.running import check_running
from segue.home import Home


def findings(found):
    return {finding.name: finding for finding in found}


@pytest.fixture
def made(home):
    place = Home.locate(home)
    place.create()
    return place


def test_a_good_machine_passes(home):
    outcome = segue("doctor", "--json", home=home)
    states = {line["name"]: line["state"] for line in outcome.lines}
    assert outcome.code == 0, outcome.out
    assert {"settings", "python", "runtime", "models", "provider", "decoders", "home", "disk", "daemon"} <= set(states)
    assert "fail" not in states.values()


def test_people_get_a_line_a_finding(home):
    outcome = segue("doctor", home=home)
    assert outcome.code == 0
    assert all(line.split()[0] in {"ok", "warn"} for line in outcome.out.splitlines())
    assert "mp3, m4a, flac, ogg, opus, wav, aiff" in outcome.out


def test_a_mistake_in_the_settings_fails(made):
    made.config_file.write_text("workers = -1\n")
    outcome = segue("doctor", "--json", "--home", made.data_dir)
    assert outcome.code == 1
    assert outcome.lines[0]["state"] == "fail"
    assert "workers" in outcome.lines[0]["sentence"]


def test_a_damaged_library_is_found(made):
    made.library_file.write_bytes(b"SQLite format 3\0" + os.urandom(8192))
    finding = findings(check_home(made))["library"]
    assert finding.state is State.FAIL
    assert "damaged" in finding.sentence


def test_a_home_that_is_not_there_is_fine(tmp_path):
    (finding,) = check_home(Home.locate(tmp_path / "new"))
    assert finding.state is State.OK
    assert not (tmp_path / "new").exists()


def test_a_home_that_is_a_file_fails(tmp_path):
    (tmp_path / "home").write_text("")
    finding = findings(check_home(Home.locate(tmp_path / "home")))["home"]
    assert finding.state is State.FAIL
    assert "--home" in finding.sentence


def test_a_home_that_others_can_enter_fails(made):
    made.connection_file.write_text("{}")
    made.connection_file.chmod(0o644)
    finding = findings(check_home(made))["private"]
    assert finding.state is State.FAIL
    assert str(made.connection_file) in finding.sentence


def test_a_path_too_long_for_sockets_is_a_warning(tmp_path):
    place = Home.locate(tmp_path / ("x" * 100))
    place.create()
    assert findings(check_home(place))["sockets"].state is State.WARN


def test_a_full_disk_is_told(made, monkeypatch):
    monkeypatch.setattr(home_checks, "_ROOM_FAIL", 1 << 60)
    assert findings(check_home(made))["disk"].state is State.FAIL


def test_a_library_that_cannot_be_opened_is_not_called_damaged(made):
    made.library_file.mkdir()
    finding = findings(check_home(made))["library"]
    assert finding.state is State.FAIL
    assert "damaged" not in finding.sentence


def test_a_connection_file_of_a_dead_daemon_is_a_warning(made):
    made.connection_file.write_text("{}")
    finding = findings(check_running(made))["daemon"]
    assert finding.state is State.WARN
    assert "segue up" in finding.sentence


def test_two_runtimes_over_each_other_are_found(tmp_path, monkeypatch, home):
    for name in ("onnxruntime", "onnxruntime_gpu"):
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    outcome = segue("doctor", "--json", home=home)
    runtime = next(line for line in outcome.lines if line["name"] == "runtime")
    assert outcome.code == 1
    assert runtime["state"] == "fail"
    assert "pip uninstall" in runtime["sentence"]
    assert "models" not in {line["name"] for line in outcome.lines}  # a mixed runtime is not even opened
