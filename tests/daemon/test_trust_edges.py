"""What is set and written at the edges: numbers that cannot be true, decimal commas, files that wait for a newer analysis."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import mutagen
import pytest

from command import segue
from loop import Loop
from segue.library.files import RENEWAL_PRIORITY
from support import remove_home

NAME = "Ada Lantern - Night Bus.mp3"


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Iterator[Loop]:
    home = Path(os.path.realpath(tmp_path_factory.mktemp("h", numbered=True)))
    with Loop(home, tmp_path_factory.mktemp("collection")) as loop:
        loop.bring([music / NAME])
        loop.settle(1)
        yield loop
    remove_home(home)


@pytest.fixture
def track(loop: Loop) -> str:
    (found,) = loop.tracks()
    return f"#{found.id}"


@pytest.mark.parametrize(("name", "said"), [("bpm", "nan"), ("bpm", "inf"), ("energy", "nan"), ("energy", "0")])
def test_a_number_that_cannot_be_true_is_refused_in_words(loop: Loop, track: str, name: str, said: str) -> None:
    before = loop.client.track(track)
    result = segue("set", track, f"--{name}", said, home=loop.home)
    assert result.code == 1
    assert f"{float(said)!r} is no {name}: " in result.err
    assert ("tempo" in result.err, "an energy" in result.err) == (name == "bpm", name == "energy")
    assert loop.client.track(track) == before


def test_a_table_may_have_decimal_commas_and_no_nonsense(loop: Loop, track: str, tmp_path: Path) -> None:
    table = tmp_path / "truth.csv"
    table.write_text(f"path;bpm\n{track};nan\n{track};128,5\n")
    result = segue("set", "--from", str(table), "--json", home=loop.home)
    assert result.code == 1
    wrong, told = (json.loads(line) for line in result.out.splitlines())
    assert wrong["error"]["message"].startswith("nan is no bpm")
    assert told["bpm"] == 128.5


def test_a_file_that_only_waits_for_a_newer_analysis_is_written(loop: Loop, track: str) -> None:
    file = loop.music / NAME
    loop.client.set_values(track, bpm=78.0)
    loop.client.pause()
    try:
        with closing(sqlite3.connect(loop.home / "library.db")) as db, db:
            found = db.execute(
                "UPDATE files SET state = 'queued', priority = ? WHERE path = ?", (RENEWAL_PRIORITY, os.fsencode(file))
            )
            assert found.rowcount == 1
        assert loop.status().tracks.queued == 1
        (done,) = loop.client.write_tags(track, ["bpm"], overwrite=True).files
        assert done.state == "written"
        assert mutagen.File(file)["TBPM"].text == ["78"]
        os.utime(file, ns=(1, file.stat().st_mtime_ns + 10**9))
        (done,) = loop.client.write_tags(track, ["bpm"], overwrite=True).files
        assert (done.state, done.code) == ("failed", "file-changed")
    finally:
        loop.client.resume()
    loop.client.rescan()
    loop.settle(1)
