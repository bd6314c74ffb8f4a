"""Paths from one track to another, and whole sets."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from segue.protocol.messages.base import Message, Result, Text
from segue.protocol.messages.filters import Filters
from segue.protocol.messages.suggestions import Mix

Energy = Annotated[float, Meta(ge=1.0, le=10.0)]


class Step(Result):
    """One track of a path or a set, and why it follows the one before."""

    id: int
    path: str
    title: str
    artist: str | None
    bpm: float | None
    camelot: str | None
    energy: float | None
    duration: float | None
    why: str
    """The reason, in one line; ``start`` for the first track."""
    score: float | None = None
    """How well it follows the one before, 0..1, as in a `Suggestion`; null for the first track."""
    similarity: float | None = None
    """Cosine of the track vectors, -1..1; null for the first track."""
    tags_in_common: list[str] = []
    mix: Mix | None = None
    """How it meets the one before, as both were recorded; null for the first track."""
    proven: int = 0
    """So often it was played after the one before."""
    begins: float | None = None
    """In a set: seconds from its start to the start of this track."""
    arc: float | None = None
    """In a set: the energy that the arc asks for in the middle of this track, 1..10."""
    mix_in: float | None = None
    """In a set: where in the track it is started, in seconds; null where that is not known: at its beginning."""
    mix_out: float | None = None
    """In a set: where in the track the next one comes in, in seconds."""
    notes: list[str] = []
    """What its sources disagree on."""


class Route(Result):
    """Tracks in playing order."""

    tracks: list[Step]
    relaxed: list[str] = []
    """What was given up for want of music, in order: ``step 3: no track that mixes``."""
    seconds: float | None = None
    """In a set: its length, overlaps counted once."""
    weakest: float | None = None
    """Score of the weakest step; null where there is none."""


class PathParams(Message):
    """``start`` and ``end``: paths, ids written as ``#12``, or parts of titles or artists. ``steps`` give ``steps`` + 1 tracks."""

    start: Text
    end: Text
    steps: Annotated[int, Meta(ge=1, le=32)] = 8
    filters: Filters = Filters()
    """For the tracks between start and end."""
    preset: Text | None = None
    """A set of weights: ``dj``, ``warm-up``, ``peak``, ``after-hours``, ``producer``."""
    tonight: bool = True
    """Leave out what was played tonight; start and end may have been."""


class SetlistParams(Message):
    """A set of so many minutes; ``start`` and ``end`` as in `PathParams`."""

    minutes: Annotated[float, Meta(ge=5, le=720)]
    arc: Text | Annotated[list[Energy], Meta(min_length=1, max_length=32)] = "warmup-peak-down"
    """Names of parts joined with dashes (``warmup``, ``build``, ``peak``, ``plateau``, ``down``, ``after``), or energies of 1..10
    that are evenly spread over the set."""
    start: Text | None = None
    end: Text | None = None
    filters: Filters = Filters()
    """For all tracks but start and end."""
    preset: Text | None = None
    tonight: bool = True
