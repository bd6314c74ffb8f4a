"""The shim in a real Mixxx: its own window, its own data base, its own decks."""

from __future__ import annotations

import os
import sqlite3
import statistics
import time
from contextlib import closing
from pathlib import Path

import pytest
from mixxx_desk import RealMixxx
from mixxx_truth import (
    EJECT,
    LIST,
    expected,
    held,
    is_whole,
    lists,
    load_next,
    look,
    not_ours,
    on_decks,
    playing,
    report,
)

from support import wait_until

pytestmark = [pytest.mark.mixxx, pytest.mark.slow, pytest.mark.timeout(600)]


def test_setup_and_its_undoing(shim, profile):
    before, files = profile.content(), profile.files()
    done = shim.run("setup")
    assert done.returncode == 0, done.stderr
    assert "Segue: next, Segue: stay, Segue: lift, Segue: turn" in done.stdout
    names = [row[0] for row in profile.rows("SELECT name FROM Playlists WHERE hidden = 0 ORDER BY position")]
    assert names == ["Friday", "Segue: next", "Segue: stay", "Segue: lift", "Segue: turn"]
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
        wait_until(lambda: playing(client) == {first}, what="a deck that plays")
        mixxx.press("d")
        wait_until(lambda: not playing(client), 50, what="that it stops")

        mixxx.click(*EJECT)  # on the first deck
        wait_until(lambda: on_decks(client) == {second}, what="the eject")
        wait_until(
            lambda: lists(profile) == expected(client, profile, second, held(mixxx, records)),
            what="the suggestions after what is left",
        )
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
        mixxx.unfold_playlists()
        mixxx.show_playlist(3)  # by name: Friday, lift, next, stay, turn
        delays = []
        for _ in range(5):
            mixxx.click(*LIST)
            time.sleep(0.5)
            seen = look(desk, tmp_path)
            began = time.monotonic()
            mixxx.press("shift+Left")
            wait_until(lambda seen=seen: look(desk, tmp_path) != seen, what="another list on the screen")
            delays.append(time.monotonic() - began)
            time.sleep(1.2)
        report(f"from the key to the screen: median {statistics.median(delays):.2f} s, worst {max(delays):.2f} s")
        assert profile.playlist("Segue: next")
        desk.shot(Path(os.environ.get("SEGUE_SHOTS", tmp_path)) / "mixxx.png")
        assert statistics.median(delays) <= 1.5
