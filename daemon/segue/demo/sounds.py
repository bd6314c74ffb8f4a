"""The instruments of the demo tracks: short mono sounds from oscillators and noise."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

RATE = 44_100
"""Samples a second of all demo sounds."""

Samples = npt.NDArray[np.float32]
"""Mono: shape (samples,). Stereo: shape (samples, 2)."""

_TABLE = 4096
_TIMBRES = {
    # Strength of the harmonics 1, 2, 3, ... Those that play chords have octaves only: a fifth or a third above every
    # note would blur the key.
    "sine": (1.0,),
    "sub": (1.0, 0.25),
    "round": (1.0, 0.35, 0.0, 0.08),
    "organ": (1.0, 0.8, 0.0, 0.5, 0.0, 0.0, 0.0, 0.25),
    "glass": (1.0, 0.3, 0.0, 0.6, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.3),
    "saw": (1.0, 0.5, 0.33, 0.25, 0.0, 0.17, 0.14, 0.12),
    "bright": (1.0, 0.7, 0.5, 0.45, 0.0, 0.35, 0.3, 0.28, 0.25, 0.0, 0.0, 0.2),
    "square": (1.0, 0.0, 0.33, 0.0, 0.0, 0.0, 0.14, 0.0, 0.11),
    "guitar": (1.0, 0.9, 0.6, 0.5, 0.2, 0.3, 0.0, 0.2),
    "bell": (1.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.2),
}


def tone(pitch: float, seconds: float, timbre: str, *, attack: float = 0.005, decay: float | None = None) -> Samples:
    """One note. `pitch` is a MIDI number (69 is 440 Hz); `decay` is the time constant of its fall, none: it holds."""
    count = round(seconds * RATE)
    phase = np.arange(count, dtype=np.float64) * (_hertz(pitch) / RATE * _TABLE)
    note = _wave(timbre)[phase.astype(np.int64) & (_TABLE - 1)]
    return np.asarray(note * envelope(count, attack=attack, decay=decay), dtype=np.float32)


def envelope(count: int, *, attack: float, decay: float | None, release: float = 0.02) -> Samples:
    """Rise, fall and a click-free end, shape (count,); times in seconds."""
    shape = np.ones(count, dtype=np.float32)
    if decay is not None:
        shape *= np.exp(np.arange(count, dtype=np.float32) / np.float32(-decay * RATE))
    rise, fall = min(count, round(attack * RATE)), min(count, round(release * RATE))
    if rise:
        shape[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    if fall:
        shape[-fall:] *= np.linspace(1.0, 0.0, fall, dtype=np.float32)
    return shape


def kick(*, pitch: float, punch: float, seconds: float = 0.3) -> Samples:
    """A bass drum tuned to a MIDI number; `punch` from 0 (round) to 1 (hard)."""
    time = _time(seconds)
    sweep = _hertz(pitch) * time + (110.0 + 130.0 * punch) * 0.03 * (1.0 - np.exp(-time / 0.03))
    body = np.sin(2.0 * np.pi * sweep) * np.exp(-time / (0.16 - 0.06 * punch))
    return _drive(body.astype(np.float32), 1.0 + 3.0 * punch)


def snare(rng: np.random.Generator, *, tone_share: float = 0.4, seconds: float = 0.2) -> Samples:
    """A snare drum: a short tone under noise."""
    time = _time(seconds)
    body = np.sin(2.0 * np.pi * 190.0 * time) * np.exp(-time / 0.05)
    rattle = _noise(rng, len(time)) * np.exp(-time / 0.07)
    return np.asarray(tone_share * body + (1.0 - tone_share) * rattle, dtype=np.float32)


def clap(rng: np.random.Generator, *, seconds: float = 0.22) -> Samples:
    """Hands: three bursts of noise and a tail."""
    time = _time(seconds)
    bursts = sum(np.exp(-np.maximum(time - start, 0.0) / 0.006) * (time >= start) for start in (0.0, 0.011, 0.022))
    noise = _noise(rng, len(time))
    return np.asarray(
        np.diff(noise, prepend=np.float32(0)) * (bursts + 0.6 * np.exp(-time / 0.06)) * 0.5, dtype=np.float32
    )


def hat(rng: np.random.Generator, *, seconds: float) -> Samples:
    """A cymbal: noise without its lows; 0.05 s is closed, 0.25 s open."""
    time = _time(seconds)
    noise = np.diff(_noise(rng, len(time) + 2), n=2)
    return np.asarray(0.4 * noise * np.exp(-time / (seconds / 4.0)), dtype=np.float32)


def hiss(rng: np.random.Generator, count: int) -> Samples:
    """Soft noise, as of wind or vinyl, shape (count,)."""
    steps = max(2, count // 16)
    coarse = _noise(rng, steps)
    return np.interp(np.linspace(0, steps - 1, count), np.arange(steps), coarse).astype(np.float32)


@cache
def _wave(timbre: str) -> Samples:
    """One cycle with the harmonics of a timbre, peak 1."""
    cycle = np.arange(_TABLE) * (2.0 * np.pi / _TABLE)
    wave = sum(level * np.sin(n * cycle) for n, level in enumerate(_TIMBRES[timbre], start=1))
    return np.asarray(wave / np.abs(wave).max(), dtype=np.float32)


def _hertz(pitch: float) -> float:
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def _time(seconds: float) -> npt.NDArray[np.float32]:
    return np.arange(round(seconds * RATE), dtype=np.float32) / np.float32(RATE)


def _noise(rng: np.random.Generator, count: int) -> Samples:
    return rng.uniform(-1.0, 1.0, count).astype(np.float32)


def _drive(samples: Samples, amount: float) -> Samples:
    return np.asarray(np.tanh(samples * amount) / np.tanh(amount), dtype=np.float32)
