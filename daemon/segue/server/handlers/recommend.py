"""`recommend.*`, `track.*`: answers that may first need an analysis."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from segue.analysis.report import report
from segue.analysis.result import Probe, TrackAnalysis
from segue.errors import TrackNotReadyError
from segue.library.paths import shown
from segue.library.store import Library
from segue.protocol.messages import AnalyseParams, Analysis, SimilarParams, Suggestions, Track, TrackParams
from segue.recommend.seed import AS_RECORDED, Played, ProbeSeed, seed_of
from segue.server.decks import Decks
from segue.server.futures import then
from segue.server.handlers.references import References
from segue.server.handlers.seeds import after_file, after_track, asked_by_file, audio_path
from segue.server.listening import Listening
from segue.server.router import Origin
from segue.server.spaces import Spaces


class Heard(NamedTuple):
    """A file that is in no library."""

    path: Path
    probe: Probe
    analysis: TrackAnalysis
    seed: ProbeSeed


class RecommendHandlers:
    """What sounds alike, what a track is."""

    def __init__(
        self,
        library: Library,
        references: References,
        spaces: Spaces,
        listening: Listening,
        decks: Decks,
        executor: Executor,
    ) -> None:
        self._library = library
        self._executor = executor
        self._references = references
        self._spaces = spaces
        self._listening = listening
        self._decks = decks

    def similar(self, params: SimilarParams, origin: Origin) -> Future[Suggestions]:
        """What sounds like a file, in the library or not."""

        def known(track: int) -> Suggestions:
            recommender = self._spaces.current.recommender
            seed = seed_of(recommender.snapshot(), track, self._played(track, params.path))
            return after_track(self._library, track, recommender.similar(seed, params.limit))

        def unknown(heard: Heard) -> Suggestions:
            seed = replace(heard.seed, played=self._played(None, params.path))
            ranking = self._spaces.current.recommender.similar(seed, params.limit)
            return after_file(self._library, heard.path, heard.probe, heard.analysis, ranking)

        return self.listen(params.path, origin, known, unknown)

    def listen(
        self,
        text: str,
        origin: Origin,
        known: Callable[[int], Suggestions],
        unknown: Callable[[Heard], Suggestions],
    ) -> Future[Suggestions]:
        """Answer for a file: as `known` says when its audio is in the library, else as `unknown` says of its analysis."""

        def probed(path: Path) -> Future[Suggestions]:
            return then(self._listening.probe(path), lambda probe: judge(path, probe))

        def judge(path: Path, probe: Probe) -> Suggestions | Future[Suggestions]:
            track = self._library.known(probe.identity)
            space = self._spaces.current
            if track is not None and space.recommender.knows(track):
                return known(track)
            if not space.listens:
                raise TrackNotReadyError(
                    f"{shown(path)} can be compared with the library when Segue has changed to its new networks: "
                    "`segue status` says how far that is."
                )
            analysis = self._listening.analyse(path, probe.duration, space.model_id)
            return then(analysis, lambda found: rank(path, probe, found))

        def rank(path: Path, probe: Probe, analysis: TrackAnalysis) -> Suggestions | Future[Suggestions]:
            if analysis.model != self._spaces.current.model_id:  # other networks have taken over while it was analysed
                return judge(path, probe)
            return unknown(Heard(path, probe, analysis, asked_by_file(probe, analysis)))

        return then(self._audio(text, origin), probed)

    def get(self, params: TrackParams, origin: Origin) -> Track | Future[Track]:
        """One track with everything known of it."""
        del origin
        return self._references.use(params.track, self._library.track)

    def analyse(self, params: AnalyseParams, origin: Origin) -> Future[Analysis]:
        """The analysis of a file that need not be in the library."""

        def listen(path: Path) -> Future[Analysis]:
            return then(self._listening.probe(path), lambda probe: hear(path, probe))

        def hear(path: Path, probe: Probe) -> Future[Analysis]:
            return then(
                self._listening.analyse(path, probe.duration, self._spaces.current.model_id),
                lambda found: report(path, found, vector=params.vector),
            )

        return then(self._audio(params.path, origin), listen)

    def _audio(self, text: str, origin: Origin) -> Future[Path]:
        """See `audio_path`. Not in the router's thread: a drive that does not answer may take minutes to say so."""
        return self._executor.submit(lambda: audio_path(text, origin, self._library.folders()))

    def _played(self, track: int | None, asked: str) -> Played:
        """How a deck plays what was ``asked`` for; as it was recorded where none does."""
        deck = self._decks.playing_one(track, asked)
        return AS_RECORDED if deck is None else Played(deck.rate, deck.keylock)
