"""A copy of a file with new tags, beside it: made, compared with the file, and only then good enough to take its place.

This runs in a worker process, for a file may be hostile. It never touches the file itself.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import mutagen
from mutagen.id3 import ID3

from segue.analysis.result import Probe
from segue.audio.metadata import read_tags, spelt_key
from segue.audio.probe import probe
from segue.audio.tag_writing import chunks, id3, mp4, vorbis
from segue.audio.tag_writing.guard import as_tags_error, look, refuse_read_only
from segue.audio.tag_writing.names import COMMENTS, FREEFORM, TEXT_FRAMES, USER_FRAMES
from segue.audio.tag_writing.plan import TagOutcome, TagRequest, plan
from segue.errors import TagsNotKeptError, TagsUnsupportedError

_Rewrite = Callable[[BinaryIO, BinaryIO, Mapping[str, str]], None]
_SPARE_BYTES: Final = 1024 * 1024
_HEAD: Final = 12
_ID3: Final = {*TEXT_FRAMES.values(), *(f"TXXX:{name}" for names in USER_FRAMES.values() for name in names)}
_COMMENTS: Final = {name for names in COMMENTS.values() for name in (names.first, *names.others)}
_MP4: Final = {
    "TMPO",
    *(f"----:COM.APPLE.ITUNES:{name}".upper() for n in FREEFORM.values() for name in (n.first, *n.others)),
}
_OURS: Final = _ID3 | _COMMENTS | _MP4


def retag(path: Path, request: TagRequest) -> TagOutcome:
    """Plan what to write into a file, and make a copy with it at ``request.copy`` unless there is nothing to do.

    The copy has the file's permissions and owner, is on the disk, holds the same audio, and has all other tags as they
    were. Its time of change is now. On any error there is no copy.

    Raises a TagsError, DiskFullError, FileMissingError, FileUnreadableError, NotAudioError or DamagedAudioError.
    """
    copy = Path(os.fsdecode(request.copy))
    try:
        before = look(path, request.size, request.mtime_ns)
        refuse_read_only(path, before)
        outcome = plan(read_tags(path), spelt_key(path), request)
        if request.dry_run or not outcome.texts:
            return outcome
        return TagOutcome(outcome.changes, _made(path, copy, before, outcome, request))
    except OSError as error:
        raise as_tags_error(path, error) from error


def _made(path: Path, copy: Path, before: os.stat_result, outcome: TagOutcome, request: TagRequest) -> Probe:
    if shutil.disk_usage(path.parent).free < before.st_size + _SPARE_BYTES:
        raise OSError(errno.ENOSPC, "no room for a copy")
    try:
        with path.open("rb") as source:
            rewrite = _rewriter(path, source)
            with copy.open("x+b") as target:
                rewrite(source, target, outcome.texts)
                target.flush()
                _dress(path, copy, before)
                os.fsync(target.fileno())
        made = _verified(path, copy, outcome.texts, request)
        look(path, request.size, request.mtime_ns)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    return made


def _rewriter(path: Path, source: BinaryIO) -> _Rewrite:
    """What edits this kind of file, by its first bytes."""
    tag = id3.tag_size(id3.read_header(source, 0))
    source.seek(tag)
    head = source.read(_HEAD)
    if head.startswith(b"fLaC"):
        return vorbis.rewrite_flac
    if not tag and head.startswith(b"OggS"):
        return vorbis.rewrite_ogg
    if not tag and head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return chunks.rewrite_wave
    if not tag and head[:4] == b"FORM" and head[8:] in {b"AIFF", b"AIFC"}:
        return chunks.rewrite_aiff
    if not tag and head[4:8] == b"ftyp":
        return mp4.rewrite_mp4
    # MPEG layers I to III; the layer bits of raw AAC are zero.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return id3.rewrite_mpeg
    raise TagsUnsupportedError(
        f"{path.name} is of a kind whose tags Segue does not write: it writes mp3, m4a, flac, ogg, opus, wav and aiff."
    )


def _dress(path: Path, copy: Path, before: os.stat_result) -> None:
    """Give the copy the file's permissions, owner and attributes; its times are its own, for the file does change."""
    shutil.copystat(path, copy)
    os.utime(copy)
    status = copy.stat()
    if sys.platform != "win32" and (status.st_uid, status.st_gid) != (before.st_uid, before.st_gid):
        os.chown(copy, before.st_uid, before.st_gid)
        copy.chmod(stat.S_IMODE(before.st_mode))


def _verified(path: Path, copy: Path, texts: Mapping[str, str], request: TagRequest) -> Probe:
    """The copy's probe. TagsNotKeptError unless audio and all other tags are the same, and ours are there."""
    made = probe(copy)
    if made.identity != request.identity:
        raise TagsNotKeptError(f"The copy of {path.name} with the new tags did not hold the same audio: thrown away.")
    if _others(path) != _others(copy):
        raise TagsNotKeptError(f"The copy of {path.name} did not keep all other tags: it was thrown away.")
    wanted = {change.value for change in plan(made.tags, spelt_key(copy), request).changes if change.state == "same"}
    if not texts.keys() <= wanted:
        raise TagsNotKeptError(f"The copy of {path.name} did not say what was written: it was thrown away.")
    return made


def _others(path: Path) -> list[tuple[str, str]]:
    """All tags but ours, as a second opinion reads them."""
    try:
        opened = mutagen.File(path)
    except mutagen.MutagenError as error:
        raise TagsUnsupportedError(f"The tags of {path.name} cannot be read ({error}): nothing was written.") from error
    if opened is None:
        raise TagsUnsupportedError(f"The tags of {path.name} cannot be read: nothing was written.")
    tags = opened.tags
    pairs: list[tuple[str, Any]] = []
    if isinstance(tags, ID3):
        pairs = [(key, (type(frame).__name__, vars(frame))) for key, frame in tags.items()]
        pairs += [("unknown", frame) for frame in tags.unknown_frames]
    elif tags is not None:
        pairs = list(tags) if isinstance(tags, list) else list(tags.items())
    pairs += [("picture", picture.write()) for picture in getattr(opened, "pictures", ())]
    return sorted((name, repr(value)) for name, value in pairs if name.upper() not in _OURS)
