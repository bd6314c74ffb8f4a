from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from index_support import clustered, naive, rows_of

from segue.index import hnsw
from segue.index.hnsw import Graph

DIM = 24


def graph_of(vectors: np.ndarray, first_id: int = 1) -> Graph:
    graph = Graph(vectors.shape[1])
    graph.add(np.arange(first_id, first_id + len(vectors)), vectors)
    return graph


def test_an_empty_graph_answers_and_can_be_filled() -> None:
    graph, vectors = Graph(DIM), clustered(3, DIM)
    assert graph.search(vectors[0], 5).tolist() == []
    graph.add(np.empty(0, dtype=np.int64), np.empty((0, DIM), dtype=np.float32))
    graph.add(np.array([7]), vectors[:1])
    assert graph.search(vectors[0], 5).tolist() == [7]


@pytest.mark.parametrize(
    "vectors",
    [
        np.full((1, DIM), np.nan, dtype=np.float32),
        np.full((1, DIM), np.inf, dtype=np.float32),
        np.zeros((1, DIM), dtype=np.float32),
        np.ones((1, DIM), dtype=np.float32),
        np.eye(1, DIM + 1, dtype=np.float32),
        np.eye(1, DIM, dtype=np.float32)[0],
    ],
    ids=["nan", "inf", "zero", "long", "other-dim", "flat"],
)
def test_what_is_no_unit_vector_is_refused(vectors: np.ndarray) -> None:
    graph = graph_of(clustered(5, DIM))
    with pytest.raises(ValueError, match="vector"):
        graph.add(np.array([9]), vectors)
    assert graph.count == 5
    assert 9 not in graph.search(clustered(5, DIM)[0], 5)


def test_it_finds_nearly_what_exact_search_finds() -> None:
    vectors = clustered(2000, DIM)
    rows, graph = rows_of(vectors), graph_of(vectors)
    hits = [len(set(graph.search(v, 50)[:10]) & set(naive(rows, v, 10))) for v in vectors[::100]]
    assert np.mean(hits) / 10 >= 0.99


def test_a_removed_track_is_not_found_and_may_come_back() -> None:
    vectors = clustered(50, DIM)
    graph = graph_of(vectors)
    assert graph.remove([3, 3, 99]) == 1
    assert 3 not in graph.search(vectors[2], 49)
    assert (graph.count, graph.tombstones) == (49, 1)
    graph.add(np.array([3]), vectors[2:3])
    assert graph.search(vectors[2], 1).tolist() == [3]
    assert (graph.count, graph.tombstones) == (50, 1)


def test_a_track_with_a_new_vector_is_found_there_only() -> None:
    vectors = clustered(50, DIM)
    graph = graph_of(vectors)
    graph.add(np.array([1]), -vectors[:1])
    assert graph.search(-vectors[0], 1).tolist() == [1]
    assert graph.search(vectors[0], 50).tolist().count(1) == 1


def test_it_grows_beyond_its_first_capacity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hnsw, "SPARE", 8)
    vectors = clustered(100, DIM)
    graph = Graph(DIM)
    for at in range(100):
        graph.add(np.array([at]), vectors[at : at + 1])
    assert all(graph.search(vectors[at], 1).tolist() == [at] for at in range(100))


def test_a_loaded_graph_is_the_same_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hnsw, "SPARE", 1)
    vectors = clustered(60, DIM)
    graph = graph_of(vectors[:50])
    graph.remove([5])
    register = graph.save(tmp_path / "graph")

    loaded = Graph.load(tmp_path / "graph", DIM, register)
    assert (loaded.count, loaded.tombstones) == (49, 1)
    assert [loaded.search(v, 20).tolist() for v in vectors] == [graph.search(v, 20).tolist() for v in vectors]
    loaded.add(np.arange(101, 111), vectors[50:])  # capacity and ef are not what the file says
    assert [loaded.search(v, 1)[0] for v in vectors[50:]] == list(range(101, 111))
    assert loaded.remove([5]) == 0


def test_a_register_of_another_length_is_refused(tmp_path: Path) -> None:
    register = graph_of(clustered(10, DIM)).save(tmp_path / "graph")
    with pytest.raises(ValueError, match="lengths"):
        Graph.load(tmp_path / "graph", DIM, register[:-1])


def test_a_vector_that_is_not_the_one_added_is_noticed() -> None:
    vectors = clustered(20, DIM)
    graph = graph_of(vectors, first_id=0)
    now = vectors.copy()
    now[7] = np.nextafter(now[7], 1)
    assert graph.differing(np.arange(20), now) == [7]
    assert graph.differing(np.arange(20)[::-1].copy(), vectors[::-1]) == []


def test_it_knows_what_it_lacks_and_what_it_has_beyond() -> None:
    graph = graph_of(clustered(5, DIM))
    assert graph.lacks([9, 1, 8]) == [9, 8]
    assert graph.beyond([1, 2, 9]) == [3, 4, 5]
