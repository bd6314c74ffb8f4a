"""Playlists as M3U8 files, which every DJ program reads: UTF-8, a line about each track, its path.

The format is that of the M3U of Winamp with its ``#EXTM3U`` extension; no program needs more.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from segue.cli.output import clean
from segue.errors import PlaylistError, PlaylistExistsError

if TYPE_CHECKING:
    from segue.protocol.messages import Step

_Function = TypeVar("_Function", bound=Callable[..., Any])


def playlist_options(command: _Function) -> _Function:
    """Add ``--m3u8``, ``--relative`` and ``--force``."""
    for option in (
        click.option("--force", is_flag=True, help="Overwrite a playlist that is there already."),
        click.option("--relative", is_flag=True, help="Paths in the playlist are seen from its folder."),
        click.option(
            "--m3u8", type=click.Path(path_type=Path), metavar="FILE", help="Write the tracks to a playlist, too."
        ),
    ):
        command = option(command)
    return command


def refuse_existing(file: Path | None, *, force: bool) -> None:
    """Raise PlaylistExistsError before any work is done for a playlist that must not be written."""
    if file is not None and not force and os.path.lexists(file):
        raise _exists(file)


def write(file: Path, tracks: Sequence[Step], *, relative: bool, force: bool) -> list[str]:
    """Write a playlist, whole or not at all. Titles lose control characters; no other playlist is harmed without ``force``.

    Returns the paths that are left out, for a line of a playlist cannot hold them: those with a line break.

    Raises PlaylistExistsError, or PlaylistError when the system does not let us write.
    """
    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100 - resolve() would follow links
    lines, left_out = [b"#EXTM3U"], []
    for track in tracks:
        path = _path(track.path, folder if relative else None)
        if b"\n" in path or b"\r" in path:
            left_out.append(track.path)
            continue
        name = f"{track.artist} - {track.title}" if track.artist else track.title
        seconds = -1 if track.duration is None else round(track.duration)
        lines += [f"#EXTINF:{seconds},{clean(name)}".encode("utf-8", "replace"), path]
    _put(file, folder, b"\n".join([*lines, b""]), force=force)
    return left_out


def _path(shown: str, folder: Path | None) -> bytes:
    """The bytes of a path as the file system has it, absolute or seen from a folder."""
    from segue.library.paths import found

    path = found(shown)
    if folder is not None:
        with suppress(ValueError):  # on another drive, only the absolute path leads there
            path = os.path.relpath(path, folder)
    # A line that begins with this sign is a comment.
    return os.fsencode(os.path.join(os.curdir, path) if path.startswith("#") else path)  # noqa: PTH118


def _put(file: Path, folder: Path, content: bytes, *, force: bool) -> None:
    beside: str | None = None
    try:
        handle, beside = tempfile.mkstemp(prefix=".segue-", suffix=".m3u8", dir=folder)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        _let_others_read(beside)
        if force:
            os.replace(beside, file)  # noqa: PTH105
        else:
            _place(beside, file)
    except FileExistsError as error:
        raise _exists(file) from error
    except OSError as error:
        raise PlaylistError(f"{file} cannot be written ({error.strerror}): name another file.") from error
    finally:
        if beside is not None:
            with suppress(OSError):
                os.unlink(beside)  # noqa: PTH108


def _place(beside: str, file: Path) -> None:
    """Give a finished file its name unless another has it; FileExistsError then."""
    try:
        os.link(beside, file)
    except FileExistsError:
        raise
    except OSError:  # memory sticks have no links
        if os.path.lexists(file):
            raise FileExistsError from None
        os.replace(beside, file)  # noqa: PTH105


def _let_others_read(path: str) -> None:
    """Give the rights that any new file has: a temporary file is only for its owner."""
    mask = os.umask(0o077)
    os.umask(mask)
    with suppress(OSError):
        os.chmod(path, 0o666 & ~mask)  # noqa: PTH101


def _exists(file: Path) -> PlaylistExistsError:
    return PlaylistExistsError(f"{file} is there already: name another file, or add --force to overwrite it.")
