"""Keeps what is in memory (catalogue and index) in step with the library."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from segue.index.vectors import VectorIndex
from segue.library.store import Library
from segue.recommend.catalogue import Catalogue

_IDS_PER_EVENT: Final = 1000


class Mirror:
    """The library is the truth; this copies its news into the catalogue and the index, and tells the world.

    Called by the indexer's and the watcher's threads: one at a time goes through.
    """

    def __init__(
        self,
        library: Library,
        catalogue: Catalogue,
        index: VectorIndex,
        publish: Callable[[str, dict[str, object]], None],
    ) -> None:
        self._library = library
        self._catalogue = catalogue
        self._index = index
        self._publish = publish
        self._lock = threading.Lock()
        self._owed: set[int] = set()

    def refresh(self, ids: Sequence[int]) -> None:
        """Read these tracks again: new, changed, missing and removed ones alike.

        When that fails, the next call reads them too: the library changed, and nobody will say so again.
        """
        with self._lock:
            self._owed.update(ids)
            ids = sorted(self._owed)
            if not ids:
                return
            columns = self._library.columns(ids)
            generation = self._library.generation()
            gone = sorted(set(ids) - set(columns.ids.tolist()))
            if gone:
                self._catalogue.remove(gone)
                self._index.remove(gone, generation)
            if len(columns.ids):
                self._catalogue.upsert(columns)
                self._index.upsert(columns.ids.tolist(), generation)
            self._owed.clear()
        self._tell("present", columns.ids[columns.present].tolist())
        self._tell("missing", columns.ids[~columns.present].tolist())
        self._tell("gone", gone)

    def replace(self, make: Callable[[], tuple[Catalogue, VectorIndex]]) -> None:
        """Keep another catalogue and index in step from now on; nothing is read anew while `make` makes them."""
        with self._lock:
            self._catalogue, self._index = make()
            self._owed.clear()

    def _tell(self, state: str, ids: Sequence[int]) -> None:
        """One event for many tracks: a drive that comes or goes must not flood those who listen."""
        for start in range(0, len(ids), _IDS_PER_EVENT):
            self._publish("tracks.changed", {"state": state, "ids": ids[start : start + _IDS_PER_EVENT]})
