"""The figures, against mir_eval and against numbers worked out by hand."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import mir_eval.key
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from segue.bench.figures import figures
from segue.bench.measures import COMPATIBLE, MIREX, Relation, Share, is_tempo, octave, relation
from segue.bench.truth import Answer, Known, Program
from segue.keys import KEYS, camelot, camelot_number


def known(bpm=None, key=None, *, trusted=True, group=""):
    return Known(1, "a.mp3", Path("a.mp3"), bpm, key, trusted and key is not None, group)


def of(rows, answers, **options):
    return figures(rows, Program("x", tuple(answers)), **options)


def test_key_scores_are_those_of_mir_eval():
    for true, said in product(KEYS, KEYS):
        assert MIREX.get(relation(said, true), 0.0) == mir_eval.key.weighted_score(true, said), (true, said)


def test_a_fifth_counts_above_and_not_below():
    assert relation("G major", "C major") is Relation.FIFTH_ABOVE
    assert relation("F major", "C major") is Relation.FIFTH_BELOW
    assert Relation.FIFTH_BELOW not in MIREX


def test_compatible_is_what_the_wheel_says():
    for true, said in product(KEYS, KEYS):
        one, other = camelot_number(camelot(true)), camelot_number(camelot(said))
        hours = (one // 2 - other // 2) % 12
        beside = one % 2 == other % 2 and hours in {0, 1, 11}
        assert (relation(said, true) in COMPATIBLE) is (beside or hours == 0), (true, said)


@pytest.mark.parametrize(
    ("said", "true", "level", "acc1", "acc2"),
    [
        (128.0, 128.0, "1", True, True),
        (133.12, 128.0, "1", True, True),  # 4 % and not a hair more
        (133.2, 128.0, "other", False, False),
        (64.0, 128.0, "1/2", False, True),
        (256.0, 128.0, "2", False, True),
        (42.667, 128.0, "1/3", False, True),
        (384.0, 128.0, "3", False, True),
        (192.0, 128.0, "other", False, False),  # three halves is no octave
        (66.56, 128.0, "1/2", False, True),  # the window grows with the factor
        (66.6, 128.0, "other", False, False),
        (None, 128.0, "", False, False),
    ],
)
def test_tempo_is_judged_as_by_gouyon(said, true, level, acc1, acc2):
    assert octave(said, true) == level
    assert is_tempo(said, true) is acc1
    assert is_tempo(said, true, octaves=True) is acc2


@given(st.floats(20, 400), st.floats(20, 400))
def test_stricter_is_never_easier(said, true):
    for octaves in (False, True):
        results = [is_tempo(said, true, limit, octaves=octaves) for limit in (0.001, 0.01, 0.04)]
        assert results == sorted(results)
    assert is_tempo(said, true) <= is_tempo(said, true, octaves=True)
    assert is_tempo(said, true, octaves=True) == (octave(said, true) in {"1", "2", "3", "1/2", "1/3"})


@pytest.mark.parametrize(("right", "of_all"), [(0, 5), (5, 5), (93, 100), (1, 3), (240, 241)])
def test_intervals_are_wilsons(right, of_all):
    expected = binomtest(right, of_all).proportion_ci(0.95, method="wilson")
    assert Share(right, of_all).interval == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert Share(0, 0).interval is None


def test_what_failed_is_wrong_and_what_is_not_known_is_not_judged():
    rows = [known(128, "A minor"), known(128), known(None, "A minor"), known(100, "C major")]
    found = of(rows, [Answer(128.05, "A minor"), None, Answer(error="file-missing: gone"), Answer(50.0, "A minor")])
    assert found.files == 4
    assert found.answered == 2
    assert found.tempo.acc1 == (1, 3)
    assert found.tempo.acc2 == (2, 3)
    assert found.tempo.within_01 == (1, 3)
    assert found.tempo.within_01_octave == (2, 3)
    assert found.tempo.octaves == {"1": 1, "2": 0, "1/2": 1, "3": 0, "1/3": 0, "other": 0, "none": 1}
    assert found.tempo.median_error == pytest.approx(0.05 / 128)
    assert found.key.exact == (1, 3)
    assert found.key.mirex == (1.3, 3)
    assert found.key.compatible == (2, 3)
    assert found.every_key is None


def test_keys_that_are_not_trusted_count_only_among_all():
    rows = [known(key="A minor"), known(key="A minor", trusted=False)]
    found = of(
        rows, [Answer(key="A minor", key_confidence=0.9), Answer(key="C major", key_confidence=1.0)], all_keys=True
    )
    assert found.key.exact == (1, 1)
    assert found.every_key.exact == (1, 2)
    assert found.key_confidence.sure == (1, 1)
    assert found.tempo is None


def test_confidence_is_judged_where_there_is_an_estimate():
    rows = [known(120.0)] * 5
    answers = [Answer(120.0, bpm_confidence=1.0), Answer(60.0, bpm_confidence=0.9), Answer(120.0, bpm_confidence=0.3),
               Answer(None, bpm_confidence=0.0), None]  # fmt: skip
    found = of(rows, answers).tempo_confidence
    assert found.given == 3
    assert found.sure == (1, 2)
    assert [(one.low, one.right) for one in found.bins if one.right.of] == [(0.3, (1, 1)), (0.9, (1, 2))]
    assert found.bins[-1].confidence == pytest.approx(0.95)


def test_cost_is_of_the_files_whose_time_is_known():
    rows = [known(120.0)] * 3
    answers = [Answer(seconds=60, cpu_seconds=0.3), Answer(seconds=120, cpu_seconds=0.3), Answer(seconds=600)]
    assert of(rows, answers).cost.per_minute == pytest.approx(0.2)
    assert of(rows, [None] * 3).cost is None
