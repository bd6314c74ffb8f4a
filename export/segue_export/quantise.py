"""Make the 8-bit file of each network, and ship it where it is faster and as good: ``segue-export quantise``.

    segue-export quantise --models DIR --data CORPUS

Ranges are calibrated on the corpus' training split, accuracy is measured on its validation split, and the CPU time of one thread
on both files in turn. The 8-bit file becomes the network's file when it costs less and loses no more than ``--points``; when it loses more, the
convolutions that do most harm go back to float until it does not. The float file stays beside it for GPUs. Figures
of both, a golden answer of both and what was chosen are written into the manifest. ``vector.json`` names the files it was
measured with, so that ``segue-export vector`` comes after this.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from segue.frontend.constants import HOP, SAMPLE_RATE
from segue.networks.manifest import ModelManifest, Variant, file_sha256
from segue_export import int8
from segue_export.golden import golden_answer, rounding_tolerance
from segue_export.interrupts import undivided
from segue_export.onnx_file import costs
from segue_export.precision import (
    EXCERPT,
    Agreement,
    Answers,
    Excerpts,
    answers,
    compare,
    hear,
    points_lost,
    take_excerpts,
)
from segue_export.shards import Corpus
from segue_export.targets import Array

NETWORKS: Final = ("crnn", "short_chunk")
BATCHES: Final = {"crnn": 1, "short_chunk": 8}
"""Windows that the daemon gives to a network at a time."""
LIMIT_BYTES: Final = 25_000_000
"""What the models' folder may hold in all."""
_SEED: Final = 1
_REPEATS: Final = 9
_FEW: Final = 24
_UNFINISHED: Final = ".part"


@dataclass(frozen=True)
class Tried:
    """One file of a network, with what was measured of it."""

    precision: str
    path: Path
    """Where it lies; an 8-bit file gets the name below when it is chosen."""
    agreement: Agreement
    points: float
    cpu: list[float]
    """CPU seconds for each minute of audio, one for each repeat."""
    kept: tuple[str, ...] = ()
    """Convolutions of an 8-bit file that are computed in float."""

    @property
    def final(self) -> Path:
        """Where it belongs."""
        return self.path.with_name(self.path.name.replace(_UNFINISHED, ""))

    @property
    def figures(self) -> dict[str, Any]:
        """For the manifest."""
        kept = {"float_layers": list(self.kept)} if self.kept else {}
        return {
            "bytes": self.path.stat().st_size,
            "cpu_seconds_per_audio_minute": min(self.cpu),
            "cpu_median": round(float(np.median(self.cpu)), 4),
            "points_lost": self.points,
            **self.agreement._asdict(),
            **kept,
        }


@dataclass(frozen=True)
class Bench:
    """All that the files of one network are measured with."""

    manifest: ModelManifest
    float_path: Path
    calibration: Array
    excerpts: Excerpts
    reference: Answers

    @property
    def unfinished(self) -> Path:
        """Where an 8-bit file lies until it is chosen."""
        return self.float_path.with_name(f"{self.manifest.name}.int8{_UNFINISHED}.onnx")

    @property
    def own(self) -> Agreement:
        """The float file's figures."""
        return compare(self.reference, self.reference, self.excerpts)

    def compare(self, path: Path) -> Agreement:
        """The figures of another file."""
        return compare(self.reference, answers(path, self.excerpts), self.excerpts)

    def noise(self, path: Path) -> float:
        """Embedding noise of another file, on few excerpts: it needs no more."""
        few = np.linspace(0, len(self.excerpts.mels) - 1, min(_FEW, len(self.excerpts.mels))).astype(int)
        heard = Excerpts([self.excerpts.mels[number] for number in few], *(column[few] for column in self.excerpts[1:]))
        rows = Answers(
            self.reference.labels[few],
            self.reference.embedding[few],
            {name: values[few] for name, values in self.reference.classes.items()},
        )
        return compare(rows, answers(path, heard), heard).embedding_noise

    def costs(self, paths: dict[str, Path]) -> dict[str, list[float]]:
        """CPU seconds for each minute of audio of several files."""
        mel = self.calibration[: BATCHES.get(self.manifest.name, 1)]
        return costs(paths, mel, self.manifest.input.frames * HOP / SAMPLE_RATE, _REPEATS)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(arguments)
    started = time.monotonic()
    for name in NETWORKS:
        bench = prepare(options.models / f"{name}.json", options.data, options.windows, options.excerpts)
        if options.sensitivity:
            for layer, noise in sensitivity(bench):
                print(f"  {noise:.4f}  {layer}")
        try:
            tried = attempt(bench, options.points)
            report(name, tried, chosen(tried, options.points))
            write(bench.manifest, tried, options.points)
        finally:
            bench.unfinished.unlink(missing_ok=True)
    held = sum(file.stat().st_size for file in options.models.iterdir())
    print(f"done in {time.monotonic() - started:.0f} s; {options.models} holds {held / 1e6:.1f} MB")
    if held > LIMIT_BYTES:
        print(f"that is more than {LIMIT_BYTES / 1e6:.0f} MB: delete the fp32 files, which only GPUs use")
    print("the vector belongs to these files: make it anew with segue-export vector")
    return 0


