"""What is learned from sets, and what the user likes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from segue.protocol.messages.base import Limit, Message, Result, Text


class TrackName(Result):
    """A track, as people call it."""

    id: int
    title: str
    artist: str | None = None


class RateParams(Message):
    """``liked``: true, false, or null to take an opinion back. ``after``: only after this track."""

    track: Text
    after: Text | None = None
    liked: bool | None = None


class Opinion(Result):
    """A track that is liked or disliked."""

    track: TrackName
    at: float
    """Unix time."""
    liked: bool | None = None
    """Null: an opinion that was just taken back."""
    after: TrackName | None = None
    """Only after this one; null: always."""


class LearnParams(Message):
    """``path``: a file with sets that were played, or playlists."""

    path: Text
    kind: Literal["auto", "history", "playlist"] = "auto"
    """Whether what the file holds was played in this order, or only put into an order; ``auto``: as the file says itself."""


class Lesson(Result):
    """What was learned from a file."""

    id: int
    """Of the import: `feedback.forget` with ``import:3`` takes it back."""
    path: str
    format: str
    """``m3u``, ``rekordbox``, ``traktor``, ``serato``, ``mixxx`` or ``tracklist``."""
    sets: int
    """Sets and playlists in it."""
    entries: int
    """Their tracks."""
    matched: int
    """Those that are in the library."""
    transitions: int
    """Learned now; what was known before is not among them."""
    unmatched: list[str] = []
    """The first tracks that are not in the library."""
    notes: list[str] = []
    """What should be known: parts of the file that could not be read, say."""


class MemoryParams(Message):
    """``track``: only what concerns this one."""

    track: Text | None = None
    limit: Limit = 20
    offset: Annotated[int, Meta(ge=0, le=10_000_000)] = 0


class LearnedPair(Result):
    """One track after another, summed up."""

    first: TrackName
    second: TrackName
    weight: float
    """What speaks for the pair; below 0: against it."""
    times: int
    """Played together so often; 0 where only playlists or a discarded try tell of it."""
    blend: float | None = None
    """Mean length of the blends that decks told of, in seconds."""
    last: float | None = None
    """Unix time of the last time; null: unknown."""
    sources: list[str] = []
    """``night`` (two plays one after the other), ``deck``, ``taken`` (a suggestion that was put on a deck), ``history:3`` or ``playlist:3`` (import number 3)."""


class Import(Result):
    """A file that was learned from."""

    id: int
    path: str
    format: str
    at: float
    """Unix time of the last time."""
    sets: int
    entries: int
    matched: int
    transitions: int
    """Known from it alone."""


class MemoryPage(Result):
    """What was learned."""

    pairs: list[LearnedPair]
    """Those that weigh most first."""
    total: int
    """Pairs in all."""
    transitions: int
    """What they were learned from, in all."""
    opinions: list[Opinion]
    """Latest first."""
    imports: list[Import]
    """Latest first."""


class ForgetParams(Message):
    """What is to be forgotten; ``track`` and ``source`` together mean what both say."""

    track: Text | None = None
    source: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    """``night``, ``deck``, ``taken``, ``imports``, ``opinions``, or one import as ``import:3``."""
    everything: bool = False
    plays: bool = False
    """The plays too, of the track or all of them: they are kept without it."""


class Forgotten(Result):
    """How much was forgotten."""

    transitions: int = 0
    opinions: int = 0
    imports: int = 0
    plays: int = 0
