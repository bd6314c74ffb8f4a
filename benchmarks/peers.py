"""What other programs say of the tempo and key of labelled files, as a table for `segue bench --compare`.

    python benchmarks/peers.py TRUTH.csv --program librosa --out librosa.csv [--audio FOLDER] [--python INTERPRETER]

The program runs in a process of its own, with another interpreter where `--python` names one, so that nothing of it needs
to be installed beside Segue. Each file's processor time is that of reading, decoding and estimating, with all child
processes. A file that the program cannot read, or at which it crashes, is given to it once more as wav (made by ffmpeg);
what then fails gets a row with the error. Run again, it goes on after the last row.

    essentia   RhythmExtractor2013 (multifeature), KeyExtractor with --profile (edma, bgate, ...)
    librosa    beat.beat_track; it has no key finder
    aubio      tempo (median of the distances between beats, as its own tool prints); it has no key finder
    madmom     RNNBeatProcessor and TempoEstimationProcessor, CNNKeyRecognitionProcessor

Their licences are their own: essentia's code is AGPL, madmom's models are for non-commercial use only. Segue contains and
imports none of them.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

COLUMNS = ("path", "bpm", "key", "bpm_confidence", "key_confidence", "seconds", "cpu_seconds", "error")
PARTS = ("tempo", "key")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""As Segue's workers, so that waiting threads are not counted as work."""

Estimate = Callable[[str], dict[str, Any]]


# What runs in the program's own process: no Segue here ----------------------------------------------------------------


def essentia(parts: set[str], profile: str) -> Estimate:
    import essentia as library  # noqa: PLC0415
    from essentia import standard  # noqa: PLC0415

    library.log.infoActive = library.log.warningActive = False
    rate = 44_100

    def estimate(path: str) -> dict[str, Any]:
        wave = standard.MonoLoader(filename=path, sampleRate=rate)()
        found: dict[str, Any] = {"seconds": len(wave) / rate}
        if "tempo" in parts:
            bpm, _, confidence, _, _ = standard.RhythmExtractor2013(method="multifeature")(wave)
            found |= {"bpm": float(bpm), "bpm_confidence": min(float(confidence) / 5.32, 1.0)}
        if "key" in parts:
            tonic, mode, strength = standard.KeyExtractor(profileType=profile, sampleRate=rate)(wave)
            found |= {"key": f"{tonic} {mode}", "key_confidence": min(max(float(strength), 0.0), 1.0)}
        return found

    return estimate


def librosa(_parts: set[str], _profile: str) -> Estimate:
    import librosa as library  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    library.beat.beat_track(y=np.random.default_rng(0).normal(size=22_050 * 5), sr=22_050)  # numba compiles

    def estimate(path: str) -> dict[str, Any]:
        wave, rate = library.load(path)
        tempo, _ = library.beat.beat_track(y=wave, sr=rate)
        return {"bpm": float(np.atleast_1d(tempo)[0]), "seconds": len(wave) / rate}

    return estimate


def aubio(_parts: set[str], _profile: str) -> Estimate:
    import aubio as library  # noqa: PLC0415

    rate, window, hop = 44_100, 1024, 512

    def estimate(path: str) -> dict[str, Any]:
        source = library.source(path, rate, hop)
        tempo = library.tempo("default", window, hop, rate)
        beats, samples = [], 0
        while True:
            block, read = source()
            if tempo(block)[0]:
                beats.append(tempo.get_last_s())
            samples += read
            if read < hop:
                break
        gaps = [after - before for before, after in pairwise(beats)]
        return {"bpm": 60 / statistics.median(gaps) if gaps else None, "seconds": samples / rate}

    return estimate


