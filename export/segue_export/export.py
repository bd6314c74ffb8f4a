"""Write models that the daemon runs: ``segue-export crnn|shortchunk --run DIR``, then ``quantise``, then ``vector``.

``crnn`` and ``shortchunk`` turn a run's checkpoint into an ONNX file with its manifest; ``quantise`` makes the 8-bit files;
``vector`` then learns how what they say joins into one vector, and writes ``vector.json``.
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

from segue.errors import SegueError
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
from segue.keys import KEYS
from segue.networks.manifest import FrontEnd, Golden, InputSpec, ModelManifest, OutputSpec, file_sha256
from segue.networks.sessions import golden_mel
from segue_export.balance import CENTRED, STRENGTH, centring, shift
from segue_export.fusion import write_learned
from segue_export.interrupts import interruptible, undivided
from segue_export.labelling import read_datasets
from segue_export.networks.crnn import Crnn
from segue_export.onnx_file import ParityError, cost, write
from segue_export.shards import Corpus
from segue_export.students import Kind, Student, is_outdated, sizes_of
from segue_export.targets import FEATURES, Array, Scale
from segue_export.tracks import windows
from segue_export.trainer import CHECKPOINT
from segue_export.truth import METRES, TEMPI
from segue_export.views import ViewStore
from segue_export.vocabulary import Vocabulary
from segue_export.widening import width_of

VERSION = "2026.11.5"
LICENCE = "Apache-2.0"
TEACHERS = (
    {"name": "msd_fcn", "licence": "MIT", "source": "Won et al., SMC 2020"},
    {"name": "msd_crnn", "licence": "MIT", "source": "Won et al., SMC 2020"},
    {"name": "msd_musicnn", "licence": "ISC", "source": "Pons and Serra, 2019"},
    {"name": "jamendo_fcn", "licence": "MIT", "source": "Won et al., SMC 2020"},
    {"name": "jamendo_musicnn", "licence": "MIT", "source": "Won et al., SMC 2020"},
)
_KNOWN = {teacher["name"]: teacher for teacher in TEACHERS}
_MUSIC = "music in Debian packages, and synthesised music (segue-dataset corpus, synth)"
"""What the runs before checkpoints said so were taught on."""
_WINDOWS = 100
"""Windows of each dataset, evenly spread, on which a tagger's tags are centred."""
_PHASE = 0.5


@interruptible("interrupted; the models are as they were before the step that was at work")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        return _run(words)
    except (ValueError, OSError, SegueError, ParityError) as error:
        print(f"segue-export: {error}", file=sys.stderr)
        return 1


def _run(words: list[str]) -> int:
    if words[:1] == ["quantise"]:
        from segue_export import quantise  # noqa: PLC0415  # it needs the quantiser, which nothing else does

        return quantise.main(words[1:])
    options = _options(words)
    options.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    if options.what == "vector":
        corpora = [corpus for corpus, _ in read_datasets(options.dataset)]
        write_learned(options.out, corpora, ViewStore(options.views), VERSION, options.tracks, options.count)
    else:
        checkpoint = options.run / options.checkpoint
        manifest = export(options.what, checkpoint, options.dataset, options.out)
        print(f"{manifest.file}: parity {manifest.parity_max_abs:.1e}, {manifest.metrics}")
    print(f"done in {time.monotonic() - started:.0f} s")
    return 0


