from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recommend_support import DIM, LABELS, library, recommender

from segue.analysis.result import Key, Tempo, TrackAnalysis
from segue.errors import LibraryEmptyError, TrackNotFoundError
from segue.library.columns import Columns
from segue.recommend.recommender import Asked, Played, ProbeSeed, Ranking
from segue.recommend.weights import DEFAULT

KEY = DEFAULT.key / DEFAULT.base
ALIKE = Asked(weights=DEFAULT.changed({"tags": 0, "features": 0}))
present = {"present": np.ones(200, dtype=np.bool_)}


def ids(ranking: Ranking) -> list[int]:
    return [one.id for one in ranking.suggestions]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 120),
    st.integers(0, 10_000),
    st.integers(1, 30),
    st.sets(st.integers(1, 120), max_size=10),
    st.data(),
)
def test_what_always_holds(count: int, seed: int, limit: int, exclude: set[int], data: st.DataObject) -> None:
    columns = library(count, seed)
    track = data.draw(st.integers(1, count))
    others = [i for i in range(1, count + 1) if columns.present[i - 1] and i != track and i not in exclude]
    with recommender(columns) as (made, _, _index):
        if not others:
            with pytest.raises(LibraryEmptyError, match="no other track"):
                made.next(track, limit, exclude)
            return
        ranking = made.next(track, limit, exclude)
        again = made.next(track, limit, exclude)

    assert ranking == again
    assert track not in ids(ranking)
    assert set(ids(ranking)) <= set(others)
    assert len(set(ids(ranking))) == len(ids(ranking)) == min(limit, len(others))
    tags = columns.tags.astype(np.float32)
    levels = np.clip(np.quantile(tags, 0.8, axis=0), 0.1, 0.5)
    common = np.count_nonzero(tags >= levels, axis=0) > max(count / 2, 1)
    assert count < 4 or common[LABELS.index("music")]
    for one in ranking.suggestions:
        assert 0.0 <= one.score <= 1.0
        cosine = float(columns.vectors[one.id - 1] @ columns.vectors[track - 1])
        assert one.similarity == pytest.approx(cosine, abs=1e-5)
        both = np.minimum(columns.tags[track - 1], columns.tags[one.id - 1])
        assert all(both[LABELS.index(tag)] >= 0.0999 for tag in one.tags_in_common)
        order = [common[LABELS.index(tag)] for tag in one.tags_in_common]
        assert order == sorted(order), "what most tracks have comes last"


def test_a_score_is_made_of_similarity_key_and_tempo() -> None:
    columns = library(
        3,
        present=np.ones(3, dtype=np.bool_),
        vectors=np.eye(3, DIM, dtype=np.float32) * np.float32(0.6)
        + np.eye(1, DIM, 5, dtype=np.float32) * np.float32(0.8),
        bpm=np.array([120, 120, np.nan], dtype=np.float32),
        bpm_confidence=np.array([1, 1, 0], dtype=np.float32),
        camelot=np.array([14, 14, -1], dtype=np.int8),
        key_confidence=np.array([1, 1, 0], dtype=np.float32),
        tails=np.eye(3, DIM, dtype=np.float16),
        heads=np.eye(1, DIM, dtype=np.float16).repeat(3, axis=0),
        tags=np.zeros((3, len(LABELS)), dtype=np.float16),
        energy=np.full(3, 6, dtype=np.float32),
        features=np.full((3, 3), np.nan, dtype=np.float16),
    )
    with recommender(columns) as (made, _, _index):
        best, second = made.next(1, 10).suggestions
    assert (best.id, second.id) == (2, 3)
    assert best.similarity == pytest.approx(0.64, abs=1e-5)
    # The tail of the one is the head of the others; no tags, and features that nobody knows.
    alike = DEFAULT.similarity * 0.64 + DEFAULT.ends * 1.0 + DEFAULT.features * 0.5
    assert best.score == pytest.approx((alike + DEFAULT.key + DEFAULT.tempo) / DEFAULT.base, abs=1e-5)
    assert second.score == pytest.approx((alike + 0.5 * DEFAULT.key + 0.5 * DEFAULT.tempo) / DEFAULT.base, abs=1e-5)
    assert sum(best.parts.values()) == pytest.approx(best.score, abs=1e-3)


def four(**changes: object) -> Columns:
    """Equal tracks but for tempo and key."""
    columns = library(4, present=np.ones(4, dtype=np.bool_))
    same = {name: np.repeat(getattr(columns, name)[:1], 4, axis=0) for name in SAME}
    sure = {name: np.ones(4, np.float32) for name in ("bpm_confidence", "key_confidence")}
    apart = {"artist": np.zeros(4, np.uint64), "duration": np.arange(4, dtype=np.float32) * 10 + 100}
    return replace(columns, **same | sure | apart | changes)


