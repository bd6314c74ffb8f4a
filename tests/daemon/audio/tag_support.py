"""Files whose tags are written in tests, and what is asked of them afterwards."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import av

from segue.audio.identity import identify
from segue.audio.metadata import read_tags
from segue.audio.tag_writing import id3
from segue.audio.tag_writing.plan import TagOutcome, TagRequest
from segue.audio.tag_writing.retag import retag
from segue.demo.files import Tags

TAGS = Tags(title="Nïght Bus", artist="Léa & Ōta", comment="opens well")
VALUES = {"bpm": 174.017, "key": "A minor", "energy": 6.5}
PICTURE = os.urandom(60_000)


def copy_of(path: Path) -> Path:
    return path.with_name(f".copy{path.suffix}")


def ask(path: Path, **options: Any) -> TagOutcome:
    status = path.stat()
    request = {
        "copy": os.fsencode(copy_of(path)), "identity": identify(path).identity, "size": status.st_size,
        "mtime_ns": status.st_mtime_ns, "values": VALUES, "skipped": {}, "overwrite": [], **options,
    }  # fmt: skip
    return retag(path, TagRequest(**request))


def written(path: Path, **options: Any) -> Path:
    """The copy, after a look at the file, which must be as it was."""
    before = path.read_bytes()
    assert ask(path, **options).probe is not None
    assert path.read_bytes() == before
    return copy_of(path)


def says(path: Path) -> tuple[float | None, str | None, float | None]:
    tags = read_tags(path)
    return tags.bpm, tags.key, tags.energy


def decoded(path: Path) -> bytes:
    with av.open(str(path)) as container:
        return b"".join(frame.to_ndarray().tobytes() for frame in container.decode(audio=0))


def tag_of(version: int, flags: int, body: bytes) -> bytes:
    return b"ID3" + bytes((version, 0, flags)) + id3._as_syncsafe(len(body)) + body


def frame_of(name: str, content: bytes) -> bytes:
    return name.encode() + struct.pack(">I", len(content)) + b"\0\0" + content
