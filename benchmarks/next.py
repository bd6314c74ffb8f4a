"""How long `recommend.next` takes on a large library while indexing goes on, and whether its answers are right.

    python benchmarks/next.py                  the real daemon, over ZeroMQ, while it analyses real audio
    python benchmarks/next.py --in-process     catalogue, index and recommender alone, while a thread stores tracks

The last figures are those of a DJ who asks for the most: every filter on, twenty tracks played tonight, 5 000 transitions learned.

Everything is a ratio to a baseline of the same run: a numpy product with all vectors, behind a tag filter in SQLite.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import _library
import _wishes
import numpy as np
import psutil

from segue.client import Client
from segue.demo.files import write_track
from segue.demo.tracks import DEMO_TRACKS
from segue.errors import SegueError
from segue.home import Home
from segue.index.vectors import VectorIndex
from segue.library.columns import Columns
from segue.library.store import Library
from segue.networks.models import ModelSet, models_dir
from segue.recommend import pool
from segue.recommend.catalogue import Catalogue
from segue.recommend.memory import Memory, Transition
from segue.recommend.recommender import Asked, Recommender

LIMIT = 10
WARM_UP = 20
TARGETS = {
    "p50": "<= 10 ms",
    "p99": "<= 25 ms",
    "recall": ">= 0.99",
    "start": "<= 2 s",
    "memory": "<= 600 MB",
    "idle": "~ 0 %",
}


class Baseline:
    """What anybody would write first: tags in SQLite, vectors in numpy, everything compared with everything."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._db = sqlite3.connect(":memory:")
        self._db.execute("CREATE TABLE tags (label INTEGER, track INTEGER, PRIMARY KEY (label, track)) WITHOUT ROWID")
        rows, labels = np.nonzero(columns.tags >= 0.25)
        pairs = zip(labels.tolist(), columns.ids[rows].tolist(), strict=True)
        self._db.executemany("INSERT INTO tags VALUES (?, ?)", pairs)

    def next(self, track: int) -> list[int]:
        sharing = self._db.execute(
            "SELECT DISTINCT track FROM tags WHERE track != ?1 AND label IN (SELECT label FROM tags WHERE track = ?1)",
            (track,),
        )
        rows = np.fromiter((one for (one,) in sharing), dtype=np.int64) - 1
        cosines = (self._columns.vectors @ self._columns.vectors[track - 1])[rows]
        best = np.argpartition(-cosines, min(LIMIT, len(rows) - 1))[:LIMIT]
        return self._columns.ids[rows[best[np.argsort(-cosines[best])]]].tolist()


def report(name: str, value: str, target: str = "", against: str = "") -> None:
    print(f"{name:<44} {value:>12}  {target:<10} {against}", flush=True)


def timed(ask: Callable[[int], object], tracks: Sequence[int], pause: float = 0.0) -> np.ndarray:
    """Milliseconds of each call."""
    took = np.empty(len(tracks))
    for at, track in enumerate(tracks):
        start = time.perf_counter()
        ask(track)
        took[at] = 1000 * (time.perf_counter() - start)
        time.sleep(pause)
    return took


def report_latency(name: str, took: np.ndarray, baseline: np.ndarray) -> None:
    for mark, percent in (("p50", 50), ("p99", 99)):
        value, other = np.percentile(took, percent), np.percentile(baseline, percent)
        report(f"next, {name}, {mark}", f"{value:.2f} ms", TARGETS[mark], f"{value / other:.2f} of {other:.1f} ms")


def report_recall(catalogue: Catalogue, index: VectorIndex, tracks: Sequence[int]) -> None:
    """Cosine recall@10 of the index against exact search: with the pool of tags, and without."""
    snapshot = catalogue.snapshot()
    exact = VectorIndex(Path("never-opened"), dim=catalogue.dim, model="")
    for name in ("whole library", "pool"):
        hits, through_graph = [], 0
        for track in tracks:
            row = catalogue.row(track)
            assert row is not None
            allowed = snapshot.suggestable.copy()
            allowed[row] = False
            if name == "pool":
                facts = snapshot.facts
                allowed = pool.choose(snapshot, facts.telling[row], allowed, LIMIT).mask
            vector = snapshot.rows.vectors[row]
            found, how = index.search(snapshot.rows, vector, 200, allowed)
            truth, _ = exact.search(snapshot.rows, vector, LIMIT, allowed)
            hits.append(len(set(found.rows[:LIMIT].tolist()) & set(truth.rows.tolist())) / LIMIT)
            through_graph += how == "hnsw"
        report(
            f"recall@10 of the index, {name}",
            f"{np.mean(hits):.4f}",
            TARGETS["recall"],
            f"{through_graph / len(tracks):.0%} by HNSW",
        )


