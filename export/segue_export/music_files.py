"""Find the music in an unpacked package: by magic bytes, also inside zip containers, whatever the name says."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_FILE_BYTES = 200_000_000
"""A larger file is no single recording."""
_MP3 = re.compile(rb"ID3|\xff[\xf2\xf3\xfa\xfb]")


@dataclass(frozen=True)
class MusicFile:
    """One music file: a plain file, or a member of a zip container."""

    path: Path
    member: str | None
    name: str
    """Path inside the package, with ``!`` before a container's member."""

    def read(self) -> bytes:
        """All bytes of the file. Raises OSError or zipfile.BadZipFile."""
        if self.member is None:
            return self.path.read_bytes()
        with zipfile.ZipFile(self.path) as container:
            return container.read(self.member)


def is_music(head: bytes) -> bool:
    """Whether the first bytes (12 or more) are those of Ogg, FLAC, WAV, AIFF, MP3 or MPEG-4."""
    return (
        head.startswith((b"OggS", b"fLaC"))
        or (head[:4] == b"RIFF" and head[8:12] == b"WAVE")
        or (head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"})
        or head[4:8] == b"ftyp"
        or _MP3.match(head) is not None
    )


def find_music(root: Path) -> Iterator[MusicFile]:
    """All music files below a folder, in a stable order; symbolic links are not followed."""
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _limit(path):
            continue
        with path.open("rb") as file:
            head = file.read(12)
        if is_music(head):
            yield MusicFile(path, None, str(path.relative_to(root)))
        elif head.startswith(b"PK\x03\x04"):
            yield from _in_container(root, path)


def _limit(path: Path) -> int:
    # A container may well be larger than any one recording in it.
    return 4 * 1024**3 if path.suffix in {".pk3", ".zip"} else MAX_FILE_BYTES


def _in_container(root: Path, path: Path) -> Iterator[MusicFile]:
    try:
        with zipfile.ZipFile(path) as container:
            for info in container.infolist():
                if info.is_dir() or info.file_size > MAX_FILE_BYTES or info.flag_bits & 1:
                    continue
                with container.open(info) as member:
                    head = member.read(12)
                if is_music(head):
                    yield MusicFile(path, info.filename, f"{path.relative_to(root)}!{info.filename}")
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        return
