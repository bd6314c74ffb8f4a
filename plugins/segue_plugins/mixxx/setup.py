"""Setting Mixxx up, and undoing it: playlists, a controller script, and controllers that load it, made while Mixxx is closed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

from segue.errors import ProgramNotFoundError, ProgramRunningError, ProgramSetupError, ProgramTakenError
from segue_plugins.mixxx import mappings, process
from segue_plugins.mixxx.database import Database, Playlist
from segue_plugins.mixxx.preferences import Controller, Preferences, key_of
from segue_plugins.mixxx.record import FILE, LANES, Record, forget, read, write
from segue_plugins.mixxx.settings import AUTODJ_LOCK, RECORD_LOCK, SHIM_LOCK, Settings
from segue_plugins.one_at_a_time import one_at_a_time

__all__ = [
    "FILES",
    "LANES",
    "MAPPING",
    "PREFIX",
    "SCRIPT",
    "Done",
    "Record",
    "Ridden",
    "Undone",
    "controllers",
    "link",
    "note_start",
    "read",
    "refuse_running",
    "ride",
    "set_up",
    "undo",
    "unlink",
]

PREFIX: Final = "Segue: "
SCRIPT: Final = "segue.js"
MAPPING: Final = "Segue.midi.xml"
FILES: Final = (MAPPING, SCRIPT, "segue-link.js")
"""The last one is what our own mapping alone has: it talks to the program outside."""
_KEPT: Final = frozenset({FILE, SHIM_LOCK, AUTODJ_LOCK, RECORD_LOCK})
"""What is removed last."""
_BACKUP: Final = "mixxxdb.before-segue.sqlite"


class Done(NamedTuple):
    """What `set_up` did."""

    backup: Path
    playlists: list[str]
    mapping: Path
    script: Path


class Undone(NamedTuple):
    """What `undo` did."""

    removed: list[str]
    """Names of the playlists that were there, and are no more."""
    left: list[str]
    """Names of playlists that may once have been ours and were renamed: those are the user's now."""


