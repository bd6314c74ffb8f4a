"""What an analysis says of one recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

ANALYSIS: Final = 1
"""Version of all that does not come from the networks. A library has what an older one heard analysed again."""
CURVE_SECONDS: Final = 4.0
"""Step of the curves over time."""
_LEAST_CONFIDENCE: Final = 0.1
"""A tempo of less is a guess: bars that are counted with it are nobody's bars."""


@dataclass(frozen=True, slots=True)
class LocalTempo:
    """The tempo of a stretch of a recording."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    bpm: float


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo with its doubt."""

    bpm: float | None
    """Beats a minute; None when the recording has no beat that could be found."""
    confidence: float
    """0 (a guess) to 1 (sure)."""
    alternatives: tuple[float, ...] = ()
    """Runner-ups in beats a minute, best first (often half or double)."""
    first_beat: float | None = None
    """Seconds from the start of the recording to its first beat, less than one beat; None without a tempo. Beat n is at
    ``first_beat + n * 60 / bpm``, exactly so where `local` is empty."""
    beats_per_bar: int = 4
    """3 or 4."""
    first_downbeat: float | None = None
    """Seconds to the first "one" of a bar, less than one bar; a beat of the grid."""
    bar_confidence: float = 0.0
    """Of `first_downbeat`, 0..1."""
    local: tuple[LocalTempo, ...] = ()
    """The tempi one after another, when there is not one that holds throughout (a live drummer, a mix); else empty."""

    @property
    def has_grid(self) -> bool:
        """Whether beats can be counted from `first_beat` on: one tempo that holds throughout, and is more than a guess."""
        found = self.bpm is not None and self.first_beat is not None
        return found and not self.local and self.confidence >= _LEAST_CONFIDENCE


@dataclass(frozen=True, slots=True)
class KeySection:
    """The key of a stretch of a recording."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    name: str
    confidence: float
    """0..1."""


@dataclass(frozen=True, slots=True)
class Key:
    """A musical key with its doubt."""

    name: str | None
    """As in ``"A minor"``, with sharps (``"F# minor"``); None when the recording has no pitch that could be found."""
    camelot: str | None
    """The same as ``"8A"``."""
    confidence: float
    """0 (a guess) to 1 (sure)."""
    alternatives: tuple[str, ...] = ()
    """Runner-ups by name, best first."""
    tuning: float = 0.0
    """Cents that the recording is above A = 440 Hz, -50..50."""
    sections: tuple[KeySection, ...] = ()
    """The keys one after another, when it changes; else empty."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a recording, as a DJ would call it."""

    start: float
    """Seconds, on a downbeat where there is a grid."""
    end: float
    """Seconds."""
    kind: str
    """``intro``, ``main``, ``breakdown``, ``drop`` or ``outro``."""
    energy: float
    """1..10, of this part."""


@dataclass(frozen=True, slots=True)
class MixPoint:
    """Where a mix may begin, and how long it may last."""

    at: float
    """Seconds, on a downbeat of a phrase where there is a grid."""
    bars: int
    """8, 16 or 32; 0 without a grid."""


@dataclass(frozen=True, slots=True)
class Structure:
    """The form of a recording on its beat grid."""

    sections: tuple[Section, ...] = ()
    mix_in: MixPoint | None = None
    """Where this track may be started from in a mix, and for how many bars it stays thin enough to lie over another."""
    mix_out: MixPoint | None = None
    """Where the next track may come in."""


@dataclass(frozen=True, slots=True)
class TrackAnalysis:
    """All that the analysis says of one recording."""

    duration: float
    """Seconds of audio that were decoded."""
    tempo: Tempo
    key: Key
    energy: float
    """1 (calm) to 10 (peak time)."""
    loudness: float
    """LUFS, integrated over the whole recording (EBU R 128); -70 when it is next to silent."""
    features: dict[str, float]
    """Medium-level features by name, 0..1."""
    tags: dict[str, float]
    """Probability of each tag, mean over the windows."""
    vector: npt.NDArray[np.float32]
    """The track vector, finite, L2-normalised, shape (dim,)."""
    model: str
    """Id of the set of networks that made tags, features and vector."""
    tiled: bool
    """The recording was shorter than one window and was repeated to fill it."""
    head: npt.NDArray[np.float32]
    """Vector of the first part, as `vector`: what a track before it joins."""
    tail: npt.NDArray[np.float32]
    """Vector of the last part, as `vector`: what a track after it joins."""
    structure: Structure = Structure()
    energy_curve: tuple[float, ...] = ()
    """Energy 1..10 of each `CURVE_SECONDS`."""
    voice_curve: tuple[float, ...] = ()
    """Presence of a voice, 0..1, in each `CURVE_SECONDS`."""
    damaged: bool = False
    """Part of the file could not be decoded; the rest was analysed."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """What one set of networks says of a recording; tempo, key and energy do not depend on it."""

    features: dict[str, float]
    """Medium-level features by name, 0..1."""
    tags: dict[str, float]
    """Probability of each tag, mean over the windows."""
    vector: npt.NDArray[np.float32]
    """The track vector, finite, L2-normalised, shape (dim,)."""
    model: str
    """Id of the set of networks."""
    head: npt.NDArray[np.float32]
    """Vector of the first part, as `vector`."""
    tail: npt.NDArray[np.float32]
    """Vector of the last part, as `vector`."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a recording, or several of one kind, as the networks hear it by itself."""

    kind: str
    """``intro``, ``drop`` or ``outro``; empty for a window of some seconds."""
    spans: tuple[tuple[float, float], ...]
    """Where it is: seconds from and to, one after another."""
    vector: npt.NDArray[np.float32]
    """As `TrackAnalysis.vector`."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording with its sections and windows: what a question about a part of it needs."""

    analysis: TrackAnalysis
    sections: tuple[Moment, ...]
    """Intro, drop and outro, in this order; see `segue.analysis.sections`."""
    windows: tuple[Moment, ...]
    """Windows of about ten seconds that overlap by half, by their time."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A stretch of a recording that is nearly one of another recording."""

    start: float
    """Seconds, in the recording that was asked about."""
    end: float
    other_start: float
    """Seconds, in the other one; where it is looped, of the loop that fits best."""
    other_end: float
    nearness: float
    """How near its best ten seconds are, up to 1; see `segue.analysis.likeness`."""
    semitones: float
    """By how much it is higher here than there."""
    speed: float
    """How much faster it is here than there: 1.0 as fast."""


@dataclass(frozen=True, slots=True)
class FileTags:
    """What the file itself says, in its tags."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    genre: str | None = None
    comment: str | None = None
    year: int | None = None
    bpm: float | None = None
    bpm_rounded: bool = False
    """The tempo is written as a whole number, without decimals: the true one may differ by half a beat a minute."""
    key: str | None = None
    """Normalised to ``"A minor"`` from any usual spelling (``Am``, ``8A``, ``1m``, ``A min``), else None."""
    energy: float | None = None
    """1..10, as Mixed In Key writes it; None also for the scales of other programs."""
    rating: int | None = None
    """Stars, 1..5; None also where it was not rated."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What can be read from a file without decoding it."""

    identity: str
    """Hash of the encoded audio stream without tags: the same for moved, renamed and retagged copies."""
    duration: float
    """Seconds, as the container says; 0 when it does not say."""
    tags: FileTags
