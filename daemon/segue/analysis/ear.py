"""What the networks hear of a recording, window by window: of all of it, of its two ends, and over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.analysis.energy import curve_length
from segue.analysis.result import CURVE_SECONDS, Embedding, Moment
from segue.analysis.windows import WindowCutter
from segue.frontend.constants import CHUNK_FRAMES, CHUNK_MELS, CRNN_FRAMES, CRNN_MELS, CRNN_SECONDS, FRAME_RATE
from segue.frontend.mel import Mel, Power, mel_db
from segue.networks.sessions import Networks, ShortChunk, Tagger
from segue.networks.timbre import SEGMENT_FRAMES, Timbre

Array = npt.NDArray[np.float32]
Positions = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

END_SECONDS: Final = 2.0 * CRNN_SECONDS
"""Length of head and tail: two windows of the tagger, which at 128 beats a minute are 31 bars, as long as a mix lasts.
Of a recording shorter than both together they are the halves."""
WINDOW_SECONDS: Final = 10.0
"""Length of a window of `Ear.moments`, about three of the short chunks; the next one begins half a window later."""
_GRU_DIM: Final = 32
"""The tagger's embedding ends with the state of its GRU; what stands before are the means of its last convolution."""
_TAGGER_BATCH: Final = 1
_CHUNK_BATCH: Final = 4
_VOICE: Final = "voice"
_VOICE_SMOOTHING: Final = (0.25, 0.5, 0.25)
_USUAL_TAG: Final = -2.75
"""Log odds of the tagger's tag where a voice is as likely as none: tags are rare, and their probabilities small. With both
networks, four seconds with a voice are told from four without in 91 and 82 of 100 pairs of two synthesised test sets, with
the short chunks alone in 89 and 79."""


