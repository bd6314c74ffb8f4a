"""From file system events to what should be looked at. Pure logic: nothing is read from the disk.

Events are hints. They come late, doubled, in any order, or not at all (a folder that is moved in is one event, whatever it
holds); the only thing taken from them is which path is worth a look.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from watchdog.events import (
    EVENT_TYPE_CREATED,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MOVED,
    FileSystemEvent,
)

from segue.library import paths
from segue.watch.naming import is_wanted, is_wanted_below


@dataclass(slots=True)
class Hints:
    """What to look at: single files, and whole folders with all below them."""

    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.files or self.folders)

    def add(self, event: FileSystemEvent, root: str) -> bool:
        """Take note of one event below a watched folder; return whether it matters."""
        before = len(self.files) + len(self.folders)
        for path in filter(None, (os.fsdecode(event.src_path), os.fsdecode(event.dest_path))):
            if not paths.is_below(path, root):
                continue  # Moved out or in, as some systems tell it.
            if not event.is_directory and is_wanted(path, root):
                self.files.add(path)
            elif _may_be_folder(event) and is_wanted_below(path, root):
                self.folders.add(path)
        return len(self.files) + len(self.folders) > before

    def cleaned(self) -> Hints:
        """Return the same without what lies below a folder that is looked at anyway."""
        folders = set(outermost(self.folders))
        return Hints({path for path in self.files if not _has_parent_in(path, folders)}, folders)


def _may_be_folder(event: FileSystemEvent) -> bool:
    if event.is_directory:
        # That a folder was modified only says again that something in it was.
        return event.event_type in {EVENT_TYPE_CREATED, EVENT_TYPE_DELETED, EVENT_TYPE_MOVED}
    # Some systems cannot tell what a deleted name was.
    return event.event_type == EVENT_TYPE_DELETED


def outermost(folders: Iterable[str]) -> list[str]:
    """Return the folders that lie below no other of them, sorted."""
    kept: set[str] = set()
    for folder in sorted(folders, key=len):
        if not _has_parent_in(folder, kept):
            kept.add(folder)
    return sorted(kept)


def _has_parent_in(path: str, folders: set[str]) -> bool:
    if not folders:
        return False
    while path.strip(os.sep):
        path = path.rpartition(os.sep)[0] or os.sep
        if path in folders:
            return True
    return False
