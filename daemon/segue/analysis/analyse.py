"""A file → everything Segue knows of it, in one pass over its samples and in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from segue.analysis.ear import Ear
from segue.analysis.energy import EnergyMeter
from segue.analysis.key import KeyFinder
from segue.analysis.onsets import OnsetMeter
from segue.analysis.result import Embedding, TrackAnalysis
from segue.analysis.tempo import estimate_tempo
from segue.audio.decode import decode_stream
from segue.frontend.constants import CRNN_MELS, SAMPLE_RATE
from segue.frontend.mel import Power, Waveform, mel_db, stft_stream
from segue.networks.sessions import Networks


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
        ear = Ear(self._networks)
        for power in stft_stream(decode_stream(path)):
            ear.see(power, mel_db(power, CRNN_MELS))
        return ear.result()


class _Listener:
    """What has been learnt of one recording so far."""

    def __init__(self, networks: Networks) -> None:
        self._ear = Ear(networks)
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
            voice_curve=self._ear.voice_curve(),
            tiled=tiled,
            damaged=damaged,
        )
