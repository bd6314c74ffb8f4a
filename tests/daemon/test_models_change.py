"""From one set of networks to another while a daemon answers: real files, real processes."""

from __future__ import annotations

import time

import pytest

from loop import Loop
from models_support import TRACKS, Asker, add_set, has_changed
from segue.errors import ModelError, ModelMissingError
from segue.home import Home
from segue.protocol.messages import Status
from support import wait_until


@pytest.fixture
def loop(home, tmp_path, music):
    with Loop(home, tmp_path / "music") as running:
        running.bring(sorted(music.iterdir())[:TRACKS])
        running.settle(indexed=TRACKS)
        yield running


def dim(status: Status) -> int | None:
    return status.index.dim


def test_questions_are_answered_while_another_set_takes_over_and_the_way_back_is_short(loop):
    before = loop.status()
    first = loop.client.next(loop.tracks()[0].title)
    tracks = {track.id: track for track in loop.tracks()}
    assert before.models["set"] == "shipped"
    made = add_set(loop.home)
    with Asker(loop) as asker:
        assert f"{TRACKS} tracks" in loop.client.use_models("other").detail
        assert loop.status().models["id"] == before.models["id"]
        after = has_changed(loop, "other")
    assert asker.errors == []
    assert set(asker.answers) == {asker.usual}
    assert len(asker.answers) > 20
    assert after.models["id"] == made.id
    assert (dim(before), dim(after)) == (before.index.dim, made.load().dim)
    assert dim(before) != dim(after)
    assert (after.tracks.indexed, after.tracks.queued, after.tracks.failed) == (TRACKS, 0, 0)
    for track in loop.tracks():
        known = tracks[track.id]
        assert (track.bpm, track.key, track.energy, track.sources) == (
            known.bpm, known.key, known.energy, known.sources
        )  # fmt: skip
        assert track.model == made.id
        assert track.tags == pytest.approx(known.tags, abs=2e-3)
    path = loop.tracks()[0].path
    assert len(loop.client.analyse(path, vector=True).vector) == made.load().dim
    _refuses_what_is_in_use(loop)
    began = time.monotonic()
    assert loop.client.use_models("shipped").detail == "shipped takes over."
    has_changed(loop, "shipped")
    assert time.monotonic() - began < 10, "nothing is analysed again"
    assert loop.client.next(loop.tracks()[0].title).suggestions == first.suggestions
    assert "removed" in loop.client.remove_models("other").detail
    assert list(Home.locate(loop.home).models_dir.glob("other-*")) == []


def _refuses_what_is_in_use(loop: Loop) -> None:
    with pytest.raises(ModelError, match="in use"):
        loop.client.remove_models("other")
    with pytest.raises(ModelError, match="part of Segue"):
        loop.client.remove_models("shipped")
    with pytest.raises(ModelMissingError, match="install msd"):
        loop.client.use_models("nonsense")


def test_a_change_goes_on_after_a_kill(loop):
    add_set(loop.home)
    loop.client.use_models("other")
    wait_until(lambda: _done(loop) >= 2, 60, what="two tracks")
    loop.daemon.kill()
    loop.restart()
    with Asker(loop) as asker:
        status = loop.status()
        if status.renewal is not None:
            assert status.models["set"] == "shipped"
            assert status.renewal.done >= 2
        after = has_changed(loop, "other")
    assert asker.errors == []
    assert set(asker.answers) == {asker.usual}
    assert after.tracks.indexed == TRACKS


def _done(loop: Loop) -> int:
    renewal = loop.status().renewal
    return TRACKS if renewal is None else renewal.done


def test_a_change_can_be_called_off_and_one_takes_along_the_files_that_come(loop, music):
    made = add_set(loop.home)
    before = loop.status().models
    loop.client.pause()
    loop.client.use_models("other")
    assert loop.status().renewal.state == "held"
    assert loop.client.use_models("shipped").detail == "Segue stays with shipped."
    status = loop.status()
    assert status.renewal is None
    assert status.models == before
    loop.client.use_models("other")
    loop.client.resume()
    loop.bring(sorted(music.iterdir())[TRACKS : TRACKS + 2])
    after = None

    def all_there() -> bool:
        nonlocal after
        after = loop.status()
        return after.tracks.indexed == TRACKS + 2 and after.renewal is None

    wait_until(all_there, 90, what="all tracks with the new networks")
    assert after is not None
    assert after.models["id"] == made.id
    assert {track.model for track in loop.tracks()} == {made.id}


def test_vectors_of_networks_that_are_gone_answer_until_new_ones_are_there(loop, music, tmp_path):
    """As after an update of Segue with other networks."""
    made = add_set(loop.home)
    loop.client.use_models("other")
    has_changed(loop, "other")
    loop.client.pause()
    loop.daemon.stop()
    for path in made.folder.glob("*.onnx"):
        path.unlink()
    loop.restart()
    with Asker(loop) as asker:
        after = has_changed(loop, "shipped")
    assert asker.errors == []
    assert set(asker.answers) == {asker.usual}
    assert any("other" in problem for problem in after.problems)
    assert after.tracks.indexed == TRACKS
