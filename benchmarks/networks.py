"""CPU seconds that each network takes per minute of audio, in each precision, beside the published architectures.

    python benchmarks/networks.py [--models DIR] [--repeats 11]

One thread, the daemon's settings and batch sizes; the files take turns, and CPU time is measured, so that other programs matter little.
Published: the CRNN and the Short-Chunk CNN-Res (width 128) of Won et al. (SMC 2020) with random weights, exported
as they are; this needs the `export` extra and is left out without it. Exit code 1 when the two shipped files
together take more than 0.20 CPU seconds a minute.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from segue.frontend.constants import CHUNK_FRAMES, CHUNK_MELS, CRNN_FRAMES, CRNN_MELS, HOP, SAMPLE_RATE
from segue.networks.manifest import ModelManifest
from segue.networks.models import models_dir
from segue.networks.providers import open_session
from segue.networks.sessions import golden_mel

LIMIT = 0.20
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SHAPES = {"crnn": (CRNN_MELS, CRNN_FRAMES), "short_chunk": (CHUNK_MELS, CHUNK_FRAMES)}
BATCHES = {"crnn": 1, "short_chunk": 8}
"""Windows that the daemon gives to a network at a time."""

Array = npt.NDArray[np.float32]


def published(folder: Path) -> dict[str, Path]:
    """The published architectures with random weights, as ONNX files; nothing without the `export` extra."""
    try:
        from segue_export.networks.crnn import Crnn  # noqa: PLC0415
        from segue_export.networks.short_chunk import ShortChunk  # noqa: PLC0415
        from segue_export.onnx_file import Outputs, to_onnx  # noqa: PLC0415
    except ImportError as error:
        print(f"no comparison with the published architectures: {error}")
        return {}
    paths = {}
    for name, network in (("crnn", Crnn(50)), ("short_chunk", ShortChunk(50, width=128))):
        paths[name] = folder / f"{name}.onnx"
        to_onnx(Outputs(network).eval(), spectrograms(name), ["tags", "embedding"], paths[name])
    return paths


def spectrograms(name: str) -> Array:
    """A batch of made-up spectrograms; what they show does not matter for the time."""
    mels, frames = SHAPES[name]
    return np.concatenate([golden_mel(float(number), mels, frames) for number in range(max(BATCHES[name], 2))])


def shipped(folder: Path) -> dict[str, dict[str, Path]]:
    """For each network its files by precision, the one that is used first."""
    found = {}
    for name in SHAPES:
        manifest = ModelManifest.load(folder / f"{name}.json")
        others = {precision: folder / variant.file for precision, variant in manifest.variants.items()}
        found[name] = {
            manifest.precision: manifest.path,
            **{key: path for key, path in others.items() if path.exists()},
        }
    return found


def measure(paths: dict[str, Path], name: str, repeats: int) -> dict[str, list[float]]:
    """CPU seconds for each minute of audio, one figure for each repeat, of several files of one network."""
    mel = spectrograms(name)[: BATCHES[name]]
    minutes = len(mel) * SHAPES[name][1] * HOP / SAMPLE_RATE / 60
    sessions = {label: open_session(path, "cpu")[0] for label, path in paths.items()}
    spent: dict[str, list[float]] = {label: [] for label in paths}
    for _ in range(repeats + 1):
        for label, session in sessions.items():
            begin = time.process_time()
            session.run(None, {"mel": mel})
            spent[label].append((time.process_time() - begin) / minutes)
    return {label: seconds[1:] for label, seconds in spent.items()}  # the first run warms up


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=models_dir())
    parser.add_argument("--repeats", type=int, default=11)
    options = parser.parse_args()
    print(f"ONNX Runtime {onnxruntime.__version__}, {options.repeats} repeats; CPU seconds a minute of audio:\n")
    print(f"{'':26}{'lowest':>9}{'median':>9}{'highest':>9}{'of published':>14}{'MB':>7}")
    together, baseline = 0.0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        theirs = published(Path(folder))
        for name, files in shipped(options.models).items():
            used = next(iter(files))
            paths = {f"{name} {precision}": path for precision, path in files.items()}
            reference = f"{name} published"
            paths |= {reference: theirs[name]} if theirs else {}
            spent = measure(paths, name, options.repeats)
            for label, seconds in spent.items():
                share = f"{np.median(seconds) / np.median(spent[reference]):14.2f}" if theirs else f"{'':14}"
                mark = " *" if label == f"{name} {used}" else ""
                size = f"{paths[label].stat().st_size / 1e6:7.1f}"
                low, middle, high = min(seconds), float(np.median(seconds)), max(seconds)
                print(f"{label + mark:26}{low:9.4f}{middle:9.4f}{high:9.4f}{share}{size}")
            together += float(np.median(spent[f"{name} {used}"]))
            baseline += float(np.median(spent[reference])) if theirs else 0.0
    kept = "kept" if together <= LIMIT else "BROKEN"
    ratio = f", {together / baseline:.3f} of the published" if baseline else ""
    print(f"\n* in use; both together {together:.3f}{ratio}; limit {LIMIT}: {kept}")
    return int(together > LIMIT)


if __name__ == "__main__":
    if not THREADS.items() <= os.environ.items():  # it is read when numpy is loaded: begin anew
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **THREADS})
    raise SystemExit(main())
