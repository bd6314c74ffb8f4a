"""The indexer's thread: whatever goes wrong, the queue goes on, and no file is blamed for the fault of something else."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe, wait_until
from segue.errors import LibraryError, ShuttingDownError
from segue.index.vectors import VectorIndex
from segue.library.columns import Columns
from segue.library.store import Library
from segue.recommend.catalogue import Catalogue
from segue.server import indexer
from segue.server.indexer import Indexer
from segue.server.listening import Listening
from segue.server.mirror import Mirror

ODD = "odd.wav"


class Workers:
    """Workers that are done at once."""

    workers = 1

    def probe(self, path: Path) -> Future:
        return _done(probe(path.name))

    def analyse(self, path: Path, duration: float, *, asked: bool = False) -> Future:
        return _done(analysis(path.name))


class FaultyLibrary(Library):
    """A library in which a fault can be put."""

    fault: Exception | None = None
    where = ""
    times = 0

    def break_down(self, where: str, fault: Exception, times: int) -> None:
        self.where, self.fault, self.times = where, fault, times

    def _stumble(self, where: str) -> None:
        if where == self.where and self.fault is not None and self.times > 0:
            self.times -= 1
            raise self.fault

    def store(self, path, *rest, **named) -> int:
        if path.endswith(ODD):
            self._stumble("store")
        return super().store(path, *rest, **named)

    def take(self, limit: int, exclude: Collection[str] = ()) -> list:
        self._stumble("take")
        return super().take(limit, exclude)

    def columns(self, ids: Sequence[int] | None = None) -> Columns:
        self._stumble("columns")
        return super().columns(ids)


class Bench:
    """An indexer with all that it needs, on real files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = FaultyLibrary(folder / "library.db")
        self.library.set_model(MODEL, LABELS, DIM)
        self.catalogue = Catalogue(self.library.columns())
        self.index = VectorIndex(folder / "index", dim=DIM, model=MODEL)
        self.index.open(self.catalogue, self.library.generation())
        self.events: list[str] = []
        mirror = Mirror(self.library, self.catalogue, self.index, self._hear)
        workers = Workers()
        self.indexer = Indexer(self.library, workers, Listening(workers), mirror, self._hear, lambda: False)

    def _hear(self, name: str, data: dict[str, object]) -> None:
        self.events.append(name)

    def queue(self, *names: str) -> None:
        for name in names:
            path = self.folder / name
            path.write_bytes(name.encode())
            status = path.stat()
            self.library.enqueue(str(path), status.st_size, status.st_mtime_ns)
        self.indexer.wake()

    def state(self, name: str) -> str:
        row = self.library.file(str(self.folder / name))
        return "" if row is None else row.state

    def close(self) -> None:
        self.indexer.stop(5.0)
        self.index.close()
        self.library.close()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(indexer, "_RETRY_SECONDS", 1.5)  # trouble is to be seen meanwhile
    made = Bench(tmp_path)
    made.indexer.start()
    yield made
    made.close()


def test_a_stop_waits_for_what_is_just_written_also_while_a_deck_plays(bench: Bench) -> None:
    begun, ended = threading.Event(), threading.Event()
    store = bench.library.store

    def slow(*said, **named) -> int:
        begun.set()
        time.sleep(0.3)
        track = store(*said, **named)
        ended.set()
        return track

    bench.library.store = slow
    bench.queue("one.wav")
    assert begun.wait(10)
    bench.indexer._gig_mode = lambda: True
    bench.indexer.stop(5.0)
    assert ended.is_set()
    assert not bench.indexer._thread.is_alive()


def test_a_fault_of_ours_costs_one_file(bench: Bench) -> None:
    bench.library.break_down("store", ValueError("no such thing"), times=99)
    bench.queue("one.wav", ODD, "two.wav")
    wait_until(lambda: {bench.state(name) for name in ("one.wav", "two.wav")} == {"indexed"})
    wait_until(lambda: bench.state(ODD) == "failed")
    (failure,) = bench.library.failures(9)
    assert failure.code == "internal"
    wait_until(lambda: bench.indexer.in_work == [])


def test_trouble_ends_although_the_indexer_is_woken_all_the_time(bench: Bench) -> None:
    bench.library.break_down("store", LibraryError("the disk does not answer"), times=1)
    bench.queue(ODD)
    wait_until(lambda: bench.indexer.problem)

    def is_indexed() -> bool:
        bench.indexer.wake()
        return bench.state(ODD) == "indexed"

    wait_until(is_indexed)
    wait_until(lambda: bench.indexer.problem is None)


@pytest.mark.parametrize("fault", [sqlite3.ProgrammingError("oops"), LibraryError("the disk does not answer")])
def test_the_thread_outlives_a_queue_that_cannot_be_read(bench: Bench, fault: Exception) -> None:
    bench.library.break_down("take", fault, times=1)
    bench.indexer.wake()
    wait_until(lambda: bench.indexer.problem)
    bench.queue("one.wav")
    wait_until(lambda: bench.state("one.wav") == "indexed")
    assert bench.indexer.problem is None


@pytest.mark.parametrize("fault", [ValueError("oops"), LibraryError("the disk does not answer")])
def test_a_stored_track_that_the_mirror_missed_is_shown_later(bench: Bench, fault: Exception) -> None:
    bench.library.break_down("columns", fault, times=1)
    bench.queue("one.wav")
    wait_until(lambda: bench.catalogue.rows().count == 1)
    assert bench.state("one.wav") == "indexed"
    assert bench.library.failures(9) == []
    assert bench.events.count("track.indexed") == 1


def _done(result: object) -> Future:
    future: Future = Future()
    future.set_result(result)
    return future


def test_a_stop_waits_for_no_file_while_a_deck_plays(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: Future = Future()
    monkeypatch.setattr(bench.indexer._pool, "analyse", lambda *_, **__: waits, raising=False)
    bench.queue("one.wav")
    wait_until(lambda: bench.indexer.in_work)
    bench.indexer._gig_mode = lambda: True
    begin = time.monotonic()
    bench.indexer.stop(20.0)
    assert time.monotonic() - begin < 4.0
    assert bench.state("one.wav") == "queued"
    assert not bench.indexer._thread.is_alive()
    waits.set_exception(ShuttingDownError("The workers end."))  # as the pool does then, and nobody minds
    assert bench.state("one.wav") == "queued"
