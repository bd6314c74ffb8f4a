"""Measures of retrieval, agreement, tags, tempo and key, on collections whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from segue_export.evaluation.agreement import cka, logit, overlap, rank_correlation, spearman, tag_correlation
from segue_export.evaluation.estimates import Estimate, decimal, estimate
from segue_export.evaluation.retrieval import estimates, hits, precision, standardised, votes
from segue_export.evaluation.tagging import mean_areas, tag_figures
from segue_export.evaluation.tempo_key import acc1, acc2, key_figures, key_score, median_error, tempo_figures
from segue_export.shards import TrackLabels


def on_a_circle(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_precision_by_hand() -> None:
    # Nearest first: 0 asks 1 (a) 2 (b) 3 (a); 1 asks 0 (a) 2 (b) 3 (a); 2 asks 1, 0, 3: no b; 3 asks 2 (b) 1 (a) 0 (a).
    found = precision(on_a_circle(0, 10, 25, 50), ["a", "a", "b", "a"])
    average = [(1 + 2 / 3) / 2, (1 + 2 / 3) / 2, (1 / 2 + 2 / 3) / 2]
    assert found == pytest.approx({"P@1": 2 / 3, "P@5": 2 / 3, "P@10": 2 / 3, "MAP": np.mean(average)})


def test_the_length_of_a_vector_does_not_matter() -> None:
    vectors = np.random.default_rng(1).normal(size=(40, 6))
    labels = np.arange(40) % 4
    scaled = vectors * np.random.default_rng(2).uniform(0.1, 10, size=(40, 1))
    assert precision(scaled, labels) == pytest.approx(precision(vectors, labels))


def test_the_own_group_is_not_found() -> None:
    # Each pair of an album lies together, and genres lie apart but for the albums' own pairs.
    vectors = on_a_circle(0, 1, 40, 41, 80, 81)
    genres, albums = ["a", "a", "b", "b", "a", "a"], [1, 1, 2, 2, 3, 3]
    assert precision(vectors, genres)["P@1"] == 1.0
    filtered = hits(vectors, genres, albums)
    assert filtered.queries.tolist() == [0, 1, 4, 5]
    assert filtered.figures[:, 0].mean() == 0.0


def test_more_queries_than_one_block_are_ranked_alike() -> None:
    random = np.random.default_rng(3)
    labels = random.integers(0, 5, 700)
    vectors = np.eye(5)[labels] + random.normal(scale=0.6, size=(700, 5))
    cosine = vectors @ vectors.T / np.outer(*[np.linalg.norm(vectors, axis=1)] * 2)
    np.fill_diagonal(cosine, -np.inf)
    assert precision(vectors, labels)["P@1"] == pytest.approx(np.mean(labels[cosine.argmax(1)] == labels))


@pytest.mark.parametrize(
    ("vectors", "labels", "reason"),
    [
        (np.eye(3), ["a", "b", "c"], "nothing to find"),
        (np.eye(3), ["a", "a"], "one label"),
        (np.full((2, 2), np.nan), ["a", "a"], "finite"),
        (np.zeros(3), ["a", "a", "a"], "matrix"),
    ],
)
def test_what_cannot_be_ranked_is_refused(vectors: np.ndarray, labels: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        precision(vectors, labels)


def test_votes_of_the_nearest() -> None:
    vectors, labels = on_a_circle(0, 5, 9, 90, 95), ["a", "a", "a", "b", "c"]
    assert votes(vectors, labels, 3) == ["a"] * 5
    assert votes(vectors, labels, 2) == ["a", "a", "a", "c", "b"]  # one each: the nearer


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(4)
    held = [estimate(random.random(60) < 0.7) for _ in range(200)]
    share = np.mean([one.low <= 0.7 <= one.high for one in held])
    assert 0.88 <= share <= 0.99


def test_groups_widen_the_interval() -> None:
    values, groups = np.repeat([0.0, 1.0] * 10, 10), np.repeat(np.arange(20), 10).tolist()
    wide, narrow = estimate(values, groups), estimate(values)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert wide == estimate(values, groups)
    assert estimate(values, (np.arange(200) % 3).tolist()) == narrow


def test_estimates_say_how_many_were_asked() -> None:
    hit = hits(on_a_circle(0, 10, 25, 50), ["a", "a", "b", "a"])
    assert {one.size for one in estimates(hit).values()} == {3}
    with pytest.raises(ValueError, match="nothing"):
        estimate([])
    with pytest.raises(ValueError, match="finite"):
        estimate([math.nan])


def test_figures_are_written_short() -> None:
    assert [decimal(value) for value in (0.5, -0.25, 1.0, 12.3456)] == [".500", "-.250", "1.000", "12.346"]
    assert str(Estimate(0.8, 0.7, 0.85, 9)) == ".800 ±.075"


def test_standardised_columns() -> None:
    rows = standardised([[1.0, 5.0, 3.0], [3.0, 5.0, 9.0]])
    assert rows == pytest.approx(np.array([[-1, 0, -1], [1, 0, 1]]))


def test_agreement_of_the_same_and_of_strangers() -> None:
    random = np.random.default_rng(5)
    vectors = random.normal(size=(60, 8))
    turned = vectors @ np.linalg.qr(random.normal(size=(8, 8)))[0]
    strangers = random.normal(size=(60, 8))
    assert overlap(vectors, turned).value == 1.0
    assert rank_correlation(vectors, turned).value == pytest.approx(1.0)
    assert cka(vectors, 3 * turned) == pytest.approx(1.0)
    assert overlap(vectors, strangers).value < 0.35
    assert abs(rank_correlation(vectors, strangers).value) < 0.15
    assert cka(vectors, strangers) < 0.5
    assert cka(vectors, np.ones((60, 3))) == 0.0


def test_correlations() -> None:
    assert spearman([1, 2, 3, 4], [1, 4, 9, 16]) == pytest.approx(1.0)
    assert spearman([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(0.8)
    assert spearman([1, 1, 1], [1, 2, 3]) == 0.0
    assert logit([0.5, 0.75]) == pytest.approx([0.0, math.log(3)])
    ours = {"Rock": np.array([0.0, 1.0, 2.0]), "odd": np.zeros(3)}
    assert tag_correlation(ours, {"rock": np.array([0.0, -1.0, -2.0])}) == pytest.approx({"Rock": -1.0})


def test_tag_areas_against_a_count_of_pairs() -> None:
    scores = {"jazz": np.array([0.9, 0.8, 0.4, 0.4, 0.1]), "rock": np.zeros(5)}
    known = ("jazz", "rock")
    labels = [TrackLabels(tags=("Jazz",) if has else (), tags_known=known) for has in (1, 0, 1, 0, 0)]
    found = tag_figures(scores, labels)
    assert list(found) == ["jazz"]
    # Of the six pairs four are right, one is wrong, and one is a tie.
    assert found["jazz"].roc_auc == pytest.approx(4.5 / 6)
    assert found["jazz"].pr_auc == pytest.approx(1 / 2 + 1 / 2 * 2 / 4)
    assert (found["jazz"].positives, found["jazz"].size) == (2, 5)
    assert mean_areas(found) == pytest.approx((0.75, 0.75))


def test_what_is_not_known_of_a_tag_does_not_count() -> None:
    scores = {"jazz": np.array([0.9, 0.1, 0.5, 0.2, 0.8])}
    labels = [
        TrackLabels(tags=("jazz",), tags_known=("jazz",)),
        TrackLabels(tags=(), tags_known=("jazz",)),
        TrackLabels(tags=("rock",), tags_known=("rock",)),
        TrackLabels(tags=(), tags_known=("jazz", "rock")),
        TrackLabels(tags=("jazz", "rock")),
    ]
    found = tag_figures(scores, labels)
    assert (found["jazz"].positives, found["jazz"].size, found["jazz"].roc_auc) == (2, 4, 1.0)
    positive_only = [TrackLabels(tags=label.tags) for label in labels]
    assert tag_figures(scores, positive_only) == {}


def test_tempo_figures() -> None:
    said = [120.0, 121.0, 60.0, 180.0, None]
    found = tempo_figures(said, [120.05, 120.0, 120.0, 120.0, 120.0])
    assert {name: one.value for name, one in found.items()} == {
        "Acc1 (4 %)": 0.4,
        "within 1 %": 0.4,
        "within 0.1 %": 0.2,
        "Acc2 (4 %)": pytest.approx(0.6),
    }
    assert acc1(124.7, 120.0)
    assert not acc1(125.0, 120.0)
    assert acc2(41.0, 120.0)
    assert not acc2(None, 120.0)
    assert median_error(said, [120.0, 120.0, 120.0, 120.0, 120.0]) == pytest.approx(0.5 / 120)
    assert math.isnan(median_error([None], [120.0]))


@pytest.mark.parametrize(
    ("said", "score"),
    [("A minor", 1.0), ("E minor", 0.5), ("C major", 0.3), ("A major", 0.2), ("F# major", 0.0), (None, 0.0)],
)
def test_key_scores(said: str | None, score: float) -> None:
    assert key_score(said, "A minor") == score
    figures = key_figures([said, "A minor"], ["A minor", "A minor"])
    assert figures["MIREX score"].value == pytest.approx((score + 1) / 2)
    assert figures["exact"].value == (1.0 if score == 1 else 0.5)
