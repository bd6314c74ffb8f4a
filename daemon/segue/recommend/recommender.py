"""Pool by tags → cosine → tempo and key → reasons: what to play next, and why."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.analysis.result import TrackAnalysis
from segue.errors import LibraryEmptyError, TrackNotFoundError
from segue.index.vectors import Search, VectorIndex
from segue.keys import camelot_number
from segue.recommend import mixability, pool, reasons
from segue.recommend.catalogue import Catalogue, Snapshot
from segue.recommend.reasons import Mix

CANDIDATES: Final = 128
"""Nearest tracks that are ranked anew by tempo and key."""
SIMILARITY_WEIGHT: Final = 0.6
KEY_WEIGHT: Final = 0.2
TEMPO_WEIGHT: Final = 0.2
VOCALS_PENALTY: Final = 0.04
"""For a voice over a voice: as much as two grades between good keys (.02 each), much less than a clash of keys (.16), for the DJ may
mix where neither sings."""
ENERGY_PENALTY: Final = 0.04
"""For the worst step of energy; no more, for a DJ may want it."""
COPY_COSINE: Final = 0.9995
COPY_SECONDS: Final = 1.0
"""Two tracks this near in sound and length are copies of one recording."""
ARTIST_LIMIT: Final = 2
"""So many tracks of one artist at the most, while there are others, among the first ..."""
ARTIST_WINDOW: Final = 10
"""... so many."""
SEED_TAGS: Final = 5
SHARED_TAGS: Final = 5


class Played(NamedTuple):
    """How a deck plays the seed."""

    rate: float = 1.0
    """Played tempo divided by the track's own."""
    keylock: bool = True
    """Whether the key stays when the tempo is changed; taken to hold for the deck of the next track, too."""


AS_RECORDED: Final = Played()


@dataclass(frozen=True, slots=True)
class ProbeSeed:
    """What suggestions are made for: a file that need not be in the library."""

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
    played: Played = AS_RECORDED
    notes: tuple[str, ...] = field(default=())

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


class Ranked(NamedTuple):
    """One suggestion."""

    id: int
    similarity: float
    """Cosine of the track vectors, -1..1."""
    score: float
    """0..1: `mixability.similarity` weighs .6, key .2 and tempo .2; vocals over vocals and a wide step of energy cost .04 each."""
    tags_in_common: list[str]
    why: str


class Ranking(NamedTuple):
    """Suggestions, best first."""

    suggestions: list[Ranked]
    relaxed: list[str]
    """What was given up to fill the list, in order."""
    search: Search
    notes: list[str]
    """What should be known of the seed."""
    tags: list[str]
    """The seed's most telling tags, best first."""
    rate: float = 1.0
    """At which the seed was played."""


class _Candidates(NamedTuple):
    """Rows with their scores, best first; equal scores in the order of their ids."""

    rows: npt.NDArray[np.int64]
    similarity: npt.NDArray[np.float32]
    score: npt.NDArray[np.float64]
    change: npt.NDArray[np.float32]
    factor: npt.NDArray[np.float32]
    pitch: npt.NDArray[np.float32]
    """Semitones by which each would sound higher, without keylock."""
    vocals: npt.NDArray[np.bool_]
    """Seed and candidate both have some."""


class Recommender:
    """Answers from memory; the same question to the same library has the same answer."""

    def __init__(self, catalogue: Catalogue, index: VectorIndex) -> None:
        self._catalogue = catalogue
        self._index = index

    def next(self, track_id: int, limit: int, exclude: Collection[int] = (), played: Played = AS_RECORDED) -> Ranking:
        """Suggest what to play after a track of the library; never the track itself, a copy of it, or one of ``exclude``.

        What is ``played`` faster, or higher for want of keylock, is matched as it is heard.

        Raises TrackNotFoundError where the library has no such track, LibraryEmptyError where it has no other.
        """
        snapshot = self._catalogue.snapshot()
        row = int(snapshot.rows.find(np.asarray([track_id]))[0])
        if row < 0:
            raise TrackNotFoundError(f"Track #{track_id} is not in the library, or not analysed yet.")
        return self._rank(snapshot, _seed_of(snapshot, row, played), limit, {track_id, *exclude})

    def knows(self, track_id: int) -> bool:
        """Whether a track can be suggested, and asked for: one whose folder was removed is kept, but takes no part."""
        return self._catalogue.row(track_id) is not None

    def similar(self, seed: ProbeSeed, limit: int, exclude: Collection[int] = ()) -> Ranking:
        """Suggest what sounds like a file that is in no library; never a copy of it, or one of ``exclude``.

        Raises LibraryEmptyError where the library has no track.
        """
        return self._rank(self._catalogue.snapshot(), seed, limit, set(exclude))

    def _rank(self, snapshot: Snapshot, seed: ProbeSeed, limit: int, exclude: set[int]) -> Ranking:
        allowed = _allowed(snapshot, exclude)
        tags = snapshot.telling.row(seed.tags)
        strong, weak = snapshot.telling.bits(tags)
        possible = int(np.count_nonzero(allowed))
        wanted, k, search = limit, max(CANDIDATES, 2 * limit), "exact"
        while True:
            choice = pool.choose(snapshot, strong[0], weak[0], allowed, wanted)
            found, search = self._index.search(snapshot.rows, seed.vector, k, choice.mask)
            candidates = _rerank(snapshot, seed, tags, found.rows, found.cosines)
            picked = _pick(snapshot, seed, candidates, limit)
            left = int(np.count_nonzero(choice.mask))
            if len(picked) >= limit or len(found.rows) == possible:
                break
            # Copies were dropped: look further, first in the pool and then beyond it.
            wanted, k = (wanted, 4 * k) if len(found.rows) < left else (left + 1, k)
        return Ranking(
            [_explain(snapshot, seed, tags[0], candidates, at) for at in picked],
            choice.relaxed,
            search,
            _notes(seed),
            snapshot.telling.shared(tags[0], tags[0])[:SEED_TAGS],
            seed.played.rate,
        )


