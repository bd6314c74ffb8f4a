"""The two networks, ready to run: `Networks.load(folder)`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.errors import ModelMismatchError
from segue.networks.manifest import ModelManifest
from segue.networks.models import ModelSet
from segue.networks.providers import CUDA, ProviderChoice, choose, open_session
from segue.networks.vector import TrackVector

Array = npt.NDArray[np.float32]

_MAX_VALUES: Final = 400_000
"""Input values that one call of the runtime gets: the inner maps are two hundred times larger."""


def golden_mel(phase: float, mels: int, frames: int) -> Array:
    """A made-up mel spectrogram in dB, float32 (1, mels, frames), the same on every machine: waves over a falling slope."""
    band, frame = np.arange(mels)[:, None] / mels, np.arange(frames)[None, :]
    level = -10.0 - 40.0 * band + 15.0 * np.sin(0.21 * frame + 9.0 * band + phase)
    level += 10.0 * np.sin(0.013 * frame * (1.0 + 3.0 * band)) + 6.0 * np.sin(70.0 * band + 0.05 * frame)
    return level[None].astype(np.float32)


class _Network:
    """An ``.onnx`` file, checked against its manifest, in a session."""

    first_output: str

    def __init__(self, manifest: ModelManifest, provider: ProviderChoice = "auto") -> None:
        if choose(provider) == CUDA:
            manifest = manifest.variant("fp32")  # a GPU has no kernels for the 8-bit file
        manifest.check()
        self.manifest = manifest
        self._session, self.provider = open_session(manifest.path, provider)

    def run(self, mel: Array) -> tuple[Array, Array]:
        """Labels (batch, labels) and embedding (batch, dim) of mel spectrograms in dB, float32 (batch, mels, frames).

        Large batches are run in pieces. Another shape raises ValueError.
        """
        spec = self.manifest.input
        if mel.ndim != 3 or mel.shape[1:] != (spec.mels, spec.frames):
            raise ValueError(f"{self.manifest.name} takes (batch, {spec.mels}, {spec.frames}), not {mel.shape}")
        size = max(_MAX_VALUES // (spec.mels * spec.frames), 1)
        pieces = [self._piece(mel[start : start + size]) for start in range(0, len(mel), size)]
        if not pieces:
            outputs = self.manifest.outputs
            return np.zeros((0, len(outputs.labels)), np.float32), np.zeros((0, outputs.embedding), np.float32)
        labels, embeddings = zip(*pieces, strict=True)
        return np.concatenate(labels), np.concatenate(embeddings)

    def _piece(self, mel: Array) -> tuple[Array, Array]:
        inputs = {self.manifest.input.name: np.ascontiguousarray(mel, dtype=np.float32)}
        labels, embedding = self._session.run([self.first_output, "embedding"], inputs)
        return labels, embedding

    def self_test(self) -> float:
        """Largest relative distance from the golden answer. Raises ModelMismatchError when it is above the tolerance."""
        golden, spec = self.manifest.golden, self.manifest.input
        labels, embedding = self.run(golden_mel(golden.phase, spec.mels, spec.frames))
        said = np.concatenate([labels[0], embedding[0]]).astype(np.float64)
        wanted = np.array([*golden.labels, *golden.embedding])
        if said.shape != wanted.shape:
            raise ModelMismatchError(f"{self.manifest.name} gives {said.size} values instead of {wanted.size}.")
        off = np.abs(said - wanted) / np.maximum(np.abs(wanted), 1.0)
        worst = float(off.max()) if np.isfinite(off).all() else float("inf")
        if worst > self.manifest.tolerance:
            raise ModelMismatchError(
                f"{self.manifest.name} answers wrongly on {self.provider} (off by {worst:.3g}): set the provider to 'cpu'."
            )
        return worst


class Tagger(_Network):
    """The CRNN: tag scores (batch, tags) and embedding (batch, 160) of windows (batch, 96, 1813)."""

    first_output = "tags"

    @property
    def tags(self) -> list[str]:
        """Names of the columns of the first result."""
        return self.manifest.outputs.tags


class ShortChunk(_Network):
    """The Short-Chunk network: features in 0..1 (batch, 6) and embedding (batch, 128) of chunks (batch, 128, 231)."""

    first_output = "features"

    @property
    def features(self) -> list[str]:
        """Names of the columns of the first result."""
        return self.manifest.outputs.features


@dataclass(frozen=True)
class Networks:
    """Everything that turns mel spectrograms into tags, features and a track vector."""

    model_id: str
    """Short name of this set of models: vectors with another one cannot be compared."""
    tagger: Tagger
    short_chunk: ShortChunk
    vector: TrackVector

    @classmethod
    def load(cls, models: Path, provider: ProviderChoice = "auto") -> Networks:
        """Open both networks of a folder and the statistics that belong to them.

        Raises ModelMissingError, or ModelMismatchError when the three were not made together.
        """
        found = ModelSet.load(models)
        return cls(found.id, Tagger(found.tagger, provider), ShortChunk(found.short_chunk, provider), found.vector)

    @property
    def provider(self) -> str:
        """Provider that the networks run on; the CPU's when only one of them runs elsewhere."""
        providers = {self.tagger.provider, self.short_chunk.provider}
        return providers.pop() if len(providers) == 1 else "CPUExecutionProvider"

    def self_test(self) -> float:
        """Largest distance from the golden answers. Raises ModelMismatchError when a provider computes wrongly."""
        return max(self.tagger.self_test(), self.short_chunk.self_test())
