"""Setting Mixxx up, and undoing it: three playlists and two files of a controller script, made while Mixxx is closed."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from segue.errors import ProgramNotFoundError, ProgramRunningError, ProgramSetupError
from segue_plugins.mixxx import process
from segue_plugins.mixxx.database import Database, Playlist
from segue_plugins.mixxx.settings import Settings

LANES: Final = ("stay", "lift", "turn")
PREFIX: Final = "Segue: "
SCRIPT: Final = "segue.js"
MAPPING: Final = "Segue.midi.xml"
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
        """The playlist of a lane."""
        return Playlist(self.ids[lane], self.lanes[lane])


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


def set_up(settings: Settings, prefix: str = PREFIX) -> Done:
    """Back the data base up, make the playlists and install the script. Doing it again changes nothing more.

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
    record = read(settings)
    if record is None:
        record = _new(settings, database, prefix)
    elif list(record.lanes.values()) != [f"{prefix}{lane}" for lane in LANES]:
        raise ProgramSetupError(
            f"Mixxx is set up with the playlists {', '.join(record.lanes.values())}. "
            "For other names run `segue mixxx setup --undo` first."
        )
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
    database.remove(Playlist(number, record.lanes[lane]) for lane, number in record.ids.items())
    for name in (MAPPING, SCRIPT):
        (settings.controllers / name).unlink(missing_ok=True)
    if record.made_controllers and not any(settings.controllers.iterdir()):
        settings.controllers.rmdir()
    shutil.rmtree(settings.own)
    return list(record.lanes.values())


def _new(settings: Settings, database: Database, prefix: str) -> Record:
    record = Record(
        lanes={lane: f"{prefix}{lane}" for lane in LANES}, made_controllers=not settings.controllers.exists()
    )
    if taken := database.named(record.lanes.values()):
        raise ProgramSetupError(
            f"Mixxx has playlists of yours with the names {', '.join(taken)}. Choose other ones with --prefix."
        )
    for name in (MAPPING, SCRIPT):
        if (settings.controllers / name).exists():
            raise ProgramSetupError(
                f"{settings.controllers / name} is there already, and not from this setup. Move it away, then try again."
            )
    return record


def _install(settings: Settings) -> None:
    settings.controllers.mkdir(exist_ok=True)
    source = resources.files("segue_plugins.mixxx") / "controller"
    for name in (MAPPING, SCRIPT):
        (settings.controllers / name).write_bytes((source / name).read_bytes())


def _write(settings: Settings, record: Record) -> None:
    part = settings.own / f"{_RECORD}.part"
    part.write_bytes(msgspec.json.format(msgspec.json.encode(record)))
    part.replace(settings.own / _RECORD)


def _refuse_running(settings: Settings) -> None:
    if process.find(settings) is not None:
        raise ProgramRunningError("Mixxx is open. Close it, then try again: it would not show new playlists anyway.")
