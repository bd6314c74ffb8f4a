"""Suggestions into Mixxx's playlists: asked for, and found in Mixxx's library."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from segue.client import Client
from segue.protocol.messages import Seed, Suggestion, Suggestions, Wishes
from segue_plugins.mixxx.database import Database, Playlist
from segue_plugins.mixxx.record import Record

SHOWN: Final = 12
"""Tracks a lane: what a list shows without scrolling."""
_ASKED: Final = 30
"""More than are shown, for some may be unknown to Mixxx."""


class Lane(NamedTuple):
    """One list, as a person reads it."""

    name: str
    """``next``, ``stay``, ``lift``, ``ease`` or ``turn``."""
    suggestions: list[Suggestion]
    """What Mixxx has of it and has on no deck, best first."""
    relaxed: Sequence[str] = ()
    """What was given up to fill it."""


class Lists(NamedTuple):
    """What should be in the playlists."""

    seed: Seed | None
    """None: nothing can be said of what is on the deck."""
    lanes: list[Lane]
    tracks: dict[Playlist, list[int]]
    unknown: Sequence[str]
    """Paths of suggestions that Mixxx's library does not have."""

    @property
    def paths(self) -> set[str]:
        """What Mixxx was given to show."""
        return {one.path for lane in self.lanes for one in lane.suggestions}


def nothing(record: Record) -> Lists:
    """Make empty lists, where what they hold would be for another track."""
    return Lists(None, [], {playlist: [] for playlist in record.playlists.values()}, ())


def ask(
    client: Client, database: Database, record: Record, path: str, on_decks: Collection[str], wishes: Wishes
) -> Lists:
    """Ask what comes after a file, and find it in Mixxx's library; what is on a deck already is left out.

    Raises the client's errors, and ProgramBusyError.
    """
    asked = wishes.lane if wishes.lane in {"ease", "rescue"} else "best"
    answer = client.next(path, _ASKED, lanes=True, lane=asked, filters=wishes.filters, preset=wishes.preset, offer=True)
    lanes = [Lane(lane.lane, lane.suggestions, lane.relaxed) for lane in answer.lanes]
    best = Lane("next", answer.suggestions, answer.relaxed)
    # The list of a lane that is wished for is the same as that of its own playlist.
    following = next((lane._replace(name="next") for lane in lanes if lane.name == wishes.lane), best)
    lanes.insert(0, following)
    names = _names(lanes, on_decks)
    return _lists(answer, lanes, names, database.ids(names.values()), record)


def _names(lanes: Sequence[Lane], on_decks: Collection[str]) -> dict[str, str]:
    """The path of each track as Mixxx writes it, with slashes, by the path as it is here."""
    paths = dict.fromkeys(one.path for lane in lanes for one in lane.suggestions if one.path not in on_decks)
    return {path: path.replace(os.sep, "/") for path in paths}


def _lists(
    answer: Suggestions, lanes: Sequence[Lane], names: Mapping[str, str], ids: Mapping[str, int], record: Record
) -> Lists:
    tracks: dict[Playlist, list[int]] = {}
    shown = []
    for lane in lanes:
        known = [one for one in lane.suggestions if names.get(one.path) in ids][:SHOWN]
        shown.append(lane._replace(suggestions=known))
        # The second lane lifts or eases, and has one playlist for both.
        key = "lift" if lane.name == "ease" else lane.name
        if key in record.playlists:  # a Mixxx that was set up by an older Segue has no list "next"
            tracks[record.playlists[key]] = [ids[names[one.path]] for one in known]
    return Lists(answer.seed, shown, tracks, [path for path, name in names.items() if name not in ids])
