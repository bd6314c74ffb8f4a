"""Two generations of vectors side by side in the library, and the thread that brings the second one about."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe, vector, wait_until
from segue.analysis.result import Embedding
from segue.errors import DamagedAudioError, ModelMismatchError
from segue.library.connection import PAGE_BYTES, suspicion
from segue.library.files import RENEWAL_PRIORITY
from segue.library.store import Library
from segue.server import renewal
from segue.server.recovery import open_library
from segue.server.renewal import Renewer
from segue.server.spaces import Named

NEW, NEW_LABELS, NEW_DIM = "networks-2", ("house", "vocal"), 8
NAMES = "abcd"


@dataclass
class Made:
    """As much of a `ModelSet` as the thread looks at."""

    id: str = NEW
    labels: tuple[str, ...] = NEW_LABELS
    dim: int = NEW_DIM
    folder: Path = Path("/models")


OTHER, SAME = Named("other", Made()), Named("former", Made(MODEL, LABELS, DIM))


def embedding(name: str, model: str = NEW, dim: int = NEW_DIM) -> Embedding:
    return Embedding(
        features={"voice": 0.5},
        tags={"house": 0.25, "vocal": 0.75},
        vector=vector(name, dim),
        model=model,
        head=vector(f"head of {name}", dim),
        tail=vector(f"tail of {name}", dim),
    )


class Workers:
    """Embed at once, by the file's name."""

    workers = 1

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails: Callable[[str], Exception | None] = lambda _: None

    def embed(self, path: Path, duration: float, models: Path) -> Future[Embedding]:
        assert models == Path("/models")
        self.asked.append(path.stem)
        future: Future[Embedding] = Future()
        error = self.fails(path.stem)
        if error is None:
            future.set_result(embedding(path.stem))
        else:
            future.set_exception(error)
        return future


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = Library(folder / "library.db")
        self.library.set_model(MODEL, LABELS, DIM)
        self.ids = {}
        for name in NAMES:
            path = folder / f"{name}.mp3"
            path.write_bytes(name.encode())
            self.ids[name] = self.library.store(str(path), probe(name, title=name), analysis(name))
        self.held = False
        self.told: list[tuple[object, object]] = []
        self.workers = Workers()
        self.renewer = Renewer(
            self.library,
            self.workers,
            lambda: self.held,
            lambda _: self.library.switch() if self.library.next_model else None,
            lambda _, data: self.told.append((data["set"], data["state"])),
        )

    def switched(self) -> bool:
        """Whether the other set has taken over; that is told last of all."""
        done = self.renewer.target is None and self.library.model.name == NEW
        return done and self.told[-1:] == [("other", "in-use")]


