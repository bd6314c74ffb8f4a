"""Measure exported models on the corpus' validation packages: ``python -m segue_export.validate --data DIR --models models/``.

From every validation track of a minute or more, two windows of 29 s are taken, at a quarter and at three quarters. Measured
are: how often the nearest of all other windows is the track's other one, how often the nearest window of another track is
from the same package, how many of the ten nearest are also among the teachers' ten nearest, and how well tag logits
correlate with the teachers'. The figures are written into the models' manifests with ``--record``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from segue.frontend.constants import CHUNK_MELS
from segue.frontend.mel import mel_db, stft_power
from segue.networks.sessions import Networks
from segue_export.augment import VIEW_SAMPLES
from segue_export.shards import Corpus
from segue_export.targets import Array, cover, energy_score, scores
from segue_export.teachers import folder, load_teachers
from segue_export.tracks import TrackAnalysis, analyse
from segue_export.views import Labels, label

PART_SETS = (
    ("timbre",),
    ("short_chunk",),
    ("crnn_conv",),
    ("crnn_gru",),
    ("crnn_conv", "crnn_gru"),
    ("short_chunk", "crnn_conv", "crnn_gru"),
    ("short_chunk", "crnn_conv", "timbre"),
    ("short_chunk", "crnn_conv", "crnn_gru", "timbre"),
)


class Excerpts(NamedTuple):
    """Windows of the validation tracks and what the teachers say about them."""

    waves: npt.NDArray[np.int16]
    track: npt.NDArray[np.int64]
    package: npt.NDArray[np.str_]
    embedding: Array
    """Teachers' joined embeddings, z-scored over the excerpts (excerpts, dim)."""
    logits: Array
    """Teachers' mean tag logits (excerpts, tags)."""


class Figures(NamedTuple):
    """Retrieval figures of one vector, 0..1."""

    same_track: float
    same_package: float
    teacher_overlap: float


class Report(NamedTuple):
    """Everything that is measured of a set of models."""

    vectors: dict[str, Figures]
    tags: float
    features: dict[str, float]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(arguments)
    excerpts = load_excerpts(options.data, options.teachers)
    networks = Networks.load(options.models, "cpu")
    heard = [analyse(as_float(wave), networks.tagger, networks.short_chunk) for wave in excerpts.waves]
    report = measure(heard, excerpts, networks)
    print(f"{len(heard)} excerpts of {len(set(excerpts.track))} tracks\n{'vector':48s} track  package  teachers' ten")
    for name, figures in report.vectors.items():
        print(f"{name:48s} {figures.same_track:.3f}  {figures.same_package:.3f}    {figures.teacher_overlap:.3f}")
    print(f"tags, mean correlation of logits with the teachers': {report.tags:.3f}")
    print("features, rank correlation with their targets:", report.features)
    if options.record:
        record(report, options.models)
    return 0


def measure(heard: list[TrackAnalysis], excerpts: Excerpts, networks: Networks) -> Report:
    """All figures of a set of models, from its analysis of the excerpts."""
    vectors = {"teachers": judge(excerpts.embedding, excerpts), "segue": judge(_vectors(networks, heard), excerpts)}
    for parts in PART_SETS:
        vectors["+".join(parts)] = judge(_joined(networks, heard, parts), excerpts)
    tags = tag_agreement(np.stack([track.tags for track in heard]), excerpts)
    return Report(vectors, round(tags, 3), feature_agreement(heard, excerpts, networks))


def record(report: Report, models: Path) -> None:
    """Write the figures into the manifests of a folder of models."""
    crnn = {f"valid_{name}": value for name, value in _rounded(report.vectors["crnn_conv+crnn_gru"]).items()}
    short_chunk = {f"valid_{name}": value for name, value in _rounded(report.vectors["short_chunk"]).items()}
    _add(models / "crnn.json", {"valid_tag_correlation": report.tags, **crnn})
    _add(models / "short_chunk.json", {"valid_feature_rank_correlation": report.features, **short_chunk})
    joined = _rounded(report.vectors["segue"])
    teachers = report.vectors["teachers"]
    named = {"teachers_same_track": teachers.same_track, "teachers_same_package": teachers.same_package}
    _add(models / "vector.json", {**joined, **{name: round(value, 3) for name, value in named.items()}})


