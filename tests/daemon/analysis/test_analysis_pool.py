import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pool_engines
import psutil
import pytest

from segue.analysis.pool import AnalysisPool
from segue.errors import (
    AnalysisMemoryError,
    AnalysisTimeoutError,
    DamagedAudioError,
    FileMissingError,
    ModelMissingError,
    ShuttingDownError,
    WorkerCrashedError,
    WorkerError,
)
from support import wait_until

NO_MODELS = Path("no-models")
LONG = 6000.0
"""Seconds of a file that is to be done in time, whatever else a machine with workers of the lowest priority has to do."""


def open_pool(workers: int = 1, **options: float) -> AnalysisPool:
    settings = {"base_seconds": 20.0, "memory_limit_mb": 600, **options}
    return AnalysisPool(NO_MODELS, workers=workers, open_engine=pool_engines.ObedientEngine, **settings)


@pytest.fixture(scope="module")
def pool() -> Iterator[AnalysisPool]:
    with open_pool(workers=2) as opened:
        yield opened


def test_results_cross_the_pipe_whole(pool: AnalysisPool) -> None:
    probe = pool.probe(Path("some name.mp3")).result()
    assert (probe.identity, probe.duration, probe.tags.title, probe.tags.bpm) == ("some name.mp3", 1.0, "t", 120.0)
    found = pool.analyse(Path("x.mp3"), 60).result()
    expected = pool_engines.analysis()
    for name in found.__slots__:
        if name not in {"vector", "head", "tail"}:
            assert getattr(found, name) == getattr(expected, name)
    np.testing.assert_array_equal(found.vector, expected.vector)
    assert found.vector.dtype == np.float32
    assert found.vector.flags.writeable


def test_a_name_that_is_no_text_arrives(pool: AnalysisPool) -> None:
    with pytest.raises(WorkerError, match=r"na\\udcffme"):
        pool.probe(Path(os.fsdecode(b"na\xffme.mp3"))).result()  # the identity cannot be text
    assert pool.probe(Path("x")).result()


def test_describe(pool: AnalysisPool) -> None:
    report = pool.describe()
    assert (report.provider, report.model_id, report.dim, report.labels) == (
        "CPUExecutionProvider",
        "test",
        5,
        ("house",),
    )
    assert pool.provider == "CPUExecutionProvider"


def test_a_worker_is_modest(pool: AnalysisPool) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has classes of priority")
    assert pool.analyse(Path("describe.mp3"), 1).result().model == "19 1 SIGINT,SIGTERM"


@pytest.mark.parametrize(
    ("order", "words"), [("exit", "exit code 7"), ("kill", "SIGKILL"), ("segfault", "SIGSEGV"), ("abort", "SIGABRT")]
)
def test_a_crash_costs_one_file(pool: AnalysisPool, order: str, words: str) -> None:
    futures = [pool.analyse(Path(name), 1) for name in ("a.mp3", f"{order}.mp3", "b.mp3", "c.mp3")]
    with pytest.raises(WorkerCrashedError, match=rf"{order}\.mp3.*{words}"):
        futures[1].result()
    assert all(futures[index].result().model == "test" for index in (0, 2, 3))


def test_errors_keep_their_class_and_sentence(pool: AnalysisPool) -> None:
    before = set(pool.pids)
    with pytest.raises(DamagedAudioError, match=r"^refuse\.mp3 is damaged\.$"):
        pool.analyse(Path("refuse.mp3"), 1).result()
    with pytest.raises(WorkerError, match="RuntimeError: a fault of ours"):
        pool.analyse(Path("raise.mp3"), 1).result()
    assert before <= set(pool.pids)


@pytest.mark.parametrize("order", ["hang", "spin"])
def test_a_file_that_takes_too_long_is_given_up(order: str) -> None:
    with open_pool(base_seconds=1.0, seconds_per_minute=1.0) as pool:
        pool.describe()
        begin = time.monotonic()
        late, next_one = pool.analyse(Path(f"{order}.mp3"), 30), pool.analyse(Path("x.mp3"), LONG)
        with pytest.raises(AnalysisTimeoutError, match="longer than 2 seconds"):
            late.result()
        assert 1.4 < time.monotonic() - begin < 15
        assert next_one.result().model == "test"


