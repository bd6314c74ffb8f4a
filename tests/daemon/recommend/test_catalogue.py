from __future__ import annotations

import threading
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recommend_support import DIM, LABELS, library

from segue.library.columns import Columns
from segue.recommend import catalogue as catalogue_module
from segue.recommend import table
from segue.recommend.catalogue import Catalogue


def some(columns: Columns, which: Any) -> Columns:
    return columns.take(which)


def test_rows_are_found_by_id() -> None:
    columns = library(20)
    made = Catalogue(columns)
    row = made.row(7)
    assert row is not None
    assert np.array_equal(made.rows().vectors[row], columns.vectors[6])
    assert made.row(99) is None
    assert (made.dim, made.labels) == (DIM, LABELS)


def test_an_empty_library_can_grow() -> None:
    made = Catalogue(some(library(5), slice(0, 0)))
    assert made.rows().count == 0
    made.upsert(library(5))
    assert made.rows().count == 5


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sets(st.integers(0, 39), min_size=1, max_size=12)), max_size=12))
def test_it_holds_what_a_dict_would_hold(steps: list[tuple[bool, set[int]]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "SPARE", 2)
        patch.setattr(catalogue_module, "COMPACT_LEAST", 3)
        made, expected = Catalogue(some(library(40), slice(0, 0))), {}
        for turn, (put, which) in enumerate(steps):
            at = sorted(which)
            if put:
                # Even turns bring new values with the old vector, odd ones another vector.
                news = replace(library(40, seed=turn), vectors=library(40, seed=turn % 2).vectors)
                made.upsert(some(news, at))
                expected.update({i + 1: some(news, [i]) for i in at})
            else:
                made.remove(i + 1 for i in at)
                for i in at:
                    expected.pop(i + 1, None)
    snapshot = made.snapshot()
    assert snapshot.rows.sorted_ids.tolist() == sorted(expected)
    for track, columns in expected.items():
        row = int(snapshot.rows.find(np.array([track]))[0])
        assert np.array_equal(snapshot.rows.vectors[row], columns.vectors[0])
        for name in (
            "tags",
            "bpm",
            "bpm_confidence",
            "camelot",
            "key_confidence",
            "energy",
            "duration",
            "artist",
            "present",
        ):
            assert np.array_equal(
                getattr(snapshot.facts, name)[row], getattr(columns, name)[0], equal_nan=name != "present"
            )
        assert snapshot.suggestable[row] == columns.present[0]
        assert snapshot.facts.telling[row] == snapshot.telling.bits(columns.tags)[0]


def test_a_snapshot_never_changes() -> None:
    made = Catalogue(library(30))
    before = made.snapshot()
    copies = {f.name: getattr(before.facts, f.name).copy() for f in fields(before.facts)}
    vectors, ids = before.rows.vectors.copy(), before.rows.sorted_ids.copy()
    made.upsert(library(60, seed=3))
    made.upsert(replace(library(60, seed=3), bpm=np.full(60, 99, dtype=np.float32)))
    made.remove(range(1, 25))
    assert np.array_equal(before.rows.vectors, vectors)
    assert np.array_equal(before.rows.sorted_ids, ids)
    for name, copy in copies.items():
        assert np.array_equal(getattr(before.facts, name), copy, equal_nan=name != "present")


def test_an_id_that_comes_twice_counts_once() -> None:
    columns = library(3)
    made = Catalogue(some(columns, slice(0, 0)))
    made.upsert(some(columns, [0, 1, 0]))
    assert made.rows().sorted_ids.tolist() == [1, 2]


def test_other_vectors_or_labels_are_refused() -> None:
    made, columns = Catalogue(library(3)), library(3)
    with pytest.raises(ValueError, match="unit length"):
        made.upsert(replace(columns, vectors=columns.vectors * np.float32(np.nan)))
    with pytest.raises(ValueError, match="dimension"):
        made.upsert(replace(columns, vectors=columns.vectors[:, :-1]))
    with pytest.raises(ValueError, match="model"):
        made.upsert(replace(columns, labels=("other", *LABELS[1:])))
    assert made.rows().count == 3


def test_nobody_sees_half_a_row() -> None:
    # Every column of a row carries the same number; a reader that finds two different ones saw half a row.
    def version(number: int) -> Columns:
        base = library(50)
        one = np.full(50, number, dtype=np.float32)
        return replace(base, bpm=one, energy=one, duration=one, artist=one.astype(np.uint64))

    made, stop, torn = Catalogue(version(0)), threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            facts = made.snapshot().facts
            if not (np.array_equal(facts.bpm, facts.energy) and np.array_equal(facts.bpm, facts.duration)):
                torn.append(facts.bpm.copy())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 300):
        made.upsert(version(number))
    stop.set()
    reader.join()
    assert not torn
    assert np.all(made.snapshot().facts.artist == 299)
