"""What the lanes promise, on libraries drawn at random; and the night, which never repeats."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recommend_support import DIM, library, recommender

from segue.keys import camelot_number
from segue.library.columns import Columns
from segue.recommend import mixability, seeds
from segue.recommend.lanes import SAID, spread
from segue.recommend.memory import Memory, Transition
from segue.recommend.recommender import COPIES, NOT_MIXING, NOT_PROVEN, PLAYED_ALREADY, Asked, Played, Ranking
from segue.recommend.seed import seed_of
from segue.recommend.tonight import Tonight
from segue.recommend.weights import DEFAULT, PRESETS, preset


def ids(ranking: Ranking) -> list[int]:
    return [one.id for one in ranking.suggestions]


def club(count: int, seed: int = 0, **fixed: Any) -> Columns:
    """Tracks about 124 beats a minute, whose tempo, key and energy are known and sure."""
    rng = np.random.default_rng(seed)
    known: dict[str, Any] = {
        "bpm": rng.normal(124, 6, count).astype(np.float32),
        "bpm_confidence": np.ones(count, np.float32),
        "camelot": rng.integers(0, 24, count).astype(np.int8),
        "key_confidence": np.ones(count, np.float32),
        "energy": rng.uniform(1, 10, count).astype(np.float32),
        "present": np.ones(count, np.bool_),
        "artist": np.zeros(count, np.uint64),
    }
    return library(count, seed, **known | fixed)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 150),
    st.integers(0, 10_000),
    st.sampled_from(["stay", "lift", "ease", "turn"]),
    st.floats(0.9, 1.1),
    st.booleans(),
    st.booleans(),
    st.data(),
)
def test_a_lane_keeps_its_promise_or_says_that_it_does_not(
    count: int, seed: int, lane: Any, rate: float, keylock: bool, known: bool, data: st.DataObject
) -> None:
    columns = club(count, seed) if known else library(count, seed, present=np.ones(count, np.bool_))
    track = data.draw(st.integers(1, count))
    with recommender(columns) as (made, _, _index):
        ranking = made.next(track, 8, played=Played(rate, keylock), asked=Asked(lane=lane))
        assert ranking == made.next(track, 8, played=Played(rate, keylock), asked=Asked(lane=lane))
    assert ranking.suggestions, "never empty while there is another track"
    assert len(set(ids(ranking))) == len(ranking.suggestions)
    assert track not in ids(ranking)
    energy, bpm = float(columns.energy[track - 1]), float(columns.bpm[track - 1]) * rate
    for one in ranking.suggestions:
        step = float(columns.energy[one.id - 1]) - energy
        if SAID["energy"] not in ranking.relaxed and not np.isnan(energy):
            low, high = {"stay": (-1.0, 1.0), "lift": (0.5, 3.0), "ease": (-3.0, -0.5), "turn": (-3.0, 3.0)}[lane]
            assert low - 1e-4 <= step <= high + 1e-4
        if SAID["tempo"] not in ranking.relaxed and not np.isnan(bpm):
            folded = np.log2(float(columns.bpm[one.id - 1]) / bpm)
            assert abs(folded - np.clip(round(folded), -1, 1)) <= np.log2(1.06) + 1e-5
            if SAID["key"] not in ranking.relaxed:
                assert one.blend.mixes or one.blend.time.endswith(":2 time") or one.blend.time.endswith(":3 time")


@pytest.mark.parametrize("lane", ["stay", "lift", "ease", "turn"])
def test_in_a_club_library_nothing_has_to_be_given_up(lane: Any) -> None:
    with recommender(club(1200)) as (made, _, _index):
        for track in range(1, 40):
            if 3 < float(made.snapshot().facts.energy[track - 1]) < 8:
                ranking = made.next(track, 8, asked=Asked(lane=lane))
                assert ranking.relaxed == []
                assert all(one.blend.mixes for one in ranking.suggestions)
                assert len(ranking.suggestions) == 8


def test_what_mixes_comes_before_the_energy_asked_for() -> None:
    columns = replace(
        club(3),
        bpm=np.array([128, 128, 90], np.float32),
        energy=np.array([5, 5, 7], np.float32),
    )
    with recommender(columns) as (made, _, _index):
        lift = made.next(1, 5, asked=Asked(lane="lift"))
        assert (ids(lift), SAID["energy"] in lift.relaxed, SAID["tempo"] in lift.relaxed) == ([2], True, False)
    with recommender(replace(columns, bpm=np.array([128, 100, 90], np.float32))) as (made, _, _index):
        lift = made.next(1, 5, asked=Asked(lane="lift"))
        assert (ids(lift), SAID["energy"] in lift.relaxed, SAID["tempo"] in lift.relaxed) == ([3], False, True)


def test_a_turn_is_far_in_style_and_the_rest_is_near() -> None:
    with recommender(club(1200)) as (made, _, _index):
        near, far = (
            np.mean([one.similarity for track in range(1, 30) for one in made.next(track, 5, asked=asked).suggestions])
            for asked in (Asked(lane="stay"), Asked(lane="turn"))
        )
    assert near > 0.6
    assert far < near - 0.3


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 100), st.integers(0, 1000), st.floats(0.9, 1.1), st.data())
def test_the_first_suggestion_mixes_if_anything_does(count: int, seed: int, rate: float, data: st.DataObject) -> None:
    columns = club(count, seed)
    track = data.draw(st.integers(1, count))
    with recommender(columns) as (made, _, _index):
        snapshot = made.snapshot()
        first = made.next(track, 5, played=Played(rate)).suggestions[0]
    rows = np.flatnonzero(np.arange(count) != track - 1)
    tempo = mixability.tempo(
        float(columns.bpm[track - 1]) * rate, 1.0, snapshot.facts.bpm[rows], snapshot.facts.bpm_confidence[rows]
    )
    grade = mixability.grade(int(columns.camelot[track - 1]), columns.camelot[rows])
    assert first.blend.mixes == bool(np.any(mixability.mixes(tempo, grade)))


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 60), st.integers(0, 1000), st.sampled_from(["best", "stay", "lift", "turn", "rescue"]), st.data())
def test_a_night_never_repeats(count: int, seed: int, lane: Any, data: st.DataObject) -> None:
    columns = library(count, seed, present=np.ones(count, np.bool_), work=np.arange(count, dtype=np.uint64) // 2 + 1)
    columns = replace(columns, vectors=np.repeat(columns.vectors[::2], 2, axis=0)[:count])
    played: list[int] = [data.draw(st.integers(1, count))]
    works = {int(columns.work[played[0] - 1])}
    with recommender(columns) as (made, _, _index):
        for _ in range(count):
            ranking = made.next(played[-1], 5, asked=Asked(lane=lane, tonight=Tonight(tuple(played))))
            assert ranking.suggestions
            if PLAYED_ALREADY in ranking.relaxed:
                break
            for one in ranking.suggestions:
                assert one.id not in played
                assert int(columns.work[one.id - 1]) not in works, "nor another version of what was played"
            played.append(ranking.suggestions[0].id)
            works.add(int(columns.work[played[-1] - 1]))
    assert len(works) == len({int(work) for work in columns.work}), "every work was played before one came again"


def test_when_all_was_played_it_is_said_and_the_rest_still_holds() -> None:
    columns = club(40, seed=2, energy=np.linspace(1, 10, 40, dtype=np.float32))
    everything, crate = tuple(range(1, 41)), np.arange(40) % 3 == 0
    with recommender(columns) as (made, _, _index):
        ranking = made.next(1, 5, asked=Asked(tonight=Tonight(everything)))
        assert ranking.relaxed == [PLAYED_ALREADY]
        lift = Asked(lane="lift", tonight=Tonight(everything), filters=lambda _: [("crate warm", crate)])
        for track in (5, 15, 25):
            ranking = made.next(track, 5, asked=lift)
            assert ranking.relaxed[0] == PLAYED_ALREADY
            for one in ranking.suggestions:
                assert (one.id - 1) % 3 == 0 or "crate warm" in ranking.relaxed
                assert columns.energy[one.id - 1] > columns.energy[track - 1] or SAID["energy"] in ranking.relaxed


def test_where_there_is_only_a_copy_it_is_given_and_said() -> None:
    columns = club(2, vectors=np.eye(1, DIM, dtype=np.float32).repeat(2, axis=0), duration=np.full(2, 200, np.float32))
    with recommender(columns) as (made, _, _index):
        ranking = made.next(1, 5)
    assert (ids(ranking), ranking.relaxed[0]) == ([2], COPIES)


def test_without_a_tempo_the_keys_still_go_together_and_what_is_unknown_is_noted() -> None:
    bpm = np.where(np.arange(200) == 0, np.nan, 124).astype(np.float32)
    energy = np.where(np.arange(200) == 0, np.nan, 5).astype(np.float32)
    with recommender(club(200, bpm=bpm, energy=energy)) as (made, _, _index):
        ranking = made.next(1, 8, asked=Asked(lane="stay"))
        facts = made.snapshot().facts
    assert ranking.relaxed == []
    assert ranking.notes == ["tempo unknown", "energy unknown"]
    rows = np.array(ids(ranking)) - 1
    assert np.all(mixability.grade(int(facts.camelot[0]), facts.camelot[rows]) >= mixability.NO_CLASH)


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 80), st.integers(0, 1000))
def test_no_list_has_two_versions_of_a_work(count: int, seed: int) -> None:
    columns = club(count, seed, work=np.arange(count, dtype=np.uint64) // 3 + 1)
    columns = replace(columns, vectors=np.repeat(columns.vectors[::3], 3, axis=0)[:count])
    with recommender(columns) as (made, _, _index):
        for track in range(1, 12):
            works = [int(columns.work[one - 1]) for one in ids(made.next(track, 6))]
            assert len(set(works)) == len(works)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.floats(0.92, 1.08))
def test_without_keylock_the_keys_that_are_shown_are_those_that_are_graded(seed: int, rate: float) -> None:
    with recommender(club(60, seed)) as (made, _, _index):
        for one in made.next(1, 20, played=Played(rate, keylock=False)).suggestions:
            shown = mixability.WHEEL[camelot_number(one.blend.seed_key), camelot_number(one.blend.key)]
            part = one.parts["key"] * DEFAULT.base / DEFAULT.key
            # Between two semitones the grade lies between theirs: it is nearer to the one that is shown.
            assert abs(part - shown) <= 0.5 * (mixability.SAME_KEY - mixability.CLASH) + 1e-2


def test_an_artist_of_tonight_rests_while_there_are_others() -> None:
    artist = np.array([0, 7, 7, 7, 8, 9, 10], np.uint64)
    same = {"vectors": np.repeat(club(1).vectors, 7, axis=0), "duration": np.arange(7, dtype=np.float32) * 10 + 100}
    with recommender(club(7, artist=artist, **same)) as (made, _, _index):
        found = ids(made.next(1, 5, asked=Asked(tonight=Tonight((2,)))))
    assert set(found[:3]) == {5, 6, 7}
    assert set(found[3:]) == {3, 4}


def test_rescue_gives_only_what_was_proven_and_says_so_when_it_cannot() -> None:
    columns = club(60, camelot=np.full(60, 14, np.int8), bpm=np.full(60, 124, np.float32))
    columns.bpm[8] = 90.0
    memory = Memory.of([Transition(1, 5, 1.0), Transition(1, 5, 1.0), Transition(1, 7, 1.0), Transition(1, 9, 1.0)])
    with recommender(columns) as (made, _, _index):
        rescued = made.next(1, 5, asked=Asked(lane="rescue", memory=memory))
        assert ids(rescued) == [5, 7]
        assert rescued.relaxed == []
        assert rescued.suggestions[0].proven == 2
        assert rescued.suggestions[0].why.endswith("played together 2 times")
        tonight = Tonight((5, 7))
        far = made.next(1, 5, asked=Asked(lane="rescue", memory=memory, tonight=tonight))
        assert (ids(far), far.relaxed) == ([9], [NOT_MIXING])
        none = made.next(2, 5, asked=Asked(lane="rescue", memory=memory))
        assert none.relaxed == [NOT_PROVEN]
        assert len(none.suggestions) == 5


def test_a_proven_pair_rises_and_a_disliked_one_falls() -> None:
    columns = club(200, seed=3)
    with recommender(columns) as (made, _, _index):
        plain = ids(made.next(1, 100))
        chosen = plain[30]
        proven = Memory.of([Transition(1, chosen, 1.0)] * 4)
        thrown = Memory.of([Transition(1, plain[1], -1.0)] * 4)
        assert ids(made.next(1, 100, asked=Asked(memory=proven))).index(chosen) < 30
        assert ids(made.next(1, 100, asked=Asked(memory=thrown))).index(plain[1]) > 1


def test_filters_hold_and_are_given_up_only_when_nothing_passes() -> None:
    columns = club(100)
    some, none = np.arange(100) % 10 == 0, np.zeros(100, np.bool_)
    with recommender(columns) as (made, _, _index):
        crate = made.next(2, 20, asked=Asked(filters=lambda _: [("crate warm", some)]))
        assert all((one - 1) % 10 == 0 for one in ids(crate))
        assert "crate warm" not in crate.relaxed
        empty = made.next(2, 20, asked=Asked(filters=lambda _: [("crate warm", some), ("year 1990", none)]))
        assert set(ids(empty)) == set(ids(crate))
        assert empty.relaxed[0] == "year 1990"


def test_more_pulls_and_less_pushes() -> None:
    with recommender(club(300)) as (made, _, _index):
        snapshot = made.snapshot()
        one, other = seed_of(snapshot, 1), seed_of(snapshot, 50)
        assert seeds.joined(one) is one
        toward, away = seeds.joined(one, more=[other]), seeds.joined(one, less=[other])
        assert toward.vector @ other.vector > one.vector @ other.vector > away.vector @ other.vector
        assert np.linalg.norm(toward.vector) == pytest.approx(1.0, abs=1e-5)
        assert (toward.bpm, toward.camelot, toward.energy) == (one.bpm, one.camelot, one.energy)
        crate = seeds.centre([one, other])
        ranking = made.after(crate, 10, (1, 50), Asked())
        assert len(ranking.suggestions) == 10
        assert "→" not in ranking.suggestions[0].why


def test_those_that_sound_alike_do_not_follow_one_another() -> None:
    vectors = np.eye(3, DIM, dtype=np.float32)[[0, 0, 0, 1, 2]]
    order = spread(np.arange(5), np.array([0.9, 0.89, 0.88, 0.7, 0.65]), vectors)
    assert order[0] == 0
    assert set(order[1:3]) == {3, 4}
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert spread(np.arange(0), np.zeros(0), vectors[:0]) == []


def test_every_preset_is_a_set_of_weights() -> None:
    assert preset("dj") == DEFAULT
    assert all(preset(name).base > 0.5 for name in PRESETS)
    with pytest.raises(KeyError):
        preset("no such")
