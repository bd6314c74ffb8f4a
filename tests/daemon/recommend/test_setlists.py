from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journey_support import ids, lengths_of, sure, terrain
from recommend_support import library

from segue.errors import InvalidParamsError, LibraryEmptyError
from segue.recommend import arc, setlist
from segue.recommend.arc import Arc
from segue.recommend.journeys import TOO_SHORT, make_set
from segue.recommend.recommender import PLAYED_ALREADY
from segue.recommend.tonight import Tonight

EVENING = arc.parse("warmup-peak-down")


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 50),
    st.integers(0, 10_000),
    st.floats(5, 90),
    st.sampled_from(["warmup-peak-down", "plateau", "3,9,3"]),
    st.sets(st.integers(1, 50), max_size=8),
    st.data(),
)
def test_what_always_holds(
    count: int, seed: int, minutes: float, shape: str, played: set[int], data: st.DataObject
) -> None:
    columns = library(count, seed)
    start, end = (
        data.draw(st.none() | st.just(track)) for track in data.draw(st.permutations(range(1, count + 1)))[:2]
    )
    ground = terrain(columns, tonight=Tonight(tuple(played)))
    there = [track for track in range(1, count + 1) if columns.present[track - 1]]
    usable = [track for track in there if track not in played]
    lengths = lengths_of(ground.snapshot)
    if not set(usable) - {start, end}:
        usable = there
    if start is None and end is None and not there:
        with pytest.raises(LibraryEmptyError, match="no track"):
            make_set(ground, arc.parse(shape), 60 * minutes, lengths)
        return
    made, again = (make_set(ground, arc.parse(shape), 60 * minutes, lengths, start, end) for _ in range(2))

    assert made == again
    assert made.stages
    assert start in {None, ids(made)[0]}
    assert end in {None, ids(made)[-1]}
    assert len(set(ids(made))) == len(ids(made)), "no track twice"
    assert set(ids(made)) - {start, end} <= set(usable)
    begins = [stage.begins for stage in made.stages]
    assert begins[0] == 0.0
    assert all(before is not None and after is not None and before < after for before, after in pairwise(begins))
    short = any("there are no more tracks" in one for one in made.relaxed)
    assert made.seconds is not None
    assert begins[-1] is not None
    whole = columns.duration[[track - 1 for track in ids(made)]].astype(float)
    assert made.seconds == pytest.approx(begins[-1] + whole[-1])
    assert (
        short
        or len(made.stages) <= 2
        or abs(made.seconds - 60 * minutes) <= max(whole.max(), np.median(columns.duration))
    )
    if short:
        assert set(ids(made)) | {start, end} >= set(usable) or len(made.stages) > 1


@pytest.mark.parametrize("shape", ["warmup-peak-down", "build", "warmup-build-peak-plateau", "8,3,8", "down-after"])
@pytest.mark.parametrize("minutes", [60, 150])
def test_the_energy_follows_the_arc_and_every_step_mixes(shape: str, minutes: int) -> None:
    columns = sure(1500)
    ground = terrain(columns)
    made = make_set(ground, arc.parse(shape), 60 * minutes, lengths_of(ground.snapshot))
    assert made.relaxed == []
    asked = np.array([stage.arc for stage in made.stages], float)
    heard = columns.energy[[track - 1 for track in ids(made)]].astype(float)
    assert np.abs(asked - heard).mean() < 1.2
    assert np.corrcoef(asked.argsort().argsort(), heard.argsort().argsort())[0, 1] > 0.8
    assert all(stage.why is not None and stage.why.blend.mixes for stage in made.stages[1:])
    assert made.seconds == pytest.approx(60 * minutes, abs=200)


