"""`recommend.next`: what to play next, in a list or in lanes, after a track, several, a crate or a playlist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.errors import (
    CrateNotFoundError,
    InvalidParamsError,
    LibraryEmptyError,
    TrackNotFoundError,
    TrackNotReadyError,
)
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


class _Pulls(NamedTuple):
    """Ids of the seeds beside the first."""

    also: Sequence[int] = ()
    more: Sequence[int] = ()
    less: Sequence[int] = ()
    members: Sequence[int] = ()
    """Of a crate and a playlist: together they are one more seed."""


_ALONE: Final = _Pulls()


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
        offer: Callable[[Suggestions], None],
    ) -> None:
        self._library = library
        self._references = references
        self._spaces = spaces
        self._decks = decks
        self._taste = taste
        self._recommend = recommend
        self._executor = executor
        self._offer = offer
        """Told of every answer that somebody picks from."""

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
            return self._references.use(track, lambda found: self._after(found, track, params, _ALONE))
        except (TrackNotFoundError, TrackNotReadyError):
            if not Path(track).is_absolute():
                raise
            return self._after_file(track, params, _ALONE, origin)

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
        seed = _pulled(recommender, seed_of(recommender.snapshot(), track, self._played(track, asked_for)), pulls)
        ranking, lanes = self._rankings(recommender, seed, params, pulls)
        answer = after_track(self._library, track, ranking, lanes)
        if params.offer:
            self._offer(answer)
        return answer

    def _after_file(self, path: str, params: NextParams, pulls: _Pulls, origin: Origin) -> Future[Suggestions]:
        def known(track: int) -> Suggestions:
            return self._after(track, path, params, pulls)

        def unknown(heard: Heard) -> Suggestions:
            recommender = self._spaces.current.recommender
            seed = _pulled(recommender, replace(heard.seed, played=self._played(None, path)), pulls)
            ranking, lanes = self._rankings(recommender, seed, params, pulls)
            return after_file(self._library, heard.path, heard.probe, heard.analysis, ranking, lanes)

        return self._recommend.listen(path, origin, known, unknown)

    def _like_many(self, params: NextParams, origin: Origin) -> Suggestions:
        recommender = self._spaces.current.recommender
        pulls = self._seeds_beside(params, origin)
        members = _known(recommender, pulls.members)
        if not members:
            raise TrackNotFoundError("None of these tracks is in the library and analysed yet.")
        seed = _pulled(recommender, seeds.centre(members), pulls._replace(members=()))
        ranking = recommender.after(seed, params.limit, pulls.members, self._asked(params, params.lane))
        name = f"crate {params.crate}" if params.crate else Path(params.playlist or "").name
        return like_many(self._library, name, ranking)

    # Rankings --------------------------------------------------------------------------------------------------------

    def _rankings(
        self, recommender: Recommender, seed: ProbeSeed, params: NextParams, pulls: _Pulls
    ) -> tuple[Ranking, Lanes]:
        named = {*pulls.also, *pulls.more, *pulls.less}

        def ranked(lane: Lane, exclude: Collection[int] = ()) -> Ranking:
            asked = self._asked(params, lane)
            try:
                return recommender.after(seed, params.limit, {*named, *exclude}, asked)
            except LibraryEmptyError:  # there is nothing but what was named
                return recommender.after(seed, params.limit, (), asked)

        direction: Lane = "ease" if params.lane == "ease" else "lift"
        three: Sequence[Lane] = ("stay", direction, "turn") if params.lanes else ()
        shown: set[int] = set()
        lanes: list[tuple[Lane, Ranking]] = []
        for lane in three:
            ranking = _of_its_own(ranked, lane, shown)
            lanes.append((lane, ranking))
            shown |= {one.id for one in ranking.suggestions}
        return ranked(params.lane), lanes

    def _asked(self, params: NextParams, lane: Lane) -> Asked:
        if params.crate is not None:
            self._crate(params.crate)
        return self._taste.asked(lane=lane, filters=params.filters, preset=params.preset, tonight=params.tonight)

    # Seeds -----------------------------------------------------------------------------------------------------------

    def _current(self) -> str:
        """The track on the deck that plays, else the one that was played last."""
        deck = self._decks.heard()
        if deck is not None and deck.path:
            return deck.path if deck.track is None else f"#{deck.track}"
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

    def _seeds_beside(self, params: NextParams, origin: Origin) -> _Pulls:
        also, more, less = (
            [self._library.resolve(text) for text in texts] for texts in (params.also, params.more, params.less)
        )
        return _Pulls(also, more, less, self._members(params, origin))

    def _members(self, params: NextParams, origin: Origin) -> list[int]:
        ids = self._crate(params.crate).tolist() if params.crate else []
        if params.playlist:
            if not origin.local:
                raise InvalidParamsError("A playlist can be a seed only for clients of the private socket.")
            entries = [entry for one in read_sets(Path(params.playlist)).sets for entry in one.entries]
            wanted = [Wanted(entry.path, entry.artist, entry.title, entry.duration) for entry in entries]
            ids += [track for track in self._library.match(wanted) if track is not None]
        return list(dict.fromkeys(ids))

    def _crate(self, name: str) -> npt.NDArray[np.int64]:
        crates = self._taste.crates()
        by_name = {known.casefold(): ids for known, ids in crates.items()}
        if name.casefold() not in by_name:
            raise CrateNotFoundError(f"There is no crate “{name}”: `segue crates` lists them.")
        return by_name[name.casefold()]


def _of_its_own(ranked: Callable[[Lane, Collection[int]], Ranking], lane: Lane, shown: Collection[int]) -> Ranking:
    """A lane without what another one shows, unless more would have to be given up for it."""
    plain = ranked(lane, ())
    if not {one.id for one in plain.suggestions} & set(shown):
        return plain
    own = ranked(lane, shown)
    return plain if len(own.relaxed) > len(plain.relaxed) else own


def _known(recommender: Recommender, ids: Sequence[int]) -> list[ProbeSeed]:
    """The seeds that tracks make, as far as they take part; of very many every so many."""
    snapshot = recommender.snapshot()
    known = [track for track in ids if recommender.knows(track)]
    return [seed_of(snapshot, track) for track in known[:: -(-len(known) // _MOST_SEEDS) or 1]]


def _pulled(recommender: Recommender, seed: ProbeSeed, pulls: _Pulls) -> ProbeSeed:
    also, more, less, members = (_known(recommender, ids) for ids in pulls)
    return seeds.joined(seed, [*also, seeds.centre(members)] if members else also, more, less)
