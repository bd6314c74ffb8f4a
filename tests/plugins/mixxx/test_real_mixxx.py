"""The shim in a real Mixxx: its own window, its own data base, its own decks."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import statistics
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from mixxx_desk import RealMixxx

from support import wait_until

pytestmark = [pytest.mark.mixxx, pytest.mark.slow, pytest.mark.timeout(600)]

LANES = ("stay", "lift", "turn")
SHOWN = 12
LIST = (600, 523)
"""A place in the list of tracks, on the screen."""


def expected(client, profile, path, on_decks):
    """What the daemon says should be in the three playlists, as far as Mixxx knows it and has it on no deck."""
    known = {row[0] for row in profile.rows("SELECT location FROM track_locations")} - on_decks
    answer = client.next(path, 30, lanes=True)
    return {lane.lane: [one.path for one in lane.suggestions if one.path in known][:SHOWN] for lane in answer.lanes}


def lists(profile):
    return {lane: profile.playlist(f"Segue: {lane}") for lane in LANES}


def on_decks(client):
    return {deck.path for deck in client.decks().decks if deck.path is not None}


def playing(client):
    return {deck.path for deck in client.decks().decks if deck.playing}


def not_ours(profile):
    """Every row of the user's own, but for what Mixxx itself writes about loads, history and settings."""
    return {
        "playlists": profile.rows("SELECT * FROM Playlists WHERE hidden < 2 AND name NOT LIKE 'Segue: %'"),
        "rows": profile.rows(
            "SELECT t.* FROM PlaylistTracks t JOIN Playlists p ON p.id = t.playlist_id"
            " WHERE p.hidden < 2 AND p.name NOT LIKE 'Segue: %'"
        ),
        "crates": profile.rows("SELECT * FROM crates"),
        "crate rows": profile.rows("SELECT * FROM crate_tracks"),
        "library": profile.rows("SELECT id, artist, title, location, mixxx_deleted FROM library"),
        "files": profile.rows("SELECT * FROM track_locations"),
        "folders": profile.rows("SELECT * FROM directories"),
    }


def is_whole(profile):
    return profile.rows("PRAGMA integrity_check") == [("ok",)]


def held(mixxx, folder):
    """What Mixxx has open: the truth that the shim looks at, by another way."""
    found = set()
    for file in Path(f"/proc/{mixxx.pid}/fd").iterdir():
        try:
            found.add(str(file.readlink()))
        except OSError:
            continue
    return {path for path in found if path.startswith(str(folder))}


def load_below(mixxx, deck=1):
    """Load the row below; returns when the key was pressed."""
    mixxx.press("Down")
    time.sleep(0.3)  # a load that comes at once after a move in the list is not taken
    began = time.monotonic()
    mixxx.press("shift+Left" if deck == 1 else "shift+Right")
    return began


def load_next(mixxx, client, profile, folder, deck=1):
    """Load the row below; returns the path, and seconds from the key to the right lists in Mixxx's data base."""
    before = held(mixxx, folder)
    began = load_below(mixxx, deck)
    wait_until(lambda: held(mixxx, folder) - before, 10, what="the load")
    path = (held(mixxx, folder) - before).pop()
    wanted = {}

    def are_right():
        on_decks = frozenset(held(mixxx, folder))  # the track before may still be open
        if on_decks not in wanted:
            wanted[on_decks] = expected(client, profile, path, on_decks)
        return lists(profile) == wanted[on_decks]

    wait_until(are_right, 10, what=f"the suggestions after {path}")
    return path, time.monotonic() - began


def test_setup_and_its_undoing(shim, profile):
    before, files = profile.content(), profile.files()
    done = shim.run("setup")
    assert done.returncode == 0, done.stderr
    assert "Segue: stay, Segue: lift, Segue: turn" in done.stdout
    names = [row[0] for row in profile.rows("SELECT name FROM Playlists WHERE hidden = 0 ORDER BY position")]
    assert names == ["Friday", "Segue: stay", "Segue: lift", "Segue: turn"]
    backup = profile.folder / "segue" / "mixxxdb.before-segue.sqlite"
    with closing(sqlite3.connect(backup)) as db:
        assert list(db.iterdump()) == before

    content, stamp = profile.content(), backup.stat().st_mtime_ns
    assert shim.run("setup").returncode == 0
    assert profile.content() == content
    assert backup.stat().st_mtime_ns == stamp

    assert shim.run("setup", "--undo").returncode == 0
    assert profile.content() == before
    assert profile.files() == files
    assert "was not set up" in shim.run("setup", "--undo").stderr