def report_agreement(
    ask: Callable[[int], list[int]], catalogue: Catalogue, tracks: Sequence[int], memory: Memory | None = None
) -> None:
    """Share of the suggestions that an exact search would have made too."""
    exact = Recommender(catalogue, VectorIndex(Path("never-opened"), dim=catalogue.dim, model=""))
    asked = Asked(memory=memory)
    hits = [
        len(set(ask(one)) & {s.id for s in exact.next(one, LIMIT, asked=asked).suggestions}) / LIMIT for one in tracks
    ]
    report("recall@10 of the suggestions", f"{np.mean(hits):.4f}", TARGETS["recall"])


def in_process(made: Columns, queries: int, folder: Path) -> None:
    baseline_ms, tracks = measure_baseline(made, queries)
    catalogue = Catalogue(made)
    with_index = VectorIndex(folder, dim=catalogue.dim, model="benchmark")
    start = time.perf_counter()
    with_index.open(catalogue, 1)
    recommender = Recommender(catalogue, with_index)
    report_latency("while the index is built", timed(lambda t: recommender.next(t, LIMIT), tracks[:200]), baseline_ms)
    with_index.wait(3600)
    report("building the index", f"{time.perf_counter() - start:.1f} s")
    report_latency("nothing else", timed(lambda t: recommender.next(t, LIMIT), tracks), baseline_ms)
    report_agreement(lambda t: [s.id for s in recommender.next(t, LIMIT).suggestions], catalogue, tracks[:200])
    report_recall(catalogue, with_index, tracks[:200])

    stop, news = threading.Event(), _library.columns(20_000, catalogue.dim, seed=2)

    def store() -> None:
        for at in range(20_000):
            if stop.wait(0.02):
                return
            first = len(made.ids) + 1
            one = replace(
                news.take(slice(at, at + 1)), ids=np.array([first + at]), genres=made.genres, places=made.places
            )
            catalogue.upsert(one)
            with_index.upsert([first + at], at + 2)

    storing = threading.Thread(target=store)
    storing.start()
    report_latency("while 50 tracks/s come", timed(lambda t: recommender.next(t, LIMIT), tracks), baseline_ms)
    stop.set()
    storing.join()
    with_index.close()


def over_zeromq(made: Columns, queries: int, folder: Path, audio_files: int) -> None:
    home = Home.locate(folder / "home")
    home.create()
    models = ModelSet.load(models_dir())
    start = time.perf_counter()
    library = Library(home.library_file)
    library.set_model(models.id, models.labels, models.dim)
    rows = list(_library.analyses(made, models.id))
    for first in range(0, len(rows), 2000):
        library.store_many(rows[first : first + 2000])
    report(f"storing {len(rows)} tracks", f"{time.perf_counter() - start:.1f} s")
    del rows
    start = time.perf_counter()
    columns = library.columns()
    loading = time.perf_counter() - start
    proven = _wishes.furnish(library, home.library_file, len(columns.ids))
    memory = Memory.of(Transition(*row) for row in library.learned_pairs())
    library.close()
    baseline_ms, tracks = measure_baseline(columns, queries)

    with running(home) as (client, _, took):
        report(
            "start to first answer, no index yet",
            f"{took:.2f} s",
            TARGETS["start"],
            f"{took / loading:.1f} of reading SQLite",
        )
        built = time.perf_counter()
        while client.status().index.state != "ready":
            time.sleep(0.5)
        report("building the index", f"{time.perf_counter() - built:.1f} s")
    with running(home) as (client, process, took):
        report("start to first answer", f"{took:.2f} s", TARGETS["start"], f"{took / loading:.1f} of reading SQLite")
        while client.status().index.state != "ready":
            time.sleep(0.1)
        matrix = columns.vectors.nbytes
        measure_quiet(client, Catalogue(columns), tracks, memory, baseline_ms)
        measure_idle(process)
        report_memory("daemon, idle", process, matrix)
        audio = render_audio(folder / "audio", audio_files)
        _wishes.play_a_night(client, len(columns.ids))
        client.add_folder(audio)
        while not client.status().analysing:
            time.sleep(0.1)
        measure_busy(client, len(columns.ids), tracks, proven, baseline_ms)
        report_memory("daemon at its highest", process, matrix)
    catalogue, index = Catalogue(columns), VectorIndex(home.index_dir, dim=models.dim, model=models.id)
    index.open(catalogue, 0)
    index.wait(600)
    report_recall(catalogue, index, tracks[:200])
    index.close()