def export(kind: Kind, checkpoint: Path, datasets: list[str], out: Path) -> ModelManifest:
    """Write ``<name>.onnx`` and ``<name>.json`` from a checkpoint's averaged weights. Raises ParityError.

    The tags of a tagger of two vocabularies are made comparable (see `segue_export.balance`).
    """
    if not checkpoint.is_file():
        raise SystemExit(f"{checkpoint}: there is no checkpoint; is --run the folder of a run?")
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if state["settings"]["kind"] != kind:
        raise SystemExit(f"{checkpoint} is of another kind of network: {state['settings']['kind']}")
    student = load_student(state)
    name, mels, frames = (
        ("crnn", CRNN_MELS, CRNN_FRAMES) if kind == "crnn" else ("short_chunk", CHUNK_MELS, CHUNK_FRAMES)
    )
    heard, learnt = (read_datasets(datasets, split) for split in ("valid", "train"))
    if not heard:
        raise SystemExit("the file is compared with the network on music of the validation split, and there is none")
    if isinstance(student.network, Crnn):
        _balance(student.network, Vocabulary.parted(state["tags"]), [corpus for corpus, _ in learnt])
    labels = "tags" if kind == "crnn" else "features"
    mel = real_mels(heard[0][0], mels, frames)
    path, unfinished = out / f"{name}.onnx", out / f"{name}.new.onnx"
    try:
        manifest = _written(student, state, mel, labels, unfinished, path.name, learnt)
        with undivided():
            unfinished.replace(path)
            (out / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def _written(
    student: Student,
    state: dict[str, Any],
    mel: Array,
    labels: str,
    path: Path,
    file: str,
    learnt: list[tuple[Corpus, float]],
) -> ModelManifest:
    """Write the network, and measure what its manifest says; the file will be named `file`."""
    mels, frames = mel.shape[1:]
    difference = write(student, mel, labels, path)
    spent = cost(path, mel, frames * HOP / SAMPLE_RATE)
    return ModelManifest(
        schema=1,
        name=Path(file).stem,
        version=VERSION,
        file=file,
        sha256=file_sha256(path),
        input=InputSpec("mel", mels, frames),
        outputs=_outputs(student, state["tags"]),
        front_end=FrontEnd(SAMPLE_RATE, N_FFT, HOP, mels, round((frames - 1) * HOP / SAMPLE_RATE, 6), MEL_FLOOR),
        metrics={"parameters": sum(p.numel() for p in student.network.parameters()), **spent._asdict()},
        training=_training(state, sum(corpus.hours for corpus, _ in learnt)),
        parity_max_abs=float(f"{difference:.3g}"),
        licence=LICENCE,
        golden=_golden(student, mels, frames),
    )


@torch.no_grad()
def _balance(network: Crnn, vocabulary: Vocabulary, corpora: list[Corpus]) -> None:
    if not len(vocabulary.second_places):
        return
    network.tags.bias.add_(torch.from_numpy(shift(vocabulary)))
    mels = [real_mels(corpus, CRNN_MELS, CRNN_FRAMES, min(_WINDOWS, len(corpus))) for corpus in corpora]
    if mels:
        logits = [network(torch.from_numpy(mel[None])).logits[0] for mel in np.concatenate(mels)]
        network.tags.bias.add_(torch.from_numpy(centring(torch.stack(logits).double().numpy())))


def load_student(state: dict[str, Any]) -> Student:
    """The averaged student of a checkpoint."""
    settings = state["settings"]
    scale = Scale(**{name: value.numpy() for name, value in state["scale"].items()})
    student = Student(settings["kind"], sizes_of(scale, len(state["tags"])), width_of(state["average"]))
    if is_outdated(state["average"]):
        raise ValueError(
            "this run is of a version whose heads of tempo, key and metre heard too late: teach new ones first, with "
            "segue-train heads --run RUN --dataset DIR"
        )
    student.load_state_dict(state["average"])
    return student.eval()


def real_mels(corpus: Corpus, mels: int, frames: int, count: int = 8) -> Array:
    """Windows from the middle of tracks that are spread over a corpus, (count, mels, frames)."""
    chosen = np.linspace(0, len(corpus) - 1, count).astype(int)
    need = frames * HOP
    cut = [corpus.audio(int(i), max(corpus.tracks[i].samples - need, 0) // 2, need) for i in chosen]
    return np.concatenate([windows(mel_db(stft_power(wave), mels), frames)[:1] for wave in cut])


def _outputs(student: Student, tags: list[str]) -> OutputSpec:
    if isinstance(student.network, Crnn):
        return OutputSpec(embedding=student.network.embedding_dim, tags=list(tags))
    return OutputSpec(
        embedding=student.network.embedding_dim,
        features=list(FEATURES),
        tempo=list(TEMPI),
        key=list(KEYS),
        metre=list(METRES),
    )


def _golden(student: Student, mels: int, frames: int) -> Golden:
    with torch.inference_mode():
        out = student.network(torch.from_numpy(golden_mel(_PHASE, mels, frames)))
    rounded = [[round(float(value), 5) for value in row[0]] for row in (out.logits.sigmoid(), out.embedding)]
    return Golden(_PHASE, *rounded)


def _training(state: dict[str, Any], hours: float) -> dict[str, Any]:
    progress, settings = state["progress"], state["settings"]
    said = settings.get("teachers")
    names = list(_KNOWN) if said is None else said
    return {
        "method": "distillation" if names else "from labels",
        "teachers": [_KNOWN.get(name, {"name": name}) for name in names],
        "corpus": state["settings"].get("music", _MUSIC),
        "corpus_hours": round(hours, 1),
        "labelled_views": progress["views"],
        "crops_seen": progress["crops"],
        "crops_seen_before": progress.get("crops_before", 0),
        "minutes": round(progress["minutes"], 1),
        "steps": progress["step"],
        "seed": settings["seed"],
        **({"heads": state["heads"]} if "heads" in state else {}),
        **({"tag_balance": STRENGTH, "tag_centring": CENTRED} if settings["kind"] == "crnn" else {}),
        "width": width_of(state["average"]),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="segue-export", description=__doc__)
    add = parser.add_argument
    add("what", choices=["crnn", "shortchunk", "vector"], help="or 'quantise', which has options of its own")
    add("--dataset", action="append", default=[], required=True, help="folder of a dataset; may be repeated")
    add("--out", type=Path, required=True, help="the models' folder")
    add("--run", type=Path, help="the run's folder (crnn, shortchunk)")
    add("--checkpoint", default=CHECKPOINT, help=f"which checkpoint of the run (default: {CHECKPOINT})")
    add("--views", type=Path, help="the store of labelled views (vector)")
    add(
        "--tracks",
        type=int,
        default=300,
        help="tracks of each dataset that the statistics are measured on (default: 300)",
    )
    add("--count", type=int, default=1500, help="views that the vector is learnt on (default: 1500)")
    options = parser.parse_args(arguments)
    if options.what == "vector" and options.views is None:
        parser.error("--views is needed")
    if options.what != "vector" and options.run is None:
        parser.error("--run is needed")
    return options


if __name__ == "__main__":
    sys.exit(main())
