"""The composition root: makes the parts, wires them, starts and stops them in order."""

from __future__ import annotations

import gc
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import zmq

import segue
from segue.analysis.pool import AnalysisPool
from segue.config import Config
from segue.home import Home
from segue.library.store import Library
from segue.networks.models import ModelSet
from segue.networks.registry import Registry
from segue.server import connection
from segue.server.connection import ConnectionInfo
from segue.server.decks import Decks
from segue.server.dispatch import dispatcher
from segue.server.doors import Doors, choose_doors, connection_info
from segue.server.events import Events
from segue.server.handlers.check import CheckHandlers
from segue.server.handlers.collection import CollectionHandlers
from segue.server.handlers.daemon import DaemonHandlers
from segue.server.handlers.feedback import FeedbackHandlers
from segue.server.handlers.journeys import JourneyHandlers
from segue.server.handlers.library import LibraryHandlers
from segue.server.handlers.models import ModelsHandlers, serving, wanted
from segue.server.handlers.playing import PlayingHandlers
from segue.server.handlers.producer import ProducerHandlers
from segue.server.handlers.recommend import RecommendHandlers
from segue.server.handlers.references import References
from segue.server.handlers.shims import ShimsHandlers
from segue.server.handlers.suggest import SuggestHandlers
from segue.server.handlers.trust import TrustHandlers
from segue.server.handlers.tuning import TuningHandlers
from segue.server.handlers.wishes import WishesHandlers
from segue.server.indexer import Indexer
from segue.server.learner import Learner
from segue.server.listening import Listening
from segue.server.lock import HomeLock
from segue.server.mirror import Mirror
from segue.server.night import NightKeeper
from segue.server.presence import Presence
from segue.server.recovery import open_library
from segue.server.renewal import Renewer
from segue.server.router import Router
from segue.server.shims import Shims
from segue.server.spaces import Named, Spaces
from segue.server.tag_writer import TagWriter
from segue.server.taste import Taste
from segue.server.tuner import Tuner
from segue.server.unfinished import Unfinished
from segue.server.wishing import Wishing
from segue.watch.watcher import Watcher

_log = logging.getLogger(__name__)

_POOL_STOP_SECONDS = 3.0
_SEARCHES = 2
"""Searches by words that run side by side."""
_LISTENERS = 3
"""Files of producers that are listened to, or compared with records, side by side."""
_DRAIN_SECONDS = 20.0
"""How long a polite stop waits for the files in work."""
_KEEP_SECONDS = 2.0
"""How often lock and connection file are looked after."""
_LOCK_SECONDS = 3.0
"""How long to wait for a daemon of this home that is just stopping."""


