"""Whether a Mixxx that is open is found, however its settings are named."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import mixxx_tables
import psutil
from mixxx_pretender import Pretender

from segue_plugins.mixxx import process
from segue_plugins.mixxx.__main__ import main
from segue_plugins.mixxx.settings import Settings


def test_a_settings_folder_that_is_named_from_where_it_was_started(tmp_path, monkeypatch):
    for name in ("profile", "other"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    with Pretender(tmp_path, Path("profile")):
        monkeypatch.chdir("/")
        assert process.find(Settings(tmp_path / "profile")) is not None
        assert process.find(Settings(tmp_path / "other")) is None


def test_the_usual_folder_by_whatever_name(tmp_path, monkeypatch):
    home = tmp_path / "home"
    (home / ".mixxx").mkdir(parents=True)
    (tmp_path / "linked").symlink_to(home / ".mixxx")
    monkeypatch.setattr(Path, "home", lambda: home)
    plain = SimpleNamespace(info={"name": "mixxx"}, cmdline=lambda: ["mixxx", "--resourcePath", "/x"])
    monkeypatch.setattr(psutil, "process_iter", lambda _: iter([plain]))
    for folder in (process.usual_folders()[0], tmp_path / "linked", home / ".." / "home" / ".mixxx"):
        assert process.find(Settings(folder)) is plain
    assert process.find(Settings(tmp_path)) is None


def test_words_in_any_alphabet_end_up_in_a_log_of_another_code_page(tmp_path, monkeypatch):
    folder = tmp_path / "ミックス"
    folder.mkdir()
    mixxx_tables.make(folder / "mixxxdb.sqlite")
    log = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(log, encoding="cp1252"))
    assert main(["setup", "--no-input", "--settings", str(folder), "--home", str(tmp_path / "home")]) == 0
    assert "ミックス" in log.getvalue().decode()
