"""What a model file is: its hash, its inputs and outputs, and the signal chain that it was made for."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from segue.errors import ModelMismatchError, ModelMissingError
from segue.frontend.constants import HOP, MEL_FLOOR, N_FFT, SAMPLE_RATE

Kind = TypeVar("Kind", bound=msgspec.Struct)

SCHEMA: Final = 1
"""Version of the manifests' format."""


class InputSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The network's one input: float32 (batch, mels, frames), mel spectrogram in dB."""

    name: str
    mels: int
    frames: int


class OutputSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The network's outputs: names of the columns of `tags` or `features`, and the length of `embedding`.

    `tempo` (bpm), `key` and `metre` name the classes of further outputs, distributions over them, where there are any.
    """

    embedding: int
    tags: list[str] = []
    features: list[str] = []
    tempo: list[float] = []
    key: list[str] = []
    metre: list[int] = []

    @property
    def labels(self) -> list[str]:
        """Names of the columns of the first output."""
        return self.tags or self.features


class FrontEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signal chain before the network."""

    sample_rate: int
    n_fft: int
    hop: int
    mels: int
    window_seconds: float
    floor: float
    scale: str = "htk"
    centre: str = "reflect"


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network answers to `golden_mel` of this phase; every provider must agree with it."""

    phase: float
    labels: list[float]
    embedding: list[float]


class Variant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Another file of the same network, computed in another precision."""

    file: str
    sha256: str
    golden: Golden
    tolerance: float = 1e-2


class ModelManifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The JSON file beside an ``.onnx`` file."""

    schema: int
    name: str
    version: str
    file: str
    sha256: str
    input: InputSpec
    outputs: OutputSpec
    front_end: FrontEnd
    metrics: dict[str, Any]
    training: dict[str, Any]
    parity_max_abs: float
    licence: str
    golden: Golden
    tolerance: float = 1e-2
    """How far a provider's answer may be from the golden one, in units of max(1, |value|)."""
    precision: str = "fp32"
    """What the file computes in: ``fp32``, or ``int8`` where that costs no accuracy worth having."""
    variants: dict[str, Variant] = {}
    """The network's other files, by precision; any of them may be left out of an installation."""
    folder: str = ""
    """Where the manifest was read; not part of the file."""

    @classmethod
    def load(cls, path: Path) -> ModelManifest:
        """Read a manifest. Raises ModelMissingError when it is not there, ModelMismatchError when it is no manifest."""
        manifest = msgspec.structs.replace(read_json(path, cls), folder=str(path.parent))
        if manifest.schema != SCHEMA:
            raise ModelMismatchError(
                f"{path} has format {manifest.schema}; this version of Segue reads format {SCHEMA}."
            )
        return manifest

    @property
    def path(self) -> Path:
        """The ``.onnx`` file."""
        return Path(self.folder) / self.file

    def variant(self, precision: str) -> ModelManifest:
        """The manifest of the file in this precision, where it is installed; else this one."""
        other = self.variants.get(precision)
        if other is None or not (Path(self.folder) / other.file).is_file():
            return self
        changes = {name: getattr(other, name) for name in other.__struct_fields__}
        return msgspec.structs.replace(self, precision=precision, **changes)

    def check(self) -> None:
        """Compare with this version's signal chain and with the file.

        Raises ModelMismatchError when a constant or the file's hash differs, ModelMissingError when the file is absent.
        """
        front = self.front_end
        ours = {"sample_rate": SAMPLE_RATE, "n_fft": N_FFT, "hop": HOP, "floor": MEL_FLOOR, "mels": self.input.mels}
        theirs = {name: getattr(front, name) for name in ours}
        window = round(front.window_seconds * SAMPLE_RATE) // HOP + 1
        if theirs != ours or window != self.input.frames or (front.scale, front.centre) != ("htk", "reflect"):
            wrong = [f"{name} {theirs[name]} instead of {ours[name]}" for name in ours if theirs[name] != ours[name]]
            detail = ", ".join(wrong) or "another window or mel scale"
            raise ModelMismatchError(f"The model {self.name} was made for another signal chain: {detail}.")
        if file_sha256(self.path) != self.sha256:
            raise ModelMismatchError(
                f"{self.path} is not the file its manifest describes: install Segue's models again."
            )


def read_json(path: Path, kind: type[Kind]) -> Kind:
    """Decode a JSON file into a Struct. Raises ModelMissingError or ModelMismatchError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise ModelMissingError(
            f"There is no model at {path}: install Segue again, or train one (docs/models.md)."
        ) from error
    except msgspec.DecodeError as error:
        raise ModelMismatchError(f"{path} is not a manifest that this version of Segue reads: {error}.") from error


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file. Raises ModelMissingError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelMissingError(
            f"There is no model at {path}: install Segue again, or train one (docs/models.md)."
        ) from error