def measure_quiet(
    client: Client, catalogue: Catalogue, tracks: list[int], memory: Memory, baseline_ms: np.ndarray
) -> None:
    def ids(track: int) -> list[int]:
        return [one.id for one in client.next(f"#{track}", LIMIT).suggestions]

    timed(ids, tracks[:WARM_UP])
    report_latency("nothing else", timed(ids, tracks), baseline_ms)
    report_agreement(ids, catalogue, tracks[:200], memory)


def measure_busy(client: Client, stored: int, tracks: list[int], proven: list[int], baseline_ms: np.ndarray) -> None:
    """Questions while files are analysed; half of those with everything on are about tracks that have proven pairs."""
    mixed = [*tracks[::2], *np.random.default_rng(4).choice(proven, len(tracks) // 2).tolist()]
    kinds: dict[str, tuple[list[int], Callable[[int], object]]] = {
        "plain": (tracks, lambda t: client.next(f"#{t}", LIMIT)),
        "all on": (mixed, lambda t: client.next(f"#{t}", LIMIT, filters=_wishes.FILTERS, preset="peak")),
        "all on, stay": (
            mixed[::4],
            lambda t: client.next(f"#{t}", LIMIT, lane="stay", filters=_wishes.FILTERS, preset="peak"),
        ),
        "all on, rescue": (
            mixed[::4],
            lambda t: client.next(f"#{t}", LIMIT, lane="rescue", filters=_wishes.FILTERS, preset="peak"),
        ),
        "all on, with three lanes": (
            mixed[::4],
            lambda t: client.next(f"#{t}", LIMIT, lanes=True, filters=_wishes.FILTERS, preset="peak"),
        ),
    }
    relaxed = [client.next(f"#{t}", LIMIT, filters=_wishes.FILTERS).relaxed for t in mixed[::20]]
    report("questions with everything on that had to relax something", f"{np.mean([bool(one) for one in relaxed]):.0%}")
    for name, (some, ask) in kinds.items():
        report_latency(f"{name}, while files are analysed", timed(ask, some, 0.01), baseline_ms)
        counts = client.status().tracks
        report("analysed meanwhile / still queued", f"{counts.indexed - stored} / {counts.queued}")


def measure_idle(process: psutil.Process) -> None:
    time.sleep(2)
    family = [process, *process.children(recursive=True)]
    before = [sum(one.cpu_times()[:2]) for one in family]
    time.sleep(10)
    used = sum(sum(one.cpu_times()[:2]) - was for one, was in zip(family, before, strict=True))
    report("idle CPU of daemon and workers over 10 s", f"{10 * used:.2f} %", TARGETS["idle"])


def report_memory(name: str, process: psutil.Process, matrix: int) -> None:
    info = process.memory_info()
    size = info.rss
    if "highest" in name:
        with contextlib.suppress(OSError, StopIteration):  # Linux tells the peak; elsewhere the present has to do.
            lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
            size = 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    report(f"memory, {name}", f"{size / 1e6:.0f} MB", TARGETS["memory"], f"{size / matrix:.1f} of the bare vectors")


def measure_baseline(columns: Columns, queries: int) -> tuple[np.ndarray, list[int]]:
    tracks = np.random.default_rng(3).integers(1, len(columns.ids) + 1, queries).tolist()
    plain = Baseline(columns)
    plain.next(tracks[0])
    took = timed(plain.next, tracks[:100])
    report(
        "baseline: SQLite tags + numpy, p50 / p99", f"{np.percentile(took, 50):.0f} / {np.percentile(took, 99):.0f} ms"
    )
    return took, tracks


def render_audio(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        spec = DEMO_TRACKS[number % len(DEMO_TRACKS)]
        spec = replace(spec, title=f"{spec.title} {number}", seed=100 + number, seconds=45.0)
        write_track(folder, spec, "mp3" if number % 2 else "wav")
    return folder


@contextlib.contextmanager
def running(home: Home) -> Iterator[tuple[Client, psutil.Process, float]]:
    """The daemon, and how long it took from its start to its first answer."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "segue.server.main", "--home", str(home)])
    try:
        with Client(home, timeout=30.0) as client:
            while True:
                try:
                    client.next("#1", LIMIT)
                    break
                except SegueError:
                    if process.poll() is not None:
                        raise
                    time.sleep(0.01)
            yield client, psutil.Process(process.pid), time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--audio-files", type=int, default=160)
    parser.add_argument("--in-process", action="store_true", help="without the daemon")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="segue-"))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    try:
        made = _library.columns(options.tracks, ModelSet.load(models_dir()).dim)
        if options.in_process:
            in_process(made, options.queries, folder)
        else:
            over_zeromq(made, options.queries, folder, options.audio_files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
