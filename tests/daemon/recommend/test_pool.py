from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recommend_support import library

from segue.recommend import pool
from segue.recommend.catalogue import Catalogue
from segue.recommend.pool import WHOLE_LIBRARY


def test_a_tag_in_common_then_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "ROOM", 0)
    tags = (np.random.default_rng(4).random((400, 7)) ** 9).astype(np.float16)
    snapshot = Catalogue(library(400, present=np.ones(400, dtype=np.bool_), tags=tags)).snapshot()
    telling, everyone = snapshot.facts.telling, snapshot.suggestable
    row = [int(bits).bit_count() for bits in telling].index(1)
    size = int(np.count_nonzero(telling & telling[row]))
    assert 0 < size < 400
    for wanted, relaxed, left in ((10, [], size), (size, [], size), (size + 1, [WHOLE_LIBRARY], 400)):
        chosen = pool.choose(snapshot, telling[row], everyone, wanted)
        assert chosen.relaxed == relaxed
        assert np.count_nonzero(chosen.mask) == left


def test_a_pool_leaves_room_to_choose() -> None:
    snapshot = Catalogue(library(400, present=np.ones(400, dtype=np.bool_))).snapshot()
    telling = np.where(np.arange(400) < 30, np.uint64(3), np.uint64(4))
    snapshot = replace(snapshot, facts=replace(snapshot.facts, telling=telling))
    assert pool.choose(snapshot, np.uint64(3), snapshot.suggestable, 5).relaxed == [WHOLE_LIBRARY]
    telling[:40] = 3  # a tenth of the library is enough
    assert pool.choose(snapshot, np.uint64(3), snapshot.suggestable, 5).relaxed == []


def test_a_seed_without_telling_tags_gives_nothing_up() -> None:
    snapshot = Catalogue(library(50)).snapshot()
    chosen = pool.choose(snapshot, np.uint64(0), snapshot.suggestable, 5)
    assert chosen.relaxed == []
    assert np.array_equal(chosen.mask, snapshot.suggestable)


@settings(deadline=None)
@given(st.integers(1, 80), st.integers(0, 1000), st.integers(1, 100), st.integers(0, 2**10))
def test_it_is_never_smaller_than_it_must_be(count: int, seed: int, wanted: int, tags: int) -> None:
    snapshot = Catalogue(library(count, seed)).snapshot()
    chosen = pool.choose(snapshot, np.uint64(tags), snapshot.suggestable, wanted)
    assert not np.any(chosen.mask & ~snapshot.suggestable)
    assert np.count_nonzero(chosen.mask) >= min(wanted, np.count_nonzero(snapshot.suggestable))