def test_the_limit_grows_with_the_recording() -> None:
    with open_pool(base_seconds=0.2, seconds_per_minute=60.0) as pool:
        pool.describe()
        assert pool.analyse(Path("doze.mp3"), 60).result()
        with pytest.raises(AnalysisTimeoutError):
            pool.analyse(Path("doze.mp3"), 0.1).result()


@pytest.mark.parametrize("order", ["eat", "gulp"])
def test_a_file_that_eats_memory_is_given_up(order: str) -> None:
    with open_pool(memory_limit_mb=300, base_seconds=120.0) as pool:
        greedy, next_one = pool.analyse(Path(f"{order}.mp3"), 1), pool.analyse(Path("x.mp3"), 1)
        with pytest.raises(AnalysisMemoryError, match=rf"{order}\.mp3"):
            greedy.result()
        assert next_one.result().model == "test"


def test_a_worker_that_dies_while_it_waits_is_replaced() -> None:
    with open_pool() as pool:
        pool.describe()
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=5)
        time.sleep(0.2)
        assert pool.analyse(Path("x.mp3"), 1).result().model == "test"


def test_the_terminals_signals_do_not_reach_a_worker() -> None:
    with open_pool() as pool:
        pool.describe()
        running = pool.analyse(Path("doze.mp3"), 1)
        time.sleep(0.3)
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(pool.pids[0], number)
        assert running.result().model == "test"


def test_probes_come_first_and_then_what_somebody_waits_for() -> None:
    with open_pool() as pool:
        pool.describe()
        order: list[str] = []
        futures = [pool.analyse(Path(name), 1) for name in ("doze.mp3", "first.mp3", "second.mp3")]
        wait_until(futures[0].running)
        asked = pool.analyse(Path("asked.mp3"), 1, asked=True)
        probe = pool.probe(Path("probe.mp3"))
        for name, future in [("first", futures[1]), ("second", futures[2]), ("asked", asked), ("probe", probe)]:
            future.add_done_callback(lambda _, name=name: order.append(name))
        wait_until(lambda: len(order) == 4)
        assert order == ["probe", "asked", "first", "second"]


def test_stop_drains_what_is_in_work_and_refuses_the_rest() -> None:
    pool = open_pool()
    pool.describe()
    running, waiting = pool.analyse(Path("doze.mp3"), 1), pool.analyse(Path("x.mp3"), 1)
    wait_until(running.running)
    pids = pool.pids
    pool.stop(drain=True, timeout=60)
    assert running.result().model == "test"
    for future in (waiting, pool.analyse(Path("late.mp3"), 1)):
        with pytest.raises(ShuttingDownError):
            future.result(timeout=1)
    assert not any(map(psutil.pid_exists, pids))


def test_stop_does_not_wait_longer_than_it_may() -> None:
    pool = open_pool()
    pool.describe()
    running = pool.analyse(Path("hang.mp3"), 1)
    time.sleep(0.3)
    begin = time.monotonic()
    pool.stop(drain=True, timeout=0.5)
    assert time.monotonic() - begin < 4
    with pytest.raises(ShuttingDownError):
        running.result(timeout=1)
    pool.stop(drain=False, timeout=1)  # a second time does no harm


def test_missing_models_are_said_by_describe_and_by_every_file() -> None:
    with AnalysisPool(NO_MODELS, workers=1, open_engine=pool_engines.MissingEngine) as pool:
        for future in (pool.probe(Path("x")), pool.analyse(Path("x"), 1)):
            with pytest.raises(ModelMissingError, match="no model here"):
                future.result()
        with pytest.raises(ModelMissingError):
            pool.describe()


def test_a_worker_that_does_not_start() -> None:
    with AnalysisPool(NO_MODELS, workers=1, open_engine=pool_engines.StillbornEngine) as pool:
        with pytest.raises(WorkerError, match="does not start"):
            pool.describe()
        with pytest.raises(WorkerError, match="does not start"):
            pool.analyse(Path("x"), 1).result()


DAEMON = """
import sys, time
from pathlib import Path
import pool_engines
from segue.analysis.pool import AnalysisPool
if __name__ == "__main__":
    pool = AnalysisPool(Path("none"), workers=2, open_engine=pool_engines.ObedientEngine)
    pool.describe()
    futures = [pool.analyse(Path("spin.mp3"), 1), pool.analyse(Path("hang.mp3"), 1)]
    while len(pool.pids) < 2:
        time.sleep(0.05)
    time.sleep(1.5)
    print(*pool.pids, flush=True)
    if sys.argv[1] == "wait":
        time.sleep(60)
"""


