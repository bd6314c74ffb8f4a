"""What is heard in a recording from moment to moment: its beat grid, its keys, its form, and curves over time."""

from __future__ import annotations

from segue.protocol.messages.base import Result


class LocalTempo(Result):
    """The tempo of a stretch of a recording; times in seconds."""

    start: float
    end: float
    bpm: float


class Grid(Result):
    """Where the beats are, for a recording whose tempo is ``bpm`` throughout, as Segue hears it."""

    bpm: float
    first_beat: float
    """Seconds; beat n is at ``first_beat + n * 60 / bpm``."""
    beats_per_bar: int = 4
    first_downbeat: float | None = None
    """Seconds to the first "one" of a bar."""
    bar_confidence: float = 0.0
    """0..1, of ``first_downbeat``."""


class KeySection(Result):
    """The key of a stretch of a recording; times in seconds."""

    start: float
    end: float
    key: str
    confidence: float


class Section(Result):
    """A part of a recording; times in seconds."""

    start: float
    end: float
    kind: str
    """``intro``, ``main``, ``breakdown``, ``drop`` or ``outro``."""
    energy: float
    """1..10."""


class MixPoint(Result):
    """Where a mix may begin, in seconds, and for how many bars there is room: 8, 16 or 32; 0 without a beat grid."""

    at: float
    bars: int


class Details(Result):
    """A recording from moment to moment; curves have one value for each ``curve_seconds``."""

    grid: Grid | None = None
    tempi: list[LocalTempo] = []
    """The tempi one after another, when none holds throughout."""
    tuning: float = 0.0
    """Cents above A = 440 Hz, -50..50."""
    keys: list[KeySection] = []
    """The keys one after another, when it changes."""
    sections: list[Section] = []
    mix_in: MixPoint | None = None
    """Where this track may be started from, and how long it stays thin enough to lie over another."""
    mix_out: MixPoint | None = None
    """Where the next track may come in."""
    curve_seconds: float = 4.0
    energy_curve: list[float] = []
    """1..10."""
    voice_curve: list[float] = []
    """Presence of a voice, 0..1."""
