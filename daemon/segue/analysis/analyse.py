"""A file → everything Segue knows of it, in one pass over its samples and in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.analysis.energy import EnergyMeter
from segue.analysis.key import KeyFinder
from segue.analysis.onsets import OnsetMeter
from segue.analysis.result import Embedding, TrackAnalysis
from segue.analysis.tempo import estimate_tempo
from segue.analysis.windows import WindowCutter
from segue.audio.decode import decode_stream
from segue.frontend.constants import CHUNK_FRAMES, CHUNK_MELS, CRNN_FRAMES, CRNN_MELS, SAMPLE_RATE
from segue.frontend.mel import Mel, Power, Waveform, mel_db, stft_stream
from segue.networks.sessions import Networks, ShortChunk, Tagger
from segue.networks.timbre import Timbre

Array = npt.NDArray[np.float32]

_CONV_DIM: Final = 128  # the tagger's embedding: means of its last convolution, then the state of its GRU
_TAGGER_BATCH: Final = 1
_CHUNK_BATCH: Final = 4


class Analyser:
    """Analyses files with one set of networks, one after another."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    def analyse(self, path: Path) -> TrackAnalysis:
        """Analyse a file. Raises the errors of `segue.audio.decode.decode_stream`."""
        stream = decode_stream(path)
        listener = _Listener(self._networks)
        for power in stft_stream(listener.hear(stream)):
            listener.see(power)
        return listener.result(duration=stream.samples / SAMPLE_RATE, damaged=stream.damaged)

    def embed(self, path: Path) -> Embedding:
        """Only what the networks say of a file: for one whose tempo, key and energy are known. Raises as `analyse`."""
        ear = _Ear(self._networks)
        for power in stft_stream(decode_stream(path)):
            ear.see(power, mel_db(power, CRNN_MELS))
        return ear.result()


class _Ear:
    """What the networks have heard of one recording so far."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._tagger = _Reader(networks.tagger, CRNN_MELS, CRNN_FRAMES, _TAGGER_BATCH)
        self._short_chunk = _Reader(networks.short_chunk, CHUNK_MELS, CHUNK_FRAMES, _CHUNK_BATCH)
        self._timbre = Timbre()

    @property
    def is_short(self) -> bool:
        """Whether the recording has not filled a window of the tagger so far."""
        return self._tagger.is_short

    def see(self, power: Power, mel: Mel) -> None:
        """Take in STFT power, (frames, 257), and its mel spectrogram in dB, (96, frames)."""
        self._tagger.add(mel)
        self._short_chunk.add(mel_db(power, CHUNK_MELS))
        self._timbre.add(mel)

    def result(self) -> Embedding:
        """All that was heard, when the recording has ended."""
        tags, crnn = self._tagger.means()
        features, short_chunk = self._short_chunk.means()
        vector = self._networks.vector.combine(
            {
                "short_chunk": short_chunk,
                "crnn_conv": crnn[:_CONV_DIM],
                "crnn_gru": crnn[_CONV_DIM:],
                "timbre": self._timbre.result(),
            }
        )
        return Embedding(
            features=_named(self._networks.short_chunk.manifest.outputs.labels, features),
            tags=_named(self._networks.tagger.manifest.outputs.labels, tags),
            vector=vector,
            model=self._networks.model_id,
            head=vector,
            tail=vector,
        )


class _Listener:
    """What has been learnt of one recording so far."""

    def __init__(self, networks: Networks) -> None:
        self._ear = _Ear(networks)
        self._onsets = OnsetMeter()
        self._energy = EnergyMeter()
        self._key = KeyFinder()

    def hear(self, blocks: Iterable[Waveform]) -> Iterator[Waveform]:
        """Pass the samples on."""
        for block in blocks:
            self._key.add(block)
            yield block

    def see(self, power: Power) -> None:
        """Take in STFT power, (frames, 257)."""
        mel = mel_db(power, CRNN_MELS)
        self._ear.see(power, mel)
        self._energy.add(power, self._onsets.add(mel))

    def result(self, duration: float, damaged: bool) -> TrackAnalysis:
        """All that was learnt, when the recording has ended."""
        tiled = self._ear.is_short
        heard = self._ear.result()
        return TrackAnalysis(
            duration=duration,
            tempo=estimate_tempo(self._onsets.result()),
            key=self._key.result(),
            energy=self._energy.energy,
            loudness=self._energy.loudness,
            features=heard.features,
            tags=heard.tags,
            vector=heard.vector,
            model=heard.model,
            head=heard.head,
            tail=heard.tail,
            tiled=tiled,
            damaged=damaged,
        )


class _Reader:
    """Runs a network over the windows of a recording and keeps the means of what it says."""

    def __init__(self, network: Tagger | ShortChunk, mels: int, frames: int, batch: int) -> None:
        self._network = network
        self._cutter = WindowCutter(mels, frames)
        self._batch = batch
        self._waiting: list[Mel] = []
        self._windows = 0
        self._sums: tuple[Array, Array] | None = None

    @property
    def is_short(self) -> bool:
        """Whether the recording has not filled a window so far."""
        return self._cutter.is_short

    def add(self, mel: Mel) -> None:
        """Take in a block of mel spectrogram in dB, (mels, frames)."""
        for window in self._cutter.add(mel):
            self._waiting.append(window)
            if len(self._waiting) == self._batch:
                self._run()

    def means(self) -> tuple[Array, Array]:
        """Mean labels and mean embedding over all windows, when the recording has ended."""
        self._waiting.extend(self._cutter.rest())
        self._run()
        assert self._sums is not None
        labels, embedding = (np.asarray(total / self._windows, dtype=np.float32) for total in self._sums)
        return labels, embedding

    def _run(self) -> None:
        if not self._waiting:
            return
        labels, embedding = self._network.run(np.stack(self._waiting))
        sums = labels.sum(axis=0), embedding.sum(axis=0)
        self._sums = sums if self._sums is None else (self._sums[0] + sums[0], self._sums[1] + sums[1])
        self._windows += len(self._waiting)
        self._waiting = []


def _named(names: Iterable[str], values: Array) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}
