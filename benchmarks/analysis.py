"""CPU seconds that the analysis takes per minute of audio, by stage and in all, beside librosa's usual calls.

    python benchmarks/analysis.py [MP3 ...] [--minutes 4] [--workers N]

Without files it renders and encodes its own. CPU time is measured, not wall time, so that other programs do not matter.
Exit code 1 when the whole analysis of an mp3 takes more than 0.5 CPU seconds a minute, or grows by a quarter with N workers.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import psutil

from segue.analysis.analyse import Analyser
from segue.analysis.energy import energy, energy_curve
from segue.analysis.key import KeyFinder
from segue.analysis.loudness import LoudnessMeter
from segue.analysis.onsets import OnsetMeter
from segue.analysis.pool import AnalysisPool
from segue.analysis.structure import find_structure
from segue.analysis.tempo import estimate_tempo
from segue.analysis.timeline import Timeline
from segue.analysis.windows import WindowCutter
from segue.audio.decode import decode_stream
from segue.demo.files import write_audio
from segue.demo.synth import TrackSpec, render
from segue.frontend.constants import CHUNK_FRAMES, CHUNK_MELS, CRNN_FRAMES, CRNN_MELS, SAMPLE_RATE
from segue.frontend.mel import Mel, mel_db, stft_stream
from segue.networks.models import models_dir
from segue.networks.sessions import Networks

ENVIRONMENT = {
    # As in a worker.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    # What several versions have left in the usual place may crash librosa.
    "NUMBA_CACHE_DIR": str(Path(tempfile.gettempdir()) / "segue-benchmark-numba"),
}
LIMIT = 0.5
GROWTH = 1.25
STYLES = (("house", 124.0, "A minor"), ("drum-and-bass", 174.0, "F minor"), ("rock", 148.0, "E major"))


class Stopwatch:
    """CPU seconds of this process by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        begin = time.process_time()
        yield
        self.seconds[stage] += time.process_time() - begin


def make_music(folder: Path, minutes: float) -> list[Path]:
    paths = []
    for seed, (style, bpm, key) in enumerate(STYLES):
        samples = render(TrackSpec(style, "Benchmark", style, bpm, key, style, seconds=60 * minutes, seed=seed))
        paths.append(write_audio(folder / f"{style}.mp3", samples, 44_100))
    return paths


def by_stage(path: Path, networks: Networks, watch: Stopwatch) -> None:
    """The parts of the analysis one after another, with everything kept in memory between them."""
    with watch("decode"):
        blocks = list(decode_stream(path))
    with watch("stft, mel"):
        powers = list(stft_stream(blocks))
        mels = [(mel_db(power, CRNN_MELS), mel_db(power, CHUNK_MELS)) for power in powers]
    with watch("crnn"):
        run_network(networks.tagger.run, [mel for mel, _ in mels], CRNN_MELS, CRNN_FRAMES, 1)
    with watch("short-chunk"):
        run_network(networks.short_chunk.run, [mel for _, mel in mels], CHUNK_MELS, CHUNK_FRAMES, 8)
    with watch("tempo"):
        onsets = OnsetMeter()
        for mel, _ in mels:
            onsets.add(mel)
        tempo = estimate_tempo(onsets.result())
    with watch("key"):
        key = KeyFinder()
        for block in blocks:
            key.add(block)
        key.result()
    with watch("energy, structure"):
        timeline, loudness = Timeline(), LoudnessMeter()
        for power, (mel, _) in zip(powers, mels, strict=True):
            timeline.add(power, mel)
            loudness.add(power)
        energy(timeline)
        find_structure(timeline, tempo, energy_curve(timeline, loudness.steps()))


def run_network(run: Callable[[Mel], Any], mels: list[Mel], bands: int, frames: int, batch: int) -> None:
    cutter = WindowCutter(bands, frames)
    windows = [window for mel in mels for window in cutter.add(mel)]
    windows.extend(cutter.rest())
    for start in range(0, len(windows), batch):
        run(np.stack(windows[start : start + batch]))


def librosa_usual(path: Path, watch: Stopwatch) -> None:
    """What a script with librosa would do for tempo and key alone."""
    with watch("librosa"):
        wave, rate = librosa.load(path)
        librosa.beat.beat_track(y=wave, sr=rate)
        librosa.feature.chroma_cqt(y=wave, sr=rate)


def with_workers(count: int, paths: list[Path], rounds: int) -> tuple[float, float]:
    """CPU seconds a minute of audio in all workers together, and minutes of audio a second of wall time."""
    with AnalysisPool(models_dir(), workers=count) as pool:
        warm = [pool.analyse(paths[0], 600.0) for _ in range(count)]
        minutes = warm[0].result().duration / 60
        for future in warm:
            future.result()
        processes = [psutil.Process(pid) for pid in pool.pids]
        before, begin = cpu_seconds(processes), time.perf_counter()
        futures = [pool.analyse(path, 600.0) for path in paths * rounds * count]
        minutes = sum(future.result().duration for future in futures) / 60
        return (cpu_seconds(processes) - before) / minutes, minutes / (time.perf_counter() - begin)


def cpu_seconds(processes: list[psutil.Process]) -> float:
    return sum(process.cpu_times().user + process.cpu_times().system for process in processes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--workers", type=int, default=max(len(os.sched_getaffinity(0)), 2))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return compare(options.files or make_music(Path(folder), options.minutes), options.workers)


def compare(paths: list[Path], workers: int) -> int:
    networks = Networks.load(models_dir(), "cpu")
    analyser, watch = Analyser(networks), Stopwatch()
    analyser.analyse(paths[0])  # warm
    librosa_usual(paths[0], Stopwatch())
    minutes = 0.0
    for path in paths:
        by_stage(path, networks, watch)
        librosa_usual(path, watch)
        with watch("in all"):
            minutes += analyser.analyse(path).duration / 60
    cost = {stage: seconds / minutes for stage, seconds in watch.seconds.items()}
    ours, baseline = cost.pop("in all"), cost.pop("librosa")

    print(f"{len(paths)} files, {minutes:.1f} minutes of audio at {SAMPLE_RATE} Hz; CPU seconds a minute of audio:\n")
    for stage, seconds in cost.items():
        print(f"  {stage:18} {seconds:6.3f}  {seconds / ours:4.0%}")
    print(f"  {'rest':18} {ours - sum(cost.values()):6.3f}")
    print(f"  {'in all':18} {ours:6.3f}  limit {LIMIT}: {'kept' if ours <= LIMIT else 'BROKEN'}")
    print(f"\n  librosa load + beat_track + chroma_cqt {baseline:.3f}: Segue takes {ours / baseline:.2f} of it\n")

    one, speed_one = with_workers(1, paths, 1)
    many, speed_many = with_workers(workers, paths, 1)
    print(f"  1 worker   {one:.3f}  ({speed_one:.1f} min of audio a second of wall time)")
    print(
        f"  {workers} workers  {many:.3f}  ({speed_many:.1f} min of audio a second of wall time): {many / one:.2f} of one"
    )
    return int(ours > LIMIT or many > GROWTH * one)


if __name__ == "__main__":
    if not ENVIRONMENT.items() <= os.environ.items():  # it is read when numpy is loaded: begin anew
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ENVIRONMENT})
    raise SystemExit(main())
