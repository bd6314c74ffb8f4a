"""Tracks with their values, and the analysis of one file."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from segue.protocol.messages.base import Limit, Message, Result, Text
from segue.protocol.messages.details import Details
from segue.protocol.messages.trust import Doubt


class Value(Result):
    """One value with where it comes from: ``user``, ``dj`` (a DJ program), ``file`` (the file's tags) or ``segue``."""

    value: float | str
    source: str
    confidence: float | None = None


class Track(Result):
    """A track of the library with the values that hold for it."""

    id: int
    path: str
    title: str
    artist: str | None = None
    album: str | None = None
    genre: str | None = None
    year: int | None = None
    comment: str | None = None
    duration: float | None = None
    bpm: float | None = None
    bpm_confidence: float | None = None
    bpm_alternatives: list[float] = []
    key: str | None = None
    camelot: str | None = None
    open_key: str | None = None
    """The same key in Open Key notation: ``1m`` is ``8A``."""
    key_confidence: float | None = None
    energy: float | None = None
    rating: int | None = None
    """Stars, 0..5."""
    promoted: bool = False
    """It is suggested although its folder is private."""
    loudness: float | None = None
    """LUFS, integrated (EBU R 128)."""
    features: dict[str, float] = {}
    tags: dict[str, float] = {}
    sources: dict[str, list[Value]] = {}
    """For ``bpm``, ``key``, ``energy`` and ``rating``: all known values, the one that holds first. A file's tempo that is an integer
    here is a whole number there: ``bpm`` is the exact tempo then, where our own estimate agrees with it. A value of a file
    that has a confidence was written there by Segue, and ranks last."""
    doubts: list[Doubt] = []
    """Where the sources disagree, and what is unsure."""
    files: list[str] = []
    """Every present copy of the recording."""
    missing: bool = False
    """No copy of it is there now (deleted, or on a drive that is away)."""
    model: str | None = None
    details: Details | None = None
    """In the answer of ``track.get`` only; none until the track was analysed by a version of Segue that gives them."""


class TrackList(Result):
    """Tracks, best first."""

    tracks: list[Track]


class DoubtfulTracks(Result):
    """Tracks with a doubt: tempi first, then keys, then energies."""

    tracks: list[Track]
    total: int
    """How many there are, beyond ``limit`` too."""


class Analysis(Result):
    """What the analysis says of one file (the same object that `segue analyse --json` prints)."""

    path: str
    duration: float
    bpm: float | None
    bpm_confidence: float
    bpm_alternatives: list[float]
    key: str | None
    camelot: str | None
    key_confidence: float
    key_alternatives: list[str]
    energy: float
    loudness: float
    """LUFS, integrated (EBU R 128)."""
    features: dict[str, float]
    tags: dict[str, float]
    model: str
    tiled: bool
    damaged: bool = False
    details: Details = field(default_factory=Details)
    vector: list[float] | None = None
    head: list[float] | None = None
    """The vector of the first part, as ``vector``: what a track before it joins."""
    tail: list[float] | None = None
    """The vector of the last part: what a track after it joins."""


class TrackParams(Message):
    """``track``: a path, an id written as ``#12``, or part of a title or artist."""

    track: Text


class AnalyseParams(Message):
    """``path``: an audio file, in the library or not. It is not added to the library."""

    path: Text
    vector: bool = False


class SearchParams(Message):
    """``text``: words from title, artist, album, genre, comment or file name."""

    text: Annotated[str, Meta(max_length=4096)]
    limit: Limit = 20
