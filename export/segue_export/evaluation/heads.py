"""The tempo, key and metre heads of the Short-Chunk network, where the file has them.

The daemon names tempo and key by signal processing. A network may answer too: outputs ``tempo``, ``key`` and ``metre``, each
a distribution over classes (batch, classes) that the manifest lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.analysis.windows import WindowCutter
from segue.frontend.mel import Waveform, mel_db, stft_power
from segue.networks.manifest import ModelManifest
from segue.networks.providers import open_session

Array = npt.NDArray[np.float32]
_BATCH: Final = 8


class Musical(NamedTuple):
    """What the heads say; None for a head that the network has not."""

    bpm: float | None = None
    key: str | None = None
    metre: int | None = None


class Heads:
    """Reads the heads of a network over a whole recording: the class with the largest mean probability."""

    def __init__(self, manifest: ModelManifest) -> None:
        self._input = manifest.input
        outputs = manifest.outputs
        every: dict[str, Sequence[object]] = {"tempo": outputs.tempo, "key": outputs.key, "metre": outputs.metre}
        self._classes = {name: classes for name, classes in every.items() if classes}
        self._session = open_session(manifest.path, "cpu")[0] if self._classes else None

    def read(self, wave: Waveform) -> Musical:
        """Tempo, key and metre of a waveform at 16 kHz, float32 (samples,)."""
        if self._session is None:
            return Musical()
        spec, cutter = self._input, WindowCutter(self._input.mels, self._input.frames)
        mel = mel_db(stft_power(wave), spec.mels)
        windows = np.stack([*cutter.add(mel), *cutter.rest()])
        names = list(self._classes)
        pieces = [
            self._session.run(names, {spec.name: windows[start : start + _BATCH]})
            for start in range(0, len(windows), _BATCH)
        ]
        means = [np.concatenate(column).mean(axis=0) for column in zip(*pieces, strict=True)]
        said = {name: self._classes[name][int(mean.argmax())] for name, mean in zip(names, means, strict=True)}
        bpm, key, metre = (said.get(name) for name in ("tempo", "key", "metre"))
        return Musical(
            float(bpm) if isinstance(bpm, int | float) else None,
            key if isinstance(key, str) else None,
            metre if isinstance(metre, int) else None,
        )
