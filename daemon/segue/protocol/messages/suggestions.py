"""What to play next: the question, and the answer with its reasons."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from segue.protocol.messages.base import Limit, Message, Result, Text
from segue.protocol.messages.details import MixPoint
from segue.protocol.messages.filters import Filters

Tracks = Annotated[list[Text], Meta(max_length=32)]


LaneName = Literal["best", "stay", "lift", "ease", "turn", "rescue"]


class Mix(Result):
    """How a suggestion meets the seed; the reason says the same in words."""

    mixes: bool
    """Tempo and key, as far as they are known, allow a blend within the fader's range."""
    pitch: float | None = None
    """Per cent that bring it to the tempo of the seed as it is played; null where that is unknown, or nobody would do it."""
    time: str = "same time"
    """``same time``, ``half time``, ``double time``, ``3:2 time`` or ``2:3 time``."""
    seed_key: str | None = None
    """Camelot, as it is heard."""
    key: str | None = None
    """Camelot, as it would be heard at that pitch."""
    seed_energy: float | None = None
    energy: float | None = None
    mix_in: MixPoint | None = None
    """Where it may be started from, and how long it stays thin enough to lie over the seed."""


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
    """0..1, what the list is sorted by. Without a lane the first track is the best one that mixes, if any does; lanes put tracks
    that sound alike apart; a third track of one artist comes behind the first ten."""
    tags_in_common: list[str]
    why: str
    """The reason, in one line."""
    notes: list[str] = []
    """What its sources disagree on: ``tempo: the file says 87, Segue hears 174, double time``."""
    lane: LaneName = "best"
    mix: Mix | None = None
    proven: int = 0
    """So often it was played after the seed."""
    parts: dict[str, float] = {}
    """What each weight (`Weights`) gave to the score, or took from it."""


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
    mix_out: MixPoint | None = None
    """Where the next track may come in."""


class LaneList(Result):
    """The suggestions of one lane, best first."""

    lane: LaneName
    suggestions: list[Suggestion]
    relaxed: list[str] = []
    """Promises of the lane that were given up, and filters."""


class Suggestions(Result):
    """The answer to `recommend.next` and `recommend.similar`."""

    seed: Seed
    suggestions: list[Suggestion]
    relaxed: list[str] = []
    """What was given up to fill the list, in order."""
    search: str = "hnsw"
    """How neighbours were found: ``hnsw`` or ``exact``."""
    lane: LaneName = "best"
    lanes: list[LaneList] = []
    """With ``lanes``: *stay*, *lift* or *ease*, and *turn*."""


class NextParams(Message):
    """What to play after ``track``: a path, an id written as ``#12``, or part of a title or artist.

    Without it: after the track on the deck that plays, else after the one that was played last. With a crate or a playlist and
    no track: what sounds like those, at any tempo.
    """

    track: Text | None = None
    limit: Limit = 10
    lane: LaneName = "best"
    """*stay* keeps the floor where it is, *lift* and *ease* change its energy, *turn* surprises but mixes, *rescue* gives pairs
    that one has played."""
    lanes: bool = False
    """Answer with the three lanes too; the second one lifts, or eases with ``lane`` *ease*."""
    also: Tracks = []
    """More seeds: it should sound like all of them, and mix with ``track``."""
    more: Tracks = []
    """Like these ..."""
    less: Tracks = []
    """... and not like these."""
    crate: Text | None = None
    """Its tracks are one more seed."""
    playlist: Text | None = None
    """Path of an M3U, or of another program's playlist: its tracks are one more seed."""
    filters: Filters = Filters()
    preset: Text | None = None
    """A set of weights: ``dj``, ``warm-up``, ``peak``, ``after-hours``, ``producer``."""
    tonight: bool = True
    """Leave out what was played tonight, and other versions of it."""
    offer: bool = False
    """Whether the answer is shown to somebody who picks from it: what of it is soon on a deck is then learned as that person's
    choice. Not for a program that picks by itself."""


class SimilarParams(Message):
    """``path``: an audio file, in the library or not. ``section``: what of it is compared.

    An intro is compared with first parts of tracks, an outro with last ones, a drop with whole tracks; for these, tempo and
    key do not count.
    """

    path: Text
    limit: Limit = 10
    section: Literal["whole", "intro", "drop", "outro"] = "whole"
    close: bool = False
    """Whether the file is laid over each suggestion, as by `recommend.check`: one that it is too close to has a note."""
