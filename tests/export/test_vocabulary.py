"""Two vocabularies become one, and their tags comparable."""

from __future__ import annotations

import numpy as np
import pytest

from segue_export.balance import centring, shift
from segue_export.shards import TrackLabels
from segue_export.targets import Layout
from segue_export.views import WINDOWS, Labels
from segue_export.vocabulary import JAMENDO_SHARES, JAMENDO_TAGS, Vocabulary, known_tags

FIRST = ["rock", "Hip-Hop", "jazz", "beautiful"]


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
    moved = dict(zip(vocabulary.tags, shift(vocabulary), strict=True))
    assert moved["beautiful"] < 0 < moved["reggae"]
    assert moved["soundtrack"] < moved["reggae"]
    alone = dict(zip(vocabulary.tags, shift(vocabulary, strength=0.0), strict=True))
    assert alone["beautiful"] == alone["reggae"] == 0


def test_balance_brings_both_vocabularies_to_one_level() -> None:
    """Teachers that hear nothing answer with the frequencies where they learnt; balanced in full, all tags are alike."""
    vocabulary = Vocabulary.join(FIRST)
    first = 0.42 * np.arange(1, 5) ** -0.52
    ignorant = {
        "msd": np.log(first / (1 - first)),
        "jamendo": np.log(JAMENDO_SHARES) - np.log1p(-np.array(JAMENDO_SHARES)),
    }
    level = vocabulary.merge(ignorant) + shift(vocabulary, strength=1.0)
    assert level == pytest.approx(np.full(len(vocabulary.tags), np.log(0.1 / 0.9)), abs=1e-4)


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


def test_centring_brings_usual_levels_together_and_keeps_the_strongest() -> None:
    random = np.random.default_rng(1)
    logits = random.normal(size=(400, 5)) + np.array([-6.0, -5.0, -4.0, -3.0, -2.0])
    moved = logits + centring(logits, 1.0)
    assert np.ptp(logits.mean(0)) > 3.5
    assert np.ptp(moved.mean(0)) == pytest.approx(0.0, abs=1e-5)
    assert moved.max(1).mean() == pytest.approx(logits.max(1).mean(), abs=1e-5)
    assert np.ptp((logits + centring(logits, 0.5)).mean(0)) == pytest.approx(0.5 * np.ptp(logits.mean(0)), abs=1e-5)
    assert centring(logits, 0.0) == pytest.approx(np.zeros(5), abs=1e-6)