def test_a_load_brings_the_right_suggestions(desk, profile, shim, client, records):
    assert shim.run("setup").returncode == 0
    mine = not_ours(profile)
    shim.start()
    with RealMixxx(desk, profile) as mixxx:
        mixxx.ready()
        assert "is open" in shim.run("setup").stderr
        mixxx.click(*LIST)
        written = [load_next(mixxx, client, profile, records)[1] for _ in range(20)]
        median = statistics.median(written)
        report(f"from the key to the lists: median {median:.2f} s, worst {max(written):.2f} s")
        assert median <= 0.5

        second = load_next(mixxx, client, profile, records, deck=2)[0]
        wait_until(lambda: second in on_decks(client) and len(on_decks(client)) == 2, what="two decks")
        first = load_next(mixxx, client, profile, records)[0]
        while first.endswith(".mp3"):  # of which nobody can see that they are stopped
            first = load_next(mixxx, client, profile, records)[0]
        mixxx.press("d")
        wait_until(lambda: playing(client) == {first}, 10, what="a deck that plays")
        mixxx.press("d")
        wait_until(lambda: not playing(client), 20, what="that it stops")

        mixxx.click(334, 343)  # eject, on the first deck
        wait_until(lambda: on_decks(client) == {second}, what="the eject")
        wanted = expected(client, profile, second, held(mixxx, records))
        wait_until(lambda: lists(profile) == wanted, what="the suggestions after what is left")
        mixxx.stop()
    wait_until(lambda: not on_decks(client), what="empty decks")
    assert not_ours(profile) == mine
    assert is_whole(profile)
    assert shim.stop() == 0


def test_the_list_on_screen_is_drawn_again(desk, profile, shim, client, records, tmp_path):
    assert shim.run("setup").returncode == 0
    shim.start()
    with RealMixxx(desk, profile) as mixxx:
        mixxx.ready()
        mixxx.click(*LIST)
        load_next(mixxx, client, profile, records)
        mixxx.click(13, 551)  # unfold the playlists
        time.sleep(0.7)
        mixxx.click(110, 600)  # by name: Friday, lift, stay, turn
        time.sleep(1.5)
        delays = []
        for _ in range(5):
            mixxx.click(*LIST)
            time.sleep(0.5)
            seen = look(desk, tmp_path)
            began = time.monotonic()
            mixxx.press("shift+Left")
            wait_until(lambda seen=seen: look(desk, tmp_path) != seen, 10, what="another list on the screen")
            delays.append(time.monotonic() - began)
            time.sleep(2)
        report(f"from the key to the screen: median {statistics.median(delays):.2f} s, worst {max(delays):.2f} s")
        assert profile.playlist("Segue: stay")
        desk.shot(Path(os.environ.get("SEGUE_SHOTS", tmp_path)) / "mixxx.png")
        assert statistics.median(delays) <= 1.5


def report(line):
    """A measured figure, for whoever asks for them with ``pytest -s``."""
    sys.stdout.write(f"\n{line}\n")


def look(desk, folder):
    """A digest of the part of the screen that has the list."""
    path = folder / "list.rgb"
    desk.run("import", "-window", "root", "-crop", "1100x300+230+490", "-depth", "8", f"rgb:{path}")
    return hashlib.blake2b(path.read_bytes()).digest()


def test_trouble(desk, profile, shim, segue, client, records):
    """Mixxx is killed, its data base is locked for 3 s, the daemon is killed: the lists are right again after each."""
    assert shim.run("setup").returncode == 0
    mine = not_ours(profile)
    shim.start()
    with RealMixxx(desk, profile) as mixxx:
        mixxx.ready()
        mixxx.click(*LIST)
        load_next(mixxx, client, profile, records)
        for _ in range(6):  # loads in quick succession, and the end in their midst
            load_below(mixxx)
        mixxx.kill()
    wait_until(lambda: shim.says("Mixxx is closed"), what="the notice")
    assert is_whole(profile)
    assert not_ours(profile) == mine

    with RealMixxx(desk, profile) as mixxx:
        mixxx.ready()
        mixxx.click(*LIST)
        load_next(mixxx, client, profile, records)

        before = held(mixxx, records)
        with closing(sqlite3.connect(profile.database, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            load_below(mixxx)
            time.sleep(3)
            db.execute("ROLLBACK")
        (path,) = held(mixxx, records) - before
        wait_until(
            lambda: lists(profile) == expected(client, profile, path, held(mixxx, records)),
            10,
            what="the lists after the lock",
        )

        segue.daemon.kill()
        before = held(mixxx, records)
        load_below(mixxx)
        wait_until(lambda: held(mixxx, records) - before, what="a load without the daemon")
        (path,) = held(mixxx, records) - before
        time.sleep(1)
        segue.restart()
        wait_until(
            lambda: lists(profile) == expected(client, profile, path, held(mixxx, records)),
            20,
            what="the lists of the new daemon",
        )
        wait_until(lambda: path in on_decks(client), what="the deck in the new daemon")
        mixxx.stop()
    assert is_whole(profile)
    assert not_ours(profile) == mine
