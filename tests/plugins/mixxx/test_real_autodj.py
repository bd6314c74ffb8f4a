"""Mixxx's own Auto DJ plays what was put behind its queue, and a controller's mapping carries the script."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mixxx_desk import Desk, Profile, RealMixxx
from mixxx_shim import Shim
from mixxx_truth import LIST

from support import wait_until

pytestmark = [pytest.mark.mixxx, pytest.mark.slow, pytest.mark.timeout(600)]

ENABLE, FADE = "shift+F12", "shift+F11"
BOX = "Pioneer-DDJ-SB2.midi.xml"


def queue(profile: Profile) -> list[str]:
    """Paths in the Auto DJ queue."""
    rows = profile.rows(
        "SELECT f.location FROM PlaylistTracks t JOIN Playlists p ON p.id = t.playlist_id"
        " JOIN library l ON l.id = t.track_id JOIN track_locations f ON f.id = l.location"
        " WHERE p.hidden = 1 ORDER BY t.position"
    )
    return [row[0] for row in rows]


def positions(profile: Profile) -> list[int]:
    return [row[0] for row in profile.rows(
        "SELECT t.position FROM PlaylistTracks t JOIN Playlists p ON p.id = t.playlist_id WHERE p.hidden = 1 ORDER BY t.id"
    )]  # fmt: skip


def held(mixxx: RealMixxx, folder: Path) -> set[str]:
    """What Mixxx has open."""
    found = set()
    for file in Path(f"/proc/{mixxx.pid}/fd").iterdir():
        try:
            found.add(str(file.readlink()))
        except OSError:
            continue
    return {path for path in found if path.startswith(str(folder))}


@pytest.fixture
def feed(shim: Shim) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """`segue mixxx autodj`, which goes on until the end of the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with shim.log.open("ab") as log:
            started.append(subprocess.Popen(shim.command("autodj", "--ahead", "3"), stdout=log, stderr=log))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_auto_dj_plays_what_is_put_behind_its_queue(
    desk: Desk, profile: Profile, shim: Shim, records: Path, feed: Callable[[], subprocess.Popen[bytes]]
) -> None:
    original = f"/usr/share/mixxx/controllers/{BOX}"
    config = profile.folder / "mixxx.cfg"
    config.write_text(
        config.read_text()
        .replace("[Controller]\n", "[Controller]\nDeck_Box 1\n")
        .replace("[ControllerPreset]\n", f"[ControllerPreset]\nDeck_Box {original}\n")
        + "[Auto DJ]\nTransition 1\n"
    )
    before = config.read_bytes()
    done = shim.run("setup", "--no-input", "--mapping", BOX, "--import", "--watch")
    assert done.returncode == 0, done.stderr
    known = len(list(records.iterdir())) - 1
    assert f"Segue has {known} of Mixxx's {known} tracks" in done.stdout
    assert "Listening to" not in done.stdout, "it does so already"
    assert f"Deck_Box {BOX.replace('.midi', ' with Segue.midi')}" in config.read_text()

    feeder = feed()
    with RealMixxx(desk, profile) as mixxx:
        mixxx.ready()
        for script in ("Pioneer-DDJ-SB2-scripts.js", "segue.js"):
            wait_until(lambda script=script: script in mixxx.log, what=script)
        assert not [line for line in mixxx.log.splitlines() if "segue.js" in line and "rror" in line]
        mixxx.click(*LIST)
        mixxx.press("shift+Left")
        wait_until(lambda: held(mixxx, records), what="the user's track")
        (first,) = held(mixxx, records)
        assert queue(profile) == [], "nobody plays anything"
        mixxx.press("d")
        wait_until(lambda: len(queue(profile)) == 3, 15, what="three tracks after the one that plays")
        planned = queue(profile)
        mixxx.click(110, desk.program.playlists - desk.program.line)  # Auto DJ, in the side bar: Mixxx reads the queue
        mixxx.press(ENABLE)
        wait_until(lambda: {first, planned[0]} <= held(mixxx, records), what="the next one")
        played = [first]
        for turn in range(3):
            wait_until(lambda: len(queue(profile)) == 3, what="a third one")
            planned = queue(profile)
            assert not set(played) & set(planned), "nothing comes again"
            assert sorted(positions(profile)) == [1, 2, 3]
            time.sleep(0.5)
            mixxx.press(FADE)
            wait_until(lambda planned=planned: planned[1] in held(mixxx, records), what=f"track {turn + 3}")
            played.append(planned[0])
        assert len(set(played)) == 4
        mixxx.stop()
    feeder.terminate()
    assert feeder.wait(60) == 0
    assert profile.rows("PRAGMA integrity_check") == [("ok",)]
    assert shim.run("setup", "--undo").returncode == 0
    kept = [line for line in before.decode().splitlines() if line.startswith("Deck_Box")]
    assert [line for line in config.read_text().splitlines() if line.startswith("Deck_Box")] == kept
    assert not list((profile.folder / "controllers").glob("*Segue*"))
