from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_support import clustered, naive, rows_of

from segue.index import exact
from segue.index.rows import Rows


@given(st.integers(1, 60), st.integers(1, 80), st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_it_finds_what_sorting_everything_finds(count: int, k: int, seed: int, share: float) -> None:
    rows = rows_of(clustered(count, 12, seed))
    rng = np.random.default_rng(seed)
    allowed = rng.random(count) < share
    vector = rows.vectors[rng.integers(count)]

    found = exact.nearest(rows, vector, k, allowed)

    assert len(found.rows) == min(k, np.count_nonzero(allowed))
    assert set(found.rows) <= set(np.flatnonzero(allowed))
    assert found.cosines == pytest.approx(rows.vectors[found.rows] @ vector, abs=1e-5)
    assert np.all(np.diff(found.cosines) <= 0)
    least = min(found.cosines, default=1.0)
    left_out = np.setdiff1d(np.flatnonzero(allowed), found.rows)
    assert np.all(rows.vectors[left_out] @ vector <= least + 1e-5)


def test_few_and_many_allowed_rows_give_the_same_answer() -> None:
    rows = rows_of(clustered(3000, 16))
    few = np.zeros(3000, dtype=np.bool_)
    few[::10] = True  # 10 %: gathered; the complement is read in order
    for allowed in (few, ~few):
        found = exact.nearest(rows, rows.vectors[0], 20, allowed)
        assert rows.ids[found.rows].tolist() == naive(rows, rows.vectors[0], 20, allowed)


def test_equal_vectors_come_in_the_order_of_their_ids() -> None:
    vector = clustered(1, 8)
    ids = np.array([9, 3, 7, 1, 5])
    rows = Rows.of(ids, np.repeat(vector, 5, axis=0), np.ones(5, dtype=np.bool_))
    found = exact.nearest(rows, vector[0], 3)
    assert rows.ids[found.rows].tolist() == [1, 3, 5]


def test_tombstones_are_never_found() -> None:
    vectors = clustered(4, 8)
    rows = Rows.of(np.arange(4), vectors, np.array([True, False, True, False]))
    found = exact.nearest(rows, vectors[1], 10)
    assert set(rows.ids[found.rows].tolist()) == {0, 2}
    assert rows.find(np.array([0, 1, 2, 3, 99])).tolist() == [0, -1, 2, -1, -1]


def test_nothing_allowed_is_no_error() -> None:
    rows = rows_of(clustered(4, 8))
    assert len(exact.nearest(rows, rows.vectors[0], 3, np.zeros(4, dtype=np.bool_)).rows) == 0
    empty = rows_of(np.empty((0, 8), dtype=np.float32))
    assert len(exact.nearest(empty, rows.vectors[0], 3).rows) == 0
    assert empty.find(np.array([1])).tolist() == [-1]