@pytest.mark.parametrize("end", ["kill", "leave"])
def test_workers_do_not_outlive_the_daemon(tmp_path: Path, end: str) -> None:
    script = tmp_path / "daemon.py"
    script.write_text(DAEMON)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(
        [sys.executable, str(script), "wait" if end == "kill" else "leave"], stdout=subprocess.PIPE, env=environment
    ) as daemon:
        assert daemon.stdout is not None
        pids = [int(pid) for pid in daemon.stdout.readline().split()]
        assert len(pids) == 2
        workers = [process for process in psutil.process_iter() if process.pid in pids]
        assert len(workers) == 2 or end == "leave", "only those of a daemon that left may be gone already"
        if end == "kill":
            daemon.kill()
        assert daemon.wait(60) == (-signal.SIGKILL if end == "kill" else 0)
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert not [worker for worker in alive if worker.status() != psutil.STATUS_ZOMBIE]


def test_files_that_are_not_there(tmp_path: Path, checkout_models: Path) -> None:
    with AnalysisPool(checkout_models, workers=1) as pool:
        for future in (pool.probe(tmp_path / "gone.mp3"), pool.analyse(tmp_path / "gone.mp3", 1)):
            with pytest.raises(FileMissingError):
                future.result()


def test_a_fault_of_ours_reaches_who_waits_and_costs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_pool() as pool:
        (process,) = pool._processes
        run = process.run

        def stumble(*_: object) -> None:
            monkeypatch.setattr(process, "run", run)
            raise RuntimeError("no such thing")

        monkeypatch.setattr(process, "run", stumble)
        with pytest.raises(WorkerError, match="no such thing"):
            pool.probe(Path("one.mp3")).result(30)
        assert pool.probe(Path("two.mp3")).result(30).identity == "two.mp3"


def test_a_stop_while_the_workers_warm_up_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    pool = open_pool()
    while not pool.pids:
        time.sleep(0.01)
    pool.stop(drain=False, timeout=0.0)
    with pytest.raises(ShuttingDownError):
        pool.describe()
    assert caplog.text == ""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere files in work are finished")
def test_a_file_stands_still_in_the_midst_of_its_analysis_while_it_is_held() -> None:
    held = {"spin.mp3"}
    with open_pool(base_seconds=0.4, seconds_per_minute=0.4) as pool:
        pool.hold(held.__contains__)
        pool.describe()
        (pid,) = pool.pids
        worker = psutil.Process(pid)
        late, begin = pool.analyse(Path("spin.mp3"), 60), time.monotonic()
        while worker.status() != psutil.STATUS_STOPPED:
            assert time.monotonic() - begin < 1.0
        before = worker.cpu_times()
        time.sleep(0.9)  # longer than it may take
        assert (worker.cpu_times(), late.done()) == (before, False)
        held.clear()
        with pytest.raises(AnalysisTimeoutError, match="longer than 1 seconds"):
            late.result(30)
        assert time.monotonic() - begin > 1.6
        assert pool.analyse(Path("x.mp3"), LONG).result(60).model == "test"


def test_what_somebody_waits_for_is_not_held_and_gets_its_worker() -> None:
    with open_pool() as pool:
        pool.hold(lambda _: True)
        pool.describe()
        held, waiting = pool.analyse(Path("doze.mp3"), 60), pool.analyse(Path("after.mp3"), 1)
        wait_until(held.running)
        time.sleep(0.4)  # so that it stands still
        assert pool.analyse(Path("asked.mp3"), 1, asked=True).result(30).model == "test"
        assert held.done()
        assert pool.probe(Path("probe.mp3")).result(30)
        del waiting


def test_a_pool_whose_files_stand_still_ends_at_once() -> None:
    with open_pool() as pool:
        pool.hold(lambda _: True)
        pool.describe()
        late = pool.analyse(Path("spin.mp3"), 60)
        wait_until(late.running)
        time.sleep(0.4)
        begin = time.monotonic()
    assert time.monotonic() - begin < 4.0
    assert isinstance(late.exception(1), ShuttingDownError)
