"""`feedback.*`: what is liked, what is learned from files, what is known, and forgetting it."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from pathlib import Path

from segue.errors import InvalidParamsError, PathNotAllowedError
from segue.library.paths import found
from segue.library.recall import Forget
from segue.library.store import Library
from segue.protocol.messages import (
    ForgetParams,
    Forgotten,
    LearnParams,
    Lesson,
    MemoryPage,
    MemoryParams,
    Opinion,
    RateParams,
)
from segue.server.futures import then
from segue.server.handlers.references import References
from segue.server.handlers.tuning import TuningHandlers
from segue.server.learner import Learner
from segue.server.lessons import lesson
from segue.server.router import Origin


class FeedbackHandlers:
    """Opinions and lessons. What is said is written in the learner's thread, files are read in another one."""

    def __init__(
        self,
        library: Library,
        references: References,
        learner: Learner,
        tuning: TuningHandlers,
        executor: Executor,
        lessons: Executor,
    ) -> None:
        self._library = library
        self._references = references
        self._learner = learner
        self._tuning = tuning
        self._executor = executor
        self._lessons = lessons

    def rate(self, params: RateParams, origin: Origin) -> Opinion | Future[Opinion]:
        """Like or dislike a track, always or after another one."""
        del origin
        after = params.after

        def rated(track: int) -> Opinion | Future[Opinion]:
            if after is None:
                return self._learner.rate(track, None, params.liked)
            return self._references.use(after, lambda before: self._learner.rate(track, before, params.liked))

        return self._references.use(params.track, rated)

    def learn(self, params: LearnParams, origin: Origin) -> Future[Lesson]:
        """Learn from a file of another program."""
        if not origin.local:
            raise PathNotAllowedError("Segue only learns from files when asked on the machine that it runs on.")
        if not Path(params.path).is_absolute() or "\0" in params.path:
            raise InvalidParamsError(f"“{params.path}” is not an absolute path of a file.")
        return self._lessons.submit(lesson, self._library, self._learner, Path(found(params.path)), params.kind)

    def memory(self, params: MemoryParams, origin: Origin) -> MemoryPage | Future[MemoryPage]:
        """What was learned."""
        del origin

        def shown_of(track: int | None) -> Future[MemoryPage]:
            return self._executor.submit(self._library.memory_page, track, params.limit, params.offset)

        if params.track is None:
            return shown_of(None)
        return self._references.use(params.track, shown_of)

    def forget(self, params: ForgetParams, origin: Origin) -> Forgotten | Future[Forgotten]:
        """Forget what was learned."""
        del origin

        def forgotten(track: int | None) -> Future[Forgotten]:
            done = self._learner.forget(Forget(track, params.source, params.everything, params.plays))
            return then(done, self._unlearned) if params.everything else done

        if params.track is None:
            return forgotten(None)
        return self._references.use(params.track, forgotten)

    def _unlearned(self, forgotten: Forgotten) -> Future[Forgotten]:
        """Also without the weights that were learned from what is forgotten."""
        return then(self._tuning.forget(), lambda _: forgotten)