class Daemon:
    """One home's daemon: `start` brings it up to its first answer, `wait` sleeps until somebody ends it."""

    def __init__(self, home: Home, config: Config) -> None:
        self._home = home
        self._config = config
        self._stack = ExitStack()
        # Not an event: a signal's handler may find the main thread inside its lock, and would wait for itself.
        self._ended: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._drain = True
        self._presence: Presence | None = None
        self._keeping: list[Callable[[float], None]] = []
        """Told the time every `_KEEP_SECONDS`."""

    def start(self) -> None:
        """Take the lock, open the library, answer. Raises a SegueError, with everything closed again, if it cannot."""
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        # What is alive now stays alive: the collector need not look at it again while a query waits.
        gc.collect()
        gc.freeze()

    def end(self, drain: bool = True) -> None:
        """Ask `wait` to return, after the files in work when `drain`; callable from a signal handler and any thread."""
        self._ended.put(drain)

    def wait(self) -> None:
        """Sleep until `end`, then save and stop."""
        while not self._has_ended(_KEEP_SECONDS):
            if self._presence is not None:
                self._presence.keep()
            for keep in self._keeping:
                keep(time.time())
        _log.info("stopping")
        self._stack.close()
        _log.info("stopped")

    def _has_ended(self, seconds: float) -> bool:
        try:
            self._drain = self._ended.get(timeout=seconds)
        except queue.Empty:
            return False
        return True

    # Wiring, in the order in which things are closed again, last first ---------------------------------------------

    def _start(self, stack: ExitStack) -> None:
        home, config = self._home, self._config
        lock = HomeLock(home)
        lock.acquire(_LOCK_SECONDS)
        stack.callback(lock.release)

        registry = Registry(home.models_dir)
        chosen, problem = wanted(registry)
        library, columns, trouble = open_library(home.library_file, chosen.models)
        stack.callback(library.close)
        assert library.model is not None
        used = chosen if library.next_model is None else serving(registry, library.model.name)

        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        stack.callback(context.term)
        doors = choose_doors(home, config)
        events = Events(doors.events, context, lock)
        stack.callback(events.stop)

        pool = self._pool((used or chosen).models)
        stack.callback(pool.stop, drain=False, timeout=_POOL_STOP_SECONDS)
        spaces = Spaces(home.index_dir, library, pool, lambda: events.publish("index.changed"))
        space = spaces.open(columns, used)
        stack.callback(spaces.close)

        mirror = Mirror(library, space.catalogue, space.index, events.publish)
        decks = Decks()
        pool.hold(decks.hold)
        listening = Listening(pool)
        indexer = Indexer(library, pool, listening, mirror, events.publish, decks.playing)
        renewer = Renewer(
            library,
            pool,
            lambda: indexer.paused or decks.playing(),
            lambda named: self._take_over(library, spaces, named, mirror, indexer),
            events.publish,
        )
        if library.next_model is not None:
            renewer.aim(chosen)
        watcher = self._watcher(library, indexer, mirror, events)
        wishing = self._wishing(stack, library, events)
        shims = Shims(home, library, events.publish)
        about = DaemonHandlers(
            home=home,
            library=library,
            indexer=indexer,
            watcher=watcher,
            spaces=spaces,
            renewer=renewer,
            pool=pool,
            decks=decks,
            wishing=wishing,
            shims=shims,
            events=events,
            problems=[sentence for sentence in (trouble, problem) if sentence],
            shutdown=self.end,
        )
        executor = ThreadPoolExecutor(_SEARCHES, thread_name_prefix="search")
        stack.callback(executor.shutdown, cancel_futures=True)
        references = References(library, executor)
        learner = self._learner(stack, library, spaces, events)
        models = ModelsHandlers(home, registry, renewer, library, executor)
        recommend = RecommendHandlers(library, references, spaces, listening, decks, executor)
        taste, tuning = self._weighing(stack, library, learner, spaces)
        dispatch = dispatcher(
            recommend,
            SuggestHandlers(library, references, spaces, decks, taste, recommend, executor, learner.offer),
            tuning,
            self._journeys(stack, library, references, spaces, taste),
            *self._producer(stack, library, recommend, spaces, pool),
            LibraryHandlers(library, watcher, mirror, executor),
            self._collection(stack, library, references, mirror, executor),
            PlayingHandlers(library, references, decks, indexer, learner, events.publish, executor),
            WishesHandlers(wishing, taste, spaces),
            self._shims(stack, shims),
            self._feedback(stack, library, references, learner, tuning, executor),
            models,
            self._trust(
                stack,
                library,
                references,
                mirror,
                executor,
                TagWriter(library, pool, decks, mirror, Unfinished(home.unfinished_file)),
            ),
            about,
        )
        router = Router(doors.query, dispatch, context, lock)
        stack.callback(router.stop)
        router.start()
        events.start()
        self._presence = Presence(home, lock, self._announce(stack, router, events, doors, about))

        self._set_to_work(stack, indexer, renewer, watcher, shims)
        executor.submit(models.tidy)
        stack.callback(events.publish, "daemon.stopping")
        _log.info(
            "Segue %s answers: %d tracks, models %s", segue.__version__, space.catalogue.rows().count, space.model_id
        )

    def _set_to_work(
        self, stack: ExitStack, indexer: Indexer, renewer: Renewer, watcher: Watcher, shims: Shims
    ) -> None:
        indexer.start()
        stack.callback(lambda: indexer.stop(_DRAIN_SECONDS if self._drain else 0.0))
        renewer.start()
        stack.callback(renewer.stop, _POOL_STOP_SECONDS)
        watcher.start()
        stack.callback(watcher.stop)
        # Ended before all others, for a shim says that its decks are empty.
        stack.callback(shims.close)
        threading.Thread(target=shims.start_kept, name="shims").start()

    @staticmethod
    def _take_over(library: Library, spaces: Spaces, named: Named, mirror: Mirror, indexer: Indexer) -> None:
        spaces.take_over(named, mirror)
        library.renew_analyses()
        indexer.wake()  # tracks that the new networks could not do are in the queue

    @staticmethod
    def _trust(
        stack: ExitStack,
        library: Library,
        references: References,
        mirror: Mirror,
        executor: ThreadPoolExecutor,
        writer: TagWriter,
    ) -> TrustHandlers:
        """Tags are written by a thread of their own, whose first work is to tidy up after a daemon that was killed."""
        one_by_one = ThreadPoolExecutor(1, thread_name_prefix="tags")
        stack.callback(one_by_one.shutdown, wait=False, cancel_futures=True)
        one_by_one.submit(writer.tidy)
        return TrustHandlers(library, references, mirror, writer, executor, one_by_one)

    def _weighing(
        self, stack: ExitStack, library: Library, learner: Learner, spaces: Spaces
    ) -> tuple[Taste, TuningHandlers]:
        """What questions are asked with. Weights are learned, for seconds, in a thread of their own."""
        snapshot = lambda: spaces.current.catalogue.snapshot()  # noqa: E731, PLW0108 - other networks may take over
        tuner = Tuner(library, self._config.base_weights(), snapshot)
        one_by_one = ThreadPoolExecutor(1, thread_name_prefix="tuning")
        stack.callback(one_by_one.shutdown, wait=False, cancel_futures=True)
        taste = Taste(learner.night.tonight, lambda: learner.memory, lambda: library.crate_ids, tuner.weights)
        return taste, TuningHandlers(tuner, one_by_one)

    def _learner(self, stack: ExitStack, library: Library, spaces: Spaces, events: Events) -> Learner:
        """What is played and liked is written by one thread, in its order; a stop lets it finish."""
        night = NightKeeper(library, self._config.night_gap_hours, last_night_counts=self._config.last_night_counts)
        one_by_one = ThreadPoolExecutor(1, thread_name_prefix="learner")
        stack.callback(one_by_one.shutdown)
        snapshot = lambda: spaces.current.catalogue.snapshot()  # noqa: E731, PLW0108 - other networks may take over
        learner = Learner(library, night, snapshot, events.publish, one_by_one)
        self._keeping.append(learner.tick)
        return learner

    @staticmethod
    def _wishing(stack: ExitStack, library: Library, events: Events) -> Wishing:
        """Wishes are written in their order; a stop lets that finish."""
        one_by_one = ThreadPoolExecutor(1, thread_name_prefix="wishes")
        stack.callback(one_by_one.shutdown)
        return Wishing(library, events.publish, one_by_one)

    @staticmethod
    def _shims(stack: ExitStack, shims: Shims) -> ShimsHandlers:
        one_by_one = ThreadPoolExecutor(1, thread_name_prefix="shims")
        stack.callback(one_by_one.shutdown, cancel_futures=True)
        return ShimsHandlers(shims, one_by_one)

    @staticmethod
    def _feedback(
        stack: ExitStack,
        library: Library,
        references: References,
        learner: Learner,
        tuning: TuningHandlers,
        executor: ThreadPoolExecutor,
    ) -> FeedbackHandlers:
        """Files are read by a thread of their own: a play must not wait for a collection."""
        lessons = ThreadPoolExecutor(1, thread_name_prefix="lessons")
        stack.callback(lessons.shutdown, wait=False, cancel_futures=True)
        return FeedbackHandlers(library, references, learner, tuning, executor, lessons)

    @staticmethod
    def _collection(
        stack: ExitStack, library: Library, references: References, mirror: Mirror, executor: ThreadPoolExecutor
    ) -> CollectionHandlers:
        """Playlists are read and crates written by a thread of their own."""
        one_by_one = ThreadPoolExecutor(1, thread_name_prefix="crates")
        stack.callback(one_by_one.shutdown, wait=False, cancel_futures=True)
        return CollectionHandlers(library, references, mirror, executor, one_by_one)

    @staticmethod
    def _journeys(
        stack: ExitStack, library: Library, references: References, spaces: Spaces, taste: Taste
    ) -> JourneyHandlers:
        """Paths and sets have a thread of their own, one after the other: a long set must not keep searches waiting."""
        one_by_one = ThreadPoolExecutor(1, thread_name_prefix="journeys")
        stack.callback(one_by_one.shutdown, wait=False, cancel_futures=True)
        return JourneyHandlers(library, references, spaces, taste, one_by_one)

    @staticmethod
    def _producer(
        stack: ExitStack, library: Library, recommend: RecommendHandlers, spaces: Spaces, pool: AnalysisPool
    ) -> tuple[ProducerHandlers, CheckHandlers]:
        """What listens to files, for seconds, has threads of its own."""
        listening = ThreadPoolExecutor(_LISTENERS, thread_name_prefix="listening")
        stack.callback(listening.shutdown, wait=False, cancel_futures=True)
        return (
            ProducerHandlers(library, recommend, spaces, pool, listening),
            CheckHandlers(library, spaces, pool, listening),
        )

    def _pool(self, models: ModelSet) -> AnalysisPool:
        return AnalysisPool(
            models.folder,
            workers=self._config.worker_count(),
            provider=self._config.provider,
            seconds_per_minute=self._config.seconds_per_minute,
            memory_limit_mb=self._config.memory_limit_mb,
        )

    def _watcher(self, library: Library, indexer: Indexer, mirror: Mirror, events: Events) -> Watcher:
        return Watcher(
            library,
            settle_seconds=self._config.settle_seconds,
            rescan_seconds=self._config.rescan_seconds(),
            on_queued=lambda _count: indexer.wake(),
            on_changed=mirror.refresh,
            on_folder=lambda: events.publish("folder.changed"),
        )

    def _announce(
        self, stack: ExitStack, router: Router, events: Events, doors: Doors, about: DaemonHandlers
    ) -> ConnectionInfo:
        """Write the connection file: from now on clients find the daemon."""
        info = connection_info(router.endpoints, events.endpoints, doors.keys)
        about.endpoints = {"query": info.endpoints.query, "events": info.endpoints.events}
        if info.tcp is not None:
            about.endpoints |= {"tcp_query": info.tcp.query, "tcp_events": info.tcp.events}
        connection.write(self._home, info)
        stack.callback(connection.remove, self._home, info)
        return info
