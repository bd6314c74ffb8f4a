"""Signals of EBU Tech 3341, and what the gates of BS.1770-4 must do."""

from pathlib import Path

import numpy as np
import pytest
from music_support import blocks

from segue.analysis.loudness import SILENCE, LoudnessMeter
from segue.audio.channels import ChannelMeter
from segue.audio.decode import decode_stream
from segue.demo.files import write_audio
from segue.frontend.mel import stft_stream

RATE = 48_000


def sine(parts: list[tuple[float, float]], hertz: float = 1000.0) -> np.ndarray:
    """Stereo sine of parts (dBFS, seconds)."""
    level = np.concatenate([np.full(round(seconds * RATE), 10 ** (decibels / 20)) for decibels, seconds in parts])
    wave = level * np.sin(2 * np.pi * hertz * np.arange(len(level)) / RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def loudness(path: Path) -> float:
    stream, meter = decode_stream(path), LoudnessMeter()
    for power in stft_stream(stream):
        meter.add(power)
    return meter.integrated(stream.stretches)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23.0, 20.0)], -23.0),
        ([(-33.0, 20.0)], -33.0),
        ([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
        ([(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0),
        ([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
    ],
)
def test_the_standard_signals(tmp_path: Path, parts: list[tuple[float, float]], expected: float) -> None:
    assert loudness(write_audio(tmp_path / "sine.wav", sine(parts), RATE)) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("hertz", "gain"), [(50.0, -3.93), (100.0, -1.13), (500.0, 0.04), (5000.0, 4.01)])
def test_frequencies_count_as_they_are_heard(tmp_path: Path, hertz: float, gain: float) -> None:
    # A stereo sine of -20 dBFS: twice its mean square is 0 dB above that, less the standard's offset.
    found = loudness(write_audio(tmp_path / "sine.wav", sine([(-20.0, 10.0)], hertz), RATE))
    assert found == pytest.approx(-20.0 - 0.691 + gain, abs=0.3)


def test_what_the_downmix_cancels_is_counted(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    left, right = rng.normal(0, 0.05, (2, 10 * RATE)).astype(np.float32)
    width = {
        name: loudness(write_audio(tmp_path / f"{name}.wav", np.stack(pair, axis=1), RATE))
        for name, pair in {
            "narrow": (left, left),
            "wide": (left, right),
            "wider": (left, 0.5 * right - 0.8 * left),
        }.items()
    }
    assert width["wide"] == pytest.approx(width["narrow"], abs=0.15)
    power = 10 * np.log10((1 + 0.25 + 0.64) / 2)
    assert width["wider"] == pytest.approx(width["narrow"] + power, abs=0.2)


def test_surround_channels_weigh_more_and_the_bass_channel_nothing() -> None:
    """Signal 6 of Tech 3341: left and right at -28 dBFS, centre at -24, surround at -30."""
    tone = np.sin(2 * np.pi * 1000 * np.arange(4 * RATE) / RATE)
    levels = {"FL": -28.0, "FR": -28.0, "FC": -24.0, "LFE": -6.0, "BL": -30.0, "BR": -30.0}
    meter = ChannelMeter()
    channels = np.stack([10 ** (decibels / 20) * tone for decibels in levels.values()])
    meter.add(channels, RATE, tuple(levels))
    (stretch,) = meter.stretches
    mean_square = np.mean(channels.mean(axis=0) ** 2)
    sum_of_channels = stretch.channels / stretch.mono * mean_square * 10 ** (0.0691)  # 1 kHz is amplified by the offset
    assert 10 * np.log10(sum_of_channels) - 0.691 == pytest.approx(-23.0, abs=0.1)


def test_silence_and_moments_have_a_loudness() -> None:
    for samples in (300, 2000, 16_000):
        meter = LoudnessMeter()
        for power in stft_stream([np.zeros(samples, np.float32)]):
            meter.add(power)
        assert meter.integrated() == SILENCE


def test_blocks_of_any_length_give_the_same() -> None:
    wave = np.random.default_rng(2).normal(0, 0.1, 50_000).astype(np.float32)
    found = []
    for size in (50_000, 3_001):
        meter = LoudnessMeter()
        for power in stft_stream(blocks(wave, size)):
            meter.add(power)
        found.append(meter.steps())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)
    assert found[0].mean() == pytest.approx(found[0][5], rel=0.2)
