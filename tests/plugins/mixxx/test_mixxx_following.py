"""`segue mixxx` as a process, with a real daemon, a data base of Mixxx's layout, and something that holds files as Mixxx does."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import mixxx_tables
import pytest
from mixxx_pretender import Pretender
from mixxx_shim import Shim

import support
from loop import Loop
from segue.protocol.messages import Filters

TRACKS = 8


@pytest.fixture(scope="module")
def segue(music):
    """A daemon with a few tracks."""
    folder = Path(tempfile.mkdtemp(prefix="segue-"))
    with Loop(folder / "home", folder / "music") as loop:
        loop.bring(sorted(music.iterdir())[:TRACKS])
        loop.settle(TRACKS)
        yield loop
    support.remove_home(folder)


class Place:
    """A settings folder of Mixxx whose library has the same tracks but one."""

    def __init__(self, folder, paths):
        self.folder = folder
        self.database = folder / "mixxxdb.sqlite"
        folder.mkdir()
        mixxx_tables.make(self.database)
        for number, path in enumerate(paths, 11):
            mixxx_tables.execute(self.database, "INSERT INTO track_locations VALUES(?, ?, 0)", number, path)
            mixxx_tables.execute(
                self.database,
                "INSERT INTO library(id, title, location, duration, mixxx_deleted) VALUES(?, ?, ?, 20.0, 0)",
                number, path, number,
            )  # fmt: skip

    def playlist(self, lane):
        """Paths, in order."""
        with closing(sqlite3.connect(self.database)) as db:
            rows = db.execute(
                "SELECT f.location FROM PlaylistTracks t JOIN Playlists p ON p.id = t.playlist_id"
                " JOIN library l ON l.id = t.track_id JOIN track_locations f ON f.id = l.location"
                " WHERE p.name = ? ORDER BY t.position",
                (f"Segue: {lane}",),
            )
            return [row[0] for row in rows]


@pytest.fixture
def place(segue, tmp_path):
    paths = sorted(track.path for track in segue.tracks())
    return Place(tmp_path / "settings", paths[:-1])


@pytest.fixture
def mixxx(place, tmp_path):
    with Pretender(tmp_path, place.folder) as pretender:
        pretender.quit()  # setup wants it closed
        yield pretender


@pytest.fixture
def shim(segue, place, mixxx):
    shim = Shim(segue.home, place)
    done = shim.run("setup", "--no-input")
    assert done.returncode == 0, done.stderr
    mixxx.__enter__()
    yield shim
    if shim.process is not None and shim.process.poll() is None:
        shim.process.kill()
        shim.process.wait()
    segue.client.wish(clear=True)


def expected(client, place, path, on_decks, lane="best", **wishes):
    with closing(sqlite3.connect(place.database)) as db:
        known = {row[0] for row in db.execute("SELECT location FROM track_locations")} - set(on_decks)
    answer = client.next(path, 30, lanes=True, lane="ease" if lane == "ease" else "best", **wishes)
    lists = {one.lane: one.suggestions for one in answer.lanes}
    lists["next"] = lists.get(lane, answer.suggestions)
    if "ease" in lists:
        lists["lift"] = lists.pop("ease")
    return {lane: [one.path for one in those if one.path in known][:12] for lane, those in lists.items()}


def lists(place):
    return {lane: place.playlist(lane) for lane in ("next", "stay", "lift", "turn")}


def on_decks(client):
    return {deck.path for deck in client.decks().decks if deck.path is not None}


def test_what_is_loaded_wished_and_ejected(segue, place, mixxx, shim):
    client = segue.client
    first, second, *_ = sorted(track.path for track in segue.tracks())
    shim.start()
    mixxx.load(first)
    support.wait_until(lambda: on_decks(client) == {first}, what="the deck")
    wanted = expected(client, place, first, {first})
    support.wait_until(lambda: lists(place) == wanted, what="the lists")
    assert any(wanted.values())
    support.wait_until(lambda: shim.says("After "), what="its words")
    assert "not in Mixxx's library: " in shim.log.read_text()

    again = shim.run()
    assert again.returncode == 3
    assert "already" in again.stderr

    for lane, filters in (("turn", Filters()), ("ease", Filters(bpm_from=100.0, bpm_to=130.0))):
        client.wish(lane=lane, filters=filters)
        wanted = expected(client, place, first, {first}, lane, filters=filters)
        support.wait_until(lambda wanted=wanted: lists(place) == wanted, what=f"the lists of {lane}")
    client.wish(clear=True)

    mixxx.load(second, 2)
    wanted = expected(client, place, second, {first, second})
    support.wait_until(lambda: lists(place) == wanted, what="the lists after the second deck")
    mixxx.eject(2)
    wanted = expected(client, place, first, {first})
    support.wait_until(lambda: lists(place) == wanted, what="the lists after the eject")
    mixxx.quit()
    support.wait_until(lambda: not on_decks(client), what="empty decks")
    assert shim.stop() == 0


def test_a_file_outside_the_watched_folders_is_listened_to(segue, place, mixxx, shim, tmp_path, music):
    stranger = tmp_path / "stranger.wav"
    shutil.copy(min(music.glob("*.wav")), stranger)
    shim.start()
    mixxx.load(stranger)
    support.wait_until(lambda: lists(place)["next"], 90, what="suggestions")  # it is asked for ever more seldom
    wanted = expected(segue.client, place, str(stranger), {str(stranger)})
    support.wait_until(lambda: lists(place) == wanted, what="the right ones")


def test_a_daemon_that_comes_later_is_met(segue, place, mixxx, shim):
    first = min(track.path for track in segue.tracks())
    segue.daemon.kill()
    shim.start()
    mixxx.load(first)
    support.wait_until(lambda: shim.says("Waiting for it"), what="its words")
    segue.restart()
    support.wait_until(lambda: on_decks(segue.client) == {first}, what="the deck")
    wanted = expected(segue.client, place, first, {first})
    support.wait_until(lambda: lists(place) == wanted, what="the lists")


def test_what_happens_while_the_daemon_hangs_is_told_later(segue, place, mixxx, shim):
    first, second, *_ = sorted(track.path for track in segue.tracks())
    shim.start()
    mixxx.load(first)
    mixxx.load(second, 2)
    support.wait_until(lambda: on_decks(segue.client) == {first, second}, what="the decks")
    segue.daemon.process.send_signal(signal.SIGSTOP)
    try:
        mixxx.load(second)
        support.wait_until(lambda: shim.says("Waiting for it"), what="its words")
        mixxx.eject(1)
        mixxx.eject(2)
    finally:
        segue.daemon.process.send_signal(signal.SIGCONT)
    support.wait_until(lambda: not on_decks(segue.client), what="empty decks")


def test_lists_are_never_those_of_another_track(segue, place, mixxx, shim, tmp_path):
    client = segue.client
    first, second, *_ = sorted(track.path for track in segue.tracks())
    shim.start()
    mixxx.load(first)
    support.wait_until(lambda: lists(place)["next"], what="suggestions")
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"no music at all" * 1000)
    mixxx.load(broken)
    support.wait_until(lambda: not any(lists(place).values()), what="empty lists")

    client.set_crate("Gone", [first, second])
    client.wish(filters=Filters(crates=["Gone"]))
    client.remove_crate("Gone")
    mixxx.load(second)
    wanted = expected(client, place, second, {second})
    support.wait_until(lambda: lists(place) == wanted, what="the lists without the crate")
    support.wait_until(lambda: shim.says("It is left out of what you wish"), what="its words")


def test_a_companion_ends_when_the_one_who_started_it_does(place, mixxx, shim):
    with subprocess.Popen(shim.command("run", "--companion"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert any(b"is open" in line for line in process.stdout)
        other = subprocess.run(shim.command("run", "--companion"), check=False, stdin=process.stdout, timeout=60)
        assert other.returncode == 3  # while nobody has closed its input
        process.stdin.close()
        assert process.wait(60) == 0


def test_a_terminal_gets_lines_that_fit(segue, place, mixxx, shim):
    first = min(track.path for track in segue.tracks())
    leader, follower = pty.openpty()
    with subprocess.Popen(
        shim.command(), stdout=follower, stderr=follower, env={**os.environ, "COLUMNS": "80"}
    ) as process:
        os.close(follower)
        mixxx.load(first)
        heard = b""  # in pieces that may end within a letter
        with contextlib.suppress(OSError):
            while b"\n" not in heard.partition(b"turn")[2]:
                heard += os.read(leader, 4096)
        process.terminate()
    os.close(leader)
    said = heard.decode()
    assert "\033[1mAfter " in said
    plain = "".join(piece.partition("m")[2] if number else piece for number, piece in enumerate(said.split("\033[")))
    lanes = [line for line in plain.splitlines() if line.startswith("  ")]
    assert [line.split()[0] for line in lanes] == ["next", "stay", "lift", "turn"]
    assert all(len(line) <= 80 for line in lanes)
