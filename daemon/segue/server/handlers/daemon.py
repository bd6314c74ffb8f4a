"""`daemon.*`: is it there, how is it, stop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import segue
from segue.analysis.pool import AnalysisPool
from segue.errors import LibraryDamagedError
from segue.home import Home
from segue.library.store import Library
from segue.protocol.messages import Counts, Done, Nothing, Pong, ShutdownParams, Status
from segue.protocol.methods import PROTOCOL_VERSION
from segue.server.decks import Decks
from segue.server.events import Events
from segue.server.indexer import Indexer
from segue.server.renewal import Renewer
from segue.server.router import Origin
from segue.server.shims import Shims
from segue.server.spaces import Spaces
from segue.server.wishing import Wishing
from segue.watch.watcher import Watcher


class DaemonHandlers:
    """The daemon about itself."""

    def __init__(
        self,
        *,
        home: Home,
        library: Library,
        indexer: Indexer,
        watcher: Watcher,
        spaces: Spaces,
        renewer: Renewer,
        pool: AnalysisPool,
        decks: Decks,
        wishing: Wishing,
        shims: Shims,
        events: Events,
        problems: list[str],
        shutdown: Callable[[bool], None],
    ) -> None:
        self._home = home
        self._library = library
        self._indexer = indexer
        self._watcher = watcher
        self._spaces = spaces
        self._renewer = renewer
        self._pool = pool
        self._decks = decks
        self._wishing = wishing
        self._shims = shims
        self._events = events
        self.endpoints: dict[str, str] = {}
        """Where the daemon listens, once it does."""
        self._problems = problems
        self._shutdown = shutdown
        self._started = time.monotonic()

    def ping(self, params: Nothing, origin: Origin) -> Pong:
        """Version and protocol."""
        del params, origin
        return Pong(version=segue.__version__, protocol=PROTOCOL_VERSION)

    def status(self, params: Nothing, origin: Origin) -> Status:
        """Everything; its ``seq`` is taken first, so that no event between is missed."""
        del params, origin
        seq = self._events.seq
        counts = self._counts()
        troubles = [
            *self._problems,
            *self._watcher.problems(),
            self._indexer.problem,
            self._renewer.problem,
            self._library.trouble,
            *self._shims.problems(),
        ]
        space = self._spaces.current
        return Status(
            pid=os.getpid(),
            version=segue.__version__,
            protocol=PROTOCOL_VERSION,
            home=str(self._home),
            uptime=round(time.monotonic() - self._started, 1),
            tracks=counts,
            analysing=self._indexer.in_work,
            rate=self._indexer.rate(),
            time_left=self._indexer.time_left(counts.queued),
            scanning=not self._watcher.idle,
            paused=self._indexer.paused,
            gig_mode=self._decks.playing(),
            folders=self._watcher.folders(),
            models=dict(space.versions),
            renewal=self._renewer.state(),
            provider=self._pool.provider,
            workers=self._pool.workers,
            endpoints=self.endpoints,
            index=space.index.state(),
            seq=seq,
            decks=self._decks.all(),
            wishes=self._wishing.now,
            shims=self._shims.state(),
            problems=list(dict.fromkeys(trouble for trouble in troubles if trouble)),
        )

    def _counts(self) -> Counts:
        """Zeros when the library is damaged: that, too, is said by the status."""
        try:
            return self._library.counts()
        except LibraryDamagedError:
            return Counts(indexed=0, queued=0, failed=0, missing=0)

    def pause(self, params: Nothing, origin: Origin) -> Done:
        """Stop analysing."""
        del params, origin
        self._indexer.pause()
        return Done(detail="Analysis is paused; `segue resume` goes on.")

    def resume(self, params: Nothing, origin: Origin) -> Done:
        """Analyse again."""
        del params, origin
        self._indexer.resume()
        return Done(detail="Analysis goes on.")

    def shutdown(self, params: ShutdownParams, origin: Origin) -> Done:
        """Save and stop, after this answer."""
        del origin
        self._shutdown(params.drain)
        return Done(detail="Stopping.")
