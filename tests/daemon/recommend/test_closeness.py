"""Which records a file is compared with, and what sounds like a section of it."""

import numpy as np
import pytest
from recommend_support import DIM, library, recommender

from segue.errors import LibraryEmptyError
from segue.recommend.by_section import like_section
from segue.recommend.catalogue import Catalogue
from segue.recommend.closeness import nearest_parts, sounding_like
from segue.recommend.recommender import ProbeSeed
from segue.recommend.seed import seed_of


@pytest.fixture(scope="module")
def snapshot():
    return Catalogue(library(6000, present=np.ones(6000, np.bool_))).snapshot()


def unit(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.standard_normal((count, DIM))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_each_window_names_the_record_it_is_nearest_to(snapshot) -> None:
    """Seventy windows: one is the beginning of a record, one the end of another, sixty-eight are all like a third."""
    facts, rng = snapshot.facts, np.random.default_rng(1)
    windows = np.tile(snapshot.rows.vectors[99], (70, 1)) + 0.01 * unit(rng, 70)
    windows[40], windows[69] = facts.heads[4000].astype(np.float32), facts.tails[5999].astype(np.float32)
    found = sounding_like(snapshot, windows, snapshot.suggestable, 8)
    assert len(found.rows) == 8
    assert {99, 4000, 5999} <= set(found.rows.tolist())
    at = dict(zip(found.rows.tolist(), found.windows.tolist(), strict=True))
    assert (at[4000], at[5999]) == (40, 69)
    assert np.all(np.diff(found.similarity) <= 0)
    assert found.similarity[0] > 0.999


def test_similarity_is_the_best_of_whole_and_ends(snapshot) -> None:
    windows = unit(np.random.default_rng(2), 3)
    found = sounding_like(snapshot, windows, snapshot.suggestable, 5)
    for row, window, similarity in zip(*found, strict=True):
        parts = (snapshot.rows.vectors[row], snapshot.facts.heads[row], snapshot.facts.tails[row])
        cosines = np.array([[float(part.astype(np.float32) @ one) for part in parts] for one in windows])
        assert similarity == pytest.approx(cosines.max(), abs=1e-3)
        assert cosines.max(axis=1).argmax() == window


@pytest.mark.parametrize("count", [0, 3])
def test_only_what_is_allowed_is_compared(snapshot, count: int) -> None:
    allowed = np.zeros(6000, np.bool_)
    allowed[[7, 4500]] = True
    found = sounding_like(snapshot, unit(np.random.default_rng(3), 2), allowed, count)
    assert set(found.rows.tolist()) == ({7, 4500} if count else set())
    assert len(sounding_like(snapshot, np.zeros((0, DIM), np.float32), allowed, 3).rows) == 0


@pytest.mark.parametrize(("part", "name"), [("intro", "heads"), ("outro", "tails"), ("drop", "vectors")])
def test_a_section_is_compared_with_the_part_that_it_is(snapshot, part: str, name: str) -> None:
    vectors = (snapshot.rows.vectors if name == "vectors" else getattr(snapshot.facts, name)).astype(np.float32)
    rows, cosines = nearest_parts(snapshot, vectors[321], part, snapshot.suggestable, 10)
    assert rows[0] == 321
    exact = vectors @ vectors[321]
    np.testing.assert_allclose(cosines, np.sort(exact)[::-1][:10], atol=1e-3)


def test_what_sounds_like_a_section(snapshot) -> None:
    with recommender(library(400, present=np.ones(400, np.bool_))) as (asked, _, _):
        view = asked.snapshot()
        seed = seed_of(view, 5)
        head = view.facts.heads[200].astype(np.float32)
        ranking = like_section(view, seed, "intro", head, 10)
        assert ranking.suggestions[0].id == 201
        assert ranking.suggestions[0].similarity == pytest.approx(1.0, abs=1e-3)
        ids = [one.id for one in ranking.suggestions]
        assert 5 not in ids
        assert len(set(ids)) == 10
        assert ranking == like_section(view, seed, "intro", head, 10)
        others = like_section(view, seed, "intro", head, 10, exclude=[201])
        assert 201 not in [one.id for one in others.suggestions]


def test_private_tracks_sound_like_nothing() -> None:
    private = np.zeros(40, np.bool_)
    private[:20] = True
    columns = library(40, present=np.ones(40, np.bool_), private=private)
    view = Catalogue(columns).snapshot()
    seed = ProbeSeed(vector=columns.vectors[0], tags={})
    ids = {one.id for one in like_section(view, seed, "drop", columns.vectors[0], 40).suggestions}
    assert ids
    assert min(ids) > 20


def test_an_empty_library_has_nothing_to_compare_with() -> None:
    view = Catalogue(library(1, present=np.ones(1, np.bool_))).snapshot()
    with pytest.raises(LibraryEmptyError):
        like_section(view, seed_of(view, 1), "drop", view.rows.vectors[0], 5)
