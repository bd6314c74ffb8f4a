"""Segue's script in a real Mixxx: what it tells of the decks, and what a DJ's buttons do."""

from __future__ import annotations

import importlib
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from mixxx_box import Box
from mixxx_desk import Profile, RealMixxx

from segue.demo.tracks import DEMO_TRACKS
from segue_plugins.mixxx import setup
from segue_plugins.mixxx.link import open_link
from segue_plugins.mixxx.script import DeckReport, Hello, Overload, Pressed
from segue_plugins.mixxx.settings import Settings
from support import wait_until

pytestmark = [pytest.mark.mixxx, pytest.mark.slow, pytest.mark.timeout(600)]

STAND_IN = Path(__file__).parent / "stand_in"


class Booth:
    """A running Mixxx, a controller on it, and the link to the script in it."""

    def __init__(self, mixxx, profile, box, link):
        self.mixxx = mixxx
        self.profile = profile
        self.box = box
        self.link = link
        self.reports = []
        self.decks = {}
        self.tracks = dict(
            profile.rows("SELECT l.id, f.location FROM library l JOIN track_locations f ON f.id = l.location")
        )

    def listen(self, seconds=0.0):
        """Hear what the script says, for so long."""
        end = time.monotonic() + seconds
        while True:
            heard = self.link.poll()
            self.reports += heard
            self.decks |= {report.number: report for report in heard if isinstance(report, DeckReport)}
            if time.monotonic() >= end:
                return heard
            time.sleep(0.02)

    def hears(self, happened, what, seconds=20.0):
        """Listen until something is so."""

        def is_so():
            self.listen()
            return happened()

        wait_until(is_so, seconds, what=what)

    def fill(self, tracks):
        """Write the list on the screen, as the shim does."""
        with closing(sqlite3.connect(self.profile.database, timeout=10)) as db, db:
            (playlist,) = db.execute("SELECT id FROM Playlists WHERE name = 'Segue: next'").fetchone()
            db.execute("DELETE FROM PlaylistTracks WHERE playlist_id = ?", (playlist,))
            db.executemany(
                "INSERT INTO PlaylistTracks(playlist_id, track_id, position, pl_datetime_added)"
                " VALUES(?, ?, ?, CURRENT_TIMESTAMP)",
                [(playlist, track, place) for place, track in enumerate(tracks, 1)],
            )

    def held(self):
        """Tracks whose files Mixxx has open: what was really loaded."""
        numbers = {path: track for track, path in self.tracks.items()}
        found = set()
        for file in Path(f"/proc/{self.mixxx.pid}/fd").iterdir():
            try:
                found.add(numbers.get(str(file.readlink())))
            except OSError:
                continue
        return found - {None}

    def waits_for(self, *tracks, link=True):
        """Wait until exactly these are loaded; without a word to the script if there is no link."""
        try:
            if link:
                self.hears(lambda: self.held() == set(tracks), "the load")
            else:
                wait_until(lambda: self.held() == set(tracks))
        except AssertionError:
            raise AssertionError(f"{self.held()} are loaded, not {tracks}") from None

    def queued(self):
        return [
            track
            for (track,) in self.profile.rows(
                "SELECT t.track_id FROM PlaylistTracks t JOIN Playlists p ON p.id = t.playlist_id"
                " WHERE p.hidden = 1 ORDER BY t.position"
            )
        ]

    def shows(self, *tracks):
        """Empty the decks, and show these, with nothing selected."""
        self.hears(lambda: self.link.alive and len(self.decks) == 4, "the script")
        for _ in range(8):
            self.listen(0.4)
            if not self.held():
                break
            loaded = [f"[Channel{deck.number}]" for deck in self.decks.values() if deck.loaded]
            for group in loaded or ["[PreviewDeck1]"]:  # of an empty one a later Mixxx takes it for the wish to undo
                self.box.tap(group, "stop")
                self.box.tap(group, "eject")
        self.waits_for()
        for rows in ([30], tracks):  # what was selected is in neither
            self.fill(rows)
            self.link.send("redraw", first=False)
            self.listen(1.0)


