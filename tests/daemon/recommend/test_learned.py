"""What was learned speaks for the next track: proven pairs, their neighbours, opinions."""

from __future__ import annotations

import time

import numpy as np
import pytest
from recommend_support import DIM, library

from segue.recommend.catalogue import Catalogue
from segue.recommend.memory import Memory, Opinion, Proven, Transition


def around(center: np.ndarray, count: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    vectors = center + spread * rng.standard_normal((count, DIM))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """Rows 0..9 sound alike (house), 10..19 (techno), 20..29 (jazz); ids are rows plus one."""
    rng = np.random.default_rng(3)
    centers = np.linalg.qr(rng.standard_normal((DIM, 3)))[0].T
    vectors = np.concatenate([around(center, 10, 0.05, rng) for center in centers]).astype(np.float32)
    return Catalogue(library(30, vectors=vectors))


def affinity(catalogue: Catalogue, memory: Memory, seed_row: int, *, known: bool = True) -> np.ndarray:
    snapshot = catalogue.snapshot()
    vector = snapshot.rows.vectors[seed_row]
    return memory.affinity(snapshot, vector, seed_row + 1 if known else None, np.arange(30))


def test_nothing_is_known_at_first(catalogue: Catalogue) -> None:
    memory = Memory.empty()
    assert not memory
    assert memory.pairs == 0
    assert not affinity(catalogue, memory, 0).any()
    assert not memory.liked(np.arange(5)).any()
    assert dict(memory.proven(1)) == {}
    assert dict(memory.proven(None)) == {}


def test_pairs_are_summed_up() -> None:
    memory = Memory.of(
        [Transition(1, 2, 1.0), Transition(1, 2, 0.5), Transition(1, 3, 0.25, 0), Transition(1, 4, -0.5, 0)],
        [Opinion(5, liked=True, after_id=1), Opinion(2, liked=True), Opinion(6, liked=False, after_id=1)],
    )
    assert dict(memory.proven(1)) == {2: Proven(2, 1.5), 5: Proven(0, 1.0)}
    ids = np.array([1, 2, 5, 6])
    assert memory.liked(ids).tolist() == [0, 1, 0, 0]
    assert memory.liked(ids, 1).tolist() == [0, 1, 1, -1]
    assert memory.liked(ids, 99).tolist() == [0, 1, 0, 0]


def test_a_pair_that_was_played_is_raised_the_more_the_oftener(catalogue: Catalogue) -> None:
    said = [affinity(catalogue, Memory.of([Transition(1, 11, 1.0, 1)] * times), 0) for times in (1, 2, 4)]
    assert all(one.argmax() == 10 for one in said)
    raised = [float(one[10]) for one in said]
    assert 0.5 < raised[0] < raised[1] < raised[2] <= 1.0


def test_a_pair_pulls_the_neighbours_of_both_its_tracks(catalogue: Catalogue) -> None:
    said = affinity(catalogue, Memory.of([Transition(1, 11, 1.0)]), 5)  # a neighbour of the predecessor
    assert said[10:20].min() > 0.1
    assert np.abs(said[20:]).max() < 0.05
    assert said[10] == said.max()
    unknown = affinity(catalogue, Memory.of([Transition(1, 11, 1.0)]), 5, known=False)
    np.testing.assert_array_equal(said, unknown)  # a file that is in no library has neighbours, too


def test_what_was_thrown_out_is_pushed_down_with_its_neighbours(catalogue: Catalogue) -> None:
    said = affinity(catalogue, Memory.of([Transition(1, 11, -0.5, 0)]), 0)
    assert said[10] == said.min() < -0.3
    assert said[11:20].max() < 0.0
    assert (said >= -1.0).all()


def test_a_pair_far_away_says_only_that_its_track_is_known(catalogue: Catalogue) -> None:
    said = [affinity(catalogue, Memory.of([Transition(21, 22, 1.0, times)]), 0) for times in (0, 1, 9, 99)]
    assert all(not np.delete(one, 21).any() for one in said)
    raised = [float(one[21]) for one in said]
    assert raised[0] == 0.0 < raised[1] < raised[2] < raised[3] < 0.34  # never as much as a pair that was played once


def test_of_many_candidates_those_that_are_pulled_most_are_the_same() -> None:
    columns = library(5000)
    snapshot = Catalogue(columns).snapshot()
    memory = Memory.of([Transition(1, 2, 1.0), Transition(3, 4, 1.0)])
    every = np.arange(5000)
    few = np.arange(1, 5000, 7)
    said = memory.affinity(snapshot, columns.vectors[0], 1, every)
    alone = memory.affinity(snapshot, columns.vectors[0], 1, few)
    strong = np.argsort(-alone)[:50]
    assert alone[strong].min() > 0.1
    np.testing.assert_allclose(said[few][strong], alone[strong], rtol=1e-5)


def test_many_neighbours_have_one_vote_together(catalogue: Catalogue) -> None:
    many = Memory.of([Transition(before, after, 1.0) for before in range(2, 11) for after in range(11, 21)])
    proven = Memory.of(
        [Transition(before, after, 1.0) for before in range(2, 11) for after in range(11, 21)]
        + [Transition(1, 25, 1.0), Transition(1, 25, 1.0)]
    )
    assert affinity(catalogue, many, 0).max() < 0.99
    assert affinity(catalogue, proven, 0).argmax() == 24


def test_the_same_question_has_the_same_answer_whatever_the_order(catalogue: Catalogue) -> None:
    rng = np.random.default_rng(0)
    pairs = [Transition(int(a), int(b), 1.0) for a, b in rng.integers(1, 31, (200, 2)) if a != b]
    one, other = Memory.of(pairs), Memory.of(pairs[::-1])
    for row in range(30):
        np.testing.assert_array_equal(affinity(catalogue, one, row), affinity(catalogue, other, row))


def test_tracks_that_come_and_go_are_followed() -> None:
    columns = library(40)
    catalogue = Catalogue(columns)
    memory = Memory.of([Transition(1, 2, 1.0), Transition(3, 4, 1.0), Transition(99, 2, 1.0)])
    memory.warm(catalogue.snapshot())
    before = memory.affinity(catalogue.snapshot(), columns.vectors[0], 1, np.arange(5))
    catalogue.remove([3])
    after = memory.affinity(catalogue.snapshot(), columns.vectors[0], 1, np.arange(5))
    fresh = Memory.of([Transition(1, 2, 1.0), Transition(3, 4, 1.0), Transition(99, 2, 1.0)])
    np.testing.assert_array_equal(after, fresh.affinity(catalogue.snapshot(), columns.vectors[0], 1, np.arange(5)))
    assert before.argmax() == after.argmax() == 1


def test_five_thousand_pairs_cost_little_in_a_large_library() -> None:
    count, dim = 20_000, 192
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((count, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ends = vectors.astype(np.float16)
    snapshot = Catalogue(library(count, vectors=vectors, heads=ends, tails=ends)).snapshot()
    pairs = rng.integers(1, count + 1, (5000, 2)).tolist()
    memory = Memory.of([Transition(a, b, 1.0) for a, b in pairs])
    memory.warm(snapshot)
    seconds = []
    for seed, _ in pairs[:30]:
        rows = rng.integers(0, count, 300)
        start = time.perf_counter()
        memory.affinity(snapshot, vectors[seed - 1], seed, rows)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.05  # half a millisecond on an idle machine; ten times as much was seen on a busy one
