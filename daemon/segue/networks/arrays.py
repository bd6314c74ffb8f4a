"""Small networks that numpy runs: named arrays in a JSON file, with what they were trained on and what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from segue.errors import ModelMismatchError
from segue.networks.manifest import SCHEMA, read_json

Array = npt.NDArray[np.float32]


class ArraySpec(msgspec.Struct, frozen=True):
    """One array of the file."""

    shape: tuple[int, ...]
    values: bytes
    """Row by row, float16, little-endian; base64 in the file."""


class ArraysManifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The JSON file of a small network."""

    schema: int
    name: str
    version: str
    arrays: dict[str, ArraySpec]
    training: dict[str, int | float | str] = {}
    """What it was trained on."""
    metrics: dict[str, float] = {}
    """What was measured, and on what."""


@dataclass(frozen=True)
class Arrays:
    """The arrays of one small network by name, float32, finite."""

    name: str
    version: str
    values: dict[str, Array]

    @classmethod
    def load(cls, path: Path, shapes: dict[str, tuple[int | None, ...]]) -> Arrays:
        """Read a file and check that it holds these arrays; None stands for any length.

        Raises ModelMissingError, or ModelMismatchError when something else is in the file.
        """
        manifest = read_json(path, ArraysManifest)
        values = {name: _array(path, name, spec) for name, spec in manifest.arrays.items()}
        for name, shape in shapes.items():
            found = values.get(name)
            if found is None or not _fits(found.shape, shape):
                raise ModelMismatchError(f"{path.name} has no {name} of shape {shape}: install Segue's models again.")
        if manifest.schema != SCHEMA:
            raise ModelMismatchError(f"{path.name} has another format than this version reads: install Segue again.")
        return cls(manifest.name, manifest.version, values)

    def __getitem__(self, name: str) -> Array:
        """The array of a name. Raises KeyError."""
        return self.values[name]


def _array(path: Path, name: str, spec: ArraySpec) -> Array:
    size = int(np.prod(spec.shape, dtype=np.int64))
    values = np.frombuffer(spec.values[: len(spec.values) // 2 * 2], dtype="<f2").astype(np.float32)
    if min(spec.shape, default=1) < 0 or len(spec.values) != 2 * size or not np.isfinite(values).all():
        raise ModelMismatchError(f"{name} in {path.name} is not what it says: install Segue's models again.")
    return values.reshape(spec.shape)


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        want is None or have == want for have, want in zip(shape, wanted, strict=True)
    )


def write_arrays(
    path: Path,
    name: str,
    version: str,
    arrays: dict[str, npt.NDArray[np.floating]],
    *,
    training: dict[str, int | float | str],
    metrics: dict[str, float],
) -> None:
    """Write the file of a small network."""
    specs = {
        key: ArraySpec(tuple(int(length) for length in array.shape), array.astype("<f2").tobytes())
        for key, array in arrays.items()
    }
    manifest = ArraysManifest(
        schema=SCHEMA, name=name, version=version, arrays=specs, training=training, metrics=metrics
    )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def gelu(values: Array) -> Array:
    """The smooth rectifier of Hendrycks and Gimpel (2016), by their approximation with tanh."""
    return np.asarray(0.5 * values * (1.0 + np.tanh(0.7978845608 * (values + 0.044715 * values**3))), dtype=np.float32)


def log_softmax(scores: Array) -> Array:
    """Logarithms of probabilities over the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), dtype=np.float32)
