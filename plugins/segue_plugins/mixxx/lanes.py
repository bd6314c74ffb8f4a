"""Suggestions into Mixxx's playlists: asked for, found in Mixxx's library, written."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Final, NamedTuple

from segue.client import Client
from segue.protocol.messages import Suggestions
from segue_plugins.mixxx.database import Database, Playlist
from segue_plugins.mixxx.setup import Record

SHOWN: Final = 12
"""Tracks a lane: what a list shows without scrolling."""
_ASKED: Final = 30
"""More than are shown, for some may be unknown to Mixxx."""


class Lists(NamedTuple):
    """What should be in the playlists."""

    seed: str
    """As a person knows it: artist and title."""
    tracks: dict[Playlist, list[int]]
    unknown: int
    """Suggestions that Mixxx's library does not have."""


def ask(
    client: Client, database: Database, record: Record, path: str, on_decks: Collection[str] = (), *, ease: bool = False
) -> Lists:
    """Ask what comes after a file, and find it in Mixxx's library; what is on a deck already is left out.

    Raises the client's errors, and ProgramBusyError.
    """
    answer = client.next(path, _ASKED, lanes=True, lane="ease" if ease else "best")
    return _lists(answer, database, record, on_decks)


def _lists(answer: Suggestions, database: Database, record: Record, on_decks: Collection[str]) -> Lists:
    paths = {one.path for lane in answer.lanes for one in lane.suggestions} - set(on_decks)
    names = {path: _name(path) for path in paths}
    ids = database.ids(names.values())
    tracks: dict[Playlist, list[int]] = {}
    for lane in answer.lanes:
        # The second lane lifts or eases, and has one playlist for both.
        playlist = record.playlist("lift" if lane.lane == "ease" else lane.lane)
        found = [ids[names[one.path]] for one in lane.suggestions if names.get(one.path) in ids]
        tracks[playlist] = found[:SHOWN]
    seed = answer.seed
    title = f"{seed.artist} - {seed.title}" if seed.artist else seed.title
    return Lists(title, tracks, sum(name not in ids for name in names.values()))


def _name(path: str) -> str:
    """A path as Mixxx writes it: with slashes."""
    return path.replace(os.sep, "/")
