"""Parameters and results of every method, and the data of every event. `docs/protocol.md` is generated from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Limit = Annotated[int, Meta(ge=1, le=200)]
Text = Annotated[str, Meta(min_length=1, max_length=4096)]
DeckName = Annotated[str, Meta(min_length=1, max_length=64)]
Ratio = Annotated[float, Meta(ge=0.1, le=10.0)]
Unit = Annotated[float, Meta(ge=0.0, le=1.0)]


class Message(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """Base of all parameters: an unknown field is an error, so that a typing slip never passes in silence."""


class Result(Struct, kw_only=True):
    """Base of all results: unknown fields are ignored, so that an older client understands a newer daemon."""


# Shared shapes ------------------------------------------------------------------------------------------------------


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
    key_confidence: float | None = None
    energy: float | None = None
    loudness: float | None = None
    features: dict[str, float] = {}
    tags: dict[str, float] = {}
    sources: dict[str, list[Value]] = {}
    """For ``bpm`` and ``key``: all known values, the one that holds first."""
    files: list[str] = []
    """Every present copy of the recording."""
    missing: bool = False
    """No copy of it is there now (deleted, or on a drive that is away)."""
    model: str | None = None


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
    """What should be known of the seed: ``shorter than one window``, ``tempo unsure: 87 or 174``."""


class Suggestions(Result):
    """The answer to `recommend.next` and `recommend.similar`."""

    seed: Seed
    suggestions: list[Suggestion]
    relaxed: list[str] = []
    """What was given up to fill the list, in order."""
    search: str = "hnsw"
    """How neighbours were found: ``hnsw`` or ``exact``."""


class Folder(Result):
    """A watched folder."""

    path: str
    watch: str
    """``events`` (the system tells of changes), ``polling`` or ``away`` (unmounted or unreadable)."""
    detail: str | None = None
    files: int = 0


class FileFailure(Result):
    """A file that could not be analysed."""

    path: str
    code: str
    message: str


class IndexState(Result):
    """The vector index."""

    state: str
    """``ready``, ``rebuilding`` or ``empty``."""
    vectors: int
    generation: int
    dim: int | None = None


class Counts(Result):
    """Files and tracks by state."""

    indexed: int
    """Tracks that can be suggested."""
    queued: int
    """Files that wait for analysis, the ones in work among them."""
    failed: int
    """Files that could not be analysed."""
    missing: int = 0
    """Tracks whose files are not there now."""


class Deck(Result):
    """What a DJ program's deck holds."""

    deck: str
    path: str | None = None
    track: int | None = None
    playing: bool = False
    rate: float = 1.0
    keylock: bool = True
    client: str = ""
    updated: float = 0.0


class Renewal(Result):
    """The way to another set of networks: until it has its vectors, questions are answered from the set in use."""

    set: str
    """Name of the set that is to take over."""
    id: str
    state: str
    """``running``, ``held`` (a deck plays, or analysis is paused) or ``waiting`` (for files that are away)."""
    done: int
    """Tracks that it has a vector of."""
    waiting: int
    """Tracks to do, the ones in work among them."""
    away: int = 0
    """Tracks whose files are not there now."""
    failed: int = 0
    """Tracks whose files could not be read; they will be among the failures."""
    time_left: float | None = None
    """Seconds, at this rate."""


class Status(Result):
    """The state of the daemon."""

    pid: int
    version: str
    protocol: int
    home: str
    uptime: float
    tracks: Counts
    analysing: list[str]
    """Files that are in work now."""
    rate: float | None
    """Files a minute, over the last minutes; None while nothing is analysed."""
    time_left: float | None
    """Seconds until the queue is empty, at this rate."""
    scanning: bool
    """Folders are being compared with the library, or fresh files are waited for until they stand still."""
    paused: bool
    gig_mode: bool
    """A deck is playing: analysis waits."""
    folders: list[Folder]
    models: dict[str, str]
    """``set`` and ``id`` of the networks in use, and the version of each."""
    provider: str
    """What runs the networks: ``CPUExecutionProvider`` or ``CUDAExecutionProvider``."""
    workers: int
    endpoints: dict[str, str]
    index: IndexState
    seq: int
    """Number of the last event: an event with a higher number is news."""
    decks: list[Deck] = []
    renewal: Renewal | None = None
    """How far the change to another set of networks is, while there is one."""
    problems: list[str] = []
    """What the user should know: polling instead of events, a folder away, a full disk."""


# Parameters ---------------------------------------------------------------------------------------------------------


class Nothing(Message):
    """No parameters."""


class NextParams(Message):
    """``track``: a path, an id written as ``#12``, or part of a title or artist."""

    track: Text
    limit: Limit = 10


class SimilarParams(Message):
    """``path``: an audio file, in the library or not."""

    path: Text
    limit: Limit = 10


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


class FolderParams(Message):
    """``path``: an absolute path of a folder."""

    path: Text


class RescanParams(Message):
    """``path``: a folder or file below a watched folder; all folders without it."""

    path: Text | None = None


class LimitParams(Message):
    """``limit``: how many rows at the most."""

    limit: Limit = 50


class DeckParams(Message):
    """A shim tells what a deck holds. ``path`` null: nothing, or while it plays something that the shim has no path of."""

    deck: DeckName
    path: Text | None = None
    playing: bool = False
    rate: Ratio = 1.0
    """Played tempo divided by the track's own."""
    keylock: bool = True
    client: Annotated[str, Meta(max_length=64)] = ""


class UseModelsParams(Message):
    """``name``: a set of networks as `segue models list` shows it. ``now``: without waiting for files that are away."""

    name: Text
    now: bool = False


class ModelsParams(Message):
    """``name``: a set of networks as `segue models list` shows it."""

    name: Text


class ShutdownParams(Message):
    """``drain``: finish the files in work first."""

    drain: bool = True


# Results ------------------------------------------------------------------------------------------------------------


class TrackList(Result):
    """Tracks, best first."""

    tracks: list[Track]


class FolderList(Result):
    """All watched folders."""

    folders: list[Folder]


class FailureList(Result):
    """Files that could not be analysed, latest first."""

    failures: list[FileFailure]


class DeckList(Result):
    """All decks."""

    decks: list[Deck]


class Play(Result):
    """A track that was played."""

    track: int
    title: str
    artist: str | None
    at: float
    """Unix time."""


class PlayList(Result):
    """Plays, latest first."""

    plays: list[Play]


class Done(Result):
    """It was done; ``detail`` says what."""

    detail: str = ""


class Pong(Result):
    """The daemon is there."""

    version: str
    protocol: int


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
    features: dict[str, float]
    tags: dict[str, float]
    model: str
    tiled: bool
    damaged: bool = False
    vector: list[float] | None = None


# Events -------------------------------------------------------------------------------------------------------------


class Event(Struct, kw_only=True):
    """What the PUB socket sends, in one frame after a topic frame: a JSON-RPC notification's ``params``."""

    seq: int
    """Grows by one with every event; after a gap ask `daemon.status`."""
    at: float
    """Unix time."""
    data: dict[str, Any] = {}


EventName = Literal[
    "track.indexed",
    "track.failed",
    "tracks.changed",
    "progress",
    "folder.changed",
    "deck.changed",
    "play.added",
    "index.changed",
    "models.changed",
    "daemon.stopping",
]
