"""What was set up in Mixxx, written down in a file of its own: for the shim, and for whoever undoes it."""

from __future__ import annotations

import os
from typing import Final

import msgspec

from segue.errors import ProgramSetupError
from segue_plugins.mixxx.preferences import Choice
from segue_plugins.mixxx.reading import Playlist
from segue_plugins.mixxx.settings import Settings

LANES: Final = ("next", "stay", "lift", "turn")
"""What our playlists are for; records of earlier versions lack the first."""
FILE: Final = "setup.json"
"""In our folder."""


class Record(msgspec.Struct, kw_only=True):
    """What was set up; written before it is done, so that a setup that was cut short can be repeated or undone."""

    lanes: dict[str, str]
    """Name of the playlist, by lane."""
    ids: dict[str, int] = {}
    made_controllers: bool = False
    """The folder for controllers was not there before."""
    copies: list[str] = []
    """Files in it that are copies of the user's mappings, with their scripts."""
    choices: list[Choice] = []
    """Changes of Mixxx's preferences, the first one first."""
    former: list[int] = []
    """Ids of playlists that Segue has filled, and that the user has given other names since."""
    start: bool = False
    """The daemon was asked to start the shim by itself."""

    def playlist(self, lane: str) -> Playlist:
        """The playlist of a lane. KeyError when there is none: see `playlists`."""
        return Playlist(self.ids[lane], self.lanes[lane])

    @property
    def own(self) -> frozenset[int]:
        """Ids of all playlists that Segue has filled."""
        return frozenset((*self.ids.values(), *self.former))

    @property
    def playlists(self) -> dict[str, Playlist]:
        """The playlists that were made, by lane; what an earlier version set up has no ``next``."""
        return {lane: self.playlist(lane) for lane in self.lanes if lane in self.ids}


def read(settings: Settings) -> Record | None:
    """What was set up in this folder; None: nothing."""
    file = settings.own / FILE
    try:
        return msgspec.json.decode(file.read_bytes(), type=Record)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise ProgramSetupError(
            f"{file} cannot be read ({error}), so that Segue does not know which playlists are its own. Delete Segue's "
            "playlists in Mixxx, close it, and delete the folder that this file is in; a controller that Segue gave a mapping in "
            "mixxx.cfg keeps it until you choose another one in Mixxx's preferences. Then run `segue mixxx setup`."
        ) from error


def write(settings: Settings, record: Record) -> None:
    """Write it down, whole or not at all."""
    settings.own.mkdir(exist_ok=True)
    part = settings.own / f"{FILE}.part"
    with part.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(record)))
        file.flush()
        os.fsync(file.fileno())
    part.replace(settings.own / FILE)


def forget(settings: Settings) -> None:
    """Remove it: nothing is set up any more."""
    (settings.own / FILE).unlink(missing_ok=True)
