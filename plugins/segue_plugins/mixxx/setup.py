"""Setting Mixxx up, and undoing it: four playlists and two files of a controller script, made while Mixxx is closed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from segue.errors import ProgramNotFoundError, ProgramRunningError, ProgramSetupError
from segue_plugins.mixxx import process
from segue_plugins.mixxx.database import Database, Playlist
from segue_plugins.mixxx.settings import Settings

LANES: Final = ("next", "stay", "lift", "turn")
"""What our playlists are for; records of earlier versions lack the first."""
PREFIX: Final = "Segue: "
SCRIPT: Final = "segue.js"
MAPPING: Final = "Segue.midi.xml"
_FILES: Final = (MAPPING, SCRIPT, "segue-link.js")
"""The last one is what our own mapping alone has: it talks to the program outside."""
_RECORD: Final = "setup.json"
_BACKUP: Final = "mixxxdb.before-segue.sqlite"


class Record(msgspec.Struct, kw_only=True):
    """What was set up; written first, so that a setup that was cut short can be repeated or undone."""

    lanes: dict[str, str]
    """Name of the playlist, by lane."""
    ids: dict[str, int] = {}
    made_controllers: bool = False
    """The folder for controllers was not there before."""

    def playlist(self, lane: str) -> Playlist:
        """The playlist of a lane. KeyError when there is none: see `playlists`."""
        return Playlist(self.ids[lane], self.lanes[lane])

    @property
    def playlists(self) -> dict[str, Playlist]:
        """The playlists that were made, by lane; what an earlier version set up has no ``next``."""
        return {lane: self.playlist(lane) for lane in self.lanes if lane in self.ids}


class Done(NamedTuple):
    """What `set_up` did."""

    backup: Path
    playlists: list[str]
    mapping: Path
    script: Path


def read(settings: Settings) -> Record | None:
    """What was set up in this folder; None: nothing."""
    try:
        return msgspec.json.decode((settings.own / _RECORD).read_bytes(), type=Record)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise ProgramSetupError(
            f"{settings.own / _RECORD} cannot be read ({error}). Run `segue mixxx setup` again, with Mixxx closed."
        ) from error


def set_up(settings: Settings, prefix: str | None = None, names: Mapping[str, str] | None = None) -> Done:
    """Back the data base up, make the playlists and install the script. Doing it again adds only what is missing.

    Parameters
    ----------
    settings
        Where Mixxx keeps its things.
    prefix
        How the playlists' names begin; None: as they do already, or with `PREFIX`.
    names
        Whole names by lane, for those that should not begin so.

    Raises
    ------
    ProgramRunningError
        Mixxx is open.
    ProgramUnknownError
        The data base is none that we know; nothing was changed.
    ProgramSetupError
        The user has a playlist or a mapping of such a name.

    """
    _refuse_running(settings)
    database = Database(settings.database)
    database.check()
    record = _planned(settings, database, prefix, names or {})
    backup = settings.own / _BACKUP
    settings.own.mkdir(exist_ok=True)
    if not backup.exists():
        database.copy_to(backup)
    _write(settings, record)
    made = database.make(record.lanes.values())
    record.ids = dict(zip(record.lanes, (playlist.id for playlist in made), strict=True))
    _install(settings)
    _write(settings, record)
    return Done(backup, list(record.lanes.values()), settings.controllers / MAPPING, settings.controllers / SCRIPT)


def undo(settings: Settings) -> list[str]:
    """Remove every trace, the backup too; returns the names of the playlists that were removed.

    Raises
    ------
    ProgramRunningError
        Mixxx is open.
    ProgramNotFoundError
        Nothing was set up here.

    """
    record = read(settings)
    if record is None:
        raise ProgramNotFoundError(f"Segue was not set up in {settings.folder}.")
    _refuse_running(settings)
    database = Database(settings.database)
    database.check()
    database.remove(record.playlists.values())
    for name in _FILES:
        (settings.controllers / name).unlink(missing_ok=True)
    if record.made_controllers and not any(settings.controllers.iterdir()):
        settings.controllers.rmdir()
    shutil.rmtree(settings.own)
    return list(record.lanes.values())


def _planned(settings: Settings, database: Database, prefix: str | None, names: Mapping[str, str]) -> Record:
    """What there should be; nothing is written yet."""
    record = read(settings)
    if record is None:
        record = Record(lanes={}, made_controllers=not settings.controllers.exists())
        _refuse_foreign(settings)
    missing = {
        lane: names.get(lane, f"{_prefix(record) if prefix is None else prefix}{lane}")
        for lane in LANES
        if lane not in record.lanes
    }
    others = [
        lane
        for lane, name in record.lanes.items()
        if names.get(lane, name if prefix is None else f"{prefix}{lane}") != name
    ]
    if others:
        raise ProgramSetupError(
            f"Mixxx is set up with the playlists {', '.join(record.lanes.values())}. "
            "For other names run `segue mixxx setup --undo` first."
        )
    wanted = {lane: record.lanes.get(lane) or missing[lane] for lane in LANES}
    if len(set(wanted.values())) < len(wanted) or not all(name.strip() for name in wanted.values()):
        raise ProgramSetupError("Each of the playlists needs a name of its own.")
    if taken := database.named(missing.values()):
        raise ProgramSetupError(
            f"Mixxx has playlists of yours with the names {', '.join(taken)}. Choose other ones with --prefix or --name."
        )
    record.lanes = wanted
    return record


def _prefix(record: Record) -> str:
    """How the names of the playlists that are there begin."""
    prefixes = {name.removesuffix(lane) for lane, name in record.lanes.items() if name.endswith(lane)}
    return prefixes.pop() if len(prefixes) == 1 else PREFIX


def _refuse_foreign(settings: Settings) -> None:
    for name in _FILES:
        if (settings.controllers / name).exists():
            raise ProgramSetupError(
                f"{settings.controllers / name} is there already, and not from this setup. Move it away, then try again."
            )


def _install(settings: Settings) -> None:
    settings.controllers.mkdir(exist_ok=True)
    source = resources.files("segue_plugins.mixxx") / "controller"
    for name in _FILES:
        (settings.controllers / name).write_bytes((source / name).read_bytes())


def _write(settings: Settings, record: Record) -> None:
    part = settings.own / f"{_RECORD}.part"
    part.write_bytes(msgspec.json.format(msgspec.json.encode(record)))
    part.replace(settings.own / _RECORD)


def _refuse_running(settings: Settings) -> None:
    if process.find(settings) is not None:
        raise ProgramRunningError("Mixxx is open. Close it, then try again: it would not show new playlists anyway.")
