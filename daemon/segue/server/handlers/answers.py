"""Rankings → answers on the wire: what the library tells of each track is read once for all lists of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segue.library.details import MixPoints
from segue.library.store import Library
from segue.library.tracks import Brief
from segue.protocol.messages import LaneList, Mix, MixPoint, Seed, Suggestion, Suggestions
from segue.recommend.lanes import Lane
from segue.recommend.recommender import Ranked, Ranking

Lanes = Sequence[tuple[Lane, Ranking]]


@dataclass(frozen=True, slots=True)
class Told:
    """What the library tells of the tracks of an answer, by id."""

    briefs: Mapping[int, Brief]
    doubts: Mapping[int, list[str]]
    """What the sources of a track disagree on, in words; that an estimate is unsure is said elsewhere."""
    points: Mapping[int, MixPoints]

    @classmethod
    def read(cls, library: Library, rankings: Sequence[Ranking], track: int | None = None) -> Told:
        """Read what is needed for some rankings, and for the track that they are for."""
        ids = {ranked.id for ranking in rankings for ranked in ranking.suggestions}
        wanted = sorted(ids | ({track} if track is not None else set()))
        return cls(
            {brief.id: brief for brief in library.brief(wanted)},
            {
                one: [doubt.text for doubt in doubts if doubt.other_source is not None]
                for one, doubts in library.doubts(wanted).items()
            },
            library.mix_points(wanted),
        )

    def answer(self, seed: Seed, ranking: Ranking, lanes: Lanes = ()) -> Suggestions:
        """The answer with its lists. A track that was forgotten after the ranking is left out."""
        return Suggestions(
            seed=seed,
            suggestions=self._suggestions(ranking),
            relaxed=list(ranking.relaxed),
            search=ranking.search,
            lane=ranking.lane,
            lanes=[
                LaneList(lane=lane, suggestions=self._suggestions(found), relaxed=list(found.relaxed))
                for lane, found in lanes
            ],
        )

    def _suggestions(self, ranking: Ranking) -> list[Suggestion]:
        return [self._suggestion(ranked) for ranked in ranking.suggestions if ranked.id in self.briefs]

    def _suggestion(self, ranked: Ranked) -> Suggestion:
        track, points = self.briefs[ranked.id], self.points.get(ranked.id)
        mix_in = None if points is None else points.mix_in
        return Suggestion(
            id=ranked.id,
            path=track.path,
            title=track.title,
            artist=track.artist,
            bpm=rounded(track.bpm, 2),
            camelot=track.camelot,
            energy=rounded(track.energy, 1),
            duration=rounded(track.duration, 2),
            similarity=round(ranked.similarity, 4),
            score=round(ranked.score, 4),
            tags_in_common=list(ranked.tags_in_common),
            why=reason(ranked, mix_in),
            notes=self.doubts.get(ranked.id, []),
            lane=ranked.lane,
            mix=mix_of(ranked, mix_in),
            proven=ranked.proven,
            parts=ranked.parts,
        )


def reason(ranked: Ranked, mix_in: MixPoint | None) -> str:
    """The reason with where to mix in: ``...; mix in at 0:32, 32 bars``."""
    if mix_in is None or not mix_in.bars:
        return ranked.why
    minutes, seconds = divmod(round(mix_in.at), 60)
    return f"{ranked.why}; mix in at {minutes}:{seconds:02d}, {mix_in.bars} bars"


def mix_of(ranked: Ranked, mix_in: MixPoint | None) -> Mix:
    """How a track meets the one before it, on the wire."""
    return Mix(
        mixes=ranked.blend.mixes,
        pitch=rounded(ranked.blend.pitch, 3),
        time=ranked.blend.time,
        seed_key=ranked.blend.seed_key,
        key=ranked.blend.key,
        seed_energy=rounded(ranked.blend.seed_energy, 1),
        energy=rounded(ranked.blend.energy, 1),
        mix_in=mix_in,
    )


def rounded(value: float | None, digits: int) -> float | None:
    """Round what is known."""
    return None if value is None else round(value, digits)
