"""The library's numbers in memory: what a query reads without touching the disk.

A query takes one immutable `Snapshot`, so nobody waits for the writer and nobody sees half a row.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.index.hnsw import require_unit
from segue.index.rows import Rows
from segue.library.columns import Columns
from segue.library.places import Place
from segue.library.vocabulary import Vocabulary
from segue.recommend.table import Array, Table
from segue.recommend.telling import Telling

COMPACT_SHARE: Final = 0.2
"""Share of tombstones at which the rows are written anew."""
COMPACT_LEAST: Final = 1024
RELEARN_GROWTH: Final = 1.25
"""Growth of the library after which is learned anew which tags tell something."""
IN_ROWS: Final = frozenset({"ids", "vectors"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of each row besides its vector; all arrays have the same first length n (see `Columns`)."""

    heads: npt.NDArray[np.float16]
    tails: npt.NDArray[np.float16]
    tags: npt.NDArray[np.float16]
    bpm: npt.NDArray[np.float32]
    bpm_confidence: npt.NDArray[np.float32]
    camelot: npt.NDArray[np.int8]
    key_confidence: npt.NDArray[np.float32]
    energy: npt.NDArray[np.float32]
    duration: npt.NDArray[np.float32]
    artist: npt.NDArray[np.uint64]
    present: npt.NDArray[np.bool_]
    features: npt.NDArray[np.float16]
    work: npt.NDArray[np.uint64]
    year: npt.NDArray[np.int16]
    rating: npt.NDArray[np.int8]
    genre: npt.NDArray[np.int32]
    place: npt.NDArray[np.int32]
    private: npt.NDArray[np.bool_]
    telling: npt.NDArray[np.uint64]
    """All telling tags as a bit set, the faint ones too (`Telling.bits`)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent view of the library."""

    rows: Rows
    facts: Facts
    telling: Telling
    suggestable: npt.NDArray[np.bool_]
    """Alive, present and not private, shape (n,)."""
    feature_names: tuple[str, ...]
    """Names of the columns of `Facts.features`."""
    genres: Vocabulary[str]
    """What the codes of `Facts.genre` mean."""
    places: Vocabulary[Place]
    """What the codes of `Facts.place` mean."""


class Catalogue:
    """The library's `Columns` in memory, kept up to date. One writer at a time waits for another; readers never wait."""

    def __init__(self, columns: Columns) -> None:
        self._writing = threading.Lock()
        self._labels = columns.labels
        self._dim = int(columns.vectors.shape[1])
        self._feature_names = columns.feature_names
        self._genres, self._places = columns.genres, columns.places
        self._telling = Telling.learn(columns.tags, columns.labels)
        self._learned_from = len(columns.ids)
        self._table = Table(self._values(columns))
        self._snapshot = self._view()

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the tag columns."""
        return self._labels

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    def snapshot(self) -> Snapshot:
        """The latest view; it never changes."""
        return self._snapshot

    def rows(self) -> Rows:
        """Ids and vectors of the latest view: what the index is made from."""
        return self._snapshot.rows

    def row(self, track_id: int) -> int | None:
        """Row of a track in the latest view, None where it is not there."""
        row = int(self.rows().find(np.asarray([track_id]))[0])
        return row if row >= 0 else None

    def upsert(self, columns: Columns) -> None:
        """Take in new tracks and new values of known ones.

        Raises ValueError where the vectors or labels are not those of this catalogue's model.
        """
        require_unit(columns.vectors, self._dim)
        if columns.labels != self._labels:
            raise ValueError("these tags are of another model")
        if columns.genres is not self._genres or columns.places is not self._places:
            raise ValueError("these codes are of another library")
        columns = _last_of_each(columns)
        with self._writing:
            columns = self._with_our_features(columns)
            at = self._snapshot.rows.find(columns.ids)
            same = np.zeros(len(at), dtype=np.bool_)
            known = np.flatnonzero(at >= 0)
            same[known] = np.all(self._snapshot.rows.vectors[at[known]] == columns.vectors[known], axis=1)
            self._change(at[same], columns.take(same))
            self._bury(at[(at >= 0) & ~same])
            if not np.all(same):
                self._table.append(self._values(columns.take(~same)))
            self._tidy()
            self._snapshot = self._view()

    def remove(self, ids: Iterable[int]) -> None:
        """Drop tracks; unknown ids are passed over."""
        with self._writing:
            at = self._snapshot.rows.find(np.fromiter(ids, dtype=np.int64))
            self._bury(at[at >= 0])
            self._tidy()
            self._snapshot = self._view()

    def _values(self, columns: Columns) -> dict[str, Array]:
        telling, alive = self._telling.bits(columns.tags), np.ones(len(columns.ids), dtype=np.bool_)
        return {**columns.arrays(), "telling": telling, "alive": alive}

    def _with_our_features(self, columns: Columns) -> Columns:
        """The same with the features of this catalogue, which takes in those that are new to it."""
        new = [name for name in columns.feature_names if name not in self._feature_names]
        if new:
            held = self._table.view()["features"]
            unknown = np.full((len(held), len(new)), np.nan, np.float16)
            self._table.widen("features", np.concatenate([held, unknown], axis=1))
            self._feature_names += tuple(new)
        if columns.feature_names == self._feature_names:
            return columns
        features = np.full((len(columns.ids), len(self._feature_names)), np.nan, np.float16)
        features[:, [self._feature_names.index(name) for name in columns.feature_names]] = columns.features
        return replace(columns, features=features, feature_names=self._feature_names)

    def _change(self, rows: npt.NDArray[np.int64], columns: Columns) -> None:
        if len(rows):
            values = self._values(columns)
            self._table.change(rows, {name: array for name, array in values.items() if name not in IN_ROWS})

    def _bury(self, rows: npt.NDArray[np.int64]) -> None:
        if len(rows):
            self._table.change(rows, {"alive": np.zeros(len(rows), dtype=np.bool_)})

    def _tidy(self) -> None:
        living = np.flatnonzero(self._table.view()["alive"])
        if self._table.size - len(living) > max(COMPACT_SHARE * self._table.size, COMPACT_LEAST):
            self._table.keep(living)
        if len(living) > RELEARN_GROWTH * self._learned_from:
            view = self._table.view()
            self._telling = Telling.learn(view["tags"], self._labels)
            self._learned_from = len(living)
            self._table.change(np.arange(self._table.size), {"telling": self._telling.bits(view["tags"])})

    def _view(self) -> Snapshot:
        view = self._table.view()
        rows = Rows.of(view["ids"], view["vectors"], view["alive"])
        facts = Facts(**{field.name: view[field.name] for field in fields(Facts)})
        return Snapshot(
            rows,
            facts,
            self._telling,
            rows.alive & facts.present & ~facts.private,
            self._feature_names,
            self._genres,
            self._places,
        )


def _last_of_each(columns: Columns) -> Columns:
    """The same without earlier rows of an id that comes again."""
    _, from_end = np.unique(columns.ids[::-1], return_index=True)
    if len(from_end) == len(columns.ids):
        return columns
    return columns.take(np.sort(len(columns.ids) - 1 - from_end))
