"""A desk with a real Mixxx, and a real daemon that knows the same music; for the rest a daemon that knows two tracks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from mixxx_desk import Desk, Profile
from mixxx_program import Program
from mixxx_shim import Shim
from mixxx_tables import BUS, MARKET

import support
from loop import Loop
from segue.client import Client
from segue.demo.files import write_track
from segue.demo.tracks import DEMO_TRACKS

TRACKS: Final = 30
_SUFFIXES: Final = ("mp3", "flac", "ogg", "wav", "m4a", "aiff")


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Iterator[Loop]:
    """A daemon that knows two tracks."""
    home = Path(os.path.realpath(tmp_path_factory.mktemp("h", numbered=True)))
    with Loop(home, tmp_path_factory.mktemp("collection")) as loop:
        loop.bring(music / name for name in (BUS, MARKET))
        loop.settle(2)
        yield loop
    support.remove_home(home)


@pytest.fixture(scope="session")
def desk() -> Iterator[Desk]:
    """A display, a window manager and a sound server."""
    program = Program.chosen()
    if absent := program.missing():
        pytest.skip(f"no {', '.join(absent)} here")
    folder = Path(tempfile.mkdtemp(prefix="segue-mixxx-"))
    with Desk(folder, program) as desk:
        yield desk
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def records(desk: Desk) -> Path:
    """A folder with thirty rendered tracks of 20 s."""
    folder = desk.folder / "music"
    folder.mkdir()
    for number in range(TRACKS):
        spec = DEMO_TRACKS[number % len(DEMO_TRACKS)]
        take = number // len(DEMO_TRACKS)
        title = spec.title if take == 0 else f"{spec.title} {'I' * (take + 1)}"
        spec = replace(spec, title=title, bpm=spec.bpm + take, seconds=20.0, seed=spec.seed + 100 * take)
        write_track(folder, spec, _SUFFIXES[number % len(_SUFFIXES)])
    return folder


@pytest.fixture(scope="session")
def fresh(desk: Desk, records: Path) -> Profile:
    """A profile with that music, and some things of the user's own; copy it."""
    profile = Profile(desk.folder / "fresh").make(desk, records)
    profile.add(sorted(records.iterdir())[:-1])  # one is not in Mixxx's library
    profile.execute(
        "INSERT INTO Playlists(name, position, hidden, date_created, date_modified)"
        " VALUES('Friday', 2, 0, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
    )
    profile.execute(
        "INSERT INTO PlaylistTracks(playlist_id, track_id, position, pl_datetime_added)"
        " SELECT p.id, l.id, l.id, CURRENT_TIMESTAMP FROM Playlists p, library l WHERE p.name = 'Friday' AND l.id < 9"
    )
    profile.execute("INSERT INTO crates(name, count, show, locked, autodj_source) VALUES('Mine', 0, 1, 0, 0)")
    profile.execute("INSERT INTO crate_tracks(crate_id, track_id) SELECT c.id, l.id FROM crates c, library l")
    return profile


@pytest.fixture
def profile(desk: Desk, fresh: Profile) -> Iterator[Profile]:
    """A fresh profile, for one test."""
    folder = Path(tempfile.mkdtemp(prefix="profile-", dir=desk.folder)) / "settings"
    shutil.copytree(fresh.folder, folder)
    yield Profile(folder)
    shutil.rmtree(folder.parent)


@pytest.fixture(scope="session")
def segue(records: Path) -> Iterator[Loop]:
    """A daemon that has listened to all of it."""
    home = Path(tempfile.mkdtemp(prefix="segue-"))
    with Loop(home, records) as loop:
        loop.settle(TRACKS, seconds=400)
        yield loop
    support.remove_home(home)


@pytest.fixture
def shim(segue: Loop, profile: Profile) -> Iterator[Shim]:
    """The shim of a profile that is not set up yet."""
    shim = Shim(segue.home, profile)
    yield shim
    if shim.process is not None and shim.process.poll() is None:
        shim.process.kill()
        shim.process.wait()


@pytest.fixture
def client(segue: Loop) -> Client:
    """A client of that daemon."""
    return segue.client
