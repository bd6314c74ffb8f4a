from __future__ import annotations

import numpy as np

from segue.recommend.telling import MAX_LABELS, Telling


def tags(*rows: list[float]) -> np.ndarray:
    return np.array(rows, dtype=np.float16)


def test_a_tag_that_everything_has_tells_nothing() -> None:
    rng = np.random.default_rng(0)
    made = np.column_stack([np.full(200, 0.95), np.where(rng.random(200) < 0.1, 0.8, 0.02)]).astype(np.float16)
    telling = Telling.learn(made, ("music", "jazz"))
    bits = telling.bits(made)
    assert telling.weights[0] == 0
    assert telling.weights[1] > 1.5
    assert np.array_equal(bits != 0, made[:, 1] > 0.5)
    assert not np.any(bits & telling.bit[0])
    jazz = made[np.argmax(made[:, 1])]
    assert telling.shared(made[0], jazz) == ["music"]
    assert telling.shared(jazz, jazz) == ["jazz", "music"]


def test_each_label_has_its_own_level() -> None:
    rng = np.random.default_rng(0)
    made = np.column_stack([rng.uniform(0, 0.02, 500), rng.uniform(0.2, 0.6, 500)]).astype(np.float16)
    telling = Telling.learn(made, ("faint", "usual"))
    assert np.isclose(telling.levels[0], 0.1)
    assert 0.45 < telling.levels[1] <= 0.5


def test_a_track_shares_the_most_telling_tags_first() -> None:
    telling = Telling(
        tuple("abcdefgh"),
        np.full(8, 0.1, np.float32),
        np.array([1, 1, 1, 1, 1, 1, 1, 3], np.float32),
        np.left_shift(np.uint64(1), np.arange(8, dtype=np.uint64)),
    )
    full = tags([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.29])
    assert int(telling.bits(full)[0]).bit_count() == 8
    assert telling.shared(full[0], full[0])[:2] == ["a", "h"]
    other = tags([0.2, 0, 0, 0, 0, 0, 0, 0.9])
    assert telling.shared(full[0], other[0]) == ["h", "a"]


def test_no_tracks_no_labels_and_too_many_labels() -> None:
    assert len(Telling.learn(np.empty((0, 3), np.float16), ("a", "b", "c")).levels) == 3
    assert Telling.learn(np.empty((5, 0), np.float16), ()).bits(np.empty((5, 0), np.float16)).tolist() == [0] * 5
    many = (np.random.default_rng(0).random((300, 100)) < 0.1).astype(np.float16)
    telling = Telling.learn(many, tuple(f"t{i}" for i in range(100)))
    assert np.count_nonzero(telling.bit) == MAX_LABELS
    assert len(set(telling.bit[telling.bit > 0].tolist())) == MAX_LABELS
