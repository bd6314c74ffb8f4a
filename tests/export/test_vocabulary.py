"""Two vocabularies become one, and their tags comparable."""

from __future__ import annotations

import numpy as np
import pytest

from segue_export.balance import shift
from segue_export.shards import TrackLabels
from segue_export.targets import Layout
from segue_export.views import WINDOWS, Drawn, Labels
from segue_export.vocabulary import JAMENDO_TAGS, Vocabulary, known_tags

FIRST = ["rock", "Hip-Hop", "jazz", "beautiful"]


def drawn(first: np.ndarray, second: np.ndarray) -> Drawn:
    def said(logits: np.ndarray, windows: int) -> Labels:
        return Labels(np.zeros((windows, 3), np.float16), np.tile(logits, (windows, 1)).astype(np.float16))

    return Drawn(np.zeros(1, np.int16), {"a": said(first, 1), "jamendo_b": said(second, WINDOWS)}, None)


def test_the_same_word_is_the_same_tag() -> None:
    vocabulary = Vocabulary.join(FIRST)
    assert vocabulary.tags[:4] == tuple(FIRST)
    assert len(vocabulary.tags) == 4 + len(JAMENDO_TAGS) - 3
    assert len({tag.lower() for tag in vocabulary.tags}) == len(vocabulary.tags)
    assert Vocabulary.parted(vocabulary.tags).first == 4
    assert Vocabulary.parted(FIRST).tags == tuple(FIRST)


def test_shared_tags_are_averaged_and_others_kept() -> None:
    vocabulary = Vocabulary.join(FIRST)
    second = np.arange(50, dtype=np.float32)
    merged = vocabulary.merge(
        {"one": np.full(4, 1.0, np.float32), "two": np.full(4, 3.0, np.float32), "jamendo": second}
    )
    assert merged[vocabulary.tags.index("beautiful")] == pytest.approx(2.0)
    assert merged[vocabulary.tags.index("jazz")] == pytest.approx(0.6 * 2.0 + 0.4 * JAMENDO_TAGS.index("jazz"))
    assert merged[vocabulary.tags.index("reggae")] == pytest.approx(JAMENDO_TAGS.index("reggae"))


def test_balance_makes_rare_tags_louder_and_frequent_ones_quieter() -> None:
    vocabulary = Vocabulary.join(FIRST)
    views = [drawn(np.full(4, -1.0), np.full(50, -1.0))] * 3
    moved = dict(zip(vocabulary.tags, shift(vocabulary, views), strict=True))
    assert moved["rock"] < moved["Hip-Hop"] < moved["reggae"]
    assert moved["rock"] < 0 < moved["reggae"]
    assert (shift(vocabulary, views, strength=0.0) == 0).all()


def test_balance_brings_the_second_vocabulary_to_the_level_of_the_first() -> None:
    vocabulary = Vocabulary.join(FIRST)
    quiet = shift(vocabulary, [drawn(np.full(4, -1.0), np.full(50, -5.0))], strength=0.0)
    merged = vocabulary.merge({"a": np.full(4, -1.0, np.float32), "jamendo_b": np.full(50, -5.0, np.float32)})
    level = dict(zip(vocabulary.tags, merged + quiet, strict=True))
    assert level["jazz"] == pytest.approx(level["beautiful"], abs=1e-5)
    assert level["reggae"] == pytest.approx(-5.0)


def test_frequent_tags_of_a_dataset() -> None:
    labels = [TrackLabels(tags=("a", "b"))] * 20 + [TrackLabels(tags=("c", "b"))] * 19
    assert known_tags(labels) == ["b", "a"]


def test_a_teacher_counts_the_same_however_long_its_embedding_is() -> None:
    labels = {
        "long": Labels(np.zeros((1, 4), np.float16), np.zeros((1, 2), np.float16)),
        "short": Labels(np.zeros((WINDOWS, 12), np.float16), np.zeros((WINDOWS, 2), np.float16)),
    }
    weights = Layout.of(labels).weights(1.0)
    assert weights[:4].sum() == pytest.approx(weights[4:].sum())
    assert weights.mean() == pytest.approx(1.0)
