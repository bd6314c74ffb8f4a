"""A damaged library is put aside, never deleted, and all that can still be read of it is carried over."""

from __future__ import annotations

import contextlib
import logging
import time
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

from segue.errors import HomeNotWritableError, LibraryDamagedError
from segue.library.columns import Columns
from segue.library.connection import suspicion
from segue.library.rescue import Rescued, rescue
from segue.library.store import Library
from segue.networks.models import ModelSet

_log = logging.getLogger(__name__)

_WITH_LOGS: Final = ("", "-wal", "-shm")


class Opened(NamedTuple):
    """A library that can be used."""

    library: Library
    columns: Columns
    """Of all its tracks, for the networks in use."""
    trouble: str | None
    """A sentence for the user, when it had to be rescued."""


def open_library(path: Path, models: ModelSet) -> Opened:
    """Open the library for these networks and read all its numbers; a damaged one is rescued first.

    A library that holds the vectors of other networks keeps them in use: these are then its `next_model`.

    The damaged file is kept beside the new one as ``library.damaged-<time>.db``. Where damage was met while the daemon
    ran, the whole file is looked through.

    Raises:
        LibraryTooNewError: a newer version wrote it.
        HomeNotWritableError, DiskFullError: it, or what is rescued of it, cannot be written.

    """
    try:
        _finish_interrupted(path)
        return _open_or_rescue(path, models)
    except OSError as error:
        raise HomeNotWritableError(
            f"The damaged library {path} cannot be put aside ({error.strerror or error}): make its folder writable for "
            "you, or choose another one with --home."
        ) from error


def _open_or_rescue(path: Path, models: ModelSet) -> Opened:
    mark = suspicion(path)
    trouble = None
    try:
        library, columns = _open(path, models, check=mark.exists())
    except LibraryDamagedError as error:
        _log.error("%s", error)
        trouble = _replace(path)
        library, columns = _open(path, models, check=False)
    with contextlib.suppress(OSError):
        mark.unlink()
    return Opened(library, columns, trouble)


def _open(path: Path, models: ModelSet, *, check: bool) -> tuple[Library, Columns]:
    library = Library(path)
    try:
        if check:
            library.check()
        _want(library, models)
        return library, _columns(library)
    except BaseException:
        library.close()
        raise


def _want(library: Library, models: ModelSet) -> None:
    """Use these networks at once where nothing would be lost by it; else they take over when their vectors are there."""
    wanted = (models.id, models.labels, models.dim)
    if library.model is None or not library.has_vectors():
        library.set_model(*wanted)
    elif not library.model.describes(*wanted):
        library.set_next(*wanted)
    if library.next_model is None:  # else it waits until these have taken over: what they hear would not be suggested
        library.renew_analyses()


def _columns(library: Library) -> Columns:
    try:
        return library.columns()
    except (ValueError, TypeError):
        # Numbers that are none: damage that SQLite has not noticed while it read them, or a mistake of ours.
        library.check()
        raise


def _replace(path: Path) -> str:
    """Put a rescued library in the place of a damaged one; a kill between any two steps loses nothing."""
    started = time.monotonic()
    unfinished = path.with_suffix(".rescuing")
    _remove(unfinished)
    try:
        rescued = rescue(path, unfinished)
    except BaseException:
        _remove(unfinished)
        raise
    unfinished.replace(_finished(path))
    aside = _put_aside(path)
    _finished(path).replace(path)
    _log.warning("rescued in %.1f s: %s", time.monotonic() - started, rescued)
    return _sentence(rescued, aside.name)


def _finish_interrupted(path: Path) -> None:
    if not _finished(path).exists():
        return
    if path.exists():
        _finished(path).unlink()
    else:
        _put_aside(path)
        _finished(path).replace(path)


def _finished(path: Path) -> Path:
    return path.with_suffix(".rescued")


def _put_aside(path: Path) -> Path:
    stem = f"{path.stem}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
    names = (f"{stem}{f'-{number}' if number > 1 else ''}{path.suffix}" for number in count(1))
    aside = next(place for place in map(path.with_name, names) if not place.exists())
    for suffix in _WITH_LOGS:
        here = path.with_name(path.name + suffix)
        if here.exists():
            here.rename(aside.with_name(aside.name + suffix))
    return aside


def _remove(path: Path) -> None:
    for suffix in _WITH_LOGS:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _sentence(rescued: Rescued, aside: str) -> str:
    kept = f"The library was damaged; it is kept as {aside}."
    if not (rescued.tracks or rescued.files or rescued.plays or rescued.values):
        if rescued.folders:
            return f"{kept} Nothing else in it could be read: your {rescued.folders} folders are analysed again."
        return f"{kept} Nothing in it could be read: add your folders again."
    saved = f"{rescued.tracks} analysed tracks, {rescued.plays} plays and {rescued.values} values of yours were rescued"
    if rescued.again:
        return f"{kept} {saved}; {rescued.again} files are analysed again."
    return f"{kept} {saved}{'; what is missing is analysed again' if rescued.lost else ''}."