def rendered(path):
    """What was rendered into a file; its takes are a little faster each."""
    return max((spec for spec in DEMO_TRACKS if spec.title in path), key=lambda spec: len(spec.title))


@pytest.fixture(scope="module")
def booth(desk, fresh):
    """One Mixxx for all tests here, with the playlist "Segue: next" on the screen and nothing selected in it."""
    patch = pytest.MonkeyPatch()
    folder = Path(tempfile.mkdtemp(prefix="profile-", dir=desk.folder)) / "settings"
    shutil.copytree(fresh.folder, folder)
    profile = Profile(folder)
    setup.set_up(Settings(folder))
    patch.setenv("FAKEMIDI_DIR", str(desk.folder))
    patch.delitem(sys.modules, "rtmidi", raising=False)
    patch.syspath_prepend(STAND_IN)
    importlib.import_module("rtmidi")
    box = Box(desk.folder)
    box.install(profile)
    with closing(open_link()) as link, box, RealMixxx(desk, profile) as mixxx:
        booth = Booth(mixxx, profile, box, link)
        booth.fill(range(1, 9))
        mixxx.ready()
        mixxx.unfold_playlists()
        mixxx.show_playlist(3)  # by name: Friday, lift, next, stay, turn
        yield booth
    sys.modules.pop("rtmidi", None)
    patch.undo()
    shutil.rmtree(folder.parent)


def test_without_the_link_the_list_is_drawn_again_after_each_load(booth):
    if booth.reports:
        time.sleep(16.0)  # the script goes on for so long before it takes us for gone
    booth.fill([11, 12, 13])  # which the screen does not show yet
    booth.box.press("loadFree")  # nothing is selected: the first row, a little later
    booth.waits_for(1, link=False)
    time.sleep(2.5)
    booth.box.press("loadFree")
    booth.waits_for(1, 11, link=False)


def test_what_the_script_tells_of_a_deck(booth):
    track = next(track for track, path in booth.tracks.items() if path.endswith(".flac"))
    booth.shows(track)
    assert any(isinstance(report, Hello) and report.decks == 4 for report in booth.reports)
    assert any(isinstance(report, Overload) for report in booth.reports)
    assert not any(deck.loaded for deck in booth.decks.values())
    booth.box.press("down")
    booth.listen(0.2)
    booth.box.press("loadFree")
    booth.waits_for(track)
    booth.hears(lambda: booth.decks[1].bpm > 0 and booth.decks[1].duration > 0, "the tempo and the length")
    deck = booth.decks[1]
    assert (deck.loaded, deck.playing, deck.rate, deck.keylock, deck.volume) == (True, False, 1.0, False, 1.0)
    assert deck.duration == pytest.approx(20.0, abs=1e-6)
    assert deck.bpm == pytest.approx(rendered(booth.tracks[track]).bpm, abs=3.0)

    booth.box.tap("[Channel1]", "play")
    booth.hears(lambda: booth.decks[1].playing, "that it plays")
    booth.box.set("[Channel1]", "rate", 100)
    booth.hears(lambda: booth.decks[1].rate != 1.0, "the rate")
    assert abs(booth.decks[1].rate - 1.0) == pytest.approx(36 / 63 * 0.08, abs=1e-5)
    booth.box.tap("[Channel1]", "keylock")
    booth.hears(lambda: booth.decks[1].keylock, "keylock")
    booth.box.set("[Master]", "crossfader", 127)
    booth.hears(lambda: booth.decks[1].volume == 0.0, "silence on the left of the crossfader")
    assert booth.decks[2].volume == 1.0
    booth.box.set("[Master]", "crossfader", 64)
    booth.hears(lambda: booth.decks[1].volume == 1.0, "sound again")
    booth.box.tap("[Channel1]", "mute")
    booth.hears(lambda: booth.decks[1].volume == 0.0, "silence by mute")
    booth.box.tap("[Channel1]", "mute")
    booth.hears(lambda: booth.decks[1].volume == 1.0, "sound again")

    booth.reports.clear()
    began = time.monotonic()
    for value in range(0, 128, 2):
        booth.box.set("[Channel1]", "volume", value)
        booth.listen(0.01)
    booth.hears(lambda: booth.decks[1].volume > 0.9, "the last place of the fader")
    booth.listen(0.3)
    said = sum(isinstance(report, DeckReport) and report.number == 1 for report in booth.reports)
    assert 2 <= said <= 10 * (time.monotonic() - began) + 1
    last = booth.decks[1].volume
    booth.link.send("hello")
    booth.listen(0.3)
    assert booth.decks[1].volume == last  # what was said last was true

    booth.box.set("[Channel1]", "volume", 127)
    booth.box.set("[Channel1]", "rate", 64)
    booth.box.tap("[Channel1]", "keylock")
    booth.box.tap("[Channel1]", "play")
    booth.hears(lambda: not booth.decks[1].playing, "that it stops")
    booth.box.tap("[Channel1]", "eject")
    booth.hears(lambda: not booth.decks[1].loaded, "the eject")
    booth.hears(lambda: (booth.decks[1].duration, booth.decks[1].rate) == (0.0, 1.0), "an empty deck")


