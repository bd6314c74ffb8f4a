from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journey_support import ids, sure, terrain
from recommend_support import DIM, library

from segue.errors import InvalidParamsError, TrackNotFoundError
from segue.recommend.journeys import make_path
from segue.recommend.memory import Memory, Transition
from segue.recommend.tonight import Tonight


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 60), st.integers(0, 10_000), st.integers(1, 12), st.sets(st.integers(1, 60), max_size=8), st.data()
)
def test_what_always_holds(count: int, seed: int, steps: int, played: set[int], data: st.DataObject) -> None:
    columns = library(count, seed)
    start, end = data.draw(st.permutations(range(1, count + 1)))[:2]
    ground = terrain(columns, tonight=Tonight(tuple(played)))
    made, again = (make_path(ground, start, end, steps) for _ in range(2))

    assert ids(made) == ids(again)
    assert made == again
    assert (ids(made)[0], ids(made)[-1]) == (start, end)
    between = ids(made)[1:-1]
    assert len(set(ids(made))) == len(ids(made)), "no track twice"
    assert not set(between) & played
    assert all(columns.present[track - 1] for track in between)
    others = [
        track
        for track in range(1, count + 1)
        if columns.present[track - 1] and track not in {start, end} and track not in played
    ]
    assert len(between) == min(steps - 1, len(others))
    assert any("there are no more tracks" in one for one in made.relaxed) == (len(between) < steps - 1)
    assert made.stages[0].why is None
    for step, stage in enumerate(made.stages[1:], start=1):
        assert stage.why is not None
        assert stage.why.blend.mixes != (f"step {step}: no track that mixes" in made.relaxed)


def test_every_step_mixes_where_the_music_allows() -> None:
    ground = terrain(sure(400))
    for start, end in ((1, 2), (3, 77), (200, 399)):
        made = make_path(ground, start, end, 8)
        assert len(made.stages) == 9
        assert made.relaxed == []
        for stage in made.stages[1:]:
            assert stage.why is not None
            assert stage.why.blend.mixes
            assert stage.why.blend.pitch is not None
            assert abs(stage.why.blend.pitch) <= 6.4


def test_the_tempo_is_led_from_the_start_to_the_end() -> None:
    columns = sure(600, bpm=np.random.default_rng(4).uniform(110, 180, 600).astype(np.float32))
    columns.bpm[:2] = (120, 172)
    columns.camelot[:] = 14
    made = make_path(terrain(columns), 1, 2, 8)
    tempi = [float(columns.bpm[track - 1]) for track in ids(made)]
    assert made.relaxed == []
    assert all(abs(after / before - 1) <= 0.0601 for before, after in pairwise(tempi))


def test_a_jump_that_no_music_bridges_is_said() -> None:
    columns = sure(
        60, bpm=np.where(np.arange(60) < 30, 100.0, 140.0).astype(np.float32), camelot=np.full(60, 14, np.int8)
    )
    made = make_path(terrain(columns), 1, 60, 5)
    assert len([one for one in made.relaxed if "no track that mixes" in one]) == 1, "one jump, not two"


def test_half_time_is_a_way() -> None:
    columns = sure(80, bpm=np.full(80, 87.0, np.float32), camelot=np.full(80, 14, np.int8))
    columns.bpm[1] = 174.0
    made = make_path(terrain(columns), 1, 2, 4)
    assert made.relaxed == []


def test_no_version_and_no_copy_comes_twice() -> None:
    columns = sure(30)
    columns.work[:15] = 99
    columns.vectors[:15] = columns.vectors[0] + 0.05 * columns.vectors[15:]
    columns.vectors[:15] /= np.linalg.norm(columns.vectors[:15], axis=1, keepdims=True)
    columns.vectors[20:25], columns.duration[20:25] = columns.vectors[20], columns.duration[20]
    made = make_path(terrain(columns), 1, 30, 29)
    assert sum(track <= 15 for track in ids(made)) == 1
    assert sum(21 <= track <= 25 for track in ids(made)) == 1
    assert len(ids(made)) == 30 - 14 - 4
    assert "11 of 29 steps: there are no more tracks" in made.relaxed


def test_a_version_of_what_was_played_tonight_does_not_come() -> None:
    columns = sure(20)
    columns.work[4:8], columns.vectors[4:8] = 99, columns.vectors[4]
    made = make_path(terrain(columns, tonight=Tonight((5,))), 1, 20, 19)
    assert not {5, 6, 7, 8} & set(ids(made))


def test_artists_are_spaced_while_there_are_others() -> None:
    ground = terrain(sure(120, artist=np.repeat(np.arange(1, 31), 4).astype(np.uint64)))
    artist = ground.snapshot.facts.artist
    for end in range(10, 60, 7):
        made = make_path(ground, 1, end, 10)
        assert all(artist[a - 1] != artist[b - 1] for a, b in pairwise(ids(made)))


def test_an_artist_again_is_said() -> None:
    made = make_path(terrain(sure(6, artist=np.full(6, 5, np.uint64))), 1, 2, 2)
    assert [one for one in made.relaxed if "artist" in one] == [
        "step 1: the same artist again",
        "step 2: the same artist again",
    ]


def test_filters_are_given_up_last_first() -> None:
    columns = sure(40)
    crate, folder = np.arange(40) < 12, np.arange(40) < 3
    made = make_path(terrain(columns, filters=[("crates", crate), ("folders", folder)]), 30, 31, 6)
    assert len(made.stages) == 7
    assert set(ids(made)[1:-1]) <= set(range(1, 13))
    assert made.relaxed[0] == "folders"
    assert "crates" not in made.relaxed


def test_a_learned_pair_is_taken() -> None:
    columns = sure(
        60, camelot=np.full(60, 14, np.int8), bpm=np.full(60, 124, np.float32), energy=np.full(60, 6, np.float32)
    )
    columns.vectors[:] = np.eye(1, DIM)
    columns.vectors[:2] += np.eye(2, DIM, 1)
    columns.vectors[:] /= np.linalg.norm(columns.vectors, axis=1, keepdims=True)
    columns.tags[:], columns.heads[:], columns.tails[:] = columns.tags[0], columns.vectors, columns.vectors
    columns.features[:] = columns.features[0]
    memory = Memory.of([Transition(1, 33, 1.0), Transition(1, 33, 1.0), Transition(33, 2, 1.0), Transition(33, 2, 1.0)])
    made = make_path(terrain(columns, memory=memory), 1, 2, 2)
    assert ids(made) == [1, 33, 2]
    assert made.stages[1].why is not None
    assert made.stages[1].why.proven == 2


def test_a_path_to_where_one_is_makes_no_sense() -> None:
    with pytest.raises(InvalidParamsError, match="same track"):
        make_path(terrain(sure(5)), 2, 2, 3)


@pytest.mark.parametrize("pair", [(1, 99), (99, 1)])
def test_an_unknown_track_is_not_found(pair: tuple[int, int]) -> None:
    with pytest.raises(TrackNotFoundError):
        make_path(terrain(sure(5)), *pair, 3)


def test_without_any_tempo_or_key_there_is_a_path_that_says_so() -> None:
    columns = sure(40, bpm=np.full(40, np.nan, np.float32), camelot=np.full(40, -1, np.int8))
    made = make_path(terrain(columns), 1, 2, 4)
    assert len(made.stages) == 5
    assert made.relaxed == [f"step {step}: no track that mixes" for step in range(1, 5)]