def madmom(parts: set[str], _profile: str) -> Estimate:
    from madmom.features import key as keys  # noqa: PLC0415
    from madmom.features.beats import RNNBeatProcessor  # noqa: PLC0415
    from madmom.features.tempo import TempoEstimationProcessor  # noqa: PLC0415

    beats, tempo, key = RNNBeatProcessor(), TempoEstimationProcessor(fps=100), keys.CNNKeyRecognitionProcessor()

    def estimate(path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if "tempo" in parts:
            activations = beats(path)
            best = tempo(activations)[0]
            found |= {"bpm": float(best[0]), "bpm_confidence": float(best[1]), "seconds": len(activations) / 100}
        if "key" in parts:
            prediction = key(path)
            found |= {
                "key": keys.key_prediction_to_label(prediction),
                "key_confidence": float(prediction.max()),
            }
        return found

    return estimate


PROGRAMS: dict[str, Callable[[set[str], str], Estimate]] = {
    "essentia": essentia,
    "librosa": librosa,
    "aubio": aubio,
    "madmom": madmom,
}


READS_WAV = {"aubio", "madmom"}
"""Programs that are given every file as wav."""


@contextmanager
def as_wave(path: str) -> Iterator[str]:
    """The file as mono wav at 44.1 kHz, made by ffmpeg."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "a.wav")  # noqa: PTH118
        command = ["ffmpeg", "-v", "error", "-i", path, "-ac", "1", "-ar", "44100", "-threads", "1", target]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        yield target


def answer_for_ever(program: str, parts: set[str], profile: str) -> None:
    """Read a path a line, and whether to decode it with ffmpeg; write an answer a line. Libraries print to stderr."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    estimate = PROGRAMS[program](parts, profile)
    print(json.dumps({"ready": program}), file=out)
    for line in sys.stdin:
        began = cpu_seconds()
        path, decoded = json.loads(line)
        try:
            with as_wave(path) if decoded else nullcontext(path) as given:
                found = estimate(given)
        except Exception as error:  # noqa: BLE001 - whatever a program does with a file is its answer
            found = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps({**found, "cpu_seconds": cpu_seconds() - began}), file=out)


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


# What runs beside Segue -----------------------------------------------------------------------------------------------


class Peer:
    """The program's process, started again when it dies."""

    def __init__(self, options: argparse.Namespace, parts: set[str]) -> None:
        self._command = [
            options.python, __file__, "--answer", "--program", options.program, "--profile", options.profile,
            "--only", *sorted(parts),
        ]  # fmt: skip
        self._process: subprocess.Popen[str] | None = None
        self._reads_wav = options.program in READS_WAV

    def ask(self, path: Path) -> dict[str, Any]:
        """The answer; where the program cannot read the file, or dies of it, what it says of the file as wav."""
        found = self._ask(path, decoded=self._reads_wav)
        if "error" in found and not self._reads_wav and path.is_file():
            found = self._ask(path, decoded=True)
        return found

    def _ask(self, path: Path, *, decoded: bool) -> dict[str, Any]:
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([os.fspath(path), decoded]) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        self._process = None
        return {"error": f"the program ended with exit code {process.wait()}"}

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _start(self) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        environment = {**os.environ, **ONE_THREAD}
        process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, text=True, env=environment)
        assert process.stdout is not None
        if not process.stdout.readline():
            raise SystemExit(f"the program does not start: is it installed for {self._command[0]}?")
        self._process = process
        return process


def write_table(options: argparse.Namespace, parts: set[str]) -> None:
    from segue.bench.truth import read_truth  # noqa: PLC0415

    rows = read_truth(options.truth, options.audio).rows
    columns = [
        name for name in COLUMNS
        if not (name.startswith("bpm") and "tempo" not in parts) and not (name.startswith("key") and "key" not in parts)
    ]  # fmt: skip
    done: set[str] = set()
    if options.out.exists():
        with options.out.open(newline="", encoding="utf-8") as file:
            before = csv.DictReader(file)
            if before.fieldnames != columns:
                raise SystemExit(f"{options.out} has other columns: choose another --out")
            done = {row["path"] for row in before}
    peer, began = Peer(options, parts), time.monotonic()
    try:
        with options.out.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
            if not done:
                writer.writeheader()
            for number, row in enumerate(rows, 1):
                if row.name in done:
                    continue
                found = peer.ask(row.file)
                writer.writerow({"path": row.name, **{name: plain(value) for name, value in found.items()}})
                file.flush()
                print(f"\r{number}/{len(rows)} {time.monotonic() - began:.0f} s", end="", file=sys.stderr)
    finally:
        peer.stop()
    print(file=sys.stderr)


def plain(value: Any) -> Any:
    return round(value, 5) if isinstance(value, float) else value


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", nargs="?", type=Path, help="the table of true values, as for `segue bench --truth`")
    parser.add_argument("--program", choices=PROGRAMS, required=True)
    parser.add_argument("--out", type=Path, help="the table to write  [PROGRAM.csv]")
    parser.add_argument("--audio", type=Path, help="folder of the files  [that of the truth]")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the program  [this one]")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="only tempo, or only key")
    parser.add_argument("--profile", default="edma", help="essentia's key profile  [edma]")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    parts = set(options.only)
    if options.program in {"librosa", "aubio"}:
        parts &= {"tempo"}
    if not parts:
        parser.error(f"{options.program} has no key finder")
    if options.answer:
        answer_for_ever(options.program, parts, options.profile)
        return 0
    if options.truth is None:
        parser.error("which truth?")
    options.out = options.out or Path(f"{options.program}.csv")
    write_table(options, parts)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
