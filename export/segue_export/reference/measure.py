"""What a converted network says of reference music: the statistics that make its vectors comparable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import soxr

from segue.analysis.windows import WindowCutter
from segue.audio.decode import decode_stream
from segue.demo.sounds import RATE
from segue.demo.synth import TrackSpec, render
from segue.demo.tracks import DEMO_TRACKS
from segue.errors import AudioError
from segue.frontend.constants import CHUNK_FRAMES, CHUNK_MELS, CRNN_FRAMES, CRNN_MELS, SAMPLE_RATE
from segue.frontend.mel import Mel, Waveform, mel_db, stft_power
from segue.networks.manifest import SCHEMA
from segue.networks.providers import open_session
from segue.networks.timbre import timbre
from segue.networks.vector import VectorManifest, VectorPart

Array = npt.NDArray[np.float32]
Say = Callable[[str], None]

ENOUGH: Final = 20
"""With so many tracks of the user's the statistics are theirs alone; fewer are filled up with synthesised ones.

With twenty tracks of a collection neighbours were as good as with all of it, with synthesised music a little worse.
"""
SECONDS: Final = 90
"""Of a track are read at the most, after its first half minute."""
_SKIPPED_SECONDS: Final = 30
_LEAST_SECONDS: Final = 5
_SYNTHESISED_SECONDS: Final = 30.0
_VARIANTS: Final = ((0, 1.0), (97, 0.94), (193, 1.07))
"""Seed and tempo of the renderings of each of the demo's tracks."""
_CONV_DIM: Final = 128
_WEIGHTS: Final = {"short_chunk": 0.6, "crnn_conv": 1.0, "crnn_gru": 1.0, "timbre": 0.7}
"""Weight of each part: with these the 512 numbers of one network count about as much as the 160 of the other."""
_LEAST_SHARE: Final = 0.1
"""A dimension that hardly moves is not blown up: its scale is no less than this share of the median of its part."""


class Heard(NamedTuple):
    """What both networks say of one track."""

    parts: dict[str, Array]
    scores: Array
    """Raw scores of the features of each chunk (chunks, 6)."""


class Ears:
    """Both networks, as ``.onnx`` files: the tagger, and the Short-Chunk network with raw scores."""

    def __init__(self, crnn: Path, short_chunk: Path) -> None:
        self._crnn, _ = open_session(crnn, "cpu")
        self._short_chunk, _ = open_session(short_chunk, "cpu")

    def hear(self, wave: Waveform) -> Heard:
        """Listen to a waveform at 16 kHz, cut into windows as the daemon cuts them."""
        power = stft_power(wave)
        wide = mel_db(power, CRNN_MELS)
        (states,) = self._crnn.run(["embedding"], {"mel": _windows(wide, CRNN_FRAMES)})
        chunks = _windows(mel_db(power, CHUNK_MELS), CHUNK_FRAMES)
        scores, penultimate = self._short_chunk.run(["features", "embedding"], {"mel": chunks})
        state = states.mean(0)
        parts = {
            "short_chunk": penultimate.mean(0),
            "crnn_conv": state[:_CONV_DIM],
            "crnn_gru": state[_CONV_DIM:],
            "timbre": timbre([wide]),
        }
        return Heard(parts, scores)


def listen(ears: Ears, files: Sequence[str], say: Say) -> tuple[list[Heard], str]:
    """Listen to the user's music, filled up with synthesised music where it is little.

    Files that cannot be read are passed over. Returns what was heard, and what it was as words for the set's card.
    """
    heard: list[Heard] = []
    for number, name in enumerate(files, 1):
        say(f"measuring on your music: {number} of {len(files)}")
        wave = excerpt(Path(name))
        if wave is not None:
            heard.append(ears.hear(wave))
    own = len(heard)
    if own >= ENOUGH:
        return heard, f"{own} tracks of yours"
    for number, spec in enumerate(synthesised(), 1):
        say(f"measuring on synthesised music: {number} of {len(DEMO_TRACKS) * len(_VARIANTS)}")
        heard.append(ears.hear(_rendered(spec)))
    made = f"{len(heard) - own} synthesised tracks"
    return heard, f"{own} tracks of yours and {made}" if own else made


def excerpt(path: Path) -> Waveform | None:
    """A minute and a half from a file, float32 at 16 kHz; None when it cannot be read or has nothing to hear."""
    blocks: list[Waveform] = []
    try:
        for block in decode_stream(path):
            blocks.append(block)
            if sum(map(len, blocks)) >= (_SKIPPED_SECONDS + SECONDS) * SAMPLE_RATE:
                break
    except AudioError:
        if not blocks:
            return None
    wave = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    start = min(_SKIPPED_SECONDS * SAMPLE_RATE, max(0, len(wave) - SECONDS * SAMPLE_RATE))
    wave = wave[start : start + SECONDS * SAMPLE_RATE]
    return wave if len(wave) >= _LEAST_SECONDS * SAMPLE_RATE and np.abs(wave).max() > 0 else None


def synthesised() -> Iterator[TrackSpec]:
    """What is rendered where there is no music: the demo's tracks, each at three tempos."""
    for seed, speed in _VARIANTS:
        for spec in DEMO_TRACKS:
            yield replace(spec, seed=spec.seed + seed, bpm=spec.bpm * speed, seconds=_SYNTHESISED_SECONDS)


def describe(heard: Sequence[Heard], models: dict[str, str], version: str) -> VectorManifest:
    """Statistics of the vector; `models` has the sha256 of both networks."""
    names = list(heard[0].parts)
    columns = {name: np.stack([one.parts[name] for one in heard]).astype(np.float64) for name in names}
    mean = np.concatenate([columns[name].mean(0) for name in names])
    scale = np.concatenate([_scale(columns[name]) for name in names])
    return VectorManifest(
        schema=SCHEMA,
        version=version,
        parts=[VectorPart(name, columns[name].shape[1]) for name in names],
        dim=len(mean),
        mean=[round(float(value), 6) for value in mean],
        scale=[float(f"{value:.6g}") for value in scale],
        models=models,
        weights=_WEIGHTS,
        tracks=len(heard),
    )


def _scale(column: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    spread = column.std(0)
    return np.asarray(np.maximum(spread, max(_LEAST_SHARE * float(np.median(spread)), 1e-6)), dtype=np.float64)


def _rendered(spec: TrackSpec) -> Waveform:
    return np.asarray(soxr.resample(render(spec).mean(axis=1), RATE, SAMPLE_RATE), dtype=np.float32)


def _windows(mel: Mel, frames: int) -> Array:
    cutter = WindowCutter(mel.shape[0], frames)
    return np.stack([*cutter.add(mel), *cutter.rest()])