class Ear:
    """What the networks have heard of one recording so far; it keeps about 200 bytes for each second."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._tagger = _Reader(networks.tagger, CRNN_MELS, CRNN_FRAMES, _TAGGER_BATCH)
        self._short_chunk = _Reader(networks.short_chunk, CHUNK_MELS, CHUNK_FRAMES, _CHUNK_BATCH)
        self._timbre = Timbre()
        self._frames = 0

    @property
    def is_short(self) -> bool:
        """Whether the recording has not filled a window of the tagger so far."""
        return self._tagger.is_short

    def see(self, power: Power, mel: Mel) -> None:
        """Take in STFT power, (frames, 257), and its mel spectrogram in dB, (96, frames)."""
        self._tagger.add(mel)
        self._short_chunk.add(mel_db(power, CHUNK_MELS))
        self._timbre.add(mel)
        self._frames += mel.shape[1]

    def result(self) -> Embedding:
        """All that was heard, when the recording has ended."""
        windows, chunks = self._tagger.windows(), self._short_chunk.windows()
        centres = self._centres()
        end = min(END_SECONDS * FRAME_RATE, self._frames / 2)
        return Embedding(
            features=_named(self._networks.short_chunk.manifest.outputs.labels, chunks.labels.mean(axis=0)),
            tags=_named(self._networks.tagger.manifest.outputs.labels, windows.labels.mean(axis=0)),
            vector=self._vector(windows, chunks, *(np.ones(len(at), dtype=np.bool_) for at in centres)),
            model=self._networks.model_id,
            head=self._vector(windows, chunks, *(_or_nearest(at, at < end) for at in centres)),
            tail=self._vector(windows, chunks, *(_or_nearest(-at, at > self._frames - end) for at in centres)),
        )

    def moment(self, kind: str, spans: Sequence[tuple[float, float]]) -> Moment:
        """What was heard in some spans of seconds alone, once there is a `result`.

        Chunks and windows count whose middle lies in a span; where there is none, the one nearest to a span's middle. The
        tagger's windows are long: of a short span it hears what is around it, too.
        """
        frames = [(start * FRAME_RATE, end * FRAME_RATE) for start, end in spans]
        chosen = (_inside(centres, frames) for centres in self._centres())
        return Moment(kind, tuple(spans), self._vector(self._tagger.windows(), self._short_chunk.windows(), *chosen))

    def moments(self) -> Iterator[Moment]:
        """Windows of `WINDOW_SECONDS` one after another, overlapping by half, once there is a `result`."""
        seconds = self._frames / FRAME_RATE
        last = max(seconds - WINDOW_SECONDS, 0.0)
        for start in [*np.arange(0.0, last, WINDOW_SECONDS / 2.0).tolist(), last]:
            yield self.moment("", ((start, min(start + WINDOW_SECONDS, seconds)),))

    def voice_curve(self) -> tuple[float, ...]:
        """Presence of a voice, 0..1, in each `CURVE_SECONDS`, once there is a `result`; empty when the networks do not say.

        The short chunks say when, the tagger's long windows how likely at all; either may be without a word for it.
        """
        steps = np.arange(curve_length(self._frames), dtype=np.float64)
        middle = np.asarray((steps + 0.5) * CURVE_SECONDS * FRAME_RATE, dtype=np.float64)
        said = [
            _logit(_said(windows, names.index(_VOICE), smoothing, middle)) - usual
            for windows, names, smoothing, usual in (
                (self._short_chunk.windows(), self._networks.short_chunk.features, _VOICE_SMOOTHING, 0.0),
                (self._tagger.windows(), self._networks.tagger.tags, (1.0,), _USUAL_TAG),
            )
            if _VOICE in names
        ]
        return tuple((1.0 / (1.0 + np.exp(-np.sum(said, axis=0)))).tolist()) if said else ()

    def _centres(self) -> tuple[Positions, Positions, Positions]:
        """Middles of windows, chunks and segments of the timbre, in frames."""
        segments = np.asarray((np.arange(self._timbre.segments) + 0.5) * SEGMENT_FRAMES, dtype=np.float64)
        return self._tagger.windows().centres, self._short_chunk.windows().centres, segments

    def _vector(self, windows: Windows, chunks: Windows, of_windows: Mask, of_chunks: Mask, of_timbre: Mask) -> Array:
        """The joined vector of some windows, chunks and segments."""
        crnn = windows.embeddings[of_windows].mean(axis=0)
        return self._networks.vector.combine(
            {
                "short_chunk": chunks.embeddings[of_chunks].mean(axis=0),
                "crnn_conv": crnn[:-_GRU_DIM],
                "crnn_gru": crnn[-_GRU_DIM:],
                "timbre": self._timbre.result(of_timbre),
            }
        )


@dataclass(frozen=True, slots=True)
class Windows:
    """What a network said of each window; all arrays have the same first length, at least 1."""

    centres: Positions
    """Frames from the start of the recording to the middle of the window, rising."""
    labels: Array
    embeddings: Array


class _Reader:
    """Runs a network over the windows of a recording and keeps what it says."""

    def __init__(self, network: Tagger | ShortChunk, mels: int, frames: int, batch: int) -> None:
        self._network = network
        self._cutter = WindowCutter(mels, frames)
        self._size = frames
        self._batch = batch
        self._waiting: list[Mel] = []
        self._frames = 0
        self._said: list[tuple[Array, Array]] = []
        self._windows: Windows | None = None

    @property
    def is_short(self) -> bool:
        """Whether the recording has not filled a window so far."""
        return self._cutter.is_short

    def add(self, mel: Mel) -> None:
        """Take in a block of mel spectrogram in dB, (mels, frames)."""
        self._frames += mel.shape[1]
        for window in self._cutter.add(mel):
            self._waiting.append(window)
            if len(self._waiting) == self._batch:
                self._run()

    def windows(self) -> Windows:
        """All windows, when the recording has ended."""
        if self._windows is None:
            self._waiting.extend(self._cutter.rest())
            self._run()
            labels, embeddings = (np.concatenate(column) for column in zip(*self._said, strict=True))
            starts = np.minimum(np.arange(len(labels)) * self._size, max(self._frames - self._size, 0))
            self._windows = Windows(starts + min(self._size, self._frames) / 2, labels, embeddings)
        return self._windows

    def _run(self) -> None:
        if self._waiting:
            self._said.append(self._network.run(np.stack(self._waiting)))
            self._waiting = []


def _or_nearest(distance: npt.NDArray[np.floating], chosen: Mask) -> Mask:
    """What is chosen, or the first of the nearest where that is nothing."""
    return chosen if chosen.any() else np.arange(len(distance)) == int(distance.argmin()) if len(distance) else chosen


def _inside(centres: Positions, spans: Sequence[tuple[float, float]]) -> Mask:
    """Which places lie in one of the spans; the nearest to a span's middle where none does."""
    chosen = np.zeros(len(centres), dtype=np.bool_)
    for start, end in spans:
        chosen |= (start <= centres) & (centres < end)
    middles = np.array([(start + end) / 2.0 for start, end in spans])
    return _or_nearest(np.abs(centres[:, None] - middles).min(axis=1, initial=np.inf), chosen)


def _said(windows: Windows, label: int, smoothing: tuple[float, ...], frames: Positions) -> Positions:
    """One label's probability at times in frames, between the middles of the windows."""
    reach = len(smoothing) // 2
    smooth = np.convolve(np.pad(windows.labels[:, label], reach, mode="edge"), smoothing, "valid")
    return np.asarray(np.interp(frames, windows.centres, smooth), dtype=np.float64)


def _logit(probability: Positions) -> Positions:
    bounded = np.clip(probability, 0.01, 0.99)
    return np.asarray(np.log(bounded / (1.0 - bounded)))


def _named(names: Iterable[str], values: Array) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}
