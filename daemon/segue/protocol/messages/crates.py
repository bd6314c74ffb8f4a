"""Crates, and tracks of private folders that are suggested all the same."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from segue.protocol.messages.base import Limit, Message, Result, Text

CrateName = Annotated[str, Meta(min_length=1, max_length=200)]
Tracks = Annotated[list[Text], Meta(max_length=500)]


class Crate(Result):
    """Tracks that are kept together under a name."""

    name: str
    source: str
    """``user``, or the format of the file it was read from, as ``rekordbox``."""
    tracks: int
    """How many."""


class CrateList(Result):
    """All crates by name."""

    crates: list[Crate]


class CrateParams(Message):
    """``name``: of a crate, in any case."""

    name: CrateName
    limit: Limit = 200
    offset: Annotated[int, Meta(ge=0)] = 0
    """How many tracks to pass over."""


class CrateNameParams(Message):
    """``name``: of a crate, in any case."""

    name: CrateName


class SetCrateParams(Message):
    """What a crate holds: tracks, or those of a playlist in a file."""

    name: CrateName | None = None
    """Without one, every playlist of the file becomes a crate of its own name."""
    tracks: Tracks = []
    """Each a path, an id written as ``#12``, or part of a title or artist. None at all where a program (`source`) keeps nothing in it."""
    playlist: Text | None = None
    """A file of another program: M3U, rekordbox XML, Traktor NML, Serato crate, tracklist."""
    add: bool = False
    """Behind what is in the crate; otherwise in its place."""
    take_out: bool = False
    """Take `tracks` out of the crate instead."""
    source: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,19}$")] = "user"
    """Who keeps these tracks in it: ``user``, or the program whose crate a shim copies. What others keep in it stays."""


class CrateChange(Result):
    """What was put into crates."""

    crates: list[Crate]
    """As they are now."""
    entries: int
    """Tracks that were named."""
    matched: int
    """Those of them that the library has."""
    unmatched: list[str] = []
    """The first of the others."""
    notes: list[str] = []
    """What could not be read in the file."""


class PromoteParams(Message):
    """``track``: a path, an id written as ``#12``, or part of a title or artist."""

    track: Text
    promoted: bool = True
    """Suggest it although its folder is private; false: no more."""
