"""The set of models on disk as the daemon needs it: id, labels, versions. Imports no runtime for networks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import segue
from segue.errors import ModelMismatchError, ModelMissingError
from segue.networks.manifest import ModelManifest
from segue.networks.vector import TrackVector


def models_dir() -> Path:
    """The folder of the shipped models: inside the installed package, else in the checkout.

    Raises ModelMissingError when there is neither.
    """
    package = Path(segue.__file__).resolve().parent
    for folder in (package / "models", package.parents[1] / "models"):
        if (folder / "crnn.json").is_file():
            return folder
    raise ModelMissingError("Segue's models are not installed: install Segue again, or train them (docs/models.md).")


@dataclass(frozen=True)
class ModelSet:
    """Two networks and the statistics of their joined vector, read from their manifests and checked."""

    folder: Path
    tagger: ModelManifest
    short_chunk: ModelManifest
    vector: TrackVector

    @classmethod
    def load(cls, folder: Path) -> ModelSet:
        """Read the three manifests of a folder.

        Raises ModelMissingError, or ModelMismatchError when the three were not made together.
        """
        tagger = ModelManifest.load(folder / "crnn.json")
        short_chunk = ModelManifest.load(folder / "short_chunk.json")
        vector = TrackVector.load(folder / "vector.json")
        if vector.models != {"crnn": tagger.sha256, "short_chunk": short_chunk.sha256}:
            raise ModelMismatchError("vector.json was measured with other networks: install Segue's models again.")
        return cls(folder, tagger, short_chunk, vector)

    @property
    def id(self) -> str:
        """Short name of this set: vectors made with another one cannot be compared."""
        hashes = (self.tagger.sha256, self.short_chunk.sha256, self.vector.sha256)
        return hashlib.sha256("".join(hashes).encode()).hexdigest()[:12]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the tags."""
        return tuple(self.tagger.outputs.tags)

    @property
    def dim(self) -> int:
        """Length of the track vector."""
        return self.vector.dim

    @property
    def versions(self) -> dict[str, str]:
        """Version of each part, and the id of the set."""
        return {"id": self.id, self.tagger.name: self.tagger.version, self.short_chunk.name: self.short_chunk.version}