def test_an_arc_beyond_the_music_is_fitted_and_said() -> None:
    ground = terrain(sure(300, energy=np.random.default_rng(0).uniform(4, 6, 300).astype(np.float32)))
    made = make_set(ground, EVENING, 3600, lengths_of(ground.snapshot))
    assert made.relaxed == ["the arc goes from energy 4.0 to 6.0: there is no other music"]
    heard = ground.snapshot.facts.energy[[track - 1 for track in ids(made)]]
    assert heard[0] < 4.8
    assert heard[len(heard) // 2] > 5.4


def test_where_the_next_track_comes_in_is_counted() -> None:
    ground = terrain(sure(400))
    long, short = (
        make_set(ground, EVENING, 3600, lengths_of(ground.snapshot, overlap), start=1) for overlap in (5.0, 90.0)
    )
    assert len(short.stages) > len(long.stages)
    for made in (long, short):
        assert made.seconds == pytest.approx(3600, abs=210)


def test_a_set_leads_to_its_end() -> None:
    columns = sure(900, bpm=np.random.default_rng(4).uniform(110, 140, 900).astype(np.float32))
    columns.bpm[:2] = (112, 138)
    ground = terrain(columns)
    made = make_set(ground, Arc((6.0,)), 3600, lengths_of(ground.snapshot), 1, 2)
    tempi = columns.bpm[[track - 1 for track in ids(made)]]
    assert (ids(made)[0], ids(made)[-1]) == (1, 2)
    assert made.relaxed == []
    assert tempi[-3] > 126
    assert made.seconds == pytest.approx(3600, abs=250)


def test_filters_are_given_up_last_first_when_the_set_would_be_too_short() -> None:
    columns = sure(60)
    crate, rating = np.arange(60) < 25, np.arange(60) < 3
    ground = terrain(columns, filters=[("crates", crate), ("ratings", rating)])
    made = make_set(ground, EVENING, 3600, lengths_of(ground.snapshot))
    assert set(ids(made)) <= set(range(1, 26))
    assert made.relaxed[0] == "ratings"
    assert "crates" not in made.relaxed


@pytest.mark.parametrize("ends", [{}, {"start": 3}, {"end": 3}, {"start": 3, "end": 4}])
@pytest.mark.parametrize("minutes", [5, 30])
def test_filters_that_leave_nothing_are_given_up_in_their_order(ends: dict[str, int], minutes: int) -> None:
    nothing, all_played = np.zeros(60, np.bool_), np.arange(60) < 2
    ground = terrain(sure(60), filters=[("crate Box", all_played), ("stars", nothing)], tonight=Tonight((1, 2)))
    made = make_set(ground, EVENING, 60 * minutes, lengths_of(ground.snapshot), **ends)
    assert made.stages
    assert not {1, 2} & set(ids(made))
    if minutes == 30 or not ends:
        assert made.relaxed[:2] == ["stars", "crate Box"]


def test_a_library_that_is_too_small_is_said() -> None:
    ground = terrain(sure(4, artist=np.arange(1, 5, dtype=np.uint64)))
    made = make_set(ground, Arc((6.0,)), 7200, lengths_of(ground.snapshot))
    assert len(made.stages) == 4
    assert made.seconds is not None
    assert f"{made.seconds / 60:.0f} of 120 minutes: there are no more tracks" in made.relaxed


def test_a_set_from_a_track_to_itself_makes_no_sense() -> None:
    ground = terrain(sure(5))
    with pytest.raises(InvalidParamsError, match="twice"):
        make_set(ground, EVENING, 3600, lengths_of(ground.snapshot), 3, 3)


def test_of_music_that_nothing_is_known_of_a_set_is_made_all_the_same() -> None:
    nothing = np.full(40, np.nan, np.float32)
    ground = terrain(sure(40, bpm=nothing, energy=nothing, camelot=np.full(40, -1, np.int8)))
    made = make_set(ground, EVENING, 1800, lengths_of(ground.snapshot))
    assert made.seconds == pytest.approx(1800, abs=210)


def test_when_all_was_played_tonight_it_comes_again_and_that_is_said() -> None:
    ground = terrain(sure(12), tonight=Tonight(tuple(range(1, 13))))
    made = make_set(ground, EVENING, 1200, lengths_of(ground.snapshot))
    assert made.relaxed[0] == PLAYED_ALREADY
    assert made.seconds == pytest.approx(1200, abs=210)
    begun = make_set(ground, EVENING, 1200, lengths_of(ground.snapshot), start=3)
    assert begun.relaxed[0] == PLAYED_ALREADY
    assert begun.seconds == pytest.approx(1200, abs=210)


def test_too_little_that_was_not_played_is_said_as_that() -> None:
    ground = terrain(sure(12), tonight=Tonight(tuple(range(1, 11))))
    made = make_set(ground, EVENING, 7200, lengths_of(ground.snapshot))
    assert len(made.stages) <= 2
    assert any(one.endswith("there are no more tracks that were not played already") for one in made.relaxed)


def test_what_is_shorter_than_a_track_comes_only_where_there_is_nothing_else() -> None:
    seconds = np.full(40, 12.0, np.float32)
    seconds[:8] = 240.0
    ground = terrain(sure(40, duration=seconds))
    made = make_set(ground, EVENING, 3600, lengths_of(ground.snapshot))
    assert set(ids(made)) <= set(range(1, 9))
    assert TOO_SHORT not in made.relaxed
    ground = terrain(sure(40, duration=np.full(40, 12.0, np.float32)))
    assert make_set(ground, EVENING, 300, lengths_of(ground.snapshot, 1.0)).relaxed[0] == TOO_SHORT


@pytest.mark.parametrize("ends", [{}, {"start": 3, "end": 4}])
def test_a_set_has_an_end_however_short_its_tracks_are(ends: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setlist, "MOST_TRACKS", 20)
    crate = np.arange(200) < 100
    ground = terrain(sure(200, duration=np.full(200, 60.0, np.float32)), filters=[("crate Box", crate)])
    made = make_set(ground, EVENING, 7200, lengths_of(ground.snapshot), **ends)
    assert 19 <= len(made.stages) == len(set(ids(made))) <= 20
    assert set(ids(made)) <= set(range(1, 101))  # the filter holds: without it the set would be no longer
    assert any(one.endswith("of 120 minutes: a set has at most 20 tracks") for one in made.relaxed)


def test_the_arc_is_for_the_music_that_there_is() -> None:
    ground = terrain(sure(30, artist=np.arange(1, 31, dtype=np.uint64)))
    made = make_set(ground, arc.parse("3,9,3"), 12 * 3600, lengths_of(ground.snapshot))
    heard = ground.snapshot.facts.energy[[track - 1 for track in ids(made)]]
    assert len(made.stages) >= 25
    third = len(heard) // 3
    assert heard[third:-third].mean() > max(heard[:third].mean(), heard[-third:].mean()) + 1
    assert any("of 720 minutes" in one for one in made.relaxed)
