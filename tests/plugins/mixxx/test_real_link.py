"""All of it together: Mixxx with a controller and the link, `segue mixxx`, the daemon, and a DJ who presses buttons."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from mixxx_box import Box
from mixxx_desk import RealMixxx

from segue_plugins.mixxx.lanes import SHOWN
from support import wait_until

pytestmark = [pytest.mark.mixxx, pytest.mark.slow, pytest.mark.timeout(600)]

STAND_IN = Path(__file__).parent / "stand_in"


def decks(client):
    return {deck.deck: deck for deck in client.decks().decks if deck.path is not None}


def expected(client, profile, path, lane):
    known = {row[0] for row in profile.rows("SELECT location FROM track_locations")} - {
        deck.path for deck in client.decks().decks
    }
    answer = client.next(path, 30, lanes=True)
    lanes = {"best": answer.suggestions, **{one.lane: one.suggestions for one in answer.lanes}}
    return [one.path for one in lanes[lane] if one.path in known][:SHOWN]


def test_decks_by_number_a_tempo_fader_and_a_button(desk, profile, shim, client):
    assert shim.run("setup", "--no-input", "--link").returncode == 0
    shim.environment = {"PYTHONPATH": str(STAND_IN), "FAKEMIDI_DIR": str(desk.folder)}
    box = Box(desk.folder)
    box.install(profile)
    shim.start()  # before Mixxx, which looks for ports once
    with box, RealMixxx(desk, profile) as mixxx:
        mixxx.ready()
        wait_until(lambda: shim.says("The controller script answers"), what="the script")
        mixxx.unfold_playlists()
        mixxx.click(600, 523)
        mixxx.press("Down")
        time.sleep(0.3)
        mixxx.press("shift+Left")
        wait_until(lambda: decks(client).keys() == {"mixxx 1"}, what="the first deck by its number")
        path = decks(client)["mixxx 1"].path
        wait_until(lambda: profile.playlist("Segue: next") == expected(client, profile, path, "best"), what="the list")
        mixxx.show_playlist(3)  # by name: Friday, lift, next, stay, turn

        box.tap("[Channel1]", "play")
        box.set("[Channel1]", "rate", 90)
        wait_until(lambda: decks(client)["mixxx 1"].playing, what="that it plays")
        wait_until(lambda: abs(decks(client)["mixxx 1"].rate - 1.0) > 0.005, what="its tempo")
        assert decks(client)["mixxx 1"].confidence > 0.9
        wait_until(lambda: profile.playlist("Segue: next") == expected(client, profile, path, "best"), what="the list")

        box.press("turn")
        wait_until(lambda: client.wishes().lane == "turn", what="the wish")
        wait_until(lambda: profile.playlist("Segue: next") == expected(client, profile, path, "turn"), what="the lane")
        first = profile.playlist("Segue: next")[0]
        time.sleep(2)  # until it is on the screen
        box.press("loadFree")
        wait_until(
            lambda: decks(client).get("mixxx 2") and decks(client)["mixxx 2"].path == first, what="the suggestion"
        )
        assert decks(client)["mixxx 1"].path == path

        if shots := os.environ.get("SEGUE_SHOTS"):
            desk.shot(Path(shots) / "mixxx.png")
        mixxx.stop()
    client.wish(clear=True)
    wait_until(lambda: not decks(client), what="empty decks")
    assert shim.stop() == 0