def prepare(manifest_path: Path, data: Path, windows: int, excerpts: int) -> Bench:
    """Read a manifest, and hear the music that its network is calibrated and measured on.

    Raises ModelMissingError, and ValueError when the corpus has too little music.
    """
    manifest = ModelManifest.load(manifest_path).variant("fp32")
    if manifest.precision != "fp32":
        raise ValueError(f"{manifest_path} names no float file: export the network again")
    manifest.check()
    train = Corpus(data, "train")
    chosen = int8.calibration_tracks(train, windows, _SEED)
    random = np.random.default_rng(_SEED)
    starts = [int(random.integers(max(train.tracks[number].samples - EXCERPT, 0) + 1)) for number in chosen]
    heard = [hear(train.audio(*place, EXCERPT), manifest.input) for place in zip(chosen, starts, strict=True)]
    calibration = np.stack([mel[int(random.integers(len(mel)))] for mel in heard])
    taken = take_excerpts(Corpus(data, "valid"), manifest.input, excerpts)
    return Bench(manifest, manifest.path, calibration, taken, answers(manifest.path, taken))


def attempt(bench: Bench, limit: float) -> list[Tried]:
    """The float file and an 8-bit one, measured.

    While the 8-bit file loses more than `limit` points, more and more convolutions are computed in float: those that do
    most harm first, twice as many each time.
    """
    target = bench.unfinished
    layers = int8.convolutions(bench.float_path)
    own, kept = bench.own, tuple[str, ...]()
    harmful: list[str] = []
    while True:
        int8.quantise(bench.float_path, bench.calibration, target, keep=kept)
        agreement = bench.compare(target)
        points = points_lost(own, agreement)
        if points <= limit or len(kept) >= len(layers) - 1:
            break
        harmful = harmful or [layer for layer, _ in sensitivity(bench)]
        kept = tuple(harmful[: min(max(2 * len(kept), 1), len(layers) - 1)])
    spent = bench.costs({"fp32": bench.float_path, "int8": target})
    return [
        Tried("fp32", bench.float_path, own, 0.0, spent["fp32"]),
        Tried("int8", target, agreement, points, spent["int8"], kept),
    ]


def sensitivity(bench: Bench) -> list[tuple[str, float]]:
    """Embedding noise when one convolution alone is computed in 8 bits, for each, the worst first."""
    layers = int8.convolutions(bench.float_path)
    target = bench.float_path.with_name(f"{bench.manifest.name}.part.onnx")
    noise = {}
    try:
        for layer in layers:
            others = [other for other in layers if other != layer]
            int8.quantise(bench.float_path, bench.calibration, target, keep=others, operators=("Conv", "Relu"))
            noise[layer] = bench.noise(target)
    finally:
        target.unlink(missing_ok=True)
    return sorted(noise.items(), key=lambda item: -item[1])


def chosen(tried: list[Tried], limit: float) -> Tried:
    """The cheapest file among those that lose no more than `limit` points."""
    return min((one for one in tried if one.points <= limit), key=lambda one: min(one.cpu))


def write(manifest: ModelManifest, tried: list[Tried], limit: float) -> ModelManifest:
    """Write the manifest that names the chosen file, with the figures of all; an 8-bit file that was not chosen is deleted.

    Until then, an 8-bit file of before is the one in use.
    """
    best, figures = chosen(tried, limit), _measured(tried, manifest)
    variants = {one.precision: _variant(one, manifest) for one in tried}
    mine = variants.pop(best.precision)
    if best.precision == "fp32":
        variants = {}
    new = msgspec.structs.replace(
        manifest,
        **{name: getattr(mine, name) for name in mine.__struct_fields__},
        precision=best.precision,
        variants=variants,
        metrics=manifest.metrics | {"cpu_seconds_per_audio_minute": min(best.cpu), **figures},
        folder="",
    )
    path = Path(manifest.folder) / f"{manifest.name}.json"
    with undivided():
        for one in tried:
            if one is best or best.precision != "fp32":
                one.path.replace(one.final)
            else:
                one.path.unlink()
                one.final.unlink(missing_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(new), indent=1) + b"\n")
    return new


def report(name: str, tried: list[Tried], best: Tried) -> None:
    """Print a network's figures, one precision a line."""
    heads = ("bytes", "CPU s/min", "median", "points", "track", "group", "ten", "labels", "noise")
    print(f"{name:12s}" + "".join(f"{head:>11s}" for head in heads))
    for one in tried:
        it, size = one.agreement, one.path.stat().st_size if one.path.exists() else 0
        values = (
            *(f"{size}", f"{min(one.cpu):.4f}"),
            *(f"{np.median(one.cpu):.4f}", f"{one.points:.2f}", f"{it.same_track:.3f}", f"{it.same_group:.3f}"),
            *(f"{it.neighbour_overlap:.3f}", f"{it.label_correlation:.5f}", f"{it.embedding_noise:.4f}"),
        )
        print(f"  {one.precision:10s}" + "".join(f"{value:>11s}" for value in values), *one.kept)
    print(f"  ships {best.precision}")


def _variant(one: Tried, manifest: ModelManifest) -> Variant:
    golden = golden_answer(one.path, manifest.input, manifest.golden.phase)
    tolerance = rounding_tolerance(one.path, manifest.input, manifest.golden.phase)
    return Variant(file=one.final.name, sha256=file_sha256(one.path), golden=golden, tolerance=tolerance)


def _measured(tried: list[Tried], manifest: ModelManifest) -> dict[str, Any]:
    return {"batch": BATCHES.get(manifest.name, 1), "precisions": {one.precision: one.figures for one in tried}}


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="segue-export quantise", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, required=True, help="the folder of exported models")
    parser.add_argument("--data", type=Path, required=True, help="the corpus folder")
    parser.add_argument("--points", type=float, default=1.0, help="points that may be lost (default: 1)")
    parser.add_argument("--windows", type=int, default=64, help="windows to calibrate on (default: 64)")
    parser.add_argument("--excerpts", type=int, default=320, help="excerpts to measure on (default: 320)")
    parser.add_argument("--sensitivity", action="store_true", help="print what each convolution alone loses in 8 bits")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
