"""The whole way: published weights (made up) in, another vector out, and an answer at any time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from command import segue
from loop import Loop
from models_support import TRACKS, Asker, has_changed
from reference_support import DIM, DRIVER, write_checkpoints
from segue.cli import models
from segue.cli.main import main
from segue.home import Home


@pytest.mark.slow
def test_reference_networks_are_installed_and_take_over(home, tmp_path, music, monkeypatch):
    monkeypatch.setattr(models, "CONVERTER", (str(DRIVER),))
    published = write_checkpoints(tmp_path / "published")
    with Loop(home, tmp_path / "music") as loop:
        loop.bring(sorted(music.iterdir())[:TRACKS])
        before = loop.settle(indexed=TRACKS)
        with Asker(loop) as asker:
            installed = CliRunner().invoke(
                main, ["models", "install", "msd", "--from", str(published), "--json", "--home", str(home)]
            )
            assert installed.exit_code == 0, installed.output
            made = json.loads(installed.stdout.splitlines()[-1])
            assert (made["name"], made["dim"], made["licence"]) == ("msd", DIM, "MIT")
            assert "synthesised" in made["summary"]
            assert segue("models", "use", "msd", home=home).code == 0
            after = has_changed(loop, "msd")
        assert asker.errors == []
        assert set(asker.answers) <= {TRACKS - 2, TRACKS - 1}, "made-up networks may hear two mixes of a work as one"
        assert (before.index.dim, after.index.dim) == (before.index.dim, DIM)
        assert (after.tracks.indexed, after.tracks.failed) == (TRACKS, 0)
        rows = {row["name"]: row for row in segue("models", "--json", home=home).json["sets"]}
        assert (rows["msd"]["state"], rows["shipped"]["state"]) == ("in-use", "installed")
        assert f"{TRACKS} tracks of yours" in rows["msd"]["summary"]
        file = loop.tracks()[0].path
        assert len(segue("analyse", file, "--json", "--vector", home=home).json["vector"]) == DIM
        suggestion = loop.client.similar(file, limit=1).suggestions[0]
        assert -1 <= suggestion.similarity <= 1
        assert "set msd" in segue("status", home=home).out
        loop.daemon.stop()
    _without_a_daemon(home, file, made["id"])


def _without_a_daemon(home: Path, file: str, installed: str) -> None:
    """The set goes on being used, and leaves when another one has taken its place."""
    after = segue("analyse", file, "--json", "--vector", home=home).json
    assert (len(after["vector"]), after["model"]) == (DIM, installed)
    doctor = {line["name"]: line for line in segue("doctor", "--json", home=home).lines}
    assert installed in doctor["models"]["sentence"]
    refused = segue("models", "remove", "msd", home=home)
    assert (refused.code, "in use" in refused.err) == (1, True)
    assert "next start" in segue("models", "use", "shipped", home=home).out
    assert "removed" in segue("models", "remove", "msd", home=home).out
    assert [path.name for path in Home.locate(home).models_dir.iterdir()] == ["wanted.json"]