def test_tempo_is_compared_with_what_is_heard() -> None:
    columns = four(bpm=np.array([120, 120, 126, 132], np.float32), camelot=np.full(4, 14, np.int8))
    with recommender(columns) as (made, _, _index):
        assert ids(made.next(1, 3)) == [2, 3, 4]
        faster = made.next(1, 3, played=Played(1.1))
        assert ids(faster) == [4, 3, 2]
    assert faster.notes == ["played at +10.0 %: 132.0 BPM"]
    assert faster.rate == 1.1
    assert "same tempo" in faster.suggestions[0].why
    assert "pitch +4.8 %" in faster.suggestions[1].why


def test_without_keylock_the_keys_are_those_that_are_heard() -> None:
    semitone = 2 ** (1 / 12)
    # One semitone faster, 8A sounds as 3A. The second is brought from 120 to that tempo and moves along, the third (3A) and the
    # fourth (8A) are as fast already and stay what they are.
    columns = four(
        bpm=np.array([120, 120, 120 * semitone, 120 * semitone], np.float32),
        camelot=np.array([14, 14, 4, 14], np.int8),
    )
    with recommender(columns) as (made, _, _index):
        kept = {one.id: one for one in made.next(1, 3, played=Played(semitone, keylock=True)).suggestions}
        moved = {one.id: one for one in made.next(1, 3, played=Played(semitone, keylock=False)).suggestions}
    assert kept[2].why.startswith("8A → 8A, pitch +5.9 %")
    assert moved[2].why.startswith("3A → 3A (as played), pitch +5.9 %")
    assert kept[2].score == pytest.approx(moved[2].score, abs=1e-4)
    assert kept[3].why.startswith("8A → 3A, same tempo")
    assert moved[3].why.startswith("3A → 3A (as played), same tempo")
    assert moved[4].why.startswith("3A → 8A (as played), same tempo")
    assert moved[3].score - kept[3].score == pytest.approx(KEY * (1.0 - 0.5), abs=1e-3)
    assert moved[4].score - kept[4].score == pytest.approx(KEY * (0.1 - 1.0), abs=1e-3)


def test_a_voice_over_a_voice_and_a_wide_step_of_energy_cost_a_little() -> None:
    tags = np.full((4, len(LABELS)), 0.05, np.float16)
    tags[:3, LABELS.index("vocal")] = 0.9
    columns = four(
        bpm=np.full(4, 120, np.float32),
        camelot=np.full(4, 14, np.int8),
        tags=tags,
        energy=np.array([5, 5, 10, 7], np.float32),
    )
    with recommender(columns) as (made, _, _index):
        best, sung, jump = made.next(1, 3, asked=ALIKE).suggestions
        silent = made.next(4, 3, asked=ALIKE).suggestions
    assert [best.id, sung.id, jump.id] == [4, 2, 3]
    assert best.score - sung.score == pytest.approx(0.04, abs=1e-5)
    assert sung.score - jump.score == pytest.approx(0.04, abs=1e-5)
    assert ["both have vocals" in one.why for one in (best, sung, jump)] == [False, True, True]
    assert not any("both have vocals" in one.why for one in silent)


def test_of_equal_tracks_the_one_whose_beginning_fits_the_seeds_end_comes_first() -> None:
    columns = library(30, present=np.ones(30, dtype=np.bool_))
    same = {name: np.repeat(getattr(columns, name)[:1], 30, axis=0) for name in SAME}
    heads = same["heads"].copy()
    heads[19] = same["tails"][8]
    columns = replace(columns, **same | {"heads": heads}, artist=np.zeros(30, np.uint64), duration=np.arange(30) * 10)
    with recommender(columns) as (made, _, _index):
        assert ids(made.next(9, 3)) == [20, 1, 2]


def test_unknown_tracks_and_empty_libraries_are_told_apart() -> None:
    with recommender(library(5, present=np.arange(5) == 0)) as (made, _, _index):
        with pytest.raises(TrackNotFoundError, match="#99"):
            made.next(99, 5)
        with pytest.raises(LibraryEmptyError):
            made.next(1, 5)
        assert ids(made.next(2, 5)) == [1]  # a missing track may be the seed


def test_a_copy_of_the_seed_is_never_suggested_and_a_copy_of_another_once() -> None:
    columns = library(60, present=np.ones(60, dtype=np.bool_), artist=np.zeros(60, dtype=np.uint64))
    vectors, duration = columns.vectors.copy(), columns.duration.copy()
    vectors[1], duration[1] = vectors[0], duration[0] + 0.9  # a copy of the seed
    vectors[2], duration[2] = vectors[0], duration[0] + 30  # an edit of it
    vectors[4], duration[4] = vectors[3], duration[3]
    with recommender(replace(columns, vectors=vectors, duration=duration)) as (made, _, _index):
        found = ids(made.next(1, 60))
    assert 2 not in found
    assert 3 in found
    assert len({4, 5} & set(found)) == 1
    assert len(found) == 57