def _seed_of(snapshot: Snapshot, row: int, played: Played) -> ProbeSeed:
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
        played=played,
    )


def _allowed(snapshot: Snapshot, exclude: set[int]) -> npt.NDArray[np.bool_]:
    others = snapshot.suggestable.copy()
    rows = snapshot.rows.find(np.fromiter(exclude, dtype=np.int64))
    others[rows[rows >= 0]] = False
    if not np.any(others):
        raise LibraryEmptyError(
            "There is no other track to suggest yet: add a folder with music, or wait for the analysis."
        )
    return others


def _rerank(
    snapshot: Snapshot,
    seed: ProbeSeed,
    seed_tags: npt.NDArray[np.float16],
    rows: npt.NDArray[np.int64],
    cosines: npt.NDArray[np.float32],
) -> _Candidates:
    facts = snapshot.facts
    tempo = mixability.tempo(seed.played_bpm, seed.bpm_confidence, facts.bpm[rows], facts.bpm_confidence[rows])
    pitch = np.zeros_like(tempo.change) if seed.played.keylock else mixability.own_pitch(tempo.change)
    key = mixability.key(
        seed.camelot,
        seed.key_confidence,
        facts.camelot[rows],
        facts.key_confidence[rows],
        None if seed.played.keylock else pitch - np.float32(seed.pitch),
    )
    similarity = mixability.similarity(cosines, seed.vector if seed.tail is None else seed.tail, facts.heads[rows])
    score = SIMILARITY_WEIGHT * similarity + KEY_WEIGHT * key + TEMPO_WEIGHT * tempo.score
    levels, labels = snapshot.telling.levels, snapshot.telling.labels
    vocals = mixability.voiced(facts.tags[rows], levels, labels) & mixability.voiced(seed_tags, levels, labels)
    score -= VOCALS_PENALTY * vocals + ENERGY_PENALTY * mixability.energy_strain(seed.energy, facts.energy[rows])
    score = np.round(np.maximum(score, 0.0).astype(np.float64), 6)
    order = np.lexsort((snapshot.rows.ids[rows], -score))
    return _Candidates(
        rows[order],
        cosines[order],
        score[order],
        tempo.change[order],
        tempo.factor[order],
        pitch[order],
        vocals[order],
    )


def _pick(snapshot: Snapshot, seed: ProbeSeed, candidates: _Candidates, limit: int) -> list[int]:
    """Positions of the best ``limit`` candidates, without copies and with few of one artist at the top."""
    vectors, facts = snapshot.rows.vectors, snapshot.facts
    original = np.ones(len(candidates.rows), dtype=np.bool_)
    if seed.duration is not None:
        near = np.abs(facts.duration[candidates.rows] - seed.duration) <= COPY_SECONDS
        original &= ~(near & (candidates.similarity > COPY_COSINE))
    picked: list[int] = []
    waiting: list[int] = []
    artists: dict[int, int] = {}
    for at in np.flatnonzero(original).tolist():
        if len(picked) == limit:
            break
        row = candidates.rows[at]
        others = candidates.rows[picked + waiting]
        near = np.abs(facts.duration[others] - facts.duration[row]) <= COPY_SECONDS
        if np.any(near) and np.any(np.einsum("ij,j->i", vectors[others[near]], vectors[row]) > COPY_COSINE):
            continue
        artist = int(facts.artist[row])
        if artist and artists.get(artist, 0) >= ARTIST_LIMIT and len(picked) < ARTIST_WINDOW:
            waiting.append(at)
            continue
        artists[artist] = artists.get(artist, 0) + 1
        picked.append(at)
    top, rest = picked[:ARTIST_WINDOW], picked[ARTIST_WINDOW:]
    return [*top, *sorted(waiting + rest)][:limit]


def _explain(
    snapshot: Snapshot, seed: ProbeSeed, seed_tags: npt.NDArray[np.float16], candidates: _Candidates, at: int
) -> Ranked:
    row, facts = int(candidates.rows[at]), snapshot.facts
    shared = snapshot.telling.shared(seed_tags, facts.tags[row])[:SHARED_TAGS]
    track = _mix(
        float(facts.bpm[row]),
        float(facts.bpm_confidence[row]),
        int(facts.camelot[row]),
        float(facts.energy[row]),
        float(candidates.pitch[at]),
    )
    comparable = shared or snapshot.telling.shared(seed_tags, seed_tags)
    reason = reasons.why(
        _mix(_nan(seed.played_bpm), seed.bpm_confidence, seed.camelot, _nan(seed.energy), seed.pitch),
        track,
        float(candidates.change[at]),
        float(candidates.factor[at]),
        shared if comparable else None,
        vocals=bool(candidates.vocals[at]),
    )
    return Ranked(
        int(snapshot.rows.ids[row]), float(candidates.similarity[at]), float(candidates.score[at]), shared, reason
    )


def _mix(bpm: float, confidence: float, camelot: int, energy: float, pitch: float) -> Mix:
    semitones = round(pitch)
    if not semitones:
        return Mix(bpm, confidence, camelot, energy)
    heard = mixability.transposed(np.array([camelot], np.int8), np.array([semitones], np.int64))
    return Mix(bpm, confidence, int(heard[0]), energy, pitched=True)


def _notes(seed: ProbeSeed) -> list[str]:
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
    return notes


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _known(value: np.floating) -> float | None:
    return None if np.isnan(value) else float(value)
