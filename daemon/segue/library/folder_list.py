"""A copy of the list of watched folders beside the library: what is left to begin with when the library is lost."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

_NAME: Final = "folders.json"


def write(library: Path, folders: Sequence[Path], private: Sequence[Path] = ()) -> None:
    """Write the folders' copy beside a library, whole or not at all; a failure is logged, for it is only a copy."""
    target = library.with_name(_NAME)
    listed = {"folders": [str(folder) for folder in folders], "private": [str(folder) for folder in private]}
    text = json.dumps(listed, indent=1)
    try:
        with contextlib.suppress(FileNotFoundError):
            if target.read_text("ascii") == text:
                return
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".folders-")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        _log.warning("the list of folders was not copied to %s: %s", target, error)


def read(library: Path) -> list[Path]:
    """Return the folders that the copy beside a library names; none when there is no sound copy."""
    return _read(library, "folders")


def read_private(library: Path) -> list[Path]:
    """Return those of the folders that the copy calls private."""
    return _read(library, "private")


def _read(library: Path, name: str) -> list[Path]:
    try:
        listed = json.loads(library.with_name(_NAME).read_text("ascii"))[name]
        folders = [Path(folder) for folder in listed]
    except (OSError, ValueError, TypeError, KeyError):
        return []
    return [folder for folder in folders if folder.is_absolute() and "\0" not in str(folder)]
