"""Whom to believe, from the command line through a real daemon into real files and back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import mutagen
import pytest
from mutagen.id3 import APIC, GEOB, ID3, PRIV, TBPM, TXXX

from command import segue
from loop import Loop
from segue.audio.probe import probe
from segue.client.sequence import GAP
from segue.errors import InvalidParamsError, PathNotAllowedError, TrackNotFoundError
from segue.protocol.messages import DeckParams, TagWrite
from segue.server.handlers.trust import TrustHandlers
from segue.server.router import Origin
from support import remove_home, wait_until

NAMES = ("Ada Lantern - Night Bus.mp3", "Ferrous - Last Platform.m4a", "Ada Lantern - Copper Rain.flac",
         "Oleander - Sunday Market.ogg")  # fmt: skip


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Iterator[Loop]:
    home = Path(os.path.realpath(tmp_path_factory.mktemp("h", numbered=True)))
    with Loop(home, tmp_path_factory.mktemp("collection")) as loop:
        loop.bring(music / name for name in NAMES)
        loop.settle(len(NAMES))
        yield loop
    remove_home(home)


@pytest.fixture
def track(loop: Loop) -> Iterator[str]:
    found = next(track for track in loop.tracks() if track.title == "Night Bus")
    yield f"#{found.id}"
    loop.client.set_values(f"#{found.id}", clear=["bpm", "key", "energy"])
    loop.client.set_values(f"#{found.id}", clear=["bpm", "key", "energy"], source="dj")


def run(loop: Loop, *arguments: str, code: int = 0) -> str:
    result = segue(*arguments, home=loop.home)
    assert result.code == code, result.out + result.err
    return result.out


def only(files: list[TagWrite]) -> TagWrite:
    assert len(files) == 1
    return files[0]


def test_what_is_set_holds_at_once(loop: Loop, track: str) -> None:
    with loop.client.events(["tracks.changed"], timeout=10) as events:
        told = loop.client.set_values(track, bpm=99.5, key="4A", energy=7)
        event = next(event for name, event in events if name != GAP)
    assert event.data == {"state": "present", "ids": [told.id]}
    assert (told.bpm, told.key, told.camelot, told.open_key, told.energy) == (99.5, "F minor", "4A", "9m", 7.0)
    assert [values[0].source for values in told.sources.values()] == ["user"] * 3
    seed = loop.client.next(track).seed
    assert (seed.bpm, seed.camelot, seed.energy) == (99.5, "4A", 7.0)
    other = next(other for other in loop.tracks() if other.id != told.id)
    suggested = next(one for one in loop.client.next(f"#{other.id}").suggestions if one.id == told.id)
    assert (suggested.bpm, suggested.camelot) == (99.5, "4A")


def test_the_user_outranks_the_dj_program(loop: Loop, track: str) -> None:
    before = loop.client.track(track)
    loop.client.set_values(track, bpm=60, source="user")
    told = loop.client.set_values(track, bpm=61, source="dj")
    assert [value.source for value in told.sources["bpm"]] == ["user", "dj", "segue"]
    assert told.bpm == 60
    assert loop.client.set_values(track, clear=["bpm"]).bpm == 61
    assert loop.client.set_values(track, clear=["bpm"], source="dj").bpm == before.bpm


def test_disagreement_is_shown(loop: Loop, track: str) -> None:
    heard = loop.client.track(track).bpm
    assert heard is not None
    loop.client.set_values(track, bpm=heard / 2, source="dj")
    told = loop.client.track(track)
    assert [doubt.kind for doubt in told.doubts if doubt.about == "bpm"] == ["half-double"]
    assert any(note.startswith("tempo: the DJ program says") for note in loop.client.next(track).seed.notes)
    assert told.id in {found.id for found in loop.client.doubts(["bpm"]).tracks}
    table = run(loop, "doubts", "--bpm")
    assert "Night Bus" in table
    assert "double time" in table
    run(loop, "set", track, "--bpm", f"{heard}")
    assert told.id not in {found.id for found in loop.client.doubts(["bpm"]).tracks}


@pytest.mark.parametrize(
    "said",
    [{}, {"bpm": 10.0}, {"key": "H# blue"}, {"energy": 11.0}, {"bpm": 99.0, "clear": ["bpm"]}, {"source": "god", "bpm": 9.0}],
)  # fmt: skip
def test_nonsense_is_refused(loop: Loop, track: str, said: dict[str, object]) -> None:
    before = loop.client.track(track)
    with pytest.raises(InvalidParamsError):
        loop.client.set_values(track, **said)
    assert loop.client.track(track) == before
    with pytest.raises(TrackNotFoundError):
        loop.client.set_values("#999999", bpm=120)


def test_the_commands(loop: Loop, track: str) -> None:
    told = json.loads(run(loop, "set", track, "--bpm", "174", "--key", "Abm", "--energy", "3", "--json"))
    assert (told["bpm"], told["camelot"], told["energy"]) == (174.0, "1A", 3.0)
    text = run(loop, "show", "night bus")
    assert "174.00 bpm   you: 174" in text
    assert "1A, 6m, G# minor" in text
    assert json.loads(run(loop, "show", track, "--json"))["sources"]["energy"][0] == {
        "value": 3.0, "source": "user", "confidence": None,
    }  # fmt: skip
    assert "174" not in run(loop, "set", track, "--clear", "bpm")
    run(loop, "set", track, code=2)
    run(loop, "set", code=2)
    run(loop, "set", track, "--bpm", "5", code=1)
    run(loop, "set", "no such thing", "--bpm", "120", code=4)


def test_a_table_of_values(loop: Loop, track: str, tmp_path: Path) -> None:
    table = tmp_path / "truth.csv"
    file = loop.music / NAMES[1]
    table.write_text(f"path;bpm;key\n{file};101.5;\nno such thing;120;\n{track};;7B\n;;\n{track};fast;\n")
    result = segue("set", "--from", str(table), "--json", home=loop.home)
    assert result.code == 1
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [line.get("bpm") or line.get("error", {}).get("code") for line in lines[:2]] == [101.5, "track-not-found"]
    assert lines[2]["camelot"] == "7B"
    assert lines[3]["error"]["code"] == "invalid-params"
    loop.client.set_values(str(file), clear=["bpm"])
    run(loop, "set", "--from", str(tmp_path / "none.csv"), code=1)


def test_what_was_set_survives_a_rename_and_a_new_daemon(loop: Loop, track: str) -> None:
    loop.client.set_values(track, bpm=99.5, key="4A")
    before = loop.music / NAMES[0]
    after = before.rename(before.with_name("renamed.mp3"))
    wait_until(lambda: loop.client.track(track).path == str(after))
    loop.settle(len(NAMES))
    assert loop.daemon.stop() == 0
    loop.restart()
    loop.settle(len(NAMES))
    told = loop.client.track(str(after))
    assert (told.bpm, told.camelot) == (99.5, "4A")
    after.rename(before)
    wait_until(lambda: loop.client.track(track).path == str(before))
    loop.settle(len(NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_tags_are_written_and_nothing_is_analysed_again(loop: Loop, name: str, tmp_path: Path) -> None:
    file = loop.music / name
    file.chmod(0o640)
    kept = shutil.copy2(file, tmp_path)
    told = loop.client.set_values(str(file), bpm=126.25, key="Am", energy=6.6)
    planned = only(loop.client.write_tags(str(file), dry_run=True).files)
    assert (planned.state, file.read_bytes()) == ("planned", Path(kept).read_bytes())

    with loop.client.events(["track.indexed", "tracks.changed", "track.failed"], timeout=2) as events:
        written = only(loop.client.write_tags(str(file)).files)
        seen = [(name, event.data) for name, event in events if name != GAP]
    assert written.state == "written", written
    assert [(c.value, c.state, c.after) for c in written.changes] == [
        ("bpm", "written", "126.25"), ("key", "written", "8A"), ("energy", "written", "7"),
    ]  # fmt: skip
    assert seen == [("tracks.changed", {"state": "present", "ids": [told.id]})]

    now = probe(file)
    assert (now.tags.bpm, now.tags.key, now.tags.energy) == (126.25, "A minor", 7.0)
    assert now.identity == probe(Path(kept)).identity
    assert file.stat().st_mode & 0o777 == 0o640
    assert [value.source for value in loop.client.track(str(file)).sources["bpm"]] == ["user", "file", "segue"]
    assert only(loop.client.write_tags(str(file)).files).state == "unchanged"
    loop.client.set_values(str(file), clear=["bpm", "key", "energy"])


def test_our_own_estimate_does_not_outrank_itself(loop: Loop) -> None:
    file = loop.music / NAMES[2]
    tagged = mutagen.File(file)
    tagged.pop("BPM", None)
    tagged.save()
    wait_until(lambda: len(loop.client.track(str(file)).sources["bpm"]) == 1)
    loop.settle(len(NAMES))
    heard = loop.client.track(str(file))
    done = only(loop.client.write_tags(str(file), ["bpm"], overwrite=True, unsure=True).files)
    assert done.state == "written"
    told = loop.client.track(str(file))
    assert [value.source for value in told.sources["bpm"]] == ["segue", "file"]
    assert (told.bpm, told.bpm_confidence) == (heard.bpm, heard.bpm_confidence)
    assert "(from Segue)" in run(loop, "show", f"#{told.id}")
    loop.client.rescan()
    loop.settle(len(NAMES))
    assert loop.client.track(str(file)) == told


def refused(loop: Loop, track: str, code: str) -> None:
    before = {path.name: path.read_bytes() for path in loop.music.iterdir()}
    done = only(loop.client.write_tags(track, overwrite=True, unsure=True).files)
    assert (done.state, done.code) == ("failed", code)
    assert {path.name: path.read_bytes() for path in loop.music.iterdir()} == before


def test_refusals(loop: Loop, track: str) -> None:
    file = loop.music / NAMES[0]
    loop.client.set_values(track, bpm=77.0)

    file.chmod(0o444)
    refused(loop, track, "file-read-only")
    file.chmod(0o644)

    loop.client.update_deck(DeckParams(deck="1", path=str(file), playing=True))
    refused(loop, track, "file-in-use")
    loop.client.update_deck(DeckParams(deck="1", path=str(file), playing=False))

    other = file.with_name("other name.txt")
    other.hardlink_to(file)
    refused(loop, track, "file-linked")
    other.unlink()

    loop.client.pause()
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 10**9))
    refused(loop, track, "file-changed")
    loop.client.resume()
    loop.client.rescan()
    loop.settle(len(NAMES))
    assert only(loop.client.write_tags(track, overwrite=True, unsure=True).files).state == "written"


def test_a_file_below_no_watched_folder_is_unknown(loop: Loop, music: Path) -> None:
    with pytest.raises(TrackNotFoundError):
        loop.client.write_tags(str(music / "Kilnworks - Cold Storage.opus"))


def test_the_command_that_writes(loop: Loop, track: str) -> None:
    file = loop.music / NAMES[0]
    tags = ID3(file)
    tags.add(APIC(encoding=0, mime="image/png", type=3, desc="cover", data=os.urandom(70_000)))
    tags.add(
        GEOB(encoding=0, mime="application/octet-stream", filename="", desc="Serato Markers2", data=os.urandom(900))
    )
    tags.add(PRIV(owner="TRAKTOR4", data=os.urandom(5000)))
    tags.add(TXXX(encoding=1, desc="Näme", text=["ü"]))
    tags.add(TBPM(encoding=3, text=["120"]))
    tags.save(file, v2_version=3)
    loop.settle(len(NAMES))
    wait_until(lambda: 120.0 in [value.value for value in loop.client.track(track).sources["bpm"]])
    before = {key: frame for key, frame in ID3(file, translate=False).items() if key != "TBPM"}

    run(loop, "set", track, "--bpm", "126.5")
    assert "the file says 120, which stays" in run(loop, "write-tags", track, "--bpm")
    text = run(loop, "write-tags", track, "--bpm", "--overwrite")
    assert "120 → 126.5" in text
    after = ID3(file, translate=False)
    assert after.version == (2, 3, 0)
    assert str(after.pop("TBPM")) == "126.5"
    assert dict(after.items()) == before
    line = json.loads(
        run(loop, "write-tags", track, "--key", "--notation", "openkey", "--overwrite", "--unsure", "--json")
    )
    assert [change["value"] for change in line["files"][0]["changes"]] == ["key"]
    assert str(mutagen.File(file)["TKEY"])[-1] in "md"
    run(loop, "write-tags", "no such thing", code=4)
    run(loop, "write-tags", track, "no such thing", code=1)


def test_strangers_write_nothing() -> None:
    handlers = TrustHandlers(*[None] * 6)  # type: ignore[arg-type]
    with pytest.raises(PathNotAllowedError):
        handlers.write_tags(None, Origin("far", local=False))  # type: ignore[arg-type]
