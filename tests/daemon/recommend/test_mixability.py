from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.keys import KEYS, PITCHES, camelot_number
from segue.recommend import mixability
from segue.recommend.mixability import NEUTRAL, WHEEL

bpms = st.floats(50, 220)
units = st.floats(0, 1)


def tempo(
    seed: float | None, track: float, seed_confidence: float = 1.0, confidence: float = 1.0
) -> tuple[float, float, float]:
    match = mixability.tempo(
        seed, seed_confidence, np.array([track], dtype=np.float32), np.array([confidence], dtype=np.float32)
    )
    return float(match.score[0]), float(match.change[0]), float(match.factor[0])


def key(seed: str, track: str) -> float:
    return round(float(WHEEL[camelot_number(seed), camelot_number(track)]), 6)


def test_the_same_tempo_is_best_and_it_falls_off_smoothly() -> None:
    scores = [tempo(128, 128 * (1 + change))[0] for change in (0.0, 0.01, 0.02, 0.04, 0.06, 0.08, 0.12)]
    assert scores[0] == 1.0
    assert all(a > b for a, b in itertools.pairwise(scores))
    assert scores[4] == pytest.approx(0.5, abs=1e-3)


@given(bpms, bpms, units, units)
def test_tempo_is_symmetric(a: float, b: float, ca: float, cb: float) -> None:
    assert tempo(a, b, ca, cb)[0] == pytest.approx(tempo(b, a, cb, ca)[0], abs=1e-4)


@given(bpms, bpms)
def test_change_and_factor_say_what_the_tempi_say(seed: float, track: float) -> None:
    _, change, factor = tempo(seed, track)
    assert any(factor == pytest.approx(one) for one in (0.5, 1.0, 2.0, 1.5, 2 / 3))
    assert track * factor / seed - 1 == pytest.approx(change, abs=1e-4)


def test_half_and_double_time_mix_but_not_as_well() -> None:
    assert tempo(174, 87)[0] == tempo(87, 174)[0] == pytest.approx(0.9)
    assert tempo(174, 87)[2] == 2.0
    assert tempo(87, 174)[2] == 0.5


def test_three_beats_over_two_mix_less_well_than_half_time_but_better_than_not_to_know() -> None:
    assert tempo(132, 88)[0] == tempo(88, 132)[0] == pytest.approx(mixability.CROSS_TIME)
    assert tempo(132, 88)[2] == 1.5
    assert tempo(88, 132)[2] == pytest.approx(2 / 3)
    assert NEUTRAL < mixability.CROSS_TIME < mixability.HALF_TIME
    # A pitch that the fader makes easily is never given up for a crosswise blend.
    assert tempo(128, 128 * 1.08)[2] == 1.0


@given(st.floats(-mixability.REACH + 0.01, mixability.REACH - 0.01), st.sampled_from([1.0, 2.0, 0.5]))
def test_without_keylock_the_pitch_that_brings_a_track_to_the_tempo_moves_its_key(needed: float, factor: float) -> None:
    _, change, _ = tempo(128 * (1 + needed), 128 / factor)
    semitones = float(mixability.own_pitch(np.array([change], np.float32))[0])
    if abs(100 * change) < 10:  # else three over two may be nearer
        assert semitones == pytest.approx(12 * np.log2(1 + needed), abs=1e-3)


def test_what_is_not_brought_to_the_tempo_keeps_its_key() -> None:
    change = np.array([np.nan, 0.5, -0.5, 0.0], np.float32)
    assert mixability.own_pitch(change).tolist() == [0.0, 0.0, 0.0, 0.0]


@given(st.integers(0, 23), st.integers(-30, 30))
def test_transposing_moves_the_tonic_by_semitones_and_keeps_the_mode(number: int, semitones: int) -> None:
    moved = int(mixability.transposed(np.array([number], np.int8), np.array([semitones]))[0])
    (tonic, mode), (other, same_mode) = KEYS[number].split(), KEYS[moved].split()
    assert mode == same_mode
    assert PITCHES[(PITCHES.index(tonic) + semitones) % 12] == other
    assert mixability.transposed(np.array([-1], np.int8), np.array([semitones])).tolist() == [-1]


@given(st.integers(0, 23), st.integers(0, 23), st.floats(-13, 13, width=32))
def test_a_shifted_key_is_graded_between_its_two_semitones(seed: int, track: int, shift: float) -> None:
    camelot, sure = np.array([track], np.int8), np.ones(1, np.float32)

    def at(semitones: float) -> float:
        return float(mixability.key(seed, 1.0, camelot, sure, np.array([semitones], np.float32))[0])

    low = np.floor(shift)
    assert at(shift) == pytest.approx((1 - (shift - low)) * at(low) + (shift - low) * at(low + 1), abs=1e-4)
    moved = int(mixability.transposed(camelot, np.array([int(low)]))[0])
    assert at(low) == pytest.approx(float(WHEEL[seed, moved]), abs=1e-6)
    assert at(0.0) == pytest.approx(float(mixability.key(seed, 1.0, camelot, sure)[0]), abs=1e-6)
    assert float(mixability.key(seed, 1.0, np.array([-1], np.int8), sure, np.array([shift], np.float32))[0]) == NEUTRAL