def test_a_copy_does_not_empty_the_list() -> None:
    columns = library(9, present=np.arange(9) < 3)
    vectors, tags, duration = columns.vectors.copy(), np.zeros((9, len(LABELS)), np.float16), columns.duration.copy()
    vectors[1], duration[1] = vectors[0], duration[0]
    tags[:2, 0], tags[2, 1] = 0.9, 0.9
    with recommender(replace(columns, vectors=vectors, tags=tags, duration=duration)) as (made, _, _index):
        ranking = made.next(1, 1)
    assert ids(ranking) == [3]
    assert ranking.relaxed == ["a tag in common"]


def test_one_artist_does_not_fill_the_top() -> None:
    artist = np.where(np.arange(200) < 100, 7, np.arange(200)).astype(np.uint64)
    with recommender(library(200, artist=artist, **present)) as (made, _, _index):
        for track in (1, 50, 150):
            found = ids(made.next(track, 30))
            assert sum(artist[i - 1] == 7 for i in found[:10]) <= 2
            assert len(found) == 30
            assert sum(artist[i - 1] == 7 for i in found[10:]) > 2


def test_when_there_is_only_one_artist_the_list_is_full_all_the_same() -> None:
    with recommender(library(40, artist=np.full(40, 7, dtype=np.uint64), present=np.ones(40, dtype=np.bool_))) as (
        made,
        _,
        _i,
    ):
        ranking = made.next(1, 15)
    assert len(ranking.suggestions) == 15
    scores = [one.score for one in ranking.suggestions]
    assert scores[1:] == sorted(scores[1:], reverse=True), "the first is the one that mixes"


SAME = ("vectors", "heads", "tails", "tags", "features", "bpm", "bpm_confidence", "camelot", "key_confidence", "energy")


def test_equal_tracks_come_in_the_order_of_their_ids() -> None:
    columns = library(30, present=np.ones(30, dtype=np.bool_))
    same = {name: np.repeat(getattr(columns, name)[:1], 30, axis=0) for name in SAME}
    with recommender(replace(columns, **same, artist=np.zeros(30, np.uint64), duration=np.arange(30) * 10)) as (
        made,
        _,
        _i,
    ):
        assert ids(made.next(9, 12)) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13]


def analysis(**changes: object) -> TrackAnalysis:
    columns = library(1)
    made = TrackAnalysis(
        duration=200.0,
        tempo=Tempo(87.0, 0.3, (174.0,)),
        key=Key("A minor", "8A", 0.9),
        energy=6.0,
        loudness=-9.0,
        features={},
        tags={"house": 0.9, "music": 0.9, "never heard of": 0.9},
        vector=columns.vectors[0],
        model="networks-1",
        tiled=True,
        head=columns.vectors[0],
        tail=columns.vectors[0],
    )
    return replace(made, **changes)


def test_a_file_in_no_library_is_a_seed_with_its_doubts() -> None:
    with recommender(library(200, **present)) as (made, _, _index):
        ranking = made.similar(ProbeSeed.of(analysis()), 10)
        assert len(ranking.suggestions) == 10
        assert ranking.notes == ["shorter than one window", "tempo unsure: 87 or 174"]
        assert ranking.tags == ["house", "music"]
        silent = analysis(tempo=Tempo(None, 0.0), key=Key(None, None, 0.0), tags={}, tiled=False)
        ranking = made.similar(ProbeSeed.of(silent), 10)
        assert ranking.notes == ["tempo unknown", "key unknown"]
        assert ranking.relaxed == []
        assert len(ranking.suggestions) == 10


def test_what_was_relaxed_is_said() -> None:
    with recommender(library(200, **present)) as (made, _, _index):
        assert made.next(1, 5).relaxed == []
        assert made.next(1, 190).relaxed[-1] == "a tag in common"


def test_it_answers_while_the_library_changes() -> None:
    columns = library(600, present=np.ones(600, dtype=np.bool_))
    stop, failures = threading.Event(), []
    with recommender(library(200, **present)) as (made, catalogue, index):

        def ask() -> None:
            while not stop.is_set():
                ranking = made.next(1, 10)
                if len(ranking.suggestions) != 10 or 1 in ids(ranking):
                    failures.append(ranking)

        reader = threading.Thread(target=ask)
        reader.start()
        try:
            for start in range(200, 600, 20):
                catalogue.upsert(columns.take(slice(start, start + 20)))
                index.upsert(range(start + 1, start + 21), start)
                catalogue.remove([start - 100])
                index.remove([start - 100], start)
        finally:
            stop.set()
            reader.join()
    assert not failures
