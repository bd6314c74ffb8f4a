"""For producers: versions of one work, what changed between two of them, and what is too close to an owned record."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from segue.protocol.messages.base import Message, Result, Text


class Version(Result):
    """One version of a work: a bounce, a mix, an edit."""

    id: int | None
    """None for a file that is in no library."""
    path: str
    title: str
    version: str
    """What its title or file name has beside the work's: ``v7``, ``final``, ``Extended Mix``; empty for the plain one."""
    at: float | None = None
    """Unix time at which its file was written."""
    duration: float | None = None
    private: bool = False
    """Suggested to nobody: it is only in private folders, and was not promoted."""
    missing: bool = False
    """Its file is not there any more: what is known of it stays."""


class Work(Result):
    """A work with all its versions, oldest first: by their numbers where they have some, else by the time of their files."""

    title: str
    artist: str | None
    versions: list[Version]


class Change(Result):
    """One thing that changed from a version to another."""

    about: str
    """``length``, ``tempo``, ``key``, ``energy``, ``loudness``, ``form``, ``tag`` or ``feature``."""
    name: str
    """Of the tag or feature, else the same as ``about``."""
    before: float | str | None
    after: float | str | None
    text: str
    """In one line: ``energy 6.1 → 7.0 (+0.9)``."""


class Changes(Result):
    """What changed since another version."""

    before: Version
    after: Version
    similarity: float
    """Cosine of the track vectors, -1..1."""
    changes: list[Change]
    """Length, tempo, key, energy, loudness and form first, then tags and features, the largest change first."""


class NearRecord(Result):
    """A record of the library."""

    id: int
    path: str
    title: str
    artist: str | None


class CloseStretch(Result):
    """A stretch of the file that is nearly one of a record; all times in seconds."""

    record: NearRecord
    start: float
    end: float
    there_start: float
    """Where it is in the record; where that loops, one of the places."""
    there_end: float
    nearness: float
    """How near the best ten seconds are: 1 the same, 0 unlike. A sample under drums has .3 to .6."""
    semitones: float
    """By how much it is higher here than in the record."""
    speed: float
    """How much faster it is here than in the record."""
    text: str
    """In one line: ``1:02-1:22 is like 2:10-2:31 of it, a semitone lower: 0.51 near``."""


class SoundsLike(Result):
    """A record that some window of the file sounds most like, by its style: no reason for a warning."""

    record: NearRecord
    start: float
    """Seconds of the window in the file."""
    end: float
    similarity: float
    """Cosine of the window's vector and the record's, or one of its ends, -1..1."""


class Closeness(Result):
    """How close a file comes to owned records."""

    path: str
    seconds: float
    """Length of the file."""
    compared: list[NearRecord]
    """What it was laid over; `close` can only be of these."""
    close: list[CloseStretch]
    """Nearest first."""
    sounds_like: list[SoundsLike]
    """Nearest first."""
    notes: list[str] = []


class CheckParams(Message):
    """``path``: an audio file, in the library or not; over ten seconds long.

    ``records``: with how many records it is compared, those it sounds most like. ``against``: these tracks as well: paths,
    ids as ``#12``, or parts of titles or artists.
    """

    path: Text
    records: Annotated[int, Meta(ge=0, le=1000)] = 96
    against: Annotated[list[Text], Meta(max_length=50)] = []


class WorkParams(Message):
    """``track``: a path (in the library or not), an id written as ``#12``, or part of a title or artist."""

    track: Text


class ChangesParams(Message):
    """``track``: as for `library.work`. ``since``: ``v6``, or any track; without it the version before."""

    track: Text
    since: Text | None = None
