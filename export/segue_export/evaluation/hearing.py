"""What Segue says of a clip, heard exactly as the daemon hears a file.

Whatever the daemon's analysis does (windows, parts of the vector, tempo, key), it does here too, because it is the one that runs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.io import wavfile

from segue.analysis.analyse import Analyser
from segue.frontend.constants import SAMPLE_RATE
from segue.frontend.mel import Waveform
from segue.networks.sessions import Networks
from segue.networks.vector import TrackVector
from segue_export.evaluation.heads import Heads

Array = npt.NDArray[np.float32]
_DIGITS: Final = 6


class Heard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the daemon, a baseline or a teacher says of one stretch of sound; each fills in what it knows."""

    duration: float = 0.0
    bpm: float | None = None
    key: str | None = None
    energy: float = 0.0
    loudness: float = 0.0
    tags: dict[str, float] = {}
    features: dict[str, float] = {}
    vector: list[float] = []
    parts: dict[str, list[float]] = {}
    """The parts of the vector, z-scored one by one."""
    logits: dict[str, float] = {}
    """What a teacher says of each of its tags."""
    network_bpm: float | None = None
    network_key: str | None = None
    network_metre: int | None = None
    """What the network's own tempo, key and metre heads say, where it has them."""


@dataclass(frozen=True)
class _Keeper(TrackVector):
    """A track vector that also remembers the parts that it joined."""

    kept: list[Mapping[str, npt.NDArray[np.floating]]] = field(default_factory=list)

    def combine(self, parts: Mapping[str, npt.NDArray[np.floating]]) -> Array:
        self.kept.append(dict(parts))
        return super().combine(parts)


class Ear:
    """One set of networks that hears clips. Raises a ModelError when the set cannot be used."""

    def __init__(self, models: Path) -> None:
        networks = Networks.load(models, "cpu")
        self.model_id = networks.model_id
        self._vector = _Keeper(**{item.name: getattr(networks.vector, item.name) for item in fields(TrackVector)})
        self._analyser = Analyser(replace(networks, vector=self._vector))
        self._heads = Heads(networks.short_chunk.manifest)

    def hear(self, wave: Waveform) -> Heard:
        """Everything about a waveform at 16 kHz in -1..1, float32 (samples,). Raises the errors of `segue.audio.decode`."""
        with tempfile.TemporaryDirectory(prefix="segue-") as folder:
            path = Path(folder) / "clip.wav"
            wavfile.write(path, SAMPLE_RATE, wave)
            said = self._analyser.analyse(path)
        parts = {name: self._scored(name, part) for name, part in self._vector.kept.pop().items()}
        musical = self._heads.read(wave)
        return Heard(
            duration=said.duration,
            bpm=said.tempo.bpm,
            key=said.key.name,
            energy=said.energy,
            loudness=said.loudness,
            tags=said.tags,
            features=said.features,
            vector=rounded(said.vector),
            parts=parts,
            network_bpm=musical.bpm,
            network_key=musical.key,
            network_metre=musical.metre,
        )

    def _scored(self, name: str, part: npt.NDArray[np.floating]) -> list[float]:
        places = _places(self._vector)
        if name not in places or len(self._vector.mean) < places[name].stop:
            return rounded(part)
        here = places[name]
        return rounded(np.clip((part - self._vector.mean[here]) / self._vector.scale[here], -6.0, 6.0))


def _places(vector: TrackVector) -> dict[str, slice]:
    ends = np.cumsum([part.dim for part in vector.parts]).tolist()
    return {part.name: slice(end - part.dim, end) for part, end in zip(vector.parts, ends, strict=True)}


def rounded(values: npt.NDArray[np.floating]) -> list[float]:
    """Numbers as they are kept on disk."""
    return [round(float(value), _DIGITS) for value in values]
