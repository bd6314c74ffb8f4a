"""Learn how the parts of a track join into one vector: ``vector.json``.

Each part is z-scored with the statistics of a reference collection. Then a linear map takes the joined parts to the vector: to where
the teachers would put the track (ridge regression from the parts of labelled views to the teachers' joined embeddings), beside the
parts themselves, kept to the strongest principal directions of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from segue.frontend.constants import SAMPLE_RATE
from segue.networks.manifest import ModelManifest
from segue.networks.sessions import ShortChunk, Tagger
from segue.networks.timbre import DIM as TIMBRE_DIM
from segue.networks.vector import VectorManifest, VectorPart
from segue_export.interrupts import undivided
from segue_export.networks.crnn import GRU_DIM
from segue_export.shards import Corpus
from segue_export.targets import Array, Layout, Part, cover
from segue_export.tracks import TrackAnalysis, analyse
from segue_export.views import WINDOWS, ViewStore

Matrix = npt.NDArray[np.float64]

PARTS = ("short_chunk", "crnn_conv", "crnn_gru", "timbre")
"""Parts of the track vector, in order."""
WEIGHTS = {"short_chunk": 0.7, "crnn_conv": 1.0, "crnn_gru": 1.0, "timbre": 0.7}
"""Weight of each part after z-scoring."""
RIDGE = 0.1
"""Strength of the ridge, as a share of the number of views."""
BLEND = 1.5
"""Length of the parts themselves beside what the teachers would say. The latter is nearer to the teachers, the former
finds the same track, album and style more often; both were weighed against each other on held-out views and clips."""
DIM = 192
"""Length of the projected vector."""
_LONGEST = 180 * SAMPLE_RATE
"""Only the middle three minutes of a longer track are read: the statistics need no more."""
_LIMIT = 6.0


@dataclass(frozen=True)
class Pair:
    """The two networks as the daemon runs them."""

    tagger: Tagger
    short_chunk: ShortChunk

    @classmethod
    def load(cls, models: Path) -> Pair:
        """Both networks of a folder, on the CPU."""
        crnn, short_chunk = (ModelManifest.load(models / f"{name}.json") for name in ("crnn", "short_chunk"))
        return cls(Tagger(crnn, "cpu"), ShortChunk(short_chunk, "cpu"))

    @property
    def dims(self) -> tuple[int, ...]:
        """Length of each part of the track vector."""
        tagger = self.tagger.manifest.outputs.embedding
        return (self.short_chunk.manifest.outputs.embedding, tagger - GRU_DIM, GRU_DIM, TIMBRE_DIM)

    def analyse(self, wave: Array) -> TrackAnalysis:
        """What the networks say about a waveform at 16 kHz, float32 (samples,)."""
        return analyse(wave, self.tagger, self.short_chunk)


class Heard(NamedTuple):
    """Views as the networks and as the teachers hear them."""

    parts: Matrix
    """Joined parts (views, joined)."""
    teachers: Matrix
    """The teachers' joined embeddings (views, dim)."""
    weights: Array
    """Weight of each of their numbers (dim,)."""
    dims: tuple[int, ...]
    """Length of each part."""


class Statistics(NamedTuple):
    """Mean and scale of the joined parts (joined,), and how many tracks they were measured on."""

    mean: Matrix
    scale: Matrix
    tracks: int

    def score(self, parts: Matrix) -> Matrix:
        """z-scores of joined parts (n, joined), cut off where the daemon cuts them."""
        return np.clip((parts - self.mean) / self.scale, -_LIMIT, _LIMIT)


def joined(track: TrackAnalysis) -> Array:
    """The parts of a track, joined (joined,)."""
    return np.concatenate([track.parts[name] for name in PARTS])


def hear(store: ViewStore, pair: Pair, count: int, seed: int = 1) -> Heard:
    """Random labelled views as both sides hear them."""
    random = np.random.default_rng(seed)
    views = [store.draw(random) for _ in range(count)]
    parts = [joined(pair.analyse(view.wave.astype(np.float32) / np.float32(32768))) for view in views]
    taught = np.stack([cover(view.labels, Part(0, WINDOWS)).embedding for view in views]).astype(np.float64)
    return Heard(np.stack(parts).astype(np.float64), taught, Layout.of(views[0].labels).weights(1.0), pair.dims)


