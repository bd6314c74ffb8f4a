"""A candidate's numbers → a suggestion with its reason, in words and as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.keys import camelot_name
from segue.recommend import mixability, reasons, scoring
from segue.recommend.catalogue import Snapshot
from segue.recommend.lanes import Lane
from segue.recommend.memory import Proven
from segue.recommend.reasons import Common, Mix
from segue.recommend.scoring import Terms
from segue.recommend.seed import ProbeSeed
from segue.recommend.weights import Weights

SHARED_TAGS: Final = 5


class Blend(NamedTuple):
    """How a suggestion meets the seed, as data; the reason says the same in words."""

    mixes: bool
    """Tempo and key, as far as they are known, allow a blend."""
    pitch: float | None
    """Per cent that bring it to the seed's tempo; None where that is unknown, or nobody would do it."""
    time: str
    """``same time``, ``half time``, ``double time``, ``3:2 time`` or ``2:3 time``."""
    seed_key: str | None
    """Camelot, as it is heard."""
    key: str | None
    """Camelot, as it would be heard at that pitch."""
    seed_energy: float | None
    energy: float | None


class Ranked(NamedTuple):
    """One suggestion."""

    id: int
    similarity: float
    """Cosine of the track vectors, -1..1."""
    score: float
    """0..1, see `scoring.total`."""
    tags_in_common: list[str]
    why: str
    lane: Lane
    blend: Blend
    proven: int
    """So often it was played after the seed."""
    parts: dict[str, float]
    """What each part gave to the score."""


class Explainer:
    """Explains the candidates of one ranking."""

    def __init__(
        self,
        snapshot: Snapshot,
        seed: ProbeSeed,
        seed_tags: npt.NDArray[np.float16],
        lane: Lane,
        weights: Weights,
        proven: Mapping[int, Proven],
    ) -> None:
        self._snapshot = snapshot
        self._seed = seed
        self._tags = seed_tags
        self._lane: Lane = lane
        self._weights = weights
        self._proven = proven
        self._comparable = bool(snapshot.telling.shared(seed_tags, seed_tags))
        self._mix = Mix(
            _nan(seed.played_bpm),
            seed.bpm_confidence,
            _heard(seed.camelot, round(seed.pitch)),
            _nan(seed.energy),
            pitched=bool(round(seed.pitch)),
            key_confidence=seed.key_confidence,
        )

    def explain(self, found: Terms, at: int) -> Ranked:
        """The suggestion that a candidate makes."""
        row, facts = int(found.rows[at]), self._snapshot.facts
        track_id = int(self._snapshot.rows.ids[row])
        shared = self._snapshot.telling.shared(self._tags, facts.tags[row])[:SHARED_TAGS]
        proven = self._proven[track_id].times if track_id in self._proven else 0
        # Against the key that is shown for the seed, as the grade has it: each rounded by itself might cancel out.
        moved = round(self._seed.pitch) + round(float(found.pitch[at]) - self._seed.pitch)
        track = Mix(
            float(facts.bpm[row]),
            float(facts.bpm_confidence[row]),
            _heard(int(facts.camelot[row]), moved),
            float(facts.energy[row]),
            pitched=bool(moved),
            key_confidence=float(facts.key_confidence[row]),
        )
        common = Common(
            shared if shared or self._comparable else None,
            vocals=bool(found.vocals[at]),
            unsung=bool(found.unsung[at]),
            proven=proven,
        )
        change, factor = float(found.change[at]), float(found.factor[at])
        return Ranked(
            track_id,
            float(found.cosine[at]),
            min(max(float(scoring.total(found.one(at), self._weights)[0]), 0.0), 1.0),
            shared,
            reasons.why(self._mix, track, change, factor, common),
            self._lane,
            Blend(
                bool(found.mixes[at]),
                reasons.pitch_needed(change, factor),
                reasons.way(factor),
                _name(self._mix.camelot),
                _name(track.camelot),
                self._seed.energy,
                _known(track.energy),
            ),
            proven,
            scoring.parts(found, self._weights, at),
        )


def seed_notes(seed: ProbeSeed) -> list[str]:
    """What should be known of a seed before one trusts what is said of it."""
    notes = list(seed.notes)
    per_cent = f"{100 * (seed.played.rate - 1):+.1f}"
    if float(per_cent):
        heard = "" if seed.played_bpm is None else f": {seed.played_bpm:.1f} BPM"
        notes.append(f"played at {per_cent} %{heard}")
    if seed.bpm is None:
        notes.append("tempo unknown")
    elif seed.bpm_confidence < reasons.SURE:
        notes.append(reasons.tempo_doubt(seed.bpm, seed.bpm_alternatives))
    if seed.camelot < 0:
        notes.append("key unknown")
    if seed.energy is None:
        notes.append("energy unknown")
    return notes


def _heard(camelot: int, semitones: int) -> int:
    if not semitones:
        return camelot
    return int(mixability.transposed(np.array([camelot], np.int8), np.array([semitones], np.int64))[0])


def _name(camelot: int) -> str | None:
    return camelot_name(camelot) if camelot >= 0 else None


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
