"""What should be in Mixxx and what is, found by other ways than the shim's."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Set as AbstractSet
from pathlib import Path

from mixxx_desk import Desk, Profile, RealMixxx

from segue.client import Client
from support import wait_until

LANES = ("next", "stay", "lift", "turn")
SHOWN = 12
LIST = (600, 523)
"""A place in the list of tracks, on the screen."""
EJECT = (339, 342)
"""The button of the first deck."""


def expected(client: Client, profile: Profile, path: str, on_decks: AbstractSet[str]) -> dict[str, list[str]]:
    """What the daemon says should be in the playlists, as far as Mixxx knows it and has it on no deck."""
    known = {row[0] for row in profile.rows("SELECT location FROM track_locations")} - on_decks
    answer = client.next(path, 30, lanes=True)
    wanted = {"next": answer.suggestions, **{lane.lane: lane.suggestions for lane in answer.lanes}}
    return {lane: [one.path for one in those if one.path in known][:SHOWN] for lane, those in wanted.items()}


def lists(profile: Profile) -> dict[str, list[str]]:
    """What is in the playlists."""
    return {lane: profile.playlist(f"Segue: {lane}") for lane in LANES}


def on_decks(client: Client) -> set[str]:
    """What the daemon was told of."""
    return {deck.path for deck in client.decks().decks if deck.path is not None}


def playing(client: Client) -> set[str]:
    """What the daemon was told that it plays."""
    return {deck.path for deck in client.decks().decks if deck.playing}


def not_ours(profile: Profile) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the user's own, but for what Mixxx itself writes about loads, history and settings."""
    return {
        "playlists": profile.rows("SELECT * FROM Playlists WHERE hidden IN (0, 1) AND name NOT LIKE 'Segue: %'"),
        "rows": profile.rows(
            "SELECT t.* FROM PlaylistTracks t JOIN Playlists p ON p.id = t.playlist_id"
            " WHERE p.hidden IN (0, 1) AND p.name NOT LIKE 'Segue: %'"
        ),
        "crates": profile.rows("SELECT * FROM crates"),
        "crate rows": profile.rows("SELECT * FROM crate_tracks"),
        "library": profile.rows("SELECT id, artist, title, location, mixxx_deleted FROM library"),
        "files": profile.rows("SELECT * FROM track_locations"),
        "folders": profile.rows("SELECT * FROM directories"),
    }


def is_whole(profile: Profile) -> bool:
    """What SQLite says of the data base."""
    return profile.rows("PRAGMA integrity_check") == [("ok",)]


def held(mixxx: RealMixxx, folder: Path) -> set[str]:
    """What Mixxx has open: the truth that the shim looks at, by another way."""
    found = set()
    for file in Path(f"/proc/{mixxx.pid}/fd").iterdir():
        try:
            found.add(str(file.readlink()))
        except OSError:
            continue
    return {path for path in found if path.startswith(str(folder))}


def load_below(mixxx: RealMixxx, deck: int = 1) -> float:
    """Load the row below; returns when the key was pressed."""
    mixxx.press("Down")
    time.sleep(0.3)  # a load that comes at once after a move in the list is not taken
    began = time.monotonic()
    mixxx.press("shift+Left" if deck == 1 else "shift+Right")
    return began


def load_next(mixxx: RealMixxx, client: Client, profile: Profile, folder: Path, deck: int = 1) -> tuple[str, float]:
    """Load the row below; returns the path, and seconds from the key to the right lists in Mixxx's data base."""
    before = held(mixxx, folder)
    began = load_below(mixxx, deck)
    wait_until(lambda: held(mixxx, folder) - before, what="the load")
    path = (held(mixxx, folder) - before).pop()
    wanted: dict[frozenset[str], dict[str, list[str]]] = {}

    def are_right() -> bool:
        on_decks = frozenset(held(mixxx, folder))  # the track before may still be open
        if on_decks not in wanted:
            wanted[on_decks] = expected(client, profile, path, on_decks)
        return lists(profile) == wanted[on_decks]

    wait_until(are_right, what=f"the suggestions after {path}")
    return path, time.monotonic() - began


def report(line: str) -> None:
    """A measured figure, for whoever asks for them with ``pytest -s``."""
    sys.stdout.write(f"\n{line}\n")


def look(desk: Desk, folder: Path) -> bytes:
    """A digest of the part of the screen that has the list."""
    path = folder / "list.rgb"
    desk.run("import", "-window", "root", "-crop", "1100x300+230+490", "-depth", "8", f"rgb:{path}")
    return hashlib.blake2b(path.read_bytes()).digest()
