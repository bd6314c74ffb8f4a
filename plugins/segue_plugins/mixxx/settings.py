"""Mixxx's settings folder: where it is, and which Mixxx wrote it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from segue.errors import ProgramNotFoundError

DATABASE: Final = "mixxxdb.sqlite"
_CONFIG: Final = "mixxx.cfg"
_VERSION: Final = re.compile(r"^Version\s+(\S+)", re.MULTILINE)
_FLAGS: Final = ("--settingsPath", "--settings-path")
"""Of Mixxx up to 2.3, and later."""
SHIM_LOCK: Final = "shim.lock"
AUTODJ_LOCK: Final = "autodj.lock"
"""In our folder: held while `segue mixxx`, or `segue mixxx autodj`, runs."""
RECORD_LOCK: Final = "record.lock"
"""As these; held for the moment in which what was set up is written down."""
SHIM: Final = "mixxx"
"""What the daemon calls `segue mixxx`, when it starts it by itself."""
OWN: Final = "segue"
"""Our folder in Mixxx's: the backup and what was set up."""


class Settings(NamedTuple):
    """A settings folder of Mixxx."""

    folder: Path

    @property
    def database(self) -> Path:
        """Mixxx's library."""
        return self.folder / DATABASE

    @property
    def config(self) -> Path:
        """Mixxx's preferences."""
        return self.folder / _CONFIG

    @property
    def controllers(self) -> Path:
        """Where Mixxx looks for the user's controller mappings."""
        return self.folder / "controllers"

    @property
    def own(self) -> Path:
        """Our folder; `setup` makes it, its undoing removes it."""
        return self.folder / OWN

    @property
    def version(self) -> str:
        """Which Mixxx used it last; empty when it does not say."""
        try:
            text = self.config.read_text("utf-8", "replace")
        except OSError:
            return ""
        found = _VERSION.search(text)
        return found[1] if found else ""


def find(explicit: str | Path | None = None) -> Settings:
    """Return the folder that was named, or else the one of this system that was used last.

    Raises
    ------
    ProgramNotFoundError
        There is no data base of Mixxx.

    """
    if explicit is not None:
        named = Settings(Path(explicit).expanduser().absolute())
        if named.database.is_file():
            return named
        if named.folder.is_file():
            raise ProgramNotFoundError(
                f"{named.folder} is a file: name the folder that it is in, {named.folder.parent}."
            )
        raise ProgramNotFoundError(
            f"There is no {DATABASE} in {named.folder}. Name the folder that Mixxx shows under Help, or in its log."
        )
    found = [settings for settings in map(Settings, usual_folders()) if settings.database.is_file()]
    if not found:
        raise ProgramNotFoundError(
            "No settings of Mixxx were found. Start Mixxx once, or name its settings folder with --settings."
        )
    return max(found, key=lambda settings: settings.database.stat().st_mtime)


def usual_folders(platform: str = sys.platform, home: Path | None = None) -> list[Path]:
    """Where Mixxx keeps its settings on a platform."""
    home = home or Path.home()
    if platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return [(Path(local) if local else home / "AppData" / "Local") / "Mixxx"]
    if platform == "darwin":
        support = Path("Library", "Application Support", "Mixxx")
        return [home / "Library" / "Containers" / "org.mixxx.mixxx" / "Data" / support, home / support]
    return [home / ".mixxx", home / ".var" / "app" / "org.mixxx.Mixxx" / ".mixxx"]


def named_in(command: Iterable[str]) -> Path | None:
    """The settings folder that a command line of Mixxx names; None: the usual one."""
    arguments = list(command)
    for number, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if flag in _FLAGS:
            named = value if equals else next(iter(arguments[number + 1 :]), "")
            return Path(named) if named else None
    return None
