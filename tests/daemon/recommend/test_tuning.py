"""Weights are learned from sets: what really counted comes out, and nothing is taken that is no better."""

from __future__ import annotations

import numpy as np
import pytest

from segue.recommend import tuning
from segue.recommend.catalogue import Catalogue, Snapshot
from segue.recommend.weights import DEFAULT, Weights
from segue_export.evaluation import dj_nights, dj_world

TRACKS = 600


@pytest.fixture(scope="module")
def world() -> dj_world.World:
    return dj_world.make(TRACKS, 3)


@pytest.fixture(scope="module")
def snapshot(world: dj_world.World) -> Snapshot:
    return Catalogue(world.columns).snapshot()


def nights_by(choose, count: int = 24, length: int = 16) -> list[list[int]]:
    """Nights in which the next track is always chosen by one rule: `choose` scores rows, given the row that plays."""
    rng = np.random.default_rng(8)
    nights = []
    for _ in range(count):
        rows = [int(rng.integers(TRACKS))]
        while len(rows) < length:
            able = np.setdiff1d(rng.choice(TRACKS, 60, replace=False), rows)
            rows.append(int(able[np.argmax(choose(rows[-1], able))]))
        nights.append([row + 1 for row in rows])
    return nights


def shares(weights: Weights) -> dict[str, float]:
    return {name: getattr(weights, name) / weights.base for name in tuning.SHARES}


def test_who_plays_by_tempo_gets_weights_for_tempo(world, snapshot):
    tuned = tuning.learn(snapshot, nights_by(lambda now, rows: -np.abs(np.log(world.bpm[rows] / world.bpm[now]))))
    assert tuned.better
    assert tuned.after > 1.1 * tuned.before
    assert shares(tuned.weights)["tempo"] > 4 * shares(DEFAULT)["tempo"]
    assert shares(tuned.weights)["similarity"] < shares(DEFAULT)["similarity"]


def test_who_plays_by_sound_keeps_weights_for_sound(snapshot):
    vectors = snapshot.rows.vectors
    tuned = tuning.learn(snapshot, nights_by(lambda now, rows: vectors[rows] @ vectors[now]))
    found = shares(tuned.weights)
    assert found["similarity"] == max(found.values())
    assert tuned.better == (tuned.after > tuned.before)


def test_who_repeats_pairs_gets_weight_for_what_was_learned(snapshot):
    rng = np.random.default_rng(2)
    follows = rng.permutation(TRACKS)

    def choose(now: int, rows: np.ndarray) -> np.ndarray:
        return -np.abs(follows[rows] - (follows[now] + 1) % TRACKS)

    rows = np.argsort(follows)[:40]
    nights = [(np.roll(rows, -at)[:16] + 1).tolist() for at in range(30)]
    tuned = tuning.learn(snapshot, nights)
    assert tuned.better
    assert tuned.weights.learned > 2 * DEFAULT.learned
    assert choose(0, rows).shape == rows.shape


def test_whims_teach_nothing(snapshot):
    rng = np.random.default_rng(1)
    tuned = tuning.learn(snapshot, nights_by(lambda now, rows: rng.random(len(rows))))
    assert tuned.weights == DEFAULT or tuned.after > tuned.before
    if not tuned.better:
        assert tuned.weights is DEFAULT


def test_weights_stay_in_their_limits_and_the_same_comes_out_twice(snapshot, world):
    nights = dj_nights.play(world, 12, 1)[0].nights
    tuned, again = tuning.learn(snapshot, nights), tuning.learn(snapshot, nights)
    assert tuned == again
    assert all(0.0 <= getattr(tuned.weights, name) <= 10.0 for name in tuning.TUNED)
    assert (tuned.weights.liked, tuned.weights.by_feature) == (DEFAULT.liked, DEFAULT.by_feature)


@pytest.mark.parametrize(
    "nights",
    [[], [[]], [[1]], [[1, 2, 3]], [[1, 2]] * 30, [[5000, 6000, 7000] * 30], [list(range(1, 300))], [[1, 1, 1] * 40]],
)
def test_too_little_is_said_and_changes_nothing(snapshot, nights):
    tuned = tuning.learn(snapshot, nights)
    assert not tuned.better
    assert tuned.weights is DEFAULT
    assert tuned.judged_on == 0


def test_no_night_is_both_learned_from_and_judged_by():
    nights = [[at, at + 1, at + 2] for at in range(0, 300, 10)]
    first, second, third = tuning.parted(nights)
    assert [*first, *second, *third] == nights
    assert len(first) == 15
    assert len(second) == 9
    assert len(third) == 6


def test_learned_weights_stay_in_their_limits_where_hardly_anything_of_the_mean_is_left():
    values = np.zeros(len(tuning.TUNED))
    values[0], values[-3:] = 0.01, (25.0, 0.5, 0.2)
    found = tuning._as_weights(values, DEFAULT)
    assert (found.similarity, found.learned, found.vocals, found.energy_step) == (0.1, 10.0, 5.0, 2.0)


def test_learned_weights_are_those_in_use_where_nothing_speaks_against_them(snapshot):
    """A prior that is far stronger than the data gives the weights back, but for their scale."""
    patch = pytest.MonkeyPatch()
    patch.setattr(tuning, "PRIOR", 1e-6)
    try:
        found = tuning._fit(np.random.default_rng(1).random((80, 9, len(tuning.TUNED))), DEFAULT)
    finally:
        patch.undo()
    assert shares(found) == pytest.approx(shares(DEFAULT), abs=1e-3)
    assert found.learned == pytest.approx(DEFAULT.learned, abs=1e-3)
