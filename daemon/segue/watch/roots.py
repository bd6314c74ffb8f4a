"""A watched folder as the watcher sees it: is it there, is it the one it was, and how is it watched."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from segue.watch import mounts

EVENTS: Final = "events"
POLLING: Final = "polling"
AWAY: Final = "away"


class Signature(NamedTuple):
    """What tells a folder from another one that is mounted or made under the same path."""

    device: int
    inode: int
    mount: int


@dataclass(slots=True)
class Root:
    """One folder that is armed and scanned by itself."""

    path: str
    signature: Signature | None = None
    """None while it is not there."""
    watch: str = EVENTS
    """``events``, ``polling`` or ``away``."""
    detail: str | None = "is being looked through"
    due: bool = True
    """To be scanned now."""
    scanned_at: float | None = None
    was_filled: bool = False
    """A scan found something in it, since it has this signature."""
    mounted: set[str] = field(default_factory=set)
    """Folders below it on which another drive was mounted when they were last seen."""
    follows_links: bool = False

    def show(self, watch: str, detail: str | None) -> bool:
        """Set how it is watched; return whether that is news."""
        news = (self.watch, self.detail) != (watch, detail)
        self.watch, self.detail = watch, detail
        return news


def sign(path: str, mounted: list[mounts.Mount]) -> Signature:
    """Return what tells this folder from others.

    Raises:
        OSError: it is not there, is no folder, or cannot be listed.

    """
    with os.scandir(path):
        status = os.stat(path)  # noqa: PTH116
    mount = mounts.covering(path, mounted)
    return Signature(status.st_dev, status.st_ino, 0 if mount is None else mount.number)


def is_the_same(root: Root) -> bool:
    """Whether the folder that was last looked at is still there under its path."""
    if root.signature is None:
        return False
    try:
        now = sign(root.path, [])
    except OSError:
        return False
    return now[:2] == root.signature[:2]


def holds_anything(path: str) -> bool:
    """Whether there is anything in a folder (names that begin with a dot apart)."""
    try:
        with os.scandir(path) as entries:
            return any(not entry.name.startswith(".") for entry in entries)
    except OSError:
        return False


def silent_drive(path: str, mounted: list[mounts.Mount]) -> str | None:
    """Return the kind of a drive in or above a folder that sends no events of changes; None when all do."""
    above = mounts.covering(path, mounted)
    concerned = [*([] if above is None else [above]), *mounts.below(path, mounted)]
    return next((mount.kind for mount in concerned if mount.is_silent), None)