@pytest.fixture
def bench(tmp_path, monkeypatch) -> Iterator[Bench]:
    monkeypatch.setattr(renewal, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(renewal, "_RETRY_SECONDS", 1.5)  # trouble is to be seen meanwhile
    made = Bench(tmp_path)
    made.renewer.start()
    yield made
    made.renewer.stop(5)
    made.library.close()


def test_the_old_vectors_hold_until_the_switch_and_the_new_ones_after_it(bench):
    library = bench.library
    library.set_next(NEW, NEW_LABELS, NEW_DIM)
    for name, track in bench.ids.items():
        assert library.store_renewed(track, embedding(name))
    assert library.renewal() == (4, 0, 0)
    assert library.columns().vectors.shape == (4, DIM)
    assert library.track(bench.ids["a"]).tags["techno"] == 0.0
    before, generation = library.track(bench.ids["a"]), library.generation()
    library.switch()
    assert library.generation() > generation
    columns = library.columns()
    assert columns.labels == NEW_LABELS
    assert np.array_equal(columns.vectors[0], vector("a", NEW_DIM))
    np.testing.assert_allclose(columns.tails[0], vector("tail of a", NEW_DIM), atol=1e-3)
    after = library.track(bench.ids["a"])
    assert (after.tags, after.features, after.model) == ({"house": 0.25, "vocal": 0.75}, {"voice": 0.5}, NEW)
    assert (after.bpm, after.key, after.energy, after.title) == (before.bpm, before.key, before.energy, before.title)
    assert library.resolve("a") == bench.ids["a"]
    assert library.counts().queued == 0
    library.set_next(MODEL, LABELS, DIM)
    assert library.renewal() == (4, 0, 0)  # kept
    library.switch()
    assert library.track(bench.ids["a"]) == before
    assert np.array_equal(library.vector(bench.ids["d"]), vector("d"))
    np.testing.assert_allclose(library.columns().heads[0], vector("head of a"), atol=1e-3)


def test_a_switch_that_cannot_be_written_changes_nothing(bench):
    library = bench.library
    library.set_next(NEW, NEW_LABELS, NEW_DIM)
    library.store_renewed(bench.ids["a"], embedding("a"))
    with sqlite3.connect(bench.folder / "library.db") as stranger:
        stranger.execute("CREATE TRIGGER no BEFORE UPDATE ON meta BEGIN SELECT raise(ABORT, 'no'); END")
    with pytest.raises(Exception, match="no"):
        library.switch()
    assert (library.model.name, library.next_model.name) == (MODEL, NEW)
    assert library.columns().vectors.shape == (4, DIM)
    assert library.renewal() == (1, 3, 0)


def test_what_the_new_set_has_not_is_analysed_behind_everything_else(bench):
    library = bench.library
    library.set_next(NEW, NEW_LABELS, NEW_DIM)
    library.store_renewed(bench.ids["a"], embedding("a"))
    library.switch()
    assert library.columns().ids.tolist() == [bench.ids["a"]]
    assert {(Path(row.path).stem, row.priority) for row in library.take(9)} == {
        (name, RENEWAL_PRIORITY) for name in "bcd"
    }


def test_vectors_that_are_unsound_or_of_others_are_not_taken(bench):
    library = bench.library
    assert not library.accepts(NEW)
    library.set_next(NEW, NEW_LABELS, NEW_DIM)
    assert library.accepts(NEW)
    assert not library.store_renewed(bench.ids["a"], embedding("a", model="third"))
    with pytest.raises(ModelMismatchError):
        library.store_renewed(bench.ids["a"], embedding("a", dim=9))
    library.keep_vectors_of({MODEL})
    assert library.renewal() == (0, 4, 0)


def test_the_thread_does_all_and_switches(bench):
    assert "4 tracks" in bench.renewer.aim(OTHER)
    wait_until(bench.switched)
    assert sorted(bench.workers.asked) == list(NAMES)
    assert bench.told == [("other", "renewing"), ("other", "in-use")]
    assert bench.renewer.state() is None
    assert bench.renewer.aim(OTHER) == "other is in use."


def test_while_it_is_held_nothing_is_done_and_it_can_be_called_off(bench):
    bench.held = True
    bench.renewer.aim(OTHER)
    state = bench.renewer.state()
    assert (state.set, state.state, state.done, state.waiting) == ("other", "held", 0, 4)
    assert bench.renewer.aim(SAME) == "Segue stays with former."
    assert bench.renewer.state() is None
    bench.held = False
    assert bench.workers.asked == []
    assert bench.library.next_model is None


def test_a_file_that_cannot_be_read_does_not_hold_the_others_up(bench):
    bench.workers.fails = lambda name: DamagedAudioError("broken") if name == "b" else None
    bench.renewer.aim(OTHER)
    wait_until(bench.switched)
    assert bench.workers.asked.count("b") == 1
    assert [Path(row.path).stem for row in bench.library.take(9)] == ["b"]


def test_trouble_with_the_networks_blames_no_file_and_passes(bench):
    faults = [ModelMismatchError("the networks are damaged")]
    bench.workers.fails = lambda _: faults.pop() if faults else None
    bench.renewer.aim(OTHER)
    wait_until(lambda: bench.renewer.problem == "the networks are damaged")
    wait_until(bench.switched)
    assert bench.library.counts().queued == 0
    assert bench.renewer.problem is None


def test_it_waits_for_a_drive_that_is_away_unless_told_not_to(bench):
    gone = [str(bench.folder / f"{name}.mp3") for name in "cd"]
    bench.library.mark_missing(gone)
    bench.renewer.aim(OTHER)
    wait_until(lambda: bench.renewer.state().state == "waiting" and bench.renewer.state().done == 2)
    assert bench.renewer.state().away == 2
    assert bench.library.model.name == MODEL
    bench.renewer.aim(OTHER, now=True)
    wait_until(bench.switched)
    assert bench.library.columns().ids.tolist() == [bench.ids["a"], bench.ids["b"]]


def test_a_file_that_changes_meanwhile_is_left_to_the_watcher(bench):
    path = bench.folder / "c.mp3"
    path.write_bytes(b"something else, and longer")
    bench.renewer.aim(OTHER)
    wait_until(lambda: bench.renewer.state().done == 3)
    assert "c" not in bench.workers.asked
    status = path.stat()
    bench.library.enqueue(str(path), status.st_size, status.st_mtime_ns)
    bench.library.store(str(path), probe("c"), analysis("c"))
    with sqlite3.connect(bench.folder / "library.db") as db:
        assert db.execute("SELECT state FROM files WHERE shown = ?", (str(path),)).fetchone() == ("indexed",)
    wait_until(bench.switched)


def test_a_target_that_changes_on_the_way_is_the_one_that_counts(bench):
    bench.held = True
    bench.renewer.aim(Named("third", Made("networks-3", NEW_LABELS, NEW_DIM)))
    bench.renewer.aim(OTHER)
    bench.held = False
    wait_until(bench.switched)
    assert bench.told[-1] == ("other", "in-use")


def test_a_damaged_library_loses_no_more_for_having_two_generations(tmp_path):
    """What was made for the next set is made again; what is in use is rescued as ever."""
    path = tmp_path / "library.db"
    library = Library(path)
    library.set_model(MODEL, LABELS, DIM)
    ids = library.store_many([(f"/m/{n}.mp3", probe(str(n)), analysis(str(n))) for n in range(60)])
    library.set_next(NEW, NEW_LABELS, NEW_DIM)
    for n, track in enumerate(ids):
        library.store_renewed(track, embedding(str(n)))
    library.close()
    with closing(sqlite3.connect(path)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'other_vectors'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        file.write(bytes(PAGE_BYTES))
    suspicion(path).touch()
    opened = open_library(path, Made())
    assert opened.trouble is not None
    assert opened.library.columns().ids.tolist() == ids
    assert np.array_equal(opened.library.vector(ids[7]), vector("7"))
    assert opened.library.next_model.name == NEW
    assert opened.library.renewal() == (0, 60, 0)
    opened.library.close()