def measure(datasets: Iterable[Corpus], pair: Pair, tracks: int) -> Statistics:
    """Statistics of tracks that are spread evenly over datasets."""
    analysed = []
    for corpus in datasets:
        for index in np.unique(np.linspace(0, len(corpus) - 1, min(tracks, len(corpus))).astype(int)).tolist():
            start = max(corpus.tracks[index].samples - _LONGEST, 0) // 2
            analysed.append(pair.analyse(corpus.audio(index, start, _LONGEST)))
    return statistics_of(analysed)


def statistics_of(analysed: Sequence[TrackAnalysis]) -> Statistics:
    """Mean and scale of analysed tracks.

    A unit that is nearly always off would get a huge score the one time it is on: its scale has a floor in its part.
    """
    columns = [np.stack([track.parts[name] for track in analysed]).astype(np.float64) for name in PARTS]
    scales = [
        np.maximum(spread, max(0.1 * float(np.median(spread)), 1e-6))
        for spread in (column.std(0) for column in columns)
    ]
    return Statistics(np.concatenate([column.mean(0) for column in columns]), np.concatenate(scales), len(analysed))


def project(statistics: Statistics, heard: Heard, ridge: float = RIDGE, blend: float = BLEND, dim: int = DIM) -> Matrix:
    """The linear map (joined, dim) from z-scores to the vector, in its principal directions on the views.

    What the teachers would say (ridge regression to their z-scored embeddings) stands beside the weighted parts themselves,
    with `blend` times its length.
    """
    scores = statistics.score(heard.parts)
    centred = scores - scores.mean(0)
    gram = centred.T @ centred + ridge * len(centred) * np.eye(centred.shape[1])
    predicted = np.linalg.solve(gram, centred.T @ teacher_space(heard))
    parts = np.diag(part_weights(heard.dims))
    told = _length(centred @ predicted)
    both = np.hstack([predicted, blend * told / _length(centred @ parts) * parts]) if told else parts
    directions = np.linalg.svd(centred @ both, full_matrices=False)[2][:dim]
    return np.asarray(both @ directions.T)


def part_weights(dims: Sequence[int]) -> Matrix:
    """Weight of each number of the joined parts, whose lengths are `dims`."""
    return np.concatenate([np.full(dim, WEIGHTS[name]) for name, dim in zip(PARTS, dims, strict=True)])


def _length(vectors: Matrix) -> float:
    return float(np.linalg.norm(vectors, axis=1).mean())


def teacher_space(heard: Heard) -> Matrix:
    """The teachers' embeddings, z-scored and weighted (views, dim): the space whose cosines the vector should have."""
    spread = heard.teachers.std(0)
    scores = (heard.teachers - heard.teachers.mean(0)) / (spread + 0.05 * heard.teachers.std())
    return np.asarray(scores * np.sqrt(heard.weights))


def write_learned(
    models: Path, corpora: Sequence[Corpus], store: ViewStore, version: str, tracks: int, count: int
) -> VectorManifest:
    """Measure statistics on tracks of datasets, learn the projection on labelled views, and write ``vector.json``."""
    pair = Pair.load(models)
    statistics = measure(corpora, pair, tracks)
    return write_vector(models, statistics, project(statistics, hear(store, pair, count)), pair, version)


def write_vector(
    models: Path, statistics: Statistics, projection: Matrix | None, pair: Pair, version: str
) -> VectorManifest:
    """Write ``vector.json`` into a folder of models."""
    manifest = VectorManifest(
        schema=1,
        version=version,
        parts=[VectorPart(name, dim) for name, dim in zip(PARTS, pair.dims, strict=True)],
        dim=sum(pair.dims) if projection is None else projection.shape[1],
        mean=[round(float(value), 6) for value in statistics.mean],
        scale=[round(float(value), 6) for value in statistics.scale],
        projection=b"" if projection is None else unit_gain(projection).astype("<f2").tobytes(),
        weights=WEIGHTS if projection is None else {},
        models={"crnn": pair.tagger.manifest.sha256, "short_chunk": pair.short_chunk.manifest.sha256},
        tracks=statistics.tracks,
    )
    with undivided():
        (models / "vector.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    return manifest


def unit_gain(projection: Matrix) -> Matrix:
    """The same map with a largest value of one, which half precision holds well; the vector's length is set to one anyway."""
    return np.asarray(projection / np.abs(projection).max())
