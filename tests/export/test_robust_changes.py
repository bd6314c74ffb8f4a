"""The changes do to a signal what their names say, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from segue.frontend.constants import SAMPLE_RATE
from segue_export.evaluation.changes import (
    CHANGES,
    bass,
    gain,
    low_pass,
    mp3,
    noise,
    stretch,
    transpose,
    treble,
    varispeed,
)

SECONDS = 4


def tone(hertz: float, seconds: float = SECONDS) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.4 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def clicks(every: float) -> np.ndarray:
    wave = np.zeros(SECONDS * SAMPLE_RATE, dtype=np.float32)
    wave[:: round(every * SAMPLE_RATE)] = 0.9
    return wave


def pitch_of(wave: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(spectrum.argmax() * SAMPLE_RATE / len(wave))


def level(wave: np.ndarray) -> float:
    middle = wave[len(wave) // 4 : -len(wave) // 4]
    return float(20 * np.log10(np.sqrt(np.mean(np.square(middle, dtype=np.float64))) + 1e-9))


@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_stretching_keeps_the_pitch_and_moves_the_beat(factor: float) -> None:
    assert pitch_of(stretch(tone(440), factor)) == pytest.approx(440, rel=0.002)
    changed = stretch(clicks(0.5), factor)
    assert len(changed) == pytest.approx(SECONDS * SAMPLE_RATE / factor, abs=2)
    every = round(0.5 * SAMPLE_RATE / factor)
    strongest = [start + int(np.abs(changed[start : start + every]).argmax()) for start in range(0, 3 * every, every)]
    assert np.diff(strongest) == pytest.approx(every, abs=SAMPLE_RATE * 0.01)


@pytest.mark.parametrize("semitones", [-2, 1])
def test_transposing_keeps_the_length_and_moves_the_pitch(semitones: int) -> None:
    changed = transpose(tone(440), semitones)
    assert len(changed) == SECONDS * SAMPLE_RATE
    assert pitch_of(changed) == pytest.approx(440 * 2 ** (semitones / 12), rel=0.003)


def test_varispeed_moves_both() -> None:
    changed = varispeed(tone(440), 1.08)
    assert len(changed) == pytest.approx(SECONDS * SAMPLE_RATE / 1.08, abs=2)
    assert pitch_of(changed) == pytest.approx(440 * 1.08, rel=0.002)


def test_noise_is_as_loud_as_it_says() -> None:
    wave = tone(300)
    hiss = noise(wave, 12) - wave
    assert level(wave) - level(hiss) == pytest.approx(12, abs=0.2)
    assert (noise(wave, 12) == noise(wave, 12)).all()


def test_gain_clips_at_full_scale() -> None:
    assert level(gain(tone(300), -6)) == pytest.approx(level(tone(300)) - 6, abs=0.01)
    assert np.abs(gain(tone(300), 12)).max() == 1.0


@pytest.mark.parametrize(
    ("changed", "low", "high"),
    [
        (lambda wave: bass(wave, -12), -12, 0),
        (lambda wave: bass(wave, 6), 6, 0),
        (lambda wave: treble(wave, -12), 0, -12),
        (lambda wave: treble(wave, 6), 0, 6),
        (lambda wave: low_pass(wave, 1000), 0, -100),
    ],
)
def test_filters_move_their_own_end_only(changed, low: float, high: float) -> None:
    for hertz, wanted in ((50, low), (7500, high)):
        moved = level(changed(tone(hertz))) - level(tone(hertz))
        assert moved == pytest.approx(wanted, abs=0.6) if wanted > -50 else moved < wanted


def test_mp3_keeps_the_music_and_its_place() -> None:
    wave = tone(440) * np.linspace(0, 1, SECONDS * SAMPLE_RATE, dtype=np.float32)
    changed = mp3(wave, 64)
    assert len(changed) == pytest.approx(len(wave), abs=2000)
    short = min(len(wave), len(changed))
    assert np.corrcoef(wave[:short], changed[:short])[0, 1] > 0.99
    assert not np.array_equal(wave[:short], changed[:short])


def test_every_change_says_what_it_does_to_tempo_and_key() -> None:
    assert len({change.name for change in CHANGES}) == len(CHANGES)
    for change in CHANGES:
        faster = change.kind in {"time stretch", "varispeed"}
        assert change.tempo == (change.strength if faster else 1.0)
        changed = change.apply(tone(440, 1.5))
        assert changed.dtype == np.float32
        assert np.isfinite(changed).all()
        assert len(changed) == pytest.approx(1.5 * SAMPLE_RATE / change.tempo, abs=2000)
        if change.kind in {"pitch shift", "varispeed"}:
            assert pitch_of(changed) == pytest.approx(440 * 2 ** (change.semitones / 12), rel=0.01)
