"""What the tests of the synthesiser share: kicks alone, speech made of vowels, and the daemon's own ear."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from scipy import signal

from segue.analysis.key import KeyFinder
from segue.analysis.onsets import OnsetMeter
from segue.analysis.result import Key, Tempo
from segue.analysis.tempo import estimate_tempo
from segue.frontend.mel import mel_db, stft_power
from segue_export.synth.composition import RATE
from segue_export.synth.sound import Wave, as_wave
from segue_export.synth.step_styles import PATTERNS, Pattern

KICKS_ONLY = Pattern(clap=("",), hat=("",), bass=("none",), layers=(), real=0.0)


def only_kicks(monkeypatch: pytest.MonkeyPatch, style: str = "techno") -> None:
    """A style without anything but its four kicks a bar."""
    monkeypatch.setitem(PATTERNS, style, KICKS_ONLY)


def onsets_of(wave: Wave, rate: int) -> np.ndarray:
    """Seconds at which kicks begin: where the level of their click, above 500 Hz, passes a fifth of the usual after 100 ms below it."""
    block, quiet = rate // 500, 50
    click = signal.sosfilt(signal.butter(2, 500, "highpass", fs=rate, output="sos"), wave)
    level = np.sqrt(np.mean(click[: len(wave) // block * block].reshape(-1, block) ** 2, axis=1))
    loud = level > 0.2 * np.quantile(level, 0.99)
    starts = [i for i in np.flatnonzero(loud) if not loud[max(i - quiet, 0) : i].any()]
    return np.array(starts) * block / rate


def off_grid(times: np.ndarray, tempo: float) -> np.ndarray:
    """Seconds from each time to the nearest point of a grid that begins at 0."""
    beat = 60 / tempo
    return np.abs(times - np.round(times / beat) * beat)


def heard(wave: Wave) -> tuple[Tempo, Key]:
    """What the daemon's analysis says of a clip at the synthesiser's rate."""
    mono = as_wave(soxr.resample(wave, RATE, 16_000))
    meter, finder = OnsetMeter(), KeyFinder()
    meter.add(mel_db(stft_power(mono), 96))
    finder.add(mono)
    return estimate_tempo(meter.result()), finder.result()


def speech(hertz: float, syllables: int = 8, rate: int = 16_000) -> Wave:
    """Vowels a quarter of a second apart: pulses through the resonances of a, i and o, with a hiss before each."""
    rng = np.random.default_rng(4)
    length = rate // 4
    out = np.zeros(syllables * length + rate // 5)
    for number in range(syllables):
        time = np.arange(length) / rate
        pitch = hertz * (1 + 0.06 * np.sin(2 * np.pi * time * 3 + number))
        pulses = (np.diff(np.floor(np.cumsum(pitch) / rate), prepend=0) > 0).astype(float)
        vowel = pulses
        for centre in ((750, 1200), (300, 2300), (450, 850))[number % 3]:
            pole = np.exp(-np.pi * 90 / rate) * np.exp(2j * np.pi * centre / rate)
            vowel = signal.lfilter([1], np.real(np.poly([pole, np.conj(pole)])), vowel)
        vowel *= np.hanning(length) / (np.abs(vowel).max() + 1e-9)
        hiss = rng.standard_normal(length) * 0.03 * (time < 0.05)
        out[number * length : (number + 1) * length] += vowel * 0.4 + hiss
    return as_wave(out)
