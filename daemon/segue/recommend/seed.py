"""What suggestions are made for: a track of the library as a deck plays it, or a file that is in no library."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.analysis.result import TrackAnalysis
from segue.errors import TrackNotFoundError
from segue.keys import camelot_number
from segue.recommend import mixability
from segue.recommend.catalogue import Snapshot


class Played(NamedTuple):
    """How a deck plays the seed."""

    rate: float = 1.0
    """Played tempo divided by the track's own."""
    keylock: bool = True
    """Whether the key stays when the tempo is changed; taken to hold for the deck of the next track, too."""


AS_RECORDED: Final = Played()


@dataclass(frozen=True, slots=True)
class ProbeSeed:
    """What suggestions are made for; it need not be in the library."""

    vector: npt.NDArray[np.float32]
    """L2-normalised, shape (dim,)."""
    tags: Mapping[str, float]
    """Probability by name."""
    tail: npt.NDArray[np.float32] | None = None
    """Vector of the last part, as `vector`; None: the whole track stands for it."""
    bpm: float | None = None
    bpm_confidence: float = 1.0
    bpm_alternatives: tuple[float, ...] = ()
    camelot: int = -1
    """0..23 as in `Columns`; -1: unknown."""
    key_confidence: float = 1.0
    energy: float | None = None
    duration: float | None = None
    """Seconds; without it no track is taken for a copy of the seed."""
    features: Mapping[str, float] = field(default_factory=dict)
    """Medium-level features by name, 0..1."""
    played: Played = AS_RECORDED
    notes: tuple[str, ...] = field(default=())
    id: int | None = None
    """In the library; None: in none."""
    work: int = 0
    """Hash of its work, as in `Columns`; 0: unknown."""

    @classmethod
    def of(cls, analysis: TrackAnalysis) -> ProbeSeed:
        """The seed that an analysed file makes."""
        return cls(
            vector=analysis.vector,
            tags=analysis.tags,
            tail=analysis.tail,
            bpm=analysis.tempo.bpm,
            bpm_confidence=analysis.tempo.confidence,
            bpm_alternatives=analysis.tempo.alternatives,
            camelot=camelot_number(analysis.key.camelot) if analysis.key.camelot else -1,
            key_confidence=analysis.key.confidence,
            energy=analysis.energy,
            duration=analysis.duration,
            features=analysis.features,
            notes=("shorter than one window",) if analysis.tiled else (),
        )

    @property
    def played_bpm(self) -> float | None:
        """The tempo that is heard; None where unknown."""
        return None if self.bpm is None else self.bpm * self.played.rate

    @property
    def pitch(self) -> float:
        """Semitones by which it sounds higher than it was recorded."""
        return 0.0 if self.played.keylock else mixability.SEMITONES * math.log2(self.played.rate)


def seed_of(snapshot: Snapshot, track_id: int, played: Played = AS_RECORDED) -> ProbeSeed:
    """The seed that a track of the library makes.

    Raises TrackNotFoundError where the library has no such track.
    """
    row = int(snapshot.rows.find(np.asarray([track_id]))[0])
    if row < 0:
        raise TrackNotFoundError(f"Track #{track_id} is not in the library, or not analysed yet.")
    facts = snapshot.facts
    return ProbeSeed(
        vector=snapshot.rows.vectors[row],
        tags=dict(zip(snapshot.telling.labels, facts.tags[row].tolist(), strict=True)),
        tail=facts.tails[row].astype(np.float32),
        bpm=_known(facts.bpm[row]),
        bpm_confidence=float(facts.bpm_confidence[row]),
        camelot=int(facts.camelot[row]),
        key_confidence=float(facts.key_confidence[row]),
        energy=_known(facts.energy[row]),
        duration=_known(facts.duration[row]),
        features={
            name: value
            for name, value in zip(snapshot.feature_names, facts.features[row].tolist(), strict=True)
            if not math.isnan(value)
        },
        played=played,
        id=track_id,
        work=int(facts.work[row]),
    )


def _known(value: np.floating) -> float | None:
    return None if np.isnan(value) else float(value)
