from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from index_support import Source, clustered, naive, rows_of

from segue.index import cache, vectors
from segue.index.rows import Rows
from segue.index.vectors import VectorIndex

DIM = 24
MODEL = "networks-1"


@pytest.fixture
def through_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small libraries go through the graph too, so that its answers are what is tested."""
    monkeypatch.setattr(vectors, "EXACT_ROWS", 0)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., VectorIndex]]:
    indexes: list[VectorIndex] = []

    def open_index(source: Source, *, dim: int = DIM, model: str = MODEL, generation: int = 1) -> VectorIndex:
        index = VectorIndex(tmp_path / "index", dim=dim, model=model)
        index.open(source, generation)
        indexes.append(index)
        return index

    yield open_index
    for index in indexes:
        index.close()


def ids_found(
    index: VectorIndex, rows: Rows, vector: np.ndarray, k: int = 10, allowed: np.ndarray | None = None
) -> list[int]:
    found, _ = index.search(rows, vector, k, allowed)
    return rows.ids[found.rows].tolist()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with suppress(cache.CacheUnusableError):  # nothing is saved yet
            if holds():
                return
        time.sleep(0.02)
    pytest.fail("it did not come about within thirty seconds")


Open = Callable[..., VectorIndex]


def test_an_empty_library_is_empty_and_can_grow(opened: Open) -> None:
    source = Source(rows_of(np.empty((0, DIM), dtype=np.float32)))
    index = opened(source)
    assert ids_found(index, source.rows(), clustered(1, DIM)[0]) == []
    assert index.state().state == "empty"
    assert index.wait(10)
    source.show(rows_of(clustered(3, DIM)))
    index.upsert([1, 2, 3], 2)
    assert set(ids_found(index, source.rows(), clustered(1, DIM)[0])) == {1, 2, 3}
    assert index.wait(10)
    assert (index.state().state, index.state().vectors, index.state().generation) == ("ready", 3, 2)


def test_another_dimension_is_refused(opened: Open) -> None:
    with pytest.raises(ValueError, match="numbers"):
        opened(Source(rows_of(clustered(3, DIM + 1))))


def test_the_first_answer_is_exact_and_waits_for_nothing(opened: Open, through_graph: None) -> None:
    source = Source(rows_of(clustered(3000, DIM)))
    index = opened(source)
    rows, vector = source.rows(), source.rows().vectors[5]
    assert ids_found(index, rows, vector) == naive(rows, vector, 10)
    assert index.wait(60)
    assert index.search(rows, vector, 10)[1] == "hnsw"


@pytest.mark.slow
@pytest.mark.parametrize("share", [1.0, 0.5, 0.2, 0.05, 0.01])
def test_recall_at_ten(large: tuple[Source, VectorIndex], share: float) -> None:
    source, index = large
    rows, rng = source.rows(), np.random.default_rng(int(share * 100))
    allowed = rng.random(len(rows.ids)) < share
    hits = []
    for seed in rng.integers(0, len(rows.ids), 30):
        vector = rows.vectors[seed]
        hits.append(len(set(ids_found(index, rows, vector, 10, allowed)) & set(naive(rows, vector, 10, allowed))))
    assert np.mean(hits) / 10 >= 0.99


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Source, VectorIndex]]:
    source = Source(rows_of(clustered(20_000, DIM)))
    index = VectorIndex(tmp_path_factory.mktemp("large"), dim=DIM, model=MODEL)
    index.open(source, 1)
    assert index.wait(120)
    yield source, index
    index.close()


def test_a_large_pool_goes_through_the_graph_and_a_small_one_does_not(large: tuple[Source, VectorIndex]) -> None:
    source, index = large
    rows = source.rows()
    half = np.arange(len(rows.ids)) % 2 == 0
    assert index.search(rows, rows.vectors[0], 20, half)[1] == "hnsw"
    few = np.arange(len(rows.ids)) % 50 == 0
    assert index.search(rows, rows.vectors[0], 20, few)[1] == "exact"


def test_a_new_track_is_found_at_once(opened: Open, through_graph: None) -> None:
    made = clustered(600, DIM)
    source = Source(rows_of(made[:500]))
    index = opened(source)
    assert index.wait(60)
    source.show(rows_of(made))
    index.upsert(range(501, 601), 2)
    for at in range(500, 600):
        assert ids_found(index, source.rows(), made[at], 1) == [at + 1]


def test_a_removed_track_is_never_found(opened: Open, through_graph: None) -> None:
    made = clustered(500, DIM)
    source = Source(rows_of(made))
    index = opened(source)
    assert index.wait(60)
    alive = np.ones(500, dtype=np.bool_)
    alive[100:110] = False
    source.show(Rows.of(np.arange(1, 501), made, alive))
    for at in range(100, 110):
        assert at + 1 not in ids_found(index, source.rows(), made[at])
    index.remove(range(101, 111), 2)
    for at in range(100, 110):
        assert ids_found(index, source.rows(), made[at]) == naive(source.rows(), made[at], 10)


def test_a_new_vector_counts_at_once(opened: Open, through_graph: None) -> None:
    made = clustered(500, DIM)
    source = Source(rows_of(made))
    index = opened(source)
    assert index.wait(60)
    now = made.copy()
    now[3] = -made[3]
    source.show(rows_of(now))
    index.upsert([4], 2)
    assert ids_found(index, source.rows(), now[3], 1) == [4]
    assert index.wait(10)
    found, _ = index.search(source.rows(), now[3], 1)
    assert found.cosines[0] == pytest.approx(1.0, abs=1e-5)


def test_a_fifth_of_tombstones_makes_it_build_anew(
    opened: Open, through_graph: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(vectors, "FEW_MISSING", 10)
    made = clustered(500, DIM)
    source = Source(rows_of(made))
    index = opened(source)
    assert index.wait(60)
    alive = np.arange(500) >= 120
    source.show(Rows.of(np.arange(1, 501), made, alive))
    index.remove(range(1, 121), 2)
    until(lambda: cache.read_manifest(tmp_path / "index").labels == 380)
    assert index.wait(10)
    assert ids_found(index, source.rows(), made[5]) == naive(source.rows(), made[5], 10)


def test_a_restart_takes_the_saved_graph(opened: Open, through_graph: None, caplog: pytest.LogCaptureFixture) -> None:
    source = Source(rows_of(clustered(500, DIM)))
    first = opened(source)
    assert first.wait(60)
    first.close()
    caplog.set_level("INFO")
    caplog.clear()
    second = opened(source)
    assert second.wait(60)
    assert not caplog.records
    vector = source.rows().vectors[7]
    assert ids_found(second, source.rows(), vector) == naive(source.rows(), vector, 10)
    assert second.search(source.rows(), vector, 10)[1] == "hnsw"


@pytest.mark.parametrize("few", [10_000, 0], ids=["few", "many"])
def test_what_changed_while_it_was_closed_is_noticed(
    opened: Open, through_graph: None, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    made = clustered(600, DIM)
    source = Source(rows_of(made[:500]))
    first = opened(source)
    assert first.wait(60)
    first.close()
    monkeypatch.setattr(vectors, "FEW_MISSING", few)
    now, alive = made.copy(), np.ones(600, dtype=np.bool_)
    now[20] = -made[20]
    alive[30] = False
    source.show(Rows.of(np.arange(1, 601), now, alive))
    second = opened(source, generation=1)  # the same generation: it is not what is trusted
    rows = source.rows()
    for _ in range(2):
        for at in (20, 30, 31, 555):
            assert ids_found(second, rows, now[at]) == naive(rows, now[at], 10)
        assert second.wait(60)
    assert second.search(rows, now[0], 10)[1] == "hnsw"


def test_a_disk_that_refuses_harms_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "index").write_text("a file where the folder should be")
    source = Source(rows_of(clustered(100, DIM)))
    index = VectorIndex(tmp_path / "index", dim=DIM, model=MODEL)
    index.open(source, 1)
    assert index.wait(30)
    assert not index.save()
    vector = source.rows().vectors[0]
    assert ids_found(index, source.rows(), vector) == naive(source.rows(), vector, 10)
    index.close()
    assert "could not be saved" in caplog.text


def test_a_fault_costs_the_graph_and_no_answer(
    opened: Open, through_graph: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [ValueError("no such vector")]
    add = vectors.Graph.add

    def stumble(graph: vectors.Graph, ids: np.ndarray, rows: np.ndarray) -> None:
        if faults:
            raise faults.pop()
        add(graph, ids, rows)

    monkeypatch.setattr(vectors, "STUMBLE_SECONDS", 0.2)
    monkeypatch.setattr(vectors.Graph, "add", stumble)
    source = Source(rows_of(clustered(300, DIM)))
    index = opened(source)
    rows = source.rows()
    assert ids_found(index, rows, rows.vectors[7]) == naive(rows, rows.vectors[7], 10)
    assert index.wait(30)
    assert not faults
    assert index.search(rows, rows.vectors[7], 10)[1] == "hnsw"
    assert ids_found(index, rows, rows.vectors[7]) == naive(rows, rows.vectors[7], 10)


def test_it_is_saved_when_it_has_been_quiet(tmp_path: Path) -> None:
    source = Source(rows_of(clustered(50, DIM)))
    index = VectorIndex(tmp_path / "index", dim=DIM, model=MODEL, save_quiet=0.05)
    index.open(source, 1)
    assert index.wait(30)
    made = rows_of(clustered(51, DIM))
    source.show(made)
    index.upsert([51], 2)
    until(lambda: cache.read_manifest(tmp_path / "index").count == 51)
    index.close()


def test_searching_while_tracks_come_and_go(opened: Open, through_graph: None) -> None:
    made = clustered(3000, DIM)
    source = Source(rows_of(made[:1000]))
    index = opened(source)
    assert index.wait(60)
    stop, wrong = threading.Event(), []

    def ask() -> None:
        rng = np.random.default_rng(1)
        while not stop.is_set():
            rows = source.rows()
            seed = int(rng.integers(len(rows.ids)))
            found, _ = index.search(rows, made[seed], 5)
            expected = made[rows.ids[found.rows] - 1] @ made[seed]
            if (
                len(found.rows) != 5
                or not np.allclose(found.cosines, expected, atol=1e-5)
                or not rows.alive[found.rows].all()
            ):
                wrong.append(seed)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    alive = np.ones(3000, dtype=np.bool_)
    for end in range(1050, 3001, 50):
        alive[end - 1040] = False
        source.show(Rows.of(np.arange(1, end + 1), made[:end], alive[:end].copy()))
        index.upsert(range(end - 49, end + 1), end)
        index.remove([end - 1039], end)
    assert index.wait(60)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    rows = source.rows()
    hits = [len(set(ids_found(index, rows, v)) & set(naive(rows, v, 10))) for v in made[::150]]
    assert np.mean(hits) / 10 >= 0.99
