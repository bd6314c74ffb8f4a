"""The state of the daemon and of its networks, and the answers that say little."""

from __future__ import annotations

from msgspec import field

from segue.protocol.messages.base import Limit, Message, Result, Text
from segue.protocol.messages.library import Counts, Folder, IndexState
from segue.protocol.messages.playing import Deck
from segue.protocol.messages.shims import Shim
from segue.protocol.messages.wishes import Wishes


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
    wishes: Wishes = field(default_factory=Wishes)
    """What shims are to ask for."""
    shims: list[Shim] = []
    """Those that the daemon has started."""
    renewal: Renewal | None = None
    """How far the change to another set of networks is, while there is one."""
    problems: list[str] = []
    """What the user should know: polling instead of events, a folder away, a full disk."""


class Done(Result):
    """It was done; ``detail`` says what."""

    detail: str = ""


class Pong(Result):
    """The daemon is there."""

    version: str
    protocol: int


class Nothing(Message):
    """No parameters."""


class LimitParams(Message):
    """``limit``: how many rows at the most."""

    limit: Limit = 50


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
