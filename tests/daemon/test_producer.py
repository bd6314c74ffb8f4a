"""For those who make music: a real daemon, bounces in a private folder, and a sample of a record."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from command import segue
from loop import Loop
from segue.demo.files import write_audio, write_track
from segue.demo.synth import TrackSpec, render
from segue.errors import PathNotAllowedError, TrackNotFoundError
from segue.protocol.messages import ChangesParams, CheckParams, SimilarParams
from segue.server.handlers.check import CheckHandlers
from segue.server.handlers.producer import ProducerHandlers
from segue.server.router import Origin
from support import remove_home

RECORD = TrackSpec("Copper Rain", "Ada Lantern", "house", 124.0, "A minor", "house", seconds=48.0)
OTHER = TrackSpec("Undertow", "Ferrous", "techno", 132.0, "F minor", "techno", seconds=40.0)
BOUNCE = TrackSpec("song", "", "", 174.0, "C minor", "drum-and-bass", seconds=40.0)


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """Two records, and two bounces of a song in a private folder; beside them a third bounce with a sample of a record."""
    home = Path(os.path.realpath(tmp_path_factory.mktemp("h", numbered=True)))
    with Loop(home, tmp_path_factory.mktemp("collection")) as loop:
        bounces = loop.music.parent / f"{loop.music.name}-bounces"
        bounces.mkdir()
        for spec in (RECORD, OTHER):
            write_track(loop.music, spec, "flac")
        wave = render(BOUNCE)
        first, second = bounces / "song_v6.wav", bounces / "song_v7.wav"
        write_audio(first, wave, 44_100)
        write_audio(second, 0.5 * np.concatenate([wave, wave[: 12 * 44_100]]), 44_100)
        os.utime(second, (1e9, 1e9))  # copied from a backup: its time is older than that of v6
        with_sample = wave.copy()
        with_sample[15 * 44_100 : 31 * 44_100] *= 0.5
        with_sample[15 * 44_100 : 31 * 44_100] += render(RECORD)[24 * 44_100 : 40 * 44_100]
        write_audio(bounces.parent / "song_v8.wav", 0.5 * with_sample, 44_100)
        loop.client.add_folder(bounces, private=True)
        loop.settle(4)
        yield loop
    shutil.rmtree(bounces)
    remove_home(home)


@pytest.fixture
def bounces(loop: Loop) -> Path:
    return loop.music.parent / f"{loop.music.name}-bounces"


def test_bounces_are_versions_of_one_private_work(loop: Loop, bounces: Path) -> None:
    found = segue("versions", bounces / "song_v7.wav", "--json", home=loop.home).json
    assert [(one["version"], one["private"], one["id"] is None) for one in found["versions"]] == [
        ("v6", True, False),
        ("v7", True, False),
    ]
    # A file that is in no library takes its place among them, by its number.
    new = loop.client.work(str(shutil.copy(bounces.parent / "song_v8.wav", bounces / "song_v8.tmp")))
    assert new.title == "song"
    assert [one.version for one in new.versions] == ["v6", "v7", "v8"]
    assert new.versions[-1].id is None


def test_what_changed_since_the_version_before(loop: Loop, bounces: Path) -> None:
    result = segue("changes", bounces / "song_v7.wav", "--json", home=loop.home)
    found = {change["about"]: change for change in result.json["changes"]}
    assert (result.json["before"]["version"], result.json["after"]["version"]) == ("v6", "v7")
    assert found["length"]["after"] - found["length"]["before"] == pytest.approx(12.0, abs=0.1)
    assert found["loudness"]["after"] - found["loudness"]["before"] == pytest.approx(-6.0, abs=1.0)
    assert result.json["similarity"] > 0.8
    shown = segue("changes", bounces / "song_v7.wav", "--since", "v6", home=loop.home).out
    assert "song" in shown
    assert "v6 → v7" in shown
    assert "(+12.0 s)" in shown
    outside = loop.client.changes(str(bounces.parent / "song_v8.wav"), str(bounces / "song_v6.wav"))
    assert outside.after.id is None
    assert "length" not in {change.about for change in outside.changes}


def test_there_may_be_no_version_before(loop: Loop, bounces: Path) -> None:
    with pytest.raises(TrackNotFoundError, match="--since"):
        loop.client.changes(str(bounces / "song_v6.wav"))
    with pytest.raises(TrackNotFoundError):
        loop.client.changes(str(bounces / "song_v7.wav"), "v99")


def test_a_sample_of_a_record_is_too_close(loop: Loop, bounces: Path) -> None:
    """Also of one whose name the file bears: a bootleg is no bounce of the record."""
    bootleg = shutil.copy(bounces.parent / "song_v8.wav", bounces.parent / "Ada Lantern - Copper Rain (Bootleg).wav")
    result = segue("check", bootleg, "--json", home=loop.home)
    assert result.code == 1
    close = result.json["close"]
    assert {one["record"]["title"] for one in close} == {RECORD.title}
    assert close[0]["text"].startswith("0:")
    assert 13 <= close[0]["start"] < close[0]["end"] <= 33
    assert {one["title"] for one in result.json["compared"]} == {RECORD.title, OTHER.title}


def test_nothing_is_close_without_a_sample(loop: Loop, bounces: Path) -> None:
    """Neither a record nor another bounce of the song; one record is compared because it is named."""
    result = segue("check", bounces / "song_v7.wav", "--records", "0", "--against", RECORD.title, home=loop.home)
    assert result.code == 0
    assert "No part of it is close to any of 1 record." in result.out
    assert "Compared with 1 of 2 records" in result.out


@pytest.mark.parametrize("section", ["intro", "drop", "outro"])
def test_what_sounds_like_a_section(loop: Loop, bounces: Path, section: str) -> None:
    found = loop.client.similar(bounces / "song_v7.wav", 5, section)
    assert {one.title for one in found.suggestions} == {RECORD.title, OTHER.title}
    assert any(note.startswith(f"compared by its {section}: ") for note in found.seed.notes)


def test_a_section_of_a_file_in_no_library(loop: Loop, bounces: Path) -> None:
    result = segue("similar", bounces.parent / "song_v8.wav", "--section", "drop", "--json", home=loop.home)
    assert result.json["seed"]["id"] is None
    assert len(result.json["suggestions"]) == 2


def test_similar_tracks_that_are_too_close_are_marked(loop: Loop, bounces: Path) -> None:
    result = segue("similar", bounces.parent / "song_v8.wav", "--close", "--json", home=loop.home)
    notes = {one["title"]: [note for note in one["notes"] if "too close" in note] for one in result.json["suggestions"]}
    assert notes[OTHER.title] == []
    assert len(notes[RECORD.title]) == 1
    assert " is like " in notes[RECORD.title][0]


def test_a_stranger_may_not_name_any_file(loop: Loop) -> None:
    """Nor learn whether it exists: only files below the watched folders may be named over TCP."""
    library = SimpleNamespace(folders=lambda: [loop.music], resolve=_unknown)
    producer = ProducerHandlers(library, None, None, None, None)
    check = CheckHandlers(library, None, None, None)
    stranger, secret = Origin("x", local=False), str(loop.home / "config.toml")
    for ask in (
        lambda: producer._like_section(SimilarParams(path=secret, section="drop"), stranger),
        lambda: producer._work(secret, stranger),
        lambda: producer._changes(ChangesParams(track=secret), stranger),
        lambda: check._check(CheckParams(path=secret), stranger),
    ):
        with pytest.raises(PathNotAllowedError):
            ask()


def _unknown(reference: str) -> int:
    raise TrackNotFoundError(reference)
