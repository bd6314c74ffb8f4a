"""A whole track as the daemon sees it: windows, chunks and the parts of its vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.analysis.windows import WindowCutter
from segue.frontend.constants import CHUNK_FRAMES, CHUNK_MELS, CRNN_FRAMES, CRNN_MELS
from segue.frontend.mel import Mel, mel_db, stft_power
from segue.networks.sessions import ShortChunk, Tagger
from segue.networks.timbre import timbre
from segue_export.networks.crnn import GRU_DIM
from segue_export.targets import Array


@dataclass(frozen=True)
class TrackAnalysis:
    """What the networks say about a track."""

    tags: Array
    """Mean tag scores (tags,)."""
    features: Array
    """Mean medium-level features (6,)."""
    parts: dict[str, Array]
    """The parts of the track vector."""


def windows(mel: Mel, frames: int) -> Array:
    """Windows of a mel spectrogram (mels, frames of the track), (windows, mels, frames), cut as the daemon cuts them."""
    cutter = WindowCutter(mel.shape[0], frames)
    return np.stack([*cutter.add(mel), *cutter.rest()])


def analyse(wave: Array, tagger: Tagger, short_chunk: ShortChunk) -> TrackAnalysis:
    """Tags, features and vector parts of a waveform at 16 kHz, float32 (samples,)."""
    power = stft_power(wave)
    wide = mel_db(power, CRNN_MELS)
    tags, states = tagger.run(windows(wide, CRNN_FRAMES))
    features, penultimate = short_chunk.run(windows(mel_db(power, CHUNK_MELS), CHUNK_FRAMES))
    state = states.mean(0)
    parts = {
        "short_chunk": penultimate.mean(0),
        "crnn_conv": state[:-GRU_DIM],
        "crnn_gru": state[-GRU_DIM:],
        "timbre": timbre([wide]),
    }
    return TrackAnalysis(tags.mean(0), features.mean(0), parts)