def judge(vectors: Array, excerpts: Excerpts) -> Figures:
    """Retrieval figures of vectors (excerpts, dim) by cosine."""
    near = _similarity(vectors)
    other_track = np.where(excerpts.track[:, None] == excerpts.track[None, :], -np.inf, near)
    theirs = _similarity(excerpts.embedding)
    theirs[excerpts.track[:, None] == excerpts.track[None, :]] = -np.inf
    ours_ten, their_ten = (np.argsort(-matrix, axis=1)[:, :10] for matrix in (other_track, theirs))
    overlap = [len(set(a) & set(b)) / 10 for a, b in zip(ours_ten.tolist(), their_ten.tolist(), strict=True)]
    return Figures(
        float(np.mean(excerpts.track[near.argmax(1)] == excerpts.track)),
        float(np.mean(excerpts.package[other_track.argmax(1)] == excerpts.package)),
        float(np.mean(overlap)),
    )


def tag_agreement(probabilities: Array, excerpts: Excerpts) -> float:
    """Mean over the tags of the correlation between our logits and the teachers', over excerpts."""
    clipped = np.clip(probabilities, 1e-6, 1 - 1e-6)
    ours = np.log(clipped / (1 - clipped))
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(ours.T, excerpts.logits.T, strict=True)]))


def feature_agreement(heard: list[TrackAnalysis], excerpts: Excerpts, networks: Networks) -> dict[str, float]:
    """Rank correlation of each medium-level feature with its target, over excerpts."""
    energies = [energy_score(mel_db(stft_power(as_float(wave)), CHUNK_MELS)) for wave in excerpts.waves]
    tags = networks.tagger.tags
    wanted = np.stack([scores(row, energy, tags) for row, energy in zip(excerpts.logits, energies, strict=True)])
    said = np.stack([track.features for track in heard])
    return {
        name: round(float(np.corrcoef(_ranks(a), _ranks(b))[0, 1]), 3)
        for name, a, b in zip(networks.short_chunk.features, said.T, wanted.T, strict=True)
    }


def as_float(wave: npt.NDArray[np.int16]) -> Array:
    """16-bit samples in -1..1, float32."""
    return wave.astype(np.float32) / np.float32(32768)


def load_excerpts(data: Path, teachers: Path | None) -> Excerpts:
    """The validation excerpts with their labels; labelled once and kept in the corpus folder."""
    cache = data / "validation.npz"
    if not cache.exists():
        corpus = Corpus(data, "valid")
        long = [index for index, track in enumerate(corpus.tracks) if track.seconds >= 60]
        starts = [
            (index, int(at * (corpus.tracks[index].samples - VIEW_SAMPLES))) for index in long for at in (0.25, 0.75)
        ]
        waves = np.stack([(corpus.audio(i, start, VIEW_SAMPLES) * 32767).astype(np.int16) for i, start in starts])
        labels = label(waves, load_teachers(folder(teachers), data / "teachers"))
        covered = [_whole(labels, number) for number in range(len(waves))]
        np.savez(
            cache,
            waves=waves,
            track=np.array([index for index, _ in starts]),
            package=np.array([corpus.tracks[index].package for index, _ in starts]),
            embedding=np.stack([one[0] for one in covered]),
            logits=np.stack([one[1] for one in covered]),
        )
    with np.load(cache) as kept:
        joined = kept["embedding"]
        z = (joined - joined.mean(0)) / (joined.std(0) + 0.05 * joined.std())
        return Excerpts(kept["waves"], kept["track"], kept["package"], z, kept["logits"])


def _whole(labels: dict[str, Labels], number: int) -> tuple[Array, Array]:
    one = {name: Labels(value.embedding[number], value.logits[number]) for name, value in labels.items()}
    covered = cover(one, 0, 0, -1)
    return covered.embedding, covered.logits


def _vectors(networks: Networks, heard: list[TrackAnalysis]) -> Array:
    return np.stack([networks.vector.combine(track.parts) for track in heard])


def _joined(networks: Networks, heard: list[TrackAnalysis], names: tuple[str, ...]) -> Array:
    """Vectors of some of the parts only."""
    dims = [(part.name in names, part.dim) for part in networks.vector.parts]
    keep = np.concatenate([np.full(dim, used) for used, dim in dims])
    return _vectors(networks, heard)[:, keep]


def _similarity(vectors: Array) -> Array:
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    near = np.asarray(unit @ unit.T, dtype=np.float32)
    np.fill_diagonal(near, -np.inf)
    return near


def _ranks(values: Array) -> npt.NDArray[np.intp]:
    return values.argsort().argsort()


def _rounded(figures: Figures) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures._asdict().items()}


def _add(path: Path, figures: dict[str, Any]) -> None:
    manifest = msgspec.json.decode(path.read_bytes())
    manifest["metrics"] = manifest.get("metrics", {}) | figures
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m segue_export.validate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the corpus folder")
    parser.add_argument("--models", type=Path, required=True, help="the folder of exported models")
    parser.add_argument("--teachers", type=Path, help="folder of teachers (default: $SEGUE_TEACHERS)")
    parser.add_argument("--record", action="store_true", help="write the figures into the manifests")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
