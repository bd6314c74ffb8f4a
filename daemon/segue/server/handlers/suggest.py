"""`recommend.next`: what to play next, in a list or in lanes, after a track, several, a crate or a playlist."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.errors import CrateNotFoundError, InvalidParamsError, TrackNotFoundError, TrackNotReadyError
from segue.library.matching import Wanted
from segue.library.store import Library
from segue.protocol.messages import NextParams, Suggestions
from segue.recommend import seeds
from segue.recommend.lanes import Lane
from segue.recommend.recommender import AS_RECORDED, Asked, Played, ProbeSeed, Ranking, Recommender
from segue.recommend.seed import seed_of
from segue.server.decks import Decks
from segue.server.futures import then
from segue.server.handlers.answers import Lanes
from segue.server.handlers.recommend import Heard, RecommendHandlers
from segue.server.handlers.references import References
from segue.server.handlers.seeds import after_file, after_track, like_many
from segue.server.router import Origin
from segue.server.spaces import Spaces
from segue.server.taste import Taste
from segue.sets.reading import read_sets

_MOST_SEEDS: Final = 500
"""Tracks of a crate or playlist that are heard together; of more every so many."""

_Pulls = tuple[Sequence[ProbeSeed], Sequence[ProbeSeed], Sequence[ProbeSeed]] | tuple[()]
"""Seeds beside the first: also like these, more like these, less like these."""


class SuggestHandlers:
    """Finds the seeds of a question, asks, and answers."""

    def __init__(
        self,
        library: Library,
        references: References,
        spaces: Spaces,
        decks: Decks,
        taste: Taste,
        recommend: RecommendHandlers,
        executor: Executor,
    ) -> None:
        self._library = library
        self._references = references
        self._spaces = spaces
        self._decks = decks
        self._taste = taste
        self._recommend = recommend
        self._executor = executor

    def next(self, params: NextParams, origin: Origin) -> Suggestions | Future[Suggestions]:
        """What to play after a track; a path that is not indexed yet is analysed on the spot."""
        self._asked(params, params.lane)  # an unknown preset or crate is refused before a file is listened to
        if params.track is None and (params.crate or params.playlist):
            return self._executor.submit(self._like_many, params, origin)
        track = params.track or self._current()
        if params.also or params.more or params.less or params.crate or params.playlist:
            return then(
                self._executor.submit(self._several, track, params, origin),
                lambda found: self._after_one(found[0], track, params, found[1], origin),
            )
        try:
            return self._references.use(track, lambda found: self._after(found, track, params, ()))
        except (TrackNotFoundError, TrackNotReadyError):
            if not Path(track).is_absolute():
                raise
            return self._after_file(track, params, (), origin)

    def _several(self, track: str, params: NextParams, origin: Origin) -> tuple[int | None, _Pulls]:
        """The track and the seeds beside it; None for a file that is in no library. Each may be searched for by words."""
        pulls = self._seeds_beside(params, origin)
        try:
            return self._library.resolve(track), pulls
        except (TrackNotFoundError, TrackNotReadyError):
            if not Path(track).is_absolute():
                raise
            return None, pulls

    def _after_one(
        self, track: int | None, asked_for: str, params: NextParams, pulls: _Pulls, origin: Origin
    ) -> Suggestions | Future[Suggestions]:
        if track is None:
            return self._after_file(asked_for, params, pulls, origin)
        return self._after(track, asked_for, params, pulls)

    def _after(self, track: int, asked_for: str, params: NextParams, pulls: _Pulls) -> Suggestions:
        recommender = self._spaces.current.recommender
        seed = _pulled(seed_of(recommender.snapshot(), track, self._played(track, asked_for)), pulls)
        ranking, lanes = self._rankings(recommender, seed, params)
        return after_track(self._library, track, ranking, lanes)

    def _after_file(self, path: str, params: NextParams, pulls: _Pulls, origin: Origin) -> Future[Suggestions]:
        def known(track: int) -> Suggestions:
            return self._after(track, path, params, pulls)

        def unknown(heard: Heard) -> Suggestions:
            recommender = self._spaces.current.recommender
            seed = _pulled(replace(heard.seed, played=self._played(None, path)), pulls)
            ranking, lanes = self._rankings(recommender, seed, params)
            return after_file(self._library, heard.path, heard.probe, heard.analysis, ranking, lanes)

        return self._recommend.listen(path, origin, known, unknown)

    def _like_many(self, params: NextParams, origin: Origin) -> Suggestions:
        recommender = self._spaces.current.recommender
        ids = self._members(params, origin)
        members = _known(recommender, ids)
        if not members:
            raise TrackNotFoundError("None of these tracks is in the library and analysed yet.")
        pulls = self._seeds_beside(params, origin, members=False)
        ranking = recommender.after(
            _pulled(seeds.centre(members), pulls), params.limit, ids, self._asked(params, params.lane)
        )
        name = f"crate {params.crate}" if params.crate else Path(params.playlist or "").name
        return like_many(self._library, name, ranking)

    # Rankings --------------------------------------------------------------------------------------------------------

    def _rankings(self, recommender: Recommender, seed: ProbeSeed, params: NextParams) -> tuple[Ranking, Lanes]:
        def ranked(lane: Lane, limit: int) -> Ranking:
            return recommender.after(seed, limit, (), self._asked(params, lane))

        direction: Lane = "ease" if params.lane == "ease" else "lift"
        three: Sequence[Lane] = ("stay", direction, "turn") if params.lanes else ()
        beside = _apart([ranked(lane, len(three) * params.limit) for lane in three], params.limit)
        return ranked(params.lane, params.limit), list(zip(three, beside, strict=True))

    def _asked(self, params: NextParams, lane: Lane) -> Asked:
        if params.crate is not None:
            self._crate(params.crate)
        return self._taste.asked(lane=lane, filters=params.filters, preset=params.preset, tonight=params.tonight)

    # Seeds -----------------------------------------------------------------------------------------------------------

    def _current(self) -> str:
        """The track on the deck that plays, else the one that was played last."""
        playing = [deck for deck in self._decks.all() if deck.playing and deck.path]
        if playing:
            deck = max(playing, key=lambda deck: deck.updated)
            return deck.path if deck.track is None and deck.path else f"#{deck.track}"
        plays = self._library.plays(1)
        if not plays:
            raise TrackNotFoundError(
                'No deck is playing and nothing was played yet: name a track, as in segue next "title".'
            )
        return f"#{plays[0].track}"

    def _played(self, track: int | None, asked: str) -> Played:
        """How a deck plays what was ``asked`` for; as it was recorded where none does."""
        deck = self._decks.playing_one(track, asked)
        return AS_RECORDED if deck is None else Played(deck.rate, deck.keylock)

    def _seeds_beside(self, params: NextParams, origin: Origin, *, members: bool = True) -> _Pulls:
        recommender = self._spaces.current.recommender
        also, more, less = (
            [seed_of(recommender.snapshot(), self._library.resolve(text)) for text in texts]
            for texts in (params.also, params.more, params.less)
        )
        together = _known(recommender, self._members(params, origin)) if members else []
        if together:
            also = [*also, seeds.centre(together)]
        return tuple(also), tuple(more), tuple(less)

    def _members(self, params: NextParams, origin: Origin) -> list[int]:
        ids = self._crate(params.crate).tolist() if params.crate else []
        if params.playlist:
            if not origin.local:
                raise InvalidParamsError("A playlist can be a seed only for clients of the private socket.")
            entries = [entry for one in read_sets(Path(params.playlist)).sets for entry in one.entries]
            wanted = [Wanted(entry.path, entry.artist, entry.title, entry.duration) for entry in entries]
            ids += [track for track in self._library.match(wanted) if track is not None]
        return ids[:: -(-len(ids) // _MOST_SEEDS)] if ids else []

    def _crate(self, name: str) -> npt.NDArray[np.int64]:
        crates = self._taste.crates()
        by_name = {known.casefold(): ids for known, ids in crates.items()}
        if name.casefold() not in by_name:
            raise CrateNotFoundError(f"There is no crate “{name}”: `segue crates` lists them.")
        return by_name[name.casefold()]


def _apart(rankings: Sequence[Ranking], limit: int) -> list[Ranking]:
    """Lanes that do not show the same tracks, as long as each has some of its own."""
    shown: set[int] = set()
    apart = []
    for ranking in rankings:
        own = [one for one in ranking.suggestions if one.id not in shown] or ranking.suggestions
        apart.append(ranking._replace(suggestions=own[:limit]))
        shown |= {one.id for one in own[:limit]}
    return apart


def _known(recommender: Recommender, ids: Sequence[int]) -> list[ProbeSeed]:
    snapshot = recommender.snapshot()
    return [seed_of(snapshot, track) for track in ids if recommender.knows(track)]


def _pulled(seed: ProbeSeed, pulls: _Pulls) -> ProbeSeed:
    return seeds.joined(seed, *pulls) if pulls else seed