class Ridden(NamedTuple):
    """What `ride` did."""

    mapping: Path
    """The copy."""
    controllers: list[str]
    """That have the copy from now on; none: nobody uses the original. Which of them Mixxx opens is as it was."""


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
        The user has a playlist or a mapping of such a name, or the backup cannot be written.

    """
    refuse_running(settings)
    database = Database(settings.database)
    database.check()
    record = _planned(settings, database, prefix, names or {})
    backup = _back_up(settings, database)
    write(settings, record)
    missing = [lane for lane in record.lanes if lane not in record.ids]
    made = database.make(record.lanes[lane] for lane in missing)
    record.ids |= {lane: playlist.id for lane, playlist in zip(missing, made, strict=True)}
    _install(settings)
    write(settings, record)
    return Done(backup, list(record.lanes.values()), settings.controllers / MAPPING, settings.controllers / SCRIPT)


def link(settings: Settings, port: str) -> bool:
    """Let Mixxx open our port with our mapping, as soon as it sees it; False: it does so already. Errors as with `set_up`."""
    return _choose(settings, _record(settings), [key_of(port)], MAPPING)


def unlink(settings: Settings) -> bool:
    """Take back what `link` did; False: there was nothing to take back. Errors as with `set_up`."""
    record = _record(settings)
    ours = [choice for choice in record.choices if choice.file == MAPPING]
    if not ours or not settings.config.exists():
        return False
    preferences = Preferences(settings)
    done = [preferences.take_back(choice) for choice in reversed(ours)]
    preferences.save()
    record.choices = [choice for choice in record.choices if choice not in ours]
    write(settings, record)
    return any(done)


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
    _choose(settings, record, users, copy.name, opens=False)
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


def undo(settings: Settings) -> Undone:
    """Remove every trace, the backup too, and playlists that the user has locked, but not those that he has renamed.

    Raises
    ------
    ProgramRunningError
        Mixxx is open.
    ProgramTakenError
        Segue follows this Mixxx just now.
    ProgramNotFoundError
        Nothing was set up here.

    """
    record = read(settings)
    if record is None:
        raise ProgramNotFoundError(f"Segue was not set up in {settings.folder}.")
    refuse_running(settings)
    database = Database(settings.database)
    database.check()
    with _nobody_at_work(settings):
        undone = _take_back(settings, database, record)
        for file in settings.own.iterdir():
            if file.name not in _KEPT:
                shutil.rmtree(file) if file.is_dir() else file.unlink()
        # Last of all, and what was cut short before can be done again.
        forget(settings)
    shutil.rmtree(settings.own)  # the locks, which could not be removed on Windows while they were held
    return undone


def _take_back(settings: Settings, database: Database, record: Record) -> Undone:
    """Undo all but our own folder."""
    if record.choices and settings.config.exists():
        preferences = Preferences(settings)
        for choice in reversed(record.choices):
            preferences.take_back(choice)
        preferences.save()
    ours = _ours(database, record)
    removed = database.remove(ours.values())
    left = database.names(one for lane, one in record.playlists.items() if lane not in ours)
    for name in (*FILES, *record.copies):
        (settings.controllers / name).unlink(missing_ok=True)
    if record.made_controllers and settings.controllers.exists() and not any(settings.controllers.iterdir()):
        settings.controllers.rmdir()
    return Undone([one.name for one in removed], left)


@contextlib.contextmanager
def _nobody_at_work(settings: Settings) -> Iterator[None]:
    """Keep `segue mixxx` and `segue mixxx autodj` from running meanwhile."""
    with contextlib.ExitStack() as stack:
        for lock in (SHIM_LOCK, AUTODJ_LOCK):
            try:
                stack.enter_context(one_at_a_time(settings.own / lock, "Mixxx"))
            except ProgramTakenError as error:
                word = "segue mixxx autodj" if lock == AUTODJ_LOCK else "segue mixxx"
                raise ProgramTakenError(
                    f"`{word}` follows this Mixxx. End it first (Ctrl-C, or `segue down` where Segue has started it)."
                ) from error
        yield


def refuse_running(settings: Settings, why: str = "it would not show new playlists anyway") -> None:
    """ProgramRunningError while Mixxx is open."""
    if process.find(settings) is not None:
        raise ProgramRunningError(f"Mixxx is open. Close it, then try again: {why}.")


def _planned(settings: Settings, database: Database, prefix: str | None, names: Mapping[str, str]) -> Record:
    """What there should be; nothing is written yet."""
    record = read(settings)
    if record is None:
        record = Record(lanes={}, made_controllers=not settings.controllers.exists())
        _refuse_foreign(settings)
    ours = _ours(database, record)
    renamed = [one.id for lane, one in record.playlists.items() if lane not in ours and database.names([one])]
    record.former = sorted({*record.former, *renamed})
    record.ids = {lane: playlist.id for lane, playlist in ours.items()}
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
    if taken := [one.name for one in database.plain(name for lane, name in wanted.items() if lane not in ours)]:
        raise ProgramSetupError(
            f"Mixxx has playlists of yours with the names {', '.join(taken)}. "
            + (
                "Give them other ones in Mixxx, or run `segue mixxx setup --undo` first and choose others for Segue's."
                if set(taken) & set(record.lanes.values())
                else "Choose other ones with --prefix or --name."
            )
        )
    record.lanes = wanted
    return record


def _ours(database: Database, record: Record) -> dict[str, Playlist]:
    """Our playlists that are in Mixxx, by lane.

    A setup that was cut short may have made some whose ids it could not write down any more: nothing is in them.
    """
    there = set(database.there(record.playlists.values()))
    nameless = {name: lane for lane, name in record.lanes.items() if lane not in record.ids}
    cut_short = [playlist for playlist in database.plain(nameless) if not database.tracks(playlist)]
    found = {lane: playlist for lane, playlist in record.playlists.items() if playlist in there}
    return {**found, **{nameless[playlist.name]: playlist for playlist in cut_short}}


def _back_up(settings: Settings, database: Database) -> Path:
    """Copy the data base once; where it cannot be copied nothing is left behind."""
    backup = settings.own / _BACKUP
    settings.own.mkdir(exist_ok=True)
    if not backup.exists():
        try:
            database.copy_to(backup)
        except BaseException:
            with contextlib.suppress(OSError):  # it was there before, with other things in it
                settings.own.rmdir()
            raise
    return backup


def _prefix(record: Record) -> str:
    """How the names of the playlists that are there begin."""
    prefixes = {name.removesuffix(lane) for lane, name in record.lanes.items() if name.endswith(lane)}
    return prefixes.pop() if len(prefixes) == 1 else PREFIX


def _record(settings: Settings) -> Record:
    refuse_running(settings)
    record = read(settings)
    if record is None:
        raise ProgramSetupError(f"Mixxx in {settings.folder} is not set up: run `segue mixxx setup`.")
    return record


def _choose(settings: Settings, record: Record, keys: list[str], mapping: str, *, opens: bool = True) -> bool:
    """Give controllers a mapping; False: they have it already."""
    if not keys:
        return False
    preferences = Preferences(settings)
    made = [choice for key in keys if (choice := preferences.choose(key, mapping, opens=opens)) is not None]
    if made:
        record.choices = [*record.choices, *made]
        write(settings, record)
        preferences.save()
    return bool(made)


def _refuse_foreign(settings: Settings) -> None:
    for name in FILES:
        if (settings.controllers / name).exists():
            raise ProgramSetupError(
                f"{settings.controllers / name} is there already, and not from this setup. Move it away, then try again."
            )


def _install(settings: Settings) -> None:
    settings.controllers.mkdir(exist_ok=True)
    source = resources.files("segue_plugins.mixxx") / "controller"
    for name in FILES:
        (settings.controllers / name).write_bytes((source / name).read_bytes())
