"""The track vector: what the networks and the timbre say about a track, brought to one scale and joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from segue.errors import ModelMismatchError
from segue.networks.manifest import SCHEMA, file_sha256, read_json

_LIMIT: Final = 6.0
"""A z-score beyond this is an outlier of the recording, not of the music: it is cut off."""


class VectorPart(msgspec.Struct, frozen=True):
    """One part of the joined vector."""

    name: str
    dim: int


class VectorManifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The JSON file ``vector.json``: statistics of a reference collection, and the models they were measured with."""

    schema: int
    version: str
    parts: list[VectorPart]
    dim: int
    mean: list[float]
    scale: list[float]
    models: dict[str, str]
    """sha256 of each network's file."""
    weights: dict[str, float] = {}
    tracks: int = 0
    """Tracks in the reference collection."""
    metrics: dict[str, float] = {}
    """What was measured with the joined vector."""


@dataclass(frozen=True)
class TrackVector:
    """Joins the parts of a track into the vector that the index holds."""

    parts: tuple[VectorPart, ...]
    mean: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]
    """Weight of every dimension; the mean and scale have the same shape (dim,)."""
    models: dict[str, str]
    sha256: str

    @classmethod
    def load(cls, path: Path) -> TrackVector:
        """Read ``vector.json``. Raises ModelMissingError, or ModelMismatchError when its lengths disagree."""
        manifest = read_json(path, VectorManifest)
        return cls.of(manifest, file_sha256(path))

    @classmethod
    def of(cls, manifest: VectorManifest, sha256: str = "") -> TrackVector:
        """The vector that a manifest describes. Raises ModelMismatchError when its lengths disagree."""
        mean, scale = (np.array(column, dtype=np.float32) for column in (manifest.mean, manifest.scale))
        weight = np.concatenate(
            [np.full(part.dim, manifest.weights.get(part.name, 1.0), dtype=np.float32) for part in manifest.parts]
        )
        lengths = {len(mean), len(scale), len(weight)}
        if (
            manifest.schema != SCHEMA
            or lengths != {manifest.dim}
            or not np.all(scale > 0)
            or not np.isfinite(mean).all()
        ):
            raise ModelMismatchError("The statistics in vector.json do not fit together: install Segue's models again.")
        return cls(tuple(manifest.parts), mean, scale, weight, manifest.models, sha256)

    @property
    def dim(self) -> int:
        """Length of the vector."""
        return len(self.mean)

    def combine(self, parts: Mapping[str, npt.NDArray[np.floating]]) -> npt.NDArray[np.float32]:
        """Join the parts, z-score, weight, and scale to length one: float32 (dim,), always finite.

        `parts` holds one array (dim of the part,) for each name; what is not finite counts as average. A part that is
        absent or of another length raises ValueError.
        """
        for part in self.parts:
            if part.name not in parts or parts[part.name].shape != (part.dim,):
                raise ValueError(f"the part {part.name} of a track vector should have shape ({part.dim},)")
        joined = np.concatenate([parts[part.name] for part in self.parts]).astype(np.float64)
        score = np.nan_to_num((joined - self.mean) / self.scale, nan=0.0, posinf=_LIMIT, neginf=-_LIMIT)
        weighted = np.clip(score, -_LIMIT, _LIMIT) * self.weight
        length = float(np.linalg.norm(weighted))
        if length < 1e-9:  # exactly average in every respect: near everything alike
            return np.full(self.dim, 1 / np.sqrt(self.dim), dtype=np.float32)
        return (weighted / length).astype(np.float32)
