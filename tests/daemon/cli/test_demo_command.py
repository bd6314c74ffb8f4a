"""`segue demo`, from the first note to the last file removed."""

from __future__ import annotations

import re

import psutil
import pytest

from command import segue


@pytest.mark.slow
def test_the_demo_shows_suggestions_and_leaves_nothing_behind(home, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(home))
    outcome = segue("demo", home=home / "mine", seconds=170)
    assert outcome.code == 0, outcome.err
    assert "Indexed 12 of 12 tracks" in outcome.out
    assert outcome.out.count("$ segue next") == 2
    blend = outcome.out.split('$ segue next "Night Bus"')[1].split("$ segue next")[0]
    assert re.search(r"Last Platform|Copper Rain|Sunday Market", blend)
    assert list(home.iterdir()) == []
    running = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [command for command in running if str(home) in command]
