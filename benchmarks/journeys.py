"""How long paths and sets take in a large library, and how well their steps mix.

    python benchmarks/journeys.py              100 000 tracks, 5 000 learned transitions
    python benchmarks/journeys.py --tracks 2000

The music is synthetic: styles with a tempo each, keys at random. A path is compared with what anybody would write first: the
tracks nearest to a straight line between the two vectors.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import _library
import numpy as np

from segue.index import exact
from segue.index.vectors import VectorIndex
from segue.recommend import arc, journeys, setlist
from segue.recommend.catalogue import Catalogue, Snapshot
from segue.recommend.memory import Memory, Transition
from segue.recommend.recommender import Asked
from segue.recommend.walk import Score
from segue.recommend.weights import DEFAULT

DIM = 192
ARC = "warmup-peak-down"


class Steps(NamedTuple):
    """Of many paths or sets, one number a path."""

    score: list[float]
    worst_score: list[float]
    mix: list[float]
    worst_mix: list[float]
    blends: list[float]

    @classmethod
    def none(cls) -> Steps:
        return cls([], [], [], [], [])

    def add(self, score: Score, rows: Sequence[int]) -> None:
        edges = [score(before, np.asarray([row])) for before, row in pairwise(rows)]
        if not edges:
            return
        scores, mixes = [float(edge.score[0]) for edge in edges], [float(edge.mix[0]) for edge in edges]
        self.score.append(float(np.mean(scores)))
        self.worst_score.append(min(scores))
        self.mix.append(float(np.mean(mixes)))
        self.worst_mix.append(min(mixes))
        self.blends.append(float(np.mean([bool(edge.blends[0]) for edge in edges])))

    def report(self, name: str) -> None:
        means = "".join(f"{np.mean(values):>14.3f}" for values in self[:4])
        print(f"{name:<34}{means}{100 * np.mean(self.blends):>13.0f} %", flush=True)


def naive_path(snapshot: Snapshot, start: int, end: int, steps: int) -> list[int]:
    """The nearest track to each point of the line between two vectors."""
    vectors, allowed = snapshot.rows.vectors, snapshot.suggestable.copy()
    allowed[[start, end]] = False
    rows = [start]
    for step in range(1, steps):
        towards = (1 - step / steps) * vectors[start] + step / steps * vectors[end]
        towards = (towards / np.linalg.norm(towards)).astype(np.float32)
        rows.append(int(exact.nearest(snapshot.rows, towards, 1, allowed).rows[0]))
        allowed[rows[-1]] = False
    return [*rows, end]


def report_time(name: str, took: Sequence[float], target: str) -> None:
    milliseconds = 1000 * np.asarray(took)
    print(
        f"{name:<34}{np.median(milliseconds):>9.0f} ms p50{np.percentile(milliseconds, 95):>9.0f} ms p95"
        f"{milliseconds.max():>9.0f} ms most   ({target})",
        flush=True,
    )


def paths(terrain: journeys.Terrain, pairs: Sequence[tuple[int, int]], steps: int, name: str) -> None:
    snapshot = terrain.snapshot
    score = journeys.scorer(snapshot, DEFAULT, Memory.empty())
    ours, naive, took = Steps.none(), Steps.none(), []
    for start, end in pairs:
        begun = time.perf_counter()
        made = journeys.make_path(terrain, int(snapshot.rows.ids[start]), int(snapshot.rows.ids[end]), steps)
        took.append(time.perf_counter() - begun)
        ours.add(score, [terrain.row(stage.id) for stage in made.stages])
        naive.add(score, naive_path(snapshot, start, end, steps))
    print(f"\n{name}, {steps} steps, {len(pairs)} paths")
    print(f"{'':<34}{'score':>14}{'worst step':>14}{'mix':>14}{'worst step':>14}{'steps mix':>15}")
    ours.report("segue path")
    naive.report("nearest to the line")
    report_time("time", took, "target for 8 steps: 300 ms")


def sets(terrain: journeys.Terrain, minutes: float, count: int) -> None:
    snapshot = terrain.snapshot
    score = journeys.scorer(snapshot, DEFAULT, Memory.empty())

    def lengths(rows: np.ndarray) -> setlist.Stays:
        whole = snapshot.facts.duration[rows].astype(np.float64)
        return setlist.Stays(np.maximum(whole - 30.0, whole / 2), whole)

    made_of, took, off, follows = Steps.none(), [], [], []
    for start in np.random.default_rng(3).choice(snapshot.rows.count, count, replace=False):
        begun = time.perf_counter()
        made = journeys.make_set(terrain, arc.parse(ARC), 60 * minutes, lengths, start=int(snapshot.rows.ids[start]))
        took.append(time.perf_counter() - begun)
        rows = [terrain.row(stage.id) for stage in made.stages]
        made_of.add(score, rows)
        off.append(abs((made.seconds or 0.0) - 60 * minutes))
        asked = np.array([stage.arc for stage in made.stages[1:]], float)
        heard = snapshot.facts.energy[rows[1:]]
        follows.append(float(np.corrcoef(asked.argsort().argsort(), heard.argsort().argsort())[0, 1]))
    print(f"\nsets of {minutes:.0f} minutes, {ARC}, {count} of them")
    print(f"{'':<34}{'score':>14}{'worst step':>14}{'mix':>14}{'worst step':>14}{'steps mix':>15}")
    made_of.report("segue set")
    print(f"rank correlation with the arc: {np.mean(follows):.3f}, least {min(follows):.3f}")
    print(f"off the length: {np.mean(off):.0f} s on average, {max(off):.0f} s at most")
    report_time("time", took, "target for 60 minutes: 2 s")


def learned(snapshot: Snapshot, count: int) -> Memory:
    """Transitions between neighbours."""
    rng = np.random.default_rng(11)
    pairs = []
    for row in rng.integers(0, snapshot.rows.count, count // 5).tolist():
        near = exact.nearest(snapshot.rows, snapshot.rows.vectors[row], 50).rows
        ids = snapshot.rows.ids[rng.choice(near, 5)].tolist()
        pairs += [Transition(int(snapshot.rows.ids[row]), to, 1.0) for to in ids]
    return Memory.of(pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--paths", type=int, default=40)
    parser.add_argument("--sets", type=int, default=12)
    parser.add_argument("--transitions", type=int, default=5000)
    parser.add_argument("--index", action="store_true", help="build the HNSW graph first, as the daemon has it")
    options = parser.parse_args()
    catalogue = Catalogue(_library.columns(options.tracks, DIM))
    snapshot = catalogue.snapshot()
    with tempfile.TemporaryDirectory(prefix="segue-") as folder:
        index = VectorIndex(Path(folder), dim=DIM, model="benchmark")
        if options.index:
            index.open(catalogue, 1)
            index.wait(3600)
        terrain = journeys.Terrain(snapshot, index, Asked(memory=learned(snapshot, options.transitions)))
        measure(terrain, options.paths, options.sets)
        if options.index:
            index.close(save=False)


def measure(terrain: journeys.Terrain, count: int, sets_count: int) -> None:
    rows = terrain.snapshot.rows
    rng = np.random.default_rng(5)
    apart = [(int(a), int(b)) for a, b in rng.integers(0, rows.count, (count, 2)) if a != b]
    beside = [(start, int(exact.nearest(rows, rows.vectors[start], 2000).rows[-1])) for start, _ in apart]
    paths(terrain, beside, 8, "between tracks of related styles")
    paths(terrain, apart, 8, "between any two tracks")
    paths(terrain, apart[:10], 32, "between any two tracks")
    sets(terrain, 60, sets_count)
    sets(terrain, 720, 1)


if __name__ == "__main__":
    main()
