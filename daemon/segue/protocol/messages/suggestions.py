"""What to play next: the question, and the answer with its reasons."""

from __future__ import annotations

from typing import Literal

from segue.protocol.messages.base import Limit, Message, Result, Text


class Suggestion(Result):
    """One track to play next."""

    id: int
    path: str
    title: str
    artist: str | None
    bpm: float | None
    camelot: str | None
    energy: float | None
    duration: float | None
    similarity: float
    """Cosine of the track vectors, -1..1."""
    score: float
    """What the list is sorted by, 0..1: similarity with tempo and key compatibility. Only a third track of one artist
    comes later than its score: behind the first ten."""
    tags_in_common: list[str]
    why: str
    """The reason, in one line."""
    notes: list[str] = []
    """What its sources disagree on: ``tempo: the file says 87, Segue hears 174, double time``."""


class Seed(Result):
    """What the suggestions were made for."""

    id: int | None
    """None for a file that is in no library."""
    path: str
    title: str
    artist: str | None
    bpm: float | None
    camelot: str | None
    energy: float | None
    duration: float | None
    tags: list[str]
    """Its most telling tags, best first."""
    notes: list[str] = []
    """What should be known of the seed: ``shorter than one window``, ``tempo unsure: 87 or 174``, ``played at +4.0 %: 133.1 BPM``."""
    rate: float = 1.0
    """Played tempo divided by its own, where a deck plays it: suggestions are for the tempo that is heard."""


class Suggestions(Result):
    """The answer to `recommend.next` and `recommend.similar`."""

    seed: Seed
    suggestions: list[Suggestion]
    relaxed: list[str] = []
    """What was given up to fill the list, in order."""
    search: str = "hnsw"
    """How neighbours were found: ``hnsw`` or ``exact``."""


class NextParams(Message):
    """``track``: a path, an id written as ``#12``, or part of a title or artist."""

    track: Text
    limit: Limit = 10


class SimilarParams(Message):
    """``path``: an audio file, in the library or not. ``section``: what of it is compared.

    An intro is compared with first parts of tracks, an outro with last ones, a drop with whole tracks; for these, tempo and
    key do not count.
    """

    path: Text
    limit: Limit = 10
    section: Literal["whole", "intro", "drop", "outro"] = "whole"
