"""A file → everything Segue knows of it, in one pass over its samples and in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from segue.analysis.downbeat import settle_downbeat
from segue.analysis.ear import Ear
from segue.analysis.energy import energy, energy_curve
from segue.analysis.key import KeyFinder
from segue.analysis.loudness import LoudnessMeter, integrated
from segue.analysis.onsets import OnsetMeter
from segue.analysis.result import Embedding, Heard, TrackAnalysis
from segue.analysis.sections import section_spans
from segue.analysis.structure import find_structure
from segue.analysis.tempo import estimate_tempo
from segue.analysis.timeline import Timeline
from segue.audio.channels import Stretch
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
        return self._listened(path)[1]

    def listen(self, path: Path) -> Heard:
        """Analyse a file, and hear its sections and windows each by itself. Raises as `analyse`."""
        listener, analysis = self._listened(path)
        return listener.parts(analysis)

    def _listened(self, path: Path) -> tuple[_Listener, TrackAnalysis]:
        stream = decode_stream(path)
        listener = _Listener(self._networks)
        for power in stft_stream(listener.hear(stream)):
            listener.see(power)
        return listener, listener.result(stream.samples / SAMPLE_RATE, stream.damaged, stream.stretches)

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
        self._loudness = LoudnessMeter()
        self._timeline = Timeline()
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
        self._onsets.add(mel)
        self._loudness.add(power)
        self._timeline.add(power, mel)

    def result(self, duration: float, damaged: bool, stretches: Sequence[Stretch]) -> TrackAnalysis:
        """All that was learnt, when the recording has ended; `stretches` are the decoder's."""
        tiled = self._ear.is_short
        heard = self._ear.result()
        levels = self._loudness.steps(stretches)
        tempo = settle_downbeat(self._timeline, estimate_tempo(self._onsets.result()))
        curve = energy_curve(self._timeline, levels)
        return TrackAnalysis(
            duration=duration,
            tempo=tempo,
            key=self._key.result(),
            energy=energy(self._timeline),
            loudness=integrated(levels),
            features=heard.features,
            tags=heard.tags,
            vector=heard.vector,
            model=heard.model,
            head=heard.head,
            tail=heard.tail,
            structure=find_structure(self._timeline, tempo, curve),
            energy_curve=curve,
            voice_curve=self._ear.voice_curve(),
            tiled=tiled,
            damaged=damaged,
        )

    def parts(self, analysis: TrackAnalysis) -> Heard:
        """The recording's sections and windows, when there is a result."""
        spans = section_spans(analysis.structure, analysis.duration)._asdict()
        sections = tuple(self._ear.moment(kind, seconds) for kind, seconds in spans.items())
        return Heard(analysis, sections, tuple(self._ear.moments()))
