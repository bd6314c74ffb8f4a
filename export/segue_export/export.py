"""Write the shipped models: ``python -m segue_export.export crnn|shortchunk|statistics --data DIR --out models/``.

``crnn`` and ``shortchunk`` turn a run's checkpoint into an ONNX file with its manifest; ``statistics`` then measures the mean
and scale of track vectors on the corpus and writes ``vector.json``.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from segue.frontend.constants import (
    CHUNK_FRAMES,
    CHUNK_MELS,
    CRNN_FRAMES,
    CRNN_MELS,
    HOP,
    MEL_FLOOR,
    N_FFT,
    SAMPLE_RATE,
)
from segue.frontend.mel import mel_db, stft_power
from segue.networks.manifest import FrontEnd, Golden, InputSpec, ModelManifest, OutputSpec, file_sha256
from segue.networks.sessions import golden_mel
from segue_export.onnx_file import cost, write
from segue_export.shards import Corpus
from segue_export.statistics import write_statistics
from segue_export.students import Kind, Student
from segue_export.targets import FEATURES, Array
from segue_export.tracks import windows

VERSION = "2026.11.1"
LICENCE = "Apache-2.0"
TEACHERS = (
    {"name": "msd_fcn", "licence": "MIT", "source": "Won et al., SMC 2020"},
    {"name": "msd_crnn", "licence": "MIT", "source": "Won et al., SMC 2020"},
    {"name": "msd_musicnn", "licence": "ISC", "source": "Pons and Serra, 2019"},
)
_PHASE = 0.5


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    if options.what == "statistics":
        write_statistics(options.data, options.out, VERSION, options.tracks)
    else:
        manifest = export(options.what, options.run / "checkpoint.pt", options.data, options.out)
        print(f"{manifest.file}: parity {manifest.parity_max_abs:.1e}, {manifest.metrics}")
    print(f"done in {time.monotonic() - started:.0f} s")
    return 0


def export(kind: Kind, checkpoint: Path, data: Path, out: Path) -> ModelManifest:
    """Write ``<name>.onnx`` and ``<name>.json`` from a checkpoint's averaged weights. Raises ParityError."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    student = load_student(state)
    name, mels, frames = (
        ("crnn", CRNN_MELS, CRNN_FRAMES) if kind == "crnn" else ("short_chunk", CHUNK_MELS, CHUNK_FRAMES)
    )
    labels = "tags" if kind == "crnn" else "features"
    corpus = Corpus(data, "valid")
    mel = real_mels(corpus, mels, frames)
    path = out / f"{name}.onnx"
    difference = write(student, mel, labels, path)
    spent = cost(path, mel, frames * HOP / SAMPLE_RATE)
    manifest = ModelManifest(
        schema=1,
        name=name,
        version=VERSION,
        file=path.name,
        sha256=file_sha256(path),
        input=InputSpec("mel", mels, frames),
        outputs=_outputs(student, state["tags"]),
        front_end=FrontEnd(SAMPLE_RATE, N_FFT, HOP, mels, round((frames - 1) * HOP / SAMPLE_RATE, 6), MEL_FLOOR),
        metrics={"parameters": sum(p.numel() for p in student.network.parameters()), **spent._asdict()},
        training=_training(state, Corpus(data, "train").hours),
        parity_max_abs=float(f"{difference:.3g}"),
        licence=LICENCE,
        golden=_golden(student, mels, frames),
    )
    (out / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    return manifest


def load_student(state: dict[str, Any]) -> Student:
    """The averaged student of a checkpoint."""
    settings = state["settings"]
    student = Student(settings["kind"], len(state["scale"]["mean"]), len(state["tags"]), settings["width"])
    student.load_state_dict(state["average"])
    return student.eval()


def real_mels(corpus: Corpus, mels: int, frames: int, count: int = 8) -> Array:
    """Windows from the middle of tracks that are spread over a corpus, (count, mels, frames)."""
    chosen = np.linspace(0, len(corpus) - 1, count).astype(int)
    need = frames * HOP
    cut = [corpus.audio(int(i), max(corpus.tracks[i].samples - need, 0) // 2, need) for i in chosen]
    return np.concatenate([windows(mel_db(stft_power(wave), mels), frames)[:1] for wave in cut])


def _outputs(student: Student, tags: list[str]) -> OutputSpec:
    if student.kind == "crnn":
        return OutputSpec(embedding=160, tags=list(tags))
    return OutputSpec(embedding=4 * student.width, features=list(FEATURES))


def _golden(student: Student, mels: int, frames: int) -> Golden:
    with torch.inference_mode():
        out = student.network(torch.from_numpy(golden_mel(_PHASE, mels, frames)))
    rounded = [[round(float(value), 5) for value in row[0]] for row in (out.logits.sigmoid(), out.embedding)]
    return Golden(_PHASE, *rounded)


def _training(state: dict[str, Any], hours: float) -> dict[str, Any]:
    progress, settings = state["progress"], state["settings"]
    return {
        "method": "distillation",
        "teachers": list(TEACHERS),
        "corpus": "music in Debian packages (segue_export.corpus)",
        "corpus_hours": round(hours, 1),
        "labelled_views": progress["views"],
        "crops_seen": progress["crops"],
        "minutes": round(progress["minutes"], 1),
        "steps": progress["step"],
        "seed": settings["seed"],
        **({"width": settings["width"]} if settings["kind"] == "shortchunk" else {}),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m segue_export.export", description=__doc__)
    parser.add_argument("what", choices=["crnn", "shortchunk", "statistics"])
    parser.add_argument("--data", type=Path, required=True, help="the corpus folder")
    parser.add_argument("--run", type=Path, help="the run's folder, with its checkpoint (crnn, shortchunk)")
    parser.add_argument("--out", type=Path, required=True, help="the models' folder")
    parser.add_argument(
        "--tracks", type=int, default=300, help="tracks that the statistics are measured on (default: 300)"
    )
    options = parser.parse_args(arguments)
    if options.what != "statistics" and options.run is None:
        parser.error("--run is needed")
    return options


if __name__ == "__main__":
    sys.exit(main())