def test_buttons_of_a_controller(booth):
    booth.shows(1, 2, 3, 4, 5, 6)
    booth.box.press("loadFree")
    booth.waits_for(1)
    booth.hears(lambda: booth.decks[1].loaded, "the deck")  # its file is open before it can play
    booth.box.tap("[Channel1]", "play")
    booth.hears(lambda: booth.decks[1].playing, "that it plays")
    booth.box.press("loadNext")
    booth.waits_for(1, 2)
    assert booth.decks[1].playing
    booth.hears(lambda: booth.decks[2].loaded, "the other deck")
    booth.listen(0.6)
    booth.box.press("loadNext")  # twice in a hurry: for Mixxx that would be the wish to clone the deck that plays
    booth.box.press("loadNext")
    booth.waits_for(1, 3)
    booth.listen(0.4)
    booth.waits_for(1, 3)  # and nothing else, but for what Mixxx may still analyse

    booth.box.turn(2)
    booth.box.turn(-1)
    booth.listen(0.2)
    booth.box.press("queue")
    booth.hears(lambda: booth.queued() == [4], "the end of the queue")
    booth.box.press("down")
    booth.listen(0.2)
    booth.box.press("queue")
    booth.hears(lambda: booth.queued() == [4, 5], "the end of the queue")

    booth.box.press("preview")
    booth.waits_for(1, 3, 5)
    assert not booth.decks[2].playing
    booth.box.press("up")
    booth.listen(0.2)
    booth.box.press("preview")
    booth.waits_for(1, 3, 4)

    booth.reports.clear()
    for lane in ("best", "stay", "lift", "ease", "turn"):
        booth.box.press(lane)
        booth.listen(0.15)

    def asked():
        return [report.lane for report in booth.reports if isinstance(report, Pressed)]

    booth.hears(lambda: len(asked()) >= 5, "the lanes")
    booth.listen(0.3)
    assert asked() == ["best", "stay", "lift", "ease", "turn"]
    assert not booth.box.was_spoken_to()


def test_the_link_says_when_the_list_is_drawn_again(booth):
    booth.shows(1, 2, 3, 4)
    booth.box.press("loadFree")
    booth.waits_for(1)
    booth.fill([21, 22, 23])
    booth.listen(1.5)  # the link is there: the script waits for its word
    booth.box.press("loadNext")
    booth.waits_for(1, 2)

    booth.link.send("redraw", first=True)  # 2 is gone from the list: the best is selected, or later the same place
    booth.listen(1.5)
    chosen, below = (21, 22) if booth.mixxx.desk.program.is_old else (22, 23)
    booth.box.press("loadFree")
    booth.hears(lambda: chosen in booth.held(), "a load from the new list")

    booth.listen(0.6)
    booth.box.press("down")
    booth.listen(0.2)
    booth.fill([24, 26, below, 25])
    booth.link.send("redraw", first=True)  # it is still there, and stays selected
    booth.listen(1.5)
    booth.box.tap("[Channel1]", "eject")
    booth.hears(lambda: not booth.decks[1].loaded, "room")
    booth.box.press("loadFree")
    booth.hears(lambda: below in booth.held(), "the row that was selected")
