"""What is asked for, what a file says already, and so what is to be written."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from segue.analysis.result import FileTags, Probe
from segue.audio.tag_writing.names import VALUES
from segue.keys import camelot, open_key, short_name
from segue.protocol.messages import TagChange

_NOTATIONS: Final = {"camelot": camelot, "openkey": open_key, "name": short_name}
_SAME_BPM: Final = 0.005
_ROUNDED: Final = 0.5


class TagRequest(msgspec.Struct, frozen=True):
    """What to write into one file."""

    copy: bytes
    """Where the file with the new tags is made, beside the file: a path as the system has it; nothing is there yet."""
    identity: str
    """Of the recording that the file holds."""
    size: int
    """Of the file when it was last looked at."""
    mtime_ns: int
    values: dict[str, float | str]
    """By name (``bpm``, ``key``, ``energy``); keys as in ``"A minor"``."""
    skipped: dict[str, str]
    """States of values that are not to be written: ``unsure`` or ``unknown``."""
    overwrite: list[str]
    """Names of values that replace what the file says."""
    notation: str = "camelot"
    """``camelot``, ``openkey`` or ``name``."""
    dry_run: bool = False


class TagOutcome(msgspec.Struct, frozen=True):
    """What came of it."""

    changes: list[TagChange]
    probe: Probe | None = None
    """Of the copy; None when none was made, for there was nothing to write."""

    @property
    def texts(self) -> dict[str, str]:
        """What is written, or would be."""
        return {
            change.value: change.after
            for change in self.changes
            if change.state == "written" and change.after is not None
        }


def plan(tags: FileTags, key_text: str | None, request: TagRequest) -> TagOutcome:
    """Compare what a file says, `key_text` being its key as it is spelt there, with what is to be written."""
    changes = []
    for name in VALUES:
        before = _before(name, tags)
        if name in request.skipped:
            changes.append(TagChange(value=name, state=request.skipped[name], before=before))
        elif name in request.values:
            spelling = name != "key" or name not in request.overwrite or key_text == _text_of(name, request)
            changes.append(_change(name, before, tags, request, spelling=spelling))
    return TagOutcome(changes)


def _change(name: str, before: str | None, tags: FileTags, request: TagRequest, *, spelling: bool) -> TagChange:
    value, after = request.values[name], _text_of(name, request)
    overwrite = name in request.overwrite
    if before is not None and spelling and _says(name, tags, value, exactly=overwrite):
        return TagChange(value=name, state="same", before=before)
    if before is not None and not overwrite:
        return TagChange(value=name, state="kept", before=before)
    return TagChange(value=name, state="written", before=before, after=after)


def _says(name: str, tags: FileTags, value: float | str, *, exactly: bool) -> bool:
    """Whether a file says a value already; a tempo in whole numbers only when it need not be exact."""
    if name == "key" or isinstance(value, str):
        return tags.key == value
    if name == "energy":
        return tags.energy is not None and _whole(tags.energy) == _whole(value)
    near = _ROUNDED if tags.bpm_rounded and not exactly else _SAME_BPM
    return tags.bpm is not None and abs(tags.bpm - value) <= near


def _before(name: str, tags: FileTags) -> str | None:
    match name:
        case "bpm":
            return None if tags.bpm is None else _decimals(tags.bpm)
        case "key":
            return tags.key
        case _:
            return None if tags.energy is None else f"{tags.energy:g}"


def _text_of(name: str, request: TagRequest) -> str:
    value = request.values[name]
    if isinstance(value, str):
        return _NOTATIONS[request.notation](value)
    return _decimals(value) if name == "bpm" else str(_whole(value))


def _decimals(bpm: float) -> str:
    return f"{bpm:.2f}".rstrip("0").rstrip(".")


def _whole(number: float) -> int:
    return math.floor(number + 0.5)
