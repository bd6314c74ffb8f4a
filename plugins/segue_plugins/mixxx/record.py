"""What was set up in Mixxx, written down in a file of its own: for the shim, and for whoever undoes it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from segue.errors import ProgramSetupError, ProgramTakenError
from segue_plugins.mixxx.preferences import Choice
from segue_plugins.mixxx.reading import Playlist
from segue_plugins.mixxx.settings import RECORD_LOCK, Settings
from segue_plugins.one_at_a_time import one_at_a_time

LANES: Final = ("next", "stay", "lift", "turn")
"""What our playlists are for; records of earlier versions lack the first."""
FILE: Final = "setup.json"
"""In our folder."""
_LOCK_SECONDS: Final = 10.0
"""Whoever writes is done in a few milliseconds, but for a disk that is asleep."""
_AGAIN_SECONDS: Final = 0.02


class Unfinished(msgspec.Struct, kw_only=True, frozen=True):
    """An import that left tracks waiting, for the shim to finish."""

    home: str
    """Of the daemon that took it over, as that one calls it: another one was not asked to."""
    known: int
    """How many of Mixxx's tracks Segue had then."""
    since: float
    """Seconds since 1970. One that is noted later is another one, though all else may be the same."""


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
    unfinished: Unfinished | None = None
    """Only `note` and `strike_out` change it, at any time, also between the reading and the writing of all else."""

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
    """Write it down, whole or not at all; but what is noted of an import stays as it is there."""
    settings.own.mkdir(exist_ok=True)
    with _alone(settings):
        there = read(settings)
        _put(settings, msgspec.structs.replace(record, unfinished=there.unfinished if there else None))


def note(settings: Settings, unfinished: Unfinished) -> bool:
    """Note that an import is unfinished, in place of an earlier one; False: nothing is set up here."""
    return _note(settings, unfinished, lambda _: True)


def strike_out(settings: Settings, unfinished: Unfinished) -> bool:
    """Strike an import out that is finished; False: another one was noted meanwhile, or this one is struck out already."""
    return _note(settings, None, lambda there: there == unfinished)


def forget(settings: Settings) -> None:
    """Remove it: nothing is set up any more."""
    with _alone(settings):
        (settings.own / FILE).unlink(missing_ok=True)


def _note(settings: Settings, unfinished: Unfinished | None, fits: Callable[[Unfinished | None], bool]) -> bool:
    if read(settings) is None:
        return False
    with _alone(settings):
        record = read(settings)
        if record is None or not fits(record.unfinished):
            return False
        _put(settings, msgspec.structs.replace(record, unfinished=unfinished))
    return True


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keep others from writing it, setup from the shim for one; our folder is there."""
    with contextlib.ExitStack() as stack:
        end = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                stack.enter_context(one_at_a_time(settings.own / RECORD_LOCK, "Mixxx"))
                break
            except ProgramTakenError as error:
                if time.monotonic() > end:
                    raise ProgramSetupError(
                        f"{settings.own / FILE} is being written by another program, which does not end: try again."
                    ) from error
                time.sleep(_AGAIN_SECONDS)
        yield


def _put(settings: Settings, record: Record) -> None:
    part = settings.own / f"{FILE}.part"
    with part.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(record)))
        file.flush()
        os.fsync(file.fileno())
    part.replace(settings.own / FILE)
