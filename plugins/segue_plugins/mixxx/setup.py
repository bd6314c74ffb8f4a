"""Setting Mixxx up, and undoing it: playlists, a controller script, and controllers that load it, made while Mixxx is closed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

from segue.errors import ProgramNotFoundError, ProgramRunningError, ProgramSetupError
from segue_plugins.mixxx import mappings, process
from segue_plugins.mixxx.database import Database, Playlist
from segue_plugins.mixxx.preferences import Controller, Preferences, key_of
from segue_plugins.mixxx.record import LANES, Record, read, write
from segue_plugins.mixxx.settings import Settings

__all__ = [
    "LANES",
    "MAPPING",
    "PREFIX",
    "SCRIPT",
    "Done",
    "Record",
    "Ridden",
    "controllers",
    "link",
    "note_start",
    "read",
    "refuse_running",
    "ride",
    "set_up",
    "undo",
]

PREFIX: Final = "Segue: "
SCRIPT: Final = "segue.js"
MAPPING: Final = "Segue.midi.xml"
_FILES: Final = (MAPPING, SCRIPT, "segue-link.js")
"""The last one is what our own mapping alone has: it talks to the program outside."""
_BACKUP: Final = "mixxxdb.before-segue.sqlite"


class Done(NamedTuple):
    """What `set_up` did."""

    backup: Path
    playlists: list[str]
    mapping: Path
    script: Path


class Ridden(NamedTuple):
    """What `ride` did."""

    mapping: Path
    """The copy."""
    controllers: list[str]
    """That have the copy from now on; none: nobody uses the original."""


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
    refuse_running(settings)
    database = Database(settings.database)
    database.check()
    record = _planned(settings, database, prefix, names or {})
    backup = settings.own / _BACKUP
    settings.own.mkdir(exist_ok=True)
    if not backup.exists():
        database.copy_to(backup)
    write(settings, record)
    made = database.make(record.lanes.values())
    record.ids = dict(zip(record.lanes, (playlist.id for playlist in made), strict=True))
    _install(settings)
    write(settings, record)
    return Done(backup, list(record.lanes.values()), settings.controllers / MAPPING, settings.controllers / SCRIPT)


def link(settings: Settings, port: str) -> bool:
    """Let Mixxx open our port with our mapping, as soon as it sees it; False: it does so already. Errors as with `set_up`."""
    return _choose(settings, _record(settings), [key_of(port)], MAPPING)


def ride(settings: Settings, wanted: str) -> Ridden:
    """Copy a mapping with our script in it, and give the copy to the controllers that have the original.

    Raises
    ------
    ProgramNotFoundError
        There is no such mapping.
    ProgramSetupError
        It cannot be copied; nothing was changed.

    """
    record = _record(settings)
    copy = mappings.copy(settings, mappings.find(settings, wanted))
    content = {copy.name: copy.content, **{script.name: script.read_bytes() for script in copy.scripts}}
    for name in content:
        if name not in record.copies and (settings.controllers / name).exists():
            raise ProgramSetupError(
                f"{settings.controllers / name} is there already, and not from Segue. Move it away."
            )
    record.copies = [*dict.fromkeys((*record.copies, *content))]
    write(settings, record)
    settings.controllers.mkdir(exist_ok=True)
    for name, data in content.items():
        (settings.controllers / name).write_bytes(data)
    # The original's name, or the copy's when this is done again.
    users = [one.key for one in controllers(settings) if Path(one.mapping).name in {copy.source.name, copy.name}]
    _choose(settings, record, users, copy.name)
    return Ridden(settings.controllers / copy.name, users)


def note_start(settings: Settings, wanted: bool) -> None:
    """Remember whether the daemon starts the shim by itself, for the undoing."""
    record = read(settings)
    if record is not None and record.start != wanted:
        record.start = wanted
        write(settings, record)


def controllers(settings: Settings) -> list[Controller]:
    """The controllers that Mixxx knows; none where it has no preferences yet."""
    return Preferences(settings).controllers() if settings.config.exists() else []


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
    refuse_running(settings)
    database = Database(settings.database)
    database.check()
    if record.choices and settings.config.exists():
        preferences = Preferences(settings)
        for choice in reversed(record.choices):
            preferences.take_back(choice)
        preferences.save()
    # A setup that was cut short may have made playlists whose ids it could not write down any more.
    made = {**{one.name: one for one in database.plain(record.lanes.values())}, **_by_name(record)}
    database.remove(made.values())
    for name in (*_FILES, *record.copies):
        (settings.controllers / name).unlink(missing_ok=True)
    if record.made_controllers and settings.controllers.exists() and not any(settings.controllers.iterdir()):
        settings.controllers.rmdir()
    shutil.rmtree(settings.own)
    return list(record.lanes.values())


def refuse_running(settings: Settings) -> None:
    """ProgramRunningError while Mixxx is open."""
    if process.find(settings) is not None:
        raise ProgramRunningError("Mixxx is open. Close it, then try again: it would not show new playlists anyway.")


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
    if taken := [playlist.name for playlist in database.plain(missing.values())]:
        raise ProgramSetupError(
            f"Mixxx has playlists of yours with the names {', '.join(taken)}. Choose other ones with --prefix or --name."
        )
    record.lanes = wanted
    return record


def _prefix(record: Record) -> str:
    """How the names of the playlists that are there begin."""
    prefixes = {name.removesuffix(lane) for lane, name in record.lanes.items() if name.endswith(lane)}
    return prefixes.pop() if len(prefixes) == 1 else PREFIX


def _by_name(record: Record) -> dict[str, Playlist]:
    return {playlist.name: playlist for playlist in record.playlists.values()}


def _record(settings: Settings) -> Record:
    refuse_running(settings)
    record = read(settings)
    if record is None:
        raise ProgramSetupError(f"Mixxx in {settings.folder} is not set up: run `segue mixxx setup`.")
    return record


def _choose(settings: Settings, record: Record, keys: list[str], mapping: str) -> bool:
    """Give controllers a mapping; False: they have it already."""
    if not keys:
        return False
    preferences = Preferences(settings)
    made = [choice for key in keys if (choice := preferences.choose(key, mapping)) is not None]
    if made:
        record.choices = [*record.choices, *made]
        write(settings, record)
        preferences.save()
    return bool(made)


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
