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
    """Length of the track vector."""
    mean: list[float]
    scale: list[float]
    """One of each for every number of the joined parts."""
    projection: bytes = b""
    """A linear map from the joined, z-scored and weighted parts to the vector, float16, little-endian, row by row (joined,
    dim), base64 in the file; empty when the vector is the joined parts themselves."""
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
    """Weight of every number of the joined parts; the mean and scale have the same shape (joined,)."""
    projection: npt.NDArray[np.float32] | None
    """The linear map (joined, dim) to the vector, if there is one."""
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
        projection = _projection(manifest, len(mean))
        if (
            manifest.schema != SCHEMA
            or {len(scale), len(weight)} != {len(mean)}
            or manifest.dim != (len(mean) if projection is None else projection.shape[1])
            or not np.all(scale > 0)
            or not np.isfinite(mean).all()
        ):
            raise ModelMismatchError("The statistics in vector.json do not fit together: install Segue's models again.")
        return cls(tuple(manifest.parts), mean, scale, weight, projection, manifest.models, sha256)

    @property
    def dim(self) -> int:
        """Length of the vector."""
        return len(self.mean) if self.projection is None else self.projection.shape[1]

    def combine(self, parts: Mapping[str, npt.NDArray[np.floating]]) -> npt.NDArray[np.float32]:
        """Join the parts, z-score, weight, project, and scale to length one: float32 (dim,), always finite.

        `parts` holds one array (dim of the part,) for each name; what is not finite counts as average. A part that is
        absent or of another length raises ValueError.
        """
        for part in self.parts:
            if part.name not in parts or parts[part.name].shape != (part.dim,):
                raise ValueError(f"the part {part.name} of a track vector should have shape ({part.dim},)")
        joined = np.concatenate([parts[part.name] for part in self.parts]).astype(np.float64)
        score = np.nan_to_num((joined - self.mean) / self.scale, nan=0.0, posinf=_LIMIT, neginf=-_LIMIT)
        weighted = np.clip(score, -_LIMIT, _LIMIT) * self.weight
        if self.projection is not None:
            weighted = weighted @ self.projection
        length = float(np.linalg.norm(weighted))
        if length < 1e-9:  # exactly average in every respect: near everything alike
            return np.full(self.dim, 1 / np.sqrt(self.dim), dtype=np.float32)
        return (weighted / length).astype(np.float32)


def _projection(manifest: VectorManifest, joined: int) -> npt.NDArray[np.float32] | None:
    """The projection of a manifest, None without one. Raises ModelMismatchError when it has another size or is not finite."""
    if not manifest.projection:
        return None
    values = np.frombuffer(manifest.projection[: len(manifest.projection) // 2 * 2], dtype="<f2").astype(np.float32)
    if len(manifest.projection) != 2 * joined * manifest.dim or not np.isfinite(values).all():
        raise ModelMismatchError("The projection in vector.json does not fit: install Segue's models again.")
    return values.reshape(joined, manifest.dim)
