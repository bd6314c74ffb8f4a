"""Synthesised notes: basses, pads, plucks, leads."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import signal

from segue_export.synth.sound import Floats, Wave, as_wave

Samples = npt.NDArray[np.floating]
Shape = tuple[float, float, float, float]
"""Attack, decay and release in seconds, with the level of the sustain third: (attack, decay, sustain, release)."""
_SUPERSAW_CENTS: Final = (-19, -11, -4, 0, 5, 12, 18)
_DRAWBARS: Final = ((1, 0.5), (2, 0.4), (3, 0.25), (4, 0.15), (6, 0.08))


def oscillator(kind: str, hertz: float, samples: int, rate: int, rng: np.random.Generator) -> Floats:
    """One oscillator, about -1..1: saw, square, supersaw, triangle, fm, epiano, organ or sine; shape (samples,)."""
    if kind == "supersaw":
        voices = [_saw(hertz * 2 ** (cents / 1200), samples, rate, float(rng.random())) for cents in _SUPERSAW_CENTS]
        return np.asarray(np.sum(voices, axis=0) / 3.0, dtype=np.float64)
    if kind in {"saw", "square"}:
        start = float(rng.random())
        wave = _saw(hertz, samples, rate, start)
        return wave if kind == "saw" else (wave - _saw(hertz, samples, rate, start + 0.5)) * 0.8
    time = np.arange(samples) / rate
    turn = 2 * np.pi * hertz * time
    if kind == "triangle":
        return np.asarray(2 / np.pi * np.arcsin(np.sin(turn)), dtype=np.float64)
    if kind == "fm":
        return np.asarray(np.sin(turn + 2.2 * np.exp(-time * 5) * np.sin(2 * turn)), dtype=np.float64)
    if kind == "epiano":
        body = np.sin(turn + 1.1 * np.exp(-time * 3) * np.sin(turn)) * np.exp(-time * 1.2)
        return np.asarray(body + 0.12 * np.sin(14 * turn) * np.exp(-time * 18), dtype=np.float64)
    if kind == "organ":
        bars = [level * np.sin(harmonic * turn) for harmonic, level in _DRAWBARS]
        return np.asarray(np.sum(bars, axis=0), dtype=np.float64)
    return np.asarray(np.sin(turn), dtype=np.float64)


def _saw(hertz: float, samples: int, rate: int, start: float) -> Floats:
    """A band-limited saw (PolyBLEP: Välimäki & Huovilainen 2007)."""
    step = hertz / rate
    phase = (start + step * np.arange(1, samples + 1)) % 1.0
    out = 2 * phase - 1
    low, high = phase < step, phase > 1 - step
    after, before = phase[low] / step, (phase[high] - 1) / step
    out[low] -= 2 * after - after * after - 1
    out[high] -= before * before + 2 * before + 1
    return np.asarray(out, dtype=np.float64)


def envelope(samples: int, rate: int, shape: Shape) -> Floats:
    """The course of a note's level; the release lies within the samples."""
    attack, decay, sustain, release = shape
    time = np.arange(samples) / rate
    fall = sustain + (1 - sustain) * np.exp(-(time - attack) / max(decay, 1e-4))
    level = np.where(time < attack, time / max(attack, 1e-4), fall)
    count = min(int(release * rate), samples)
    level[samples - count :] *= np.linspace(1, 0, count)
    return np.asarray(level, dtype=np.float64)


def low_pass(wave: Samples, rate: int, cutoff: float, resonance: float = 0.7) -> Floats:
    """A two-pole low pass (Bristow-Johnson, Audio EQ Cookbook)."""
    angle = 2 * np.pi * min(cutoff, rate * 0.45) / rate
    alpha, cos = np.sin(angle) / (2 * resonance), np.cos(angle)
    b = np.array([(1 - cos) / 2, 1 - cos, (1 - cos) / 2]) / (1 + alpha)
    a = np.array([1 + alpha, -2 * cos, 1 - alpha]) / (1 + alpha)
    return np.asarray(signal.lfilter(b, a, wave), dtype=np.float64)


def swept(
    wave: Samples, rate: int, position: Samples, low: float = 200.0, high: float = 9000.0, resonance: float = 1.4
) -> Wave:
    """A low pass that moves: where `position` is 0 it is at `low` Hz, at 1 at `high`.

    It is a cross-fade of five filters on a logarithmic scale: far quicker than one whose coefficients change.
    """
    stages = np.geomspace(low, high, 5)
    at = np.clip(position, 0, 1) * (len(stages) - 1)
    out = np.zeros(len(wave))
    for number, cutoff in enumerate(stages):
        out += low_pass(wave, rate, float(cutoff), resonance) * np.clip(1 - np.abs(at - number), 0, 1)
    return as_wave(out)


def note(
    kind: str,
    hertz: float,
    seconds: float,
    rate: int,
    rng: np.random.Generator,
    *,
    shape: Shape,
    cutoff: float = 8000.0,
) -> Wave:
    """One note, `seconds` long and then its release."""
    samples = max(int((seconds + shape[3]) * rate), 64)
    wave = oscillator(kind, hertz, samples, rate, rng) * envelope(samples, rate, shape)
    return as_wave(low_pass(wave, rate, cutoff) if kind in {"saw", "square", "supersaw"} else wave)
