"""Which names in a music folder count, judged without looking at the files."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from segue.audio.formats import is_audio_name

PARTIAL_SUFFIXES: Final = (
    ".part",
    ".crdownload",
    ".tmp",
    ".temp",
    ".download",
    ".partial",
    ".opdownload",
    ".!ut",
    ".aria2",
)
"""What download programs append to a name until the file is whole; Safari gives it to a folder around the file."""
IGNORED_FOLDERS: Final = frozenset(
    {"$recycle.bin", "system volume information", "lost+found", "__macosx", "@eadir", "#recycle", "#snapshot"}
)
"""Folders of operating systems and storage boxes, in lower case: what lies there is not the DJ's music."""


def is_wanted_file(name: str) -> bool:
    """Whether a file of this name (not path) may be music that is whole."""
    return not name.startswith(".") and is_audio_name(name)


def is_wanted_folder(name: str) -> bool:
    """Whether to look into a folder of this name below a watched folder."""
    lower = name.lower()
    return not name.startswith(".") and not lower.endswith(PARTIAL_SUFFIXES) and lower not in IGNORED_FOLDERS


def is_wanted(path: str, root: str) -> bool:
    """Whether a path below a watched folder may be music, by all its names from the folder on."""
    *folders, name = PurePath(path).relative_to(root).parts
    return is_wanted_file(name) and all(map(is_wanted_folder, folders))


def is_wanted_below(path: str, root: str) -> bool:
    """Whether to look into a folder, by all its names from the watched folder on."""
    return path == root or all(map(is_wanted_folder, PurePath(path).relative_to(root).parts))


def companions(path: str, *, empty: bool) -> list[str]:
    """Return the names beside a file that tell that its download still runs.

    Firefox makes the final name at once, empty, and fills ``name.part``; aria2 reserves the whole size at once.
    """
    return [f"{path}.aria2", *([f"{path}.part"] if empty else [])]
