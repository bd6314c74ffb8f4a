"""Which drive a folder is on, and whether that drive tells of changes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from segue.library import paths

_REMOTE: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smbfs", "smb3", "afpfs", "webdav", "9p", "virtiofs", "vboxsf", "prl_fs", "drvfs"}
    | {"ceph", "afs", "coda", "ncpfs", "lustre", "gpfs", "beegfs", "autofs"}
)
_MOUNTINFO: Final = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(rb"\\([0-7]{3})")


class Mount(NamedTuple):
    """A mounted file system."""

    point: str
    kind: str
    """As the system names it: ``ext4``, ``nfs4``, ``fuse.sshfs``."""
    number: int
    """Of this mount: another one each time it is mounted; 0 where the system does not number mounts."""

    @property
    def is_silent(self) -> bool:
        """Whether changes made elsewhere do not reach us as events, so that the drive must be polled."""
        # fuseblk is NTFS or exFAT on a local drive: all changes pass through this kernel.
        return self.kind in _REMOTE or self.kind == "fuse" or self.kind.startswith("fuse.")


def mounted() -> list[Mount]:
    """Return everything that is mounted now; empty when the system does not say."""
    try:
        if sys.platform == "linux":
            return parse_mountinfo(_MOUNTINFO.read_bytes())
        return [Mount(p.mountpoint, _kind(p.fstype, p.opts), 0) for p in psutil.disk_partitions(all=True)]
    except (OSError, psutil.Error):
        return []


def parse_mountinfo(content: bytes) -> list[Mount]:
    """Read the format of /proc/self/mountinfo, see proc_pid_mountinfo(5). Lines that are none are left out."""
    found: list[Mount] = []
    for line in content.split(b"\n"):
        before, separator, after = line.partition(b" - ")
        fields, kind = before.split(b" "), after.split(b" ")[0]
        if separator and len(fields) >= 5 and fields[0].isdigit():
            point = _ESCAPE.sub(lambda octal: bytes([int(octal[1], 8) & 0xFF]), fields[4])
            found.append(Mount(os.fsdecode(point), os.fsdecode(kind), int(fields[0])))
    return found


def covering(path: str, mounts: Iterable[Mount]) -> Mount | None:
    """Return the mount that a path is on: the deepest above it, the last where several lie on one point."""
    best: Mount | None = None
    for mount in mounts:
        if paths.is_below(path, mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def below(path: str, mounts: Iterable[Mount]) -> list[Mount]:
    """Return the mounts that lie below a path."""
    return [mount for mount in mounts if mount.point != path and paths.is_below(mount.point, path)]


def _kind(kind: str, options: str) -> str:
    return "smb" if sys.platform == "win32" and "remote" in options else kind.lower()
