"""The command with a real daemon that `segue up` has started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil
import pytest

from command import SEGUE, segue
from segue.client import Client
from segue.home import Home
from segue.protocol.messages import DeckParams
from segue.server import connection
from support import remove_home, wait_until

TRACKS = ("Ada Lantern - Night Bus.mp3", "Ferrous - Last Platform.m4a", "Ada Lantern - Copper Rain.flac",
          "Oleander - Sunday Market.ogg", "Sable & Finch - Undertow.mp3")  # fmt: skip
OUTSIDE = "Kilnworks - Cold Storage.opus"
SUGGESTION = {"path", "title", "artist", "bpm", "camelot", "energy", "similarity", "score", "tags_in_common", "why"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, music):
    folder = tmp_path_factory.mktemp("collection")
    for name in TRACKS:
        shutil.copy(music / name, folder)
    (folder / "broken.wav").write_bytes(b"RIFF\x00\x00\x00\x00 no audio")
    return folder


@pytest.fixture(scope="module")
def up(folder):
    """A home on which `segue up` has indexed the folder; the outcome of that run."""
    home = Path(tempfile.mkdtemp(prefix="segue-"))
    Home.locate(home).config_file.write_text("settle_seconds = 0.3\nworkers = 1\n")
    yield home, segue("up", folder, "--home", home)
    remove_home(home)


@pytest.fixture
def home(up):
    return up[0]


def test_up_returns_when_all_is_indexed(up):
    _, outcome = up
    assert outcome.code == 0, outcome.err
    assert "5 tracks ready; 1 file could not be analysed" in outcome.out
    assert "segue next" in outcome.out


def test_the_daemon_lives_in_a_session_of_its_own(home):
    pid = connection.read(Home.locate(home)).pid
    assert os.getsid(pid) == pid
    assert psutil.Process(pid).cwd() == str(home)


def test_up_again_uses_the_same_daemon(home):
    before = segue("status", "--json", home=home).json["pid"]
    outcome = segue("up", home=home)
    assert outcome.code == 0
    assert "running in the background" not in outcome.out
    assert segue("status", "--json", home=home).json["pid"] == before


def test_status_json(home, folder):
    status = segue("status", "--json", home=home).json
    assert status["pid"] == connection.read(Home.locate(home)).pid
    assert {name: status["tracks"][name] for name in ("indexed", "queued", "failed")} == {
        "indexed": 5, "queued": 0, "failed": 1
    }  # fmt: skip
    assert {"rate", "time_left", "models", "endpoints", "version", "index", "provider"} <= set(status)
    assert [(entry["path"], entry["watch"]) for entry in status["folders"]] == [(str(folder.resolve()), "events")]
    assert status["index"]["vectors"] == 5
    assert set(status["endpoints"]) >= {"query", "events"}


def test_status_for_people(home, folder):
    outcome = segue("status", home=home)
    assert "5 tracks ready, 1 failed" in outcome.out
    assert "idle, watching" in outcome.out
    assert str(folder.resolve()) in outcome.out.replace("\n", "")


@pytest.mark.parametrize("how", ["words", "absolute path", "relative path"])
def test_next_json(home, folder, how):
    track = {"words": "night bus", "absolute path": str(folder / TRACKS[0]), "relative path": TRACKS[0]}[how]
    outcome = segue("next", track, "--json", "--limit", "3", home=home, cwd=folder)
    assert outcome.code == 0, outcome.err
    answer = outcome.json
    assert answer["seed"]["title"] == "Night Bus"
    assert len(answer["suggestions"]) == 3
    scores = [suggestion["score"] for suggestion in answer["suggestions"]]
    assert scores == sorted(scores, reverse=True)
    for suggestion in answer["suggestions"]:
        assert set(suggestion) >= SUGGESTION
        assert suggestion["title"] != "Night Bus"
        assert Path(suggestion["path"]).parent == folder.resolve()
        assert suggestion["why"]
        assert -1.0 <= suggestion["similarity"] <= 1.0
        assert isinstance(suggestion["tags_in_common"], list)


def test_next_for_people_fits_80_columns(home):
    outcome = segue("next", "night bus", home=home)
    assert outcome.code == 0
    assert "After Night Bus - Ada Lantern" in outcome.out
    assert "Last Platform - Ferrous" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_the_house_track_in_the_same_key_comes_before_the_drum_and_bass(home):
    titles = [entry["title"] for entry in segue("next", "night bus", "--json", home=home).json["suggestions"]]
    assert titles.index("Last Platform") < titles.index("Undertow")


def test_similar_takes_a_file_that_is_in_no_library(home, music):
    outcome = segue("similar", OUTSIDE, "--json", home=home, cwd=music)
    assert outcome.code == 0, outcome.err
    assert outcome.json["seed"]["id"] is None
    assert outcome.json["seed"]["path"] == str(music / OUTSIDE)
    assert len(outcome.json["suggestions"]) == 5
    assert segue("status", "--json", home=home).json["tracks"]["indexed"] == 5


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_names_that_are_no_text(home, music, tmp_path):
    folder = os.fsencode(tmp_path) + b"/\xe9t\xe9"
    Path(os.fsdecode(folder)).mkdir()
    shutil.copy(music / OUTSIDE, folder + b"/caf\xe9.opus")
    outcome = segue("similar", os.fsdecode(folder + b"/caf\xe9.opus"), "--json", home=home)
    assert outcome.code == 0, outcome.err
    assert outcome.json["seed"]["path"].endswith("/\ufffdt\ufffd/caf\ufffd.opus")
    added = segue("folders", "add", os.fsdecode(folder), "--json", home=home)
    assert added.json["folders"][-1]["path"].endswith("/\ufffdt\ufffd"), added.err
    removed = segue("folders", "remove", os.fsdecode(folder), "--json", home=home)
    assert len(removed.json["folders"]) == 1, removed.err


def test_a_loop_of_links_is_no_watched_folder(home, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    for what in ("add", "remove"):
        outcome = segue("folders", what, tmp_path / "loop", "--json", home=home)
        assert outcome.json["error"]["code"] == "folder-not-found"


def test_a_lost_connection_file_comes_back(home):
    file = Home.locate(home).connection_file
    before = file.read_text()
    for damage in (file.unlink, lambda: file.write_text("{}"), lambda: os.truncate(file, 20)):
        damage()
        wait_until(lambda: file.is_file() and file.read_text() == before, what="the connection file")
    assert segue("status", home=home).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["next", "no such title"], 4, "track-not-found"),
        (["next", "#999"], 4, "track-not-found"),
        (["similar", "/no/such/file.mp3"], 1, "file-missing"),
        (["folders", "add", "/no/such/folder"], 4, "folder-not-found"),
        (["folders", "remove", "/tmp"], 4, "folder-not-found"),
        (["folders", "add", "/" + 300 * "x"], 4, "folder-not-found"),
        (["folders", "add", ""], 1, "invalid-params"),
        (["next", ""], 4, "track-not-found"),
        (["show", 300 * "x"], 4, "track-not-found"),
        (["promote", "night bus"], 1, "invalid-params"),
    ],
)
def test_errors_of_the_daemon(home, arguments, code, kind):
    outcome = segue(*arguments, "--json", home=home)
    assert outcome.code == code
    assert outcome.json["error"]["code"] == kind
    assert outcome.err.startswith("segue: ")


@pytest.mark.parametrize("arguments", [["show", "./no such"], ["played", "/no/such.mp3"], ["path", "../x.wav", "#1"]])
def test_a_path_that_does_not_exist_is_told(home, arguments):
    assert segue(*arguments, home=home).err == f"segue: There is no file {os.path.abspath(arguments[1])}.\n"  # noqa: PTH100


def test_output_that_is_no_unicode(home, folder, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert "Night Bus" in segue("next", "night bus", home=home).out + segue("show", "night bus", home=home).out
    assert segue("search", "night bus", "--json", home=home).json["tracks"][0]["path"].startswith(str(folder))


def test_search(home):
    found = segue("search", "ada", "lantern", "--json", home=home).json["tracks"]
    assert {track["title"] for track in found} == {"Night Bus", "Copper Rain"}
    assert f"#{found[0]['id']}" in segue("search", "ada lantern", home=home).out
    assert "No track" in segue("search", "zzz", home=home).out


def test_a_path_and_a_set_through_the_library(home, folder, tmp_path):
    file = tmp_path / "way.m3u8"
    way = segue(
        "path", "night bus", "last platform", "--steps", "4", "--again", "--m3u8", file, "--json", home=home
    ).json
    assert [Path(track["path"]).name for track in way["tracks"]][:: len(TRACKS) - 1] == [TRACKS[0], TRACKS[1]]
    assert {track["path"] for track in way["tracks"]} == {str(folder / name) for name in TRACKS}
    assert [track["why"] == "start" for track in way["tracks"]] == [True] + 4 * [False]
    assert file.read_text().splitlines()[2::2] == [track["path"] for track in way["tracks"]]
    made = segue("set", "--minutes", "5", "--start", "night bus", "--again", "--json", home=home).json
    assert made["tracks"][0]["title"] == "Night Bus"
    assert made["seconds"] <= sum(track["duration"] for track in made["tracks"])


def test_failures(home, folder):
    (failure,) = segue("failures", "--json", home=home).json["failures"]
    assert failure["path"] == str(folder.resolve() / "broken.wav")
    assert failure["code"] == "not-audio"
    assert "not-audio" in segue("failures", home=home).out


def test_what_is_playing_and_what_was_played_are_the_seed_of_next(home, folder):
    nothing = segue("next", "--json", home=home)
    assert (nothing.code, nothing.json["error"]["code"]) == (4, "track-not-found")
    assert segue("played", "undertow", home=home).out == "Played: Undertow - Sable & Finch\n"
    assert segue("next", "--json", home=home).json["seed"]["title"] == "Undertow"
    with Client(home) as client:
        client.update_deck(DeckParams(deck="1", path=str(folder / TRACKS[1]), playing=True, client="test"))
        assert segue("next", "--json", home=home).json["seed"]["title"] == "Last Platform"
        client.update_deck(DeckParams(deck="1"))
    assert [play["title"] for play in segue("history", "--json", home=home).json["plays"]] == ["Undertow"]
    assert "Undertow - Sable & Finch" in segue("history", home=home).out


def test_pause_is_shown_and_up_does_not_wait_for_it(home, folder, music):
    assert segue("pause", home=home).code == 0
    shutil.copy(music / OUTSIDE, folder)
    wait_until(lambda: segue("status", "--json", home=home).json["tracks"]["queued"] == 1, what="the new file's place")
    outcome = segue("up", home=home, seconds=30)
    assert "1 files wait: analysis is paused" in outcome.out
    assert segue("resume", home=home).code == 0
    wait_until(lambda: segue("status", "--json", home=home).json["tracks"]["indexed"] == 6, what="the analysis")
    (folder / OUTSIDE).unlink()

    def is_gone() -> bool:
        status = segue("status", "--json", home=home).json
        return status["tracks"]["indexed"] == 5 and not status["scanning"]

    wait_until(is_gone, what="the file's end")  # which is an event, and the next test counts those


def test_events_are_printed_as_they_happen(home):
    command = [*SEGUE, "events", "--json", "--home", str(home)]
    printed = []
    with Client(home) as client, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # fmt: skip
        reader = threading.Thread(target=lambda: printed.extend(process.stdout), daemon=True)
        reader.start()
        try:
            # Played again and again, for nobody knows when it has begun to listen.
            wait_until(lambda: client.mark_played("copper rain") and len(printed) >= 3, what="the events")
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            reader.join(20)
            assert process.stderr.read() == ""
        finally:
            process.kill()
    events = [json.loads(line) for line in printed]
    if events[0]["event"] == "gap":  # what was published in the very moment of subscribing
        del events[0]
    assert all(set(event) == {"event", "seq", "at", "data"} for event in events)
    assert {event["event"] for event in events} == {"play.added", "memory.changed"}
    assert {event["data"]["title"] for event in events if event["event"] == "play.added"} == {"Copper Rain"}
    assert [event["seq"] for event in events] == [events[0]["seq"] + place for place in range(len(events))]


def test_the_night_and_what_is_learned_from_it(home, tmp_path):
    def run(*words):
        outcome = segue(*words, home=home)
        assert outcome.code == 0, outcome.err
        return outcome.out

    assert "new night" in run("night", "--new")
    for name in ("night bus", "undertow", "sunday market"):
        assert run("played", name).startswith("Played: ")
    assert run("played", "--undo") == "Taken back: Sunday Market - Oleander\n"
    played = segue("night", "--json", home=home).json["plays"]
    assert [play["title"] for play in played] == ["Night Bus", "Undertow"]
    suggested = segue("next", "undertow", "--json", home=home).json["suggestions"]
    assert "Night Bus" not in {suggestion["title"] for suggestion in suggested}
    assert "Liked: Copper Rain" in run("like", "copper rain", "--after", "night bus")
    (tmp_path / "tracklist.txt").write_text("1. Ferrous - Last Platform\n2. Ada Lantern - Copper Rain\n3. No - One\n")
    assert "2 of them in the library, 1 transition learned" in run("learn", tmp_path / "tracklist.txt")
    shown = segue("memory", "--json", home=home).json
    assert {(pair["first"]["title"], pair["second"]["title"]) for pair in shown["pairs"]} >= {
        ("Night Bus", "Undertow"), ("Last Platform", "Copper Rain")
    }  # fmt: skip
    assert "Learned from files" in run("memory", "show", "copper rain")
    mixed = segue("learn", tmp_path / "tracklist.txt", tmp_path / "none.m3u8", "--json", home=home)
    assert (mixed.code, len(mixed.json["lessons"])) == (1, 1)
    assert [failure["path"] for failure in mixed.json["failures"]] == [str(tmp_path / "none.m3u8")]
    assert len(segue("memory", "-n", "1", "--json", home=home).json["pairs"]) == 1
    assert segue("memory", "forget", "--all", "--plays", home=home).code == 2
    assert "Forgotten: " in run("memory", "forget", "--all", "--plays", "--yes")
    assert "Nothing was learned yet" in run("memory")
    assert segue("played", "--undo", home=home).code == 4
    assert segue("memory", "forget", home=home).code == segue("played", home=home).code == 2


def test_folders_are_added_listed_and_removed(home, folder, tmp_path):
    added = segue("folders", "add", tmp_path.name, "--json", home=home, cwd=tmp_path.parent)
    assert {entry["path"] for entry in added.json["folders"]} == {str(folder.resolve()), str(tmp_path.resolve())}
    lists = [segue(*words, "--json", home=home).json["folders"] for words in (["folders"], ["folders", "list"])]
    assert [entry["path"] for entry in lists[0]] == [entry["path"] for entry in lists[1]]
    assert segue("folders", "rescan", home=home).code == 0
    removed = segue("folders", "remove", tmp_path, "--json", home=home)
    assert [entry["path"] for entry in removed.json["folders"]] == [str(folder.resolve())]


def test_crates_private_folders_and_stars(home, folder, tmp_path):
    def run(*words):
        outcome = segue(*words, "--json", home=home)
        assert outcome.code == 0, outcome.err
        return outcome.json

    playlist = tmp_path / "friday.m3u8"
    playlist.write_text("\n".join(str(folder / name) for name in (*TRACKS[:2], "gone.mp3")))
    (change,) = run("crates", "add", "Friday", playlist)["changes"]
    assert (change["matched"], change["unmatched"], change["crates"][0]["tracks"]) == (2, ["gone.mp3"], 2)
    found = run("next", "night bus", "--crate", "friday", "--lane", "best")
    assert ([one["title"] for one in found["suggestions"]], found["relaxed"]) == (["Last Platform"], [])
    run("crates", "add", "friday", "sunday market")
    assert len(run("crates", "show", "FRIDAY")["tracks"]) == 3
    first = segue("crates", "show", "friday", "-n", "2", home=home).out
    assert first.index("Night Bus") < first.index("Last Platform") < first.index("--skip 2")
    run("crates", "take-out", "friday", "sunday market")
    assert "Friday" in segue("crates", home=home).out
    assert run("crates", "import", playlist)["changes"][0]["crates"][0]["name"] == "friday"
    assert run("crates", "remove", "friday")["crates"] == []
    assert segue("crates", "show", "Friday", home=home).code == 1
    assert run("set", "night bus", "--rating", "4")["rating"] == 4
    assert "★★★★" in segue("show", "night bus", home=home).out
    assert run("set", "night bus", "--clear", "rating")["rating"] is None
    assert [entry["private"] for entry in run("folders", "add", "--private", folder)["folders"]] == [True]
    assert "private" in segue("folders", home=home).out
    assert run("promote", "undertow")["promoted"]
    assert [one["title"] for one in run("next", "night bus")["suggestions"]] == ["Undertow"]
    assert not run("promote", "undertow", "--undo")["promoted"]
    run("folders", "add", "--public", folder)
    assert len(run("next", "night bus")["suggestions"]) > 1


def test_doctor_knows_the_daemon(home):
    findings = {finding["name"]: finding for finding in segue("doctor", "--json", home=home).lines}
    assert findings["daemon"]["state"] == "ok"
    assert "Running as process" in findings["daemon"]["sentence"]


def test_ctrl_c_leaves_the_daemon_running(home, folder):
    growing, grown = folder / "growing.wav", threading.Event()

    def grow():  # a file that does not stand still: `segue up` has something to wait for
        with growing.open("wb", buffering=0) as file:
            while not grown.wait(0.1):
                file.write(b"more")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with Client(home) as client:
            wait_until(lambda: client.status().scanning, what="the sight of the new file")
        with subprocess.Popen([*SEGUE, "up"], env={**os.environ, "SEGUE_HOME": str(home)}, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:  # fmt: skip
            asks = psutil.Process(process.pid)
            # ZeroMQ has threads of its own. A file that was not written to for a moment stood still: then it has ended.
            wait_until(lambda: process.poll() is not None or asks.num_threads() > 1, what="the connection")
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
    finally:
        grown.set()
        writer.join()
        growing.unlink()
    assert (process.returncode, err) in {(0, ""), (130, "")}
    assert segue("status", home=home).code == 0


def test_down_saves_and_stops_and_the_library_is_there_again(home):
    pid = connection.read(Home.locate(home)).pid
    assert segue("down", home=home) == (0, "Segue has stopped.\n", "")
    assert not psutil.pid_exists(pid)
    assert segue("next", "night bus", home=home).code == 3
    assert segue("up", "--no-wait", home=home).code == 0
    assert len(segue("next", "night bus", "--json", home=home).json["suggestions"]) >= 4
    assert segue("down", home=home).code == 0


def test_down_finds_a_daemon_that_cannot_be_asked(home):
    assert segue("up", "--no-wait", home=home).code == 0
    pid = connection.read(Home.locate(home)).pid
    shutil.rmtree(Home.locate(home).runtime_dir)
    assert segue("down", home=home) == (0, "Segue has stopped.\n", "")
    assert not psutil.pid_exists(pid)


def test_a_relative_home_in_the_environment_is_the_same_for_the_daemon(home, monkeypatch):
    monkeypatch.setenv("SEGUE_HOME", home.name)
    assert segue("up", "--no-wait", cwd=home.parent).code == 0
    assert segue("status", "--json", cwd=home.parent).json["home"] == str(home)
    assert segue("down", cwd=home.parent).out == "Segue has stopped.\n"
