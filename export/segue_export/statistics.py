"""Mean and scale of track vectors on the corpus: ``vector.json``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from segue.frontend.constants import SAMPLE_RATE
from segue.networks.manifest import ModelManifest
from segue.networks.sessions import ShortChunk, Tagger
from segue.networks.vector import VectorManifest, VectorPart
from segue_export.shards import Corpus
from segue_export.tracks import TrackAnalysis, analyse

PARTS = ("short_chunk", "crnn_conv", "crnn_gru", "timbre")
"""Parts of the track vector, in order."""
WEIGHTS = {"short_chunk": 0.7, "crnn_conv": 1.0, "crnn_gru": 1.0, "timbre": 0.7}
"""Weight of each part after z-scoring, chosen among fifteen sets with `segue_export.validate`."""
_LONGEST = 180 * SAMPLE_RATE
"""Only the middle three minutes of a longer track are read: the statistics need no more."""


def write_statistics(data: Path, models: Path, version: str, tracks: int) -> VectorManifest:
    """Analyse tracks of the corpus' training split with the exported networks and write ``vector.json``."""
    tagger = Tagger(ModelManifest.load(models / "crnn.json"), "cpu")
    short_chunk = ShortChunk(ModelManifest.load(models / "short_chunk.json"), "cpu")
    corpus = Corpus(data, "train")
    chosen = np.unique(np.linspace(0, len(corpus) - 1, min(tracks, len(corpus))).astype(int))
    analysed = [middle(corpus, int(index), tagger, short_chunk) for index in chosen]
    models_used = {"crnn": tagger.manifest.sha256, "short_chunk": short_chunk.manifest.sha256}
    manifest = describe(analysed, version, models_used)
    (models / "vector.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    return manifest


def middle(corpus: Corpus, index: int, tagger: Tagger, short_chunk: ShortChunk) -> TrackAnalysis:
    """Analysis of (the middle of) a track of the corpus."""
    start = max(corpus.tracks[index].samples - _LONGEST, 0) // 2
    return analyse(corpus.audio(index, start, _LONGEST), tagger, short_chunk)


def describe(analysed: Sequence[TrackAnalysis], version: str, models: dict[str, str]) -> VectorManifest:
    """The manifest of the vector, with mean and scale of the analysed tracks' parts."""
    columns = {name: np.stack([track.parts[name] for track in analysed]).astype(np.float64) for name in PARTS}
    mean = np.concatenate([columns[name].mean(0) for name in PARTS])
    scale = np.concatenate([_scale(columns[name]) for name in PARTS])
    return VectorManifest(
        schema=1,
        version=version,
        parts=[VectorPart(name, columns[name].shape[1]) for name in PARTS],
        dim=len(mean),
        mean=[round(float(value), 6) for value in mean],
        scale=[round(float(value), 6) for value in scale],
        weights=WEIGHTS,
        models=models,
        tracks=len(analysed),
    )


def _scale(column: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Standard deviation of each dimension of a part (tracks, dim), with a floor.

    A unit that is nearly always off would get a huge score the one time it is on.
    """
    spread = column.std(0)
    return np.asarray(np.maximum(spread, max(0.1 * float(np.median(spread)), 1e-6)), dtype=np.float64)
