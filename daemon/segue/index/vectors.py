"""The vector index: HNSW where there is a graph, exact search where there is none yet, never a wrong answer."""

from __future__ import annotations

import itertools
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.index import cache, exact
from segue.index.exact import NOBODY, Neighbours
from segue.index.hnsw import Graph
from segue.index.rows import Rows, RowSource
from segue.protocol.messages import IndexState

log = logging.getLogger(__name__)

Search = Literal["hnsw", "exact"]

EXACT_ROWS: Final = 8000
"""Up to this many allowed rows exact search is as quick as the graph, and needs no luck."""
FETCH_ALL: Final = 1.2
"""Neighbours asked of the graph, as a multiple of those wanted, when nearly all rows are allowed."""
NEARLY_ALL: Final = 0.95
"""Share of the living rows."""
FETCH_POOL: Final = 1.5
"""The same with a pool: near neighbours mostly share their tags."""
FETCH_MOST: Final = 8.0
"""Beyond this exact search is quicker."""
FEW_MISSING: Final = 1000
"""A loaded graph that lacks no more than this is used at once; what it lacks is searched exactly until it is added."""
REBUILD_SHARE: Final = 0.2
"""Share of tombstones at which the graph is built anew."""
SLICE: Final = 16
"""Vectors added at a time to a graph that nobody queries yet."""
PENDING_TAKE: Final = 256
SAVE_QUIET: Final = 60.0
"""Seconds without a change after which the graph is saved, and the least between two saves."""
SAVE_EVERY: Final = 600.0
"""Seconds after which it is saved although changes go on. Seldom: hnswlib holds the interpreter while it writes."""
VERIFY_SLICE: Final = 2048
STUMBLE_SECONDS: Final = 60.0
"""How long to answer without a graph after a fault, before a new one is built."""
LOWEST_PRIORITY: Final = 19


