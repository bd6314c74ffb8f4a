"""Whom to believe: where sources disagree, values that a user sets, and values written into file tags."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from segue.protocol.messages.base import Limit, Message, Result, Text

ValueName = Literal["bpm", "key", "energy"]
Bpm = Annotated[float, Meta(ge=20.0, le=999.0)]
SetName = Literal["bpm", "key", "energy", "rating"]
Energy = Annotated[float, Meta(ge=1.0, le=10.0)]
Stars = Annotated[int, Meta(ge=0, le=5)]
Notation = Literal["camelot", "openkey", "name"]


class Doubt(Result):
    """A value of a track that somebody should look at. There is none where the user has settled it."""

    about: str
    """``bpm``, ``key`` or ``energy``."""
    kind: str
    """``half-double`` (two tempi agree but for the octave), ``tempo``, ``key`` or ``energy`` (two sources disagree), ``unsure``
    (only our own estimate, below .5), ``unknown`` (no tempo or no key was found)."""
    text: str
    """The same for people, in one line."""
    held: float | str | None = None
    held_source: str | None = None
    other: float | str | None = None
    """What the other source says, or the runner-up."""
    other_source: str | None = None
    distance: float | None = None
    """Between tempi: how many times faster the other one is; between keys: steps on the Camelot wheel, a step round it or
    from A to B; between energies: points."""


class DoubtsParams(Message):
    """``about``: only these values; all of them without it."""

    about: list[ValueName] = []
    limit: Limit = 20
    offset: Annotated[int, Meta(ge=0)] = 0
    """How many to pass over."""


class SetParams(Message):
    """Say what a track's tempo, key, energy or rating is. What other sources say is kept; `user` outranks all of them."""

    track: Text
    """A path, an id written as ``#12``, or part of a title or artist."""
    bpm: Bpm | None = None
    key: Text | None = None
    """In any usual spelling: ``Am``, ``8A``, ``1m``, ``A minor``."""
    energy: Energy | None = None
    rating: Stars | None = None
    clear: list[SetName] = []
    """Values of this source to take away."""
    source: Literal["user", "dj"] = "user"
    """``dj``: a shim passes on what its DJ program says."""


class Said(Message):
    """What a DJ program says of one track. What it does not say changes nothing."""

    path: Text
    """As that program has it. A file that lies elsewhere now is known by its name, or else by artist and title."""
    artist: Annotated[str, Meta(max_length=4096)] | None = None
    title: Annotated[str, Meta(max_length=4096)] | None = None
    duration: Annotated[float, Meta(gt=0.0, le=1e6)] | None = None
    """Seconds."""
    bpm: Bpm | None = None
    settled: bool = False
    """The user has settled the tempo there: it holds as if it had been said here. The other values are the program's."""
    key: Text | None = None
    """In any usual spelling; what is no key is passed over."""
    rating: Stars | None = None


class TakeOverParams(Message):
    """Take over what a DJ program says of many tracks. Doing it again changes nothing more."""

    tracks: Annotated[list[Said], Meta(min_length=1, max_length=500)]


class TakenOver(Result):
    """What became of it."""

    tracks: list[int | None]
    """Which track each one is, in the order asked for; null where the library has none."""
    changed: int
    """Tracks of which something was new."""
    waiting: int
    """Those that the library has as files but has not listened to yet: ask again later."""


class WriteTagsParams(Message):
    """Write the values that hold into the tags of a track's files.

    Only what a file does not say yet is written, unless `overwrite`; what is not sure is left out, unless `unsure`.
    """

    track: Text
    """A path (of that file only), an id written as ``#12``, or part of a title or artist (of all present copies)."""
    values: list[ValueName] = field(default_factory=lambda: ["bpm", "key", "energy"])
    notation: Notation = "camelot"
    """How keys are spelt: ``8A``, ``1m`` or ``Am``."""
    overwrite: bool = False
    """Replace values that differ."""
    unsure: bool = False
    """Also our own estimates with a confidence below .5."""
    dry_run: bool = False
    """Only say what would be written."""


class TagChange(Result):
    """What was done with one value in one file."""

    value: str
    """``bpm``, ``key`` or ``energy``."""
    state: str
    """``written``, ``same`` (the file says so already), ``kept`` (it says something else), ``unsure`` or ``unknown``."""
    before: str | None = None
    """What the file said: a tempo, a key by name, an energy."""
    after: str | None = None
    """What it says now, as it is written; what would be written, with `dry_run`."""


class TagWrite(Result):
    """What was done with one file."""

    path: str
    state: str
    """``written``, ``unchanged``, ``planned`` (with `dry_run`) or ``failed``."""
    changes: list[TagChange] = []
    code: str | None = None
    """Of the error, when it failed; the file is as it was then."""
    message: str | None = None


class TagWrites(Result):
    """What was done with each file of a track."""

    track: int
    files: list[TagWrite]
