"""The tempo and key heads of the Short-Chunk network, where the file has them.

The daemon names tempo and key by signal processing. A network may answer too: an output ``tempo`` (batch, classes), whose
classes' beats per minute are the manifest's ``outputs.tempo``, and an output ``key`` (batch, 24), whose names are the
manifest's ``outputs.key``, or, when it does not list them, `segue.keys.KEYS`. Both may be logits or probabilities.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from segue.analysis.windows import WindowCutter
from segue.frontend.mel import Waveform, mel_db, stft_power
from segue.keys import KEYS
from segue.networks.manifest import ModelManifest
from segue.networks.providers import open_session

Array = npt.NDArray[np.float32]
_BATCH: Final = 8


class Heads:
    """Reads tempo and key off a network that has outputs of these names; says None for what it has not."""

    def __init__(self, manifest: ModelManifest) -> None:
        self._input = manifest.input
        self._session, _ = open_session(manifest.path, "cpu")
        outputs = {output.name for output in self._session.get_outputs()}
        listed = _listed(manifest)
        self._tempi = np.array(listed.get("tempo", []), dtype=np.float64) if "tempo" in outputs else np.zeros(0)
        self._keys = tuple(listed.get("key", KEYS)) if "key" in outputs else ()
        self._names = [name for name, has in (("tempo", len(self._tempi)), ("key", len(self._keys))) if has]

    def read(self, wave: Waveform) -> tuple[float | None, str | None]:
        """Tempo and key of a waveform at 16 kHz, float32 (samples,): the largest mean logarithm of the probability."""
        if not self._names:
            return None, None
        said = dict(zip(self._names, self._run(wave), strict=True))
        bpm = float(self._tempi[said["tempo"].argmax()]) if "tempo" in said else None
        return bpm, self._keys[int(said["key"].argmax())] if "key" in said else None

    def _run(self, wave: Waveform) -> list[Array]:
        spec = self._input
        cutter = WindowCutter(spec.mels, spec.frames)
        mel = mel_db(stft_power(wave), spec.mels)
        windows = np.stack([*cutter.add(mel), *cutter.rest()])
        pieces = [
            self._session.run(self._names, {spec.name: windows[start : start + _BATCH]})
            for start in range(0, len(windows), _BATCH)
        ]
        return [_log_share(np.concatenate(column)).mean(axis=0) for column in zip(*pieces, strict=True)]


def _listed(manifest: ModelManifest) -> dict[str, Any]:
    """The ``outputs`` of the manifest file as it stands: heads are no part of what the daemon reads."""
    outputs = msgspec.json.decode((manifest.path.parent / f"{manifest.name}.json").read_bytes())["outputs"]
    return outputs if isinstance(outputs, dict) else {}


def _log_share(values: Array) -> Array:
    """Logarithm of the probabilities of each row, from probabilities or from logits (rows, classes)."""
    if values.min() >= 0 and np.allclose(values.sum(axis=1), 1, atol=1e-3):
        return np.log(np.maximum(values, 1e-9))
    shifted = values - values.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), dtype=np.float32)
