from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recommend_support import library

from segue.recommend import pool
from segue.recommend.catalogue import Catalogue
from segue.recommend.pool import ANY_TAG, ONE_TAG, WHOLE_LIBRARY


def test_two_tags_then_one_then_a_faint_one_then_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "ROOM", 0)
    tags = (np.random.default_rng(4).random((400, 7)) ** 4).astype(np.float16)
    columns = library(400, present=np.ones(400, dtype=np.bool_), tags=tags)
    snapshot = Catalogue(columns).snapshot()
    facts, everyone = snapshot.facts, snapshot.suggestable
    row = [int(bits).bit_count() for bits in facts.strong].index(2)
    strong, weak = facts.strong[row], facts.weak[row]
    common = np.array([(int(bits) & int(strong)).bit_count() for bits in facts.strong])
    sizes = [np.count_nonzero(common >= 2), np.count_nonzero(common >= 1), np.count_nonzero(facts.weak & weak), 400]
    assert 0 < sizes[0] < sizes[1] < sizes[2] <= sizes[3]

    for wanted, relaxed, size in (
        (10, [], sizes[0]),
        (sizes[0] + 1, [ONE_TAG], sizes[1]),
        (sizes[1] + 1, [ONE_TAG, ANY_TAG], sizes[2]),
        (sizes[2] + 1, [ONE_TAG, ANY_TAG, WHOLE_LIBRARY], sizes[3]),
    ):
        if wanted <= 400:
            chosen = pool.choose(snapshot, strong, weak, everyone, int(wanted))
            assert chosen.relaxed == relaxed
            assert np.count_nonzero(chosen.mask) == size


def test_a_pool_leaves_room_to_choose() -> None:
    snapshot = Catalogue(library(400, present=np.ones(400, dtype=np.bool_))).snapshot()
    strong = np.where(np.arange(400) < 30, np.uint64(3), np.uint64(1))
    snapshot = replace(snapshot, facts=replace(snapshot.facts, strong=strong))
    assert pool.choose(snapshot, np.uint64(3), np.uint64(3), snapshot.suggestable, 5).relaxed == [ONE_TAG]
    strong[:40] = 3  # a tenth of the library is enough
    assert pool.choose(snapshot, np.uint64(3), np.uint64(3), snapshot.suggestable, 5).relaxed == []


def test_a_seed_without_telling_tags_gives_nothing_up() -> None:
    snapshot = Catalogue(library(50)).snapshot()
    chosen = pool.choose(snapshot, np.uint64(0), np.uint64(0), snapshot.suggestable, 5)
    assert chosen.relaxed == []
    assert np.array_equal(chosen.mask, snapshot.suggestable)


@settings(deadline=None)
@given(st.integers(1, 80), st.integers(0, 1000), st.integers(1, 100), st.integers(0, 2**10), st.integers(0, 2**10))
def test_it_is_never_smaller_than_it_must_be(count: int, seed: int, wanted: int, strong: int, weak: int) -> None:
    snapshot = Catalogue(library(count, seed)).snapshot()
    chosen = pool.choose(snapshot, np.uint64(strong), np.uint64(weak), snapshot.suggestable, wanted)
    assert not np.any(chosen.mask & ~snapshot.suggestable)
    assert np.count_nonzero(chosen.mask) >= min(wanted, np.count_nonzero(snapshot.suggestable))