@given(bpms, units, units)
def test_an_unknown_tempo_is_neutral(bpm: float, a: float, b: float) -> None:
    assert tempo(None, bpm, a, b)[0] == NEUTRAL
    assert tempo(bpm, np.nan, a, b)[0] == NEUTRAL
    assert tempo(np.nan, np.nan, a, np.nan)[0] == NEUTRAL
    assert tempo(0.0, bpm, a, b)[0] == NEUTRAL


@given(bpms, bpms, units)
def test_doubt_draws_towards_neutral(a: float, b: float, confidence: float) -> None:
    sure, unsure = tempo(a, b)[0], tempo(a, b, 1.0, confidence)[0]
    assert abs(unsure - NEUTRAL) <= abs(sure - NEUTRAL) + 1e-6
    assert tempo(a, b, 0.0)[0] == NEUTRAL


def test_a_wide_step_of_energy_strains_and_an_unknown_one_does_not() -> None:
    energy = np.array([1, 4, 5, 6, 8, 9.5, 10, np.nan], np.float32)
    assert mixability.energy_strain(6.0, energy) == pytest.approx([1, 1 / 3, 0, 0, 0, 0.5, 2 / 3, 0])
    for unknown in (None, np.nan):
        assert not np.any(mixability.energy_strain(unknown, energy))


def test_vocals_are_heard_from_any_tag_that_says_so() -> None:
    labels = ("house", "voice", "Female Vocalists")
    tags = np.array([[0.9, 0.1, 0.1], [0, 0.3, 0], [0, 0, 0.4], [0, 0.29, 0.39]], np.float16)
    levels = np.array([0.5, 0.3, 0.4], np.float16).astype(np.float32)
    assert mixability.voiced(tags, levels, labels).tolist() == [False, True, True, False]
    assert mixability.voiced(tags[:, :1], levels[:1], labels[:1]).tolist() == [False] * 4


def test_grades_of_keys() -> None:
    assert key("8A", "8A") == 1.0
    assert key("8A", "8B") == key("8A", "7A") == key("8A", "9A") == 0.9
    assert key("12A", "1A") == 0.9
    assert key("8A", "10A") == 0.6  # a whole tone up ...
    assert key("8A", "6A") == 0.1  # ... but not down
    assert key("8A", "3A") == 0.5  # a semitone up
    assert key("8A", "1A") == 0.1
    assert key("8A", "9B") == key("9B", "8A") == 0.45
    assert key("8A", "2B") == 0.1


def test_the_energy_boosts_are_a_tone_and_a_semitone_up() -> None:
    pitches = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    for seed, name in enumerate(KEYS):
        pitch, mode = name.split()
        for grade, semitones in ((mixability.ENERGY_TWO, 2), (mixability.ENERGY_SEVEN, 1)):
            up = f"{pitches[(pitches.index(pitch) + semitones) % 12]} {mode}"
            assert WHEEL[seed, KEYS.index(up)] == np.float32(grade)


@given(st.integers(0, 23), st.integers(0, 23), st.integers(0, 11))
def test_the_wheel_may_be_turned(a: int, b: int, steps: int) -> None:
    assert WHEEL[a, b] == WHEEL[(a + 2 * steps) % 24, (b + 2 * steps) % 24]


@given(st.integers(0, 23), st.integers(0, 23))
def test_the_wheel_is_symmetric_but_for_the_energy_boosts(a: int, b: int) -> None:
    boosts = {np.float32(mixability.ENERGY_TWO), np.float32(mixability.ENERGY_SEVEN)}
    same_mode = a % 2 == b % 2
    if not (same_mode and {WHEEL[a, b], WHEEL[b, a]} & boosts):
        assert WHEEL[a, b] == WHEEL[b, a]
    assert (WHEEL[a, b] == 1.0) == (a == b)


@given(st.integers(-1, 23), st.integers(-1, 23), units, units)
def test_an_unknown_key_is_neutral_and_doubt_draws_towards_it(a: int, b: int, sure: float, other: float) -> None:
    score = float(mixability.key(a, sure, np.array([b], dtype=np.int8), np.array([other], dtype=np.float32))[0])
    if a < 0 or b < 0:
        assert score == NEUTRAL
    else:
        assert score == pytest.approx(NEUTRAL + sure * other * (WHEEL[a, b] - NEUTRAL), abs=1e-6)