class _Question(NamedTuple):
    """What a search asks of the graph."""

    vector: npt.NDArray[np.float32]
    k: int
    allowed: npt.NDArray[np.bool_] | None
    fetch: float

    def allowed_among(self, rows: Rows, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        found = rows.find(ids)
        found = found[found >= 0]
        return found if self.allowed is None else found[self.allowed[found]]


class VectorIndex:
    """Neighbours by cosine. One thread may change it while others search."""

    def __init__(
        self,
        folder: Path,
        *,
        dim: int,
        model: str,
        on_changed: Callable[[], None] | None = None,
        save_quiet: float = SAVE_QUIET,
        save_every: float = SAVE_EVERY,
    ) -> None:
        self._folder = folder
        self._dim = dim
        self._model = model
        self._on_changed = on_changed or (lambda: None)
        self._save_quiet = save_quiet
        self._save_every = save_every
        self._source: RowSource | None = None
        self._graph: Graph | None = None
        self._generation = 0
        self._wake = threading.Condition()
        self._pending: dict[int, None] = {}
        """Ids that the graph does not hold with their present vector yet, oldest first."""
        self._stopping = False
        self._dirty_since: float | None = None
        self._changed_at = 0.0
        self._saved_at = time.monotonic()
        self._save_lock = threading.Lock()
        self._worker = threading.Thread(target=self._run, name="segue-index", daemon=True)

    # What callers use ------------------------------------------------------------------------------------------------

    def open(self, source: RowSource, generation: int) -> None:
        """Take the vectors of ``source`` (the catalogue); returns at once, the saved graph is read in the background.

        Raises ValueError where the vectors have another dimension than the index.
        """
        if source.rows().dim != self._dim:
            raise ValueError(f"the library's vectors have {source.rows().dim} numbers, the index {self._dim}")
        self._source = source
        self._generation = generation
        self._worker.start()

    def upsert(self, ids: Iterable[int], generation: int) -> None:
        """Take in tracks that the source holds already, new ones or ones with a new vector. They are found at once."""
        with self._wake:
            self._generation = generation
            self._pending.update(dict.fromkeys(int(track) for track in ids))
            self._touch()

    def remove(self, ids: Iterable[int], generation: int) -> None:
        """Forget tracks; the source must have dropped them before."""
        gone = [int(track) for track in ids]
        with self._wake:
            self._generation = generation
            for track in gone:
                self._pending.pop(track, None)
            graph = self._graph
            self._touch()
        if graph is not None:
            graph.remove(gone)

    def search(
        self, rows: Rows, vector: npt.NDArray[np.float32], k: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Neighbours, Search]:
        """Find the ``k`` nearest of the rows ``allowed``, with exact cosines, and say how they were found.

        ``rows`` is the view that the mask ``allowed`` (n,) belongs to; ``vector`` (dim,) is L2-normalised.
        """
        possible = rows.count if allowed is None else int(np.count_nonzero(allowed & rows.alive))
        if k < 1 or not possible:
            return NOBODY, "exact"
        graph = self._graph
        if graph is not None and possible > EXACT_ROWS and len(self._pending) <= FEW_MISSING:
            fetch = FETCH_ALL if possible >= NEARLY_ALL * rows.count else FETCH_POOL
            found = self._search_graph(graph, rows, _Question(vector, min(k, possible), allowed, fetch))
            if found is not None:
                return found, "hnsw"
        return exact.nearest(rows, vector, k, allowed), "exact"

    def state(self) -> IndexState:
        """What the status shows."""
        graph, count = self._graph, self._source.rows().count if self._source else 0
        state = "empty" if not count else "rebuilding" if graph is None else "ready"
        return IndexState(state=state, vectors=count, generation=self._generation, dim=self._dim)

    def save(self) -> bool:
        """Write the graph if it has changed. False where there is none or the disk refuses: it is only a cache."""
        with self._save_lock:
            with self._wake:
                graph, generation, dirty = self._graph, self._generation, self._dirty_since is not None
                if graph is None or not graph.count or not dirty:
                    return graph is not None
                self._dirty_since = None
            self._saved_at = time.monotonic()
            try:
                cache.save(self._folder, graph, model=self._model, generation=generation)
            except OSError as error:
                log.warning("The index could not be saved (%s); it will be built again at the next start.", error)
                with self._wake:
                    self._dirty_since = self._dirty_since or time.monotonic()
                return False
        return True

    def wait(self, timeout: float) -> bool:
        """Wait until the graph holds everything; False after ``timeout`` seconds."""
        with self._wake:
            return self._wake.wait_for(lambda: self._graph is not None and not self._pending, timeout)

    def close(self, *, save: bool = True) -> None:
        """Stop the background work and save; without `save` what was saved before is out of date and must go.

        Searches are answered all the same, until nobody has this object any more.
        """
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._worker.is_alive():
            self._worker.join()
        if save:
            self.save()
        else:
            cache.discard(self._folder)

    # Searching -------------------------------------------------------------------------------------------------------

    def _search_graph(self, graph: Graph, rows: Rows, asked: _Question) -> Neighbours | None:
        """Ask for more than is wanted and keep what is allowed; None where exact search is the quicker way."""
        with self._wake:
            late = np.fromiter(self._pending, dtype=np.int64)
        fetch = asked.fetch
        while fetch <= FETCH_MOST:
            found = asked.allowed_among(rows, graph.search(asked.vector, int(asked.k * fetch)))
            if len(found) >= asked.k:
                among = np.union1d(found, asked.allowed_among(rows, late))
                return exact.best_of(rows, asked.vector, asked.k, among)
            fetch *= max(1.5, FETCH_ALL * asked.k / max(len(found), 1))
        return None

    # The background thread -------------------------------------------------------------------------------------------

    def _touch(self) -> None:
        self._changed_at = time.monotonic()
        if self._dirty_since is None:
            self._dirty_since = self._changed_at
        self._wake.notify_all()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._work()
            except Exception:
                # The graph is only a cache: without it answers are exact.
                log.exception("the index stumbled; it is built anew, and answers are exact meanwhile")
                self._publish(None)
                cache.discard(self._folder)
                with self._wake:
                    self._wake.wait_for(lambda: self._stopping, STUMBLE_SECONDS)

    def _work(self) -> None:
        graph = self._load()
        while not self._stopping:
            if graph is None:
                graph = self._build(Graph(self._dim, capacity=self._rows().count))
            if graph is None:
                return
            self._catch_up(graph)
            if graph.tombstones > REBUILD_SHARE * max(graph.count, FEW_MISSING):
                # The old graph goes first: two of them at a time would be too much memory.
                self._publish(None)
                graph = None
                continue
            self._rest()

    def _rows(self) -> Rows:
        assert self._source is not None
        return self._source.rows()

    def _load(self) -> Graph | None:
        rows = self._rows()
        if not rows.count:
            cache.discard(self._folder)
            return None
        try:
            graph = cache.load(self._folder, dim=self._dim, model=self._model)
        except cache.CacheUnusableError as reason:
            log.info("The saved index is not used: %s. It is built again; answers are exact meanwhile.", reason)
            cache.discard(self._folder)
            return None
        rows = self._rows()
        gone = graph.beyond(rows.sorted_ids.tolist())
        missing = graph.lacks(rows.sorted_ids.tolist())
        kept = np.setdiff1d(rows.sorted_ids, np.asarray(missing, dtype=np.int64))
        changed = _differing(graph, rows, kept)
        graph.remove([*gone, *changed])
        if gone or missing or changed:
            with self._wake:
                self._touch()
        if len(missing) + len(changed) > FEW_MISSING:
            return self._build(graph)
        self._publish(graph)
        return graph

    def _build(self, graph: Graph) -> Graph | None:
        """Fill a graph that nobody queries yet, and publish it; None when stopped."""
        # A thread of its own: one that has lowered its priority may not raise it again.
        with ThreadPoolExecutor(1, "segue-index-build", _lower_priority) as builder:
            builder.submit(self._fill, graph).result()
        if self._stopping:
            return None
        with self._wake:
            self._touch()
        self._publish(graph)
        self.save()
        return graph

    def _fill(self, graph: Graph) -> None:
        while not self._stopping:
            rows = self._rows()
            missing = graph.lacks(rows.sorted_ids.tolist())
            if not missing or (graph.count and len(missing) <= FEW_MISSING):
                return
            for start in range(0, len(missing), SLICE):
                if self._stopping:
                    return
                ids = np.asarray(missing[start : start + SLICE], dtype=np.int64)
                graph.add(ids, rows.vectors[rows.find(ids)])

    def _publish(self, graph: Graph | None) -> None:
        with self._wake:
            if graph is not None:
                rows = self._rows()
                graph.remove(graph.beyond(rows.sorted_ids.tolist()))
                self._pending.update(dict.fromkeys(graph.lacks(rows.sorted_ids.tolist())))
            self._graph = graph
            self._wake.notify_all()
        self._on_changed()

    def _catch_up(self, graph: Graph) -> None:
        while not self._stopping:
            with self._wake:
                tracks = list(itertools.islice(self._pending, PENDING_TAKE))
            if not tracks:
                return
            for track in tracks:
                self._settle(graph, track)

    def _settle(self, graph: Graph, track: int) -> None:
        """Make the graph agree with the source on one track: one at a time, so that no query waits for long."""
        ids = np.asarray([track], dtype=np.int64)
        before = self._rows()
        row = before.find(ids)
        if row[0] < 0:
            graph.remove([track])
        elif graph.lacks([track]) or graph.differing(ids, before.vectors[row]):
            graph.add(ids, before.vectors[row])
        with self._wake:
            # What changed meanwhile stays pending: the source shows another row for it, or none.
            if np.array_equal(self._rows().find(ids), row):
                self._pending.pop(track, None)
            elif row[0] >= 0:
                self._pending.setdefault(track)
            self._wake.notify_all()

    def _rest(self) -> None:
        """Sleep until there is something to do; save when the time has come."""
        with self._wake:
            if not self._pending and not self._stopping:
                self._wake.wait(self._until_save())
            due = self._until_save()
        if due is not None and due <= 0:
            self.save()

    def _until_save(self) -> float | None:
        if self._dirty_since is None:
            return None
        due = min(self._changed_at + self._save_quiet, self._dirty_since + self._save_every)
        return max(0.0, max(due, self._saved_at + self._save_quiet) - time.monotonic())


def _differing(graph: Graph, rows: Rows, kept: npt.NDArray[np.int64]) -> list[int]:
    """The tracks ``kept`` whose vector in the graph is not the one in ``rows``: the graph then lies, whatever it says."""
    different: list[int] = []
    for start in range(0, len(kept), VERIFY_SLICE):
        ids = kept[start : start + VERIFY_SLICE]
        different += graph.differing(ids, rows.vectors[rows.find(ids)])
    return different


def _lower_priority() -> None:
    # Linux alone gives each thread a priority of its own.
    if sys.platform == "linux":
        with suppress(OSError):  # Some containers forbid it, and nothing depends on it.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
