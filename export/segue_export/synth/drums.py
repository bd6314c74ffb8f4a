"""Drum sounds: synthesised, or found among sample libraries by their file names."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import av
import numpy as np
from scipy import signal

from segue_export.synth import sound
from segue_export.synth.composition import Credit
from segue_export.synth.sound import Floats, Wave, as_wave
from segue_export.synth.voices import package_licence

PARTS: Final = ("kick", "snare", "clap", "hat", "open", "perc", "tom")
_NAMES: Final = {
    "kick": re.compile(r"kick|^bd|bass[_ ]?drum|drum_bass|heavy_kick", re.IGNORECASE),
    "snare": re.compile(r"snare|^sn[_ ]|^sd", re.IGNORECASE),
    "clap": re.compile(r"clap|snap", re.IGNORECASE),
    "hat": re.compile(r"closed|hh?[_ -]?c|hihat|hi-?hat|cymbal_closed|hhc", re.IGNORECASE),
    "open": re.compile(r"open|hho|cymbal_open", re.IGNORECASE),
    "tom": re.compile(r"tom", re.IGNORECASE),
    "perc": re.compile(r"cowbell|conga|bongo|rim|stick|perc|tabla|shaker|wood|block|clave", re.IGNORECASE),
}
_SUFFIXES: Final = {".wav", ".flac", ".ogg"}
_MAX_SECONDS: Final = 1.2


def synthesised(part: str, rate: int, rng: np.random.Generator, *, hard: float = 0.5) -> Wave:
    """One hit of a part; it begins at its first sample. `hard` 0 is soft and round, 1 distorted."""
    if part == "kick":
        return _kick(rate, rng, hard)
    if part in {"snare", "clap"}:
        return _snare(rate, rng) if part == "snare" else _clap(rate, rng)
    if part in {"hat", "open"}:
        return _hat(rate, rng, float(rng.uniform(0.02, 0.06)) if part == "hat" else float(rng.uniform(0.15, 0.35)))
    return _tom(
        rate,
        rng,
        float(rng.uniform(90, 220)) if part == "tom" else float(rng.uniform(250, 1200)),
        0.25 if part == "tom" else 0.06,
    )


def _kick(rate: int, rng: np.random.Generator, hard: float) -> Wave:
    length = float(rng.uniform(0.18, 0.45))
    time = np.arange(int(length * 2 * rate)) / rate
    base, sweep = float(rng.uniform(42, 62)), float(rng.uniform(120, 320))
    pitch = base + sweep * np.exp(-time / float(rng.uniform(0.018, 0.045)))
    body = np.sin(2 * np.pi * np.cumsum(pitch) / rate + 1.2) * np.exp(-time / (length * 0.45))
    click = rng.standard_normal(len(time)) * np.exp(-time / 0.003) * float(rng.uniform(0.1, 0.4))
    drive = 1.0 + 6.0 * hard * float(rng.random())
    return _normal(np.tanh(drive * (body + click)))


def _snare(rate: int, rng: np.random.Generator) -> Wave:
    time = np.arange(int(0.35 * rate)) / rate
    tone = np.sin(2 * np.pi * float(rng.uniform(160, 240)) * time) * np.exp(-time / 0.06)
    noise = signal.lfilter([1, -0.85], [1], rng.standard_normal(len(time))) * np.exp(
        -time / float(rng.uniform(0.05, 0.14))
    )
    return _normal(tone * float(rng.uniform(0.3, 0.9)) + noise * 0.5)


def _clap(rate: int, rng: np.random.Generator) -> Wave:
    time = np.arange(int(0.35 * rate)) / rate
    envelope = np.exp(-time / float(rng.uniform(0.06, 0.14))) * 0.6
    for at in (0.0, 0.009, 0.019):
        envelope = envelope + np.where(time >= at, np.exp(-(time - at) / 0.004), 0)
    noise = signal.sosfilt(
        signal.butter(2, (700, 4500), "bandpass", fs=rate, output="sos"), rng.standard_normal(len(time))
    )
    return _normal(noise * envelope)


def _hat(rate: int, rng: np.random.Generator, decay: float) -> Wave:
    time = np.arange(int(max(decay * 5, 0.08) * rate)) / rate
    metal = sum(
        np.sign(np.sin(2 * np.pi * f * float(rng.uniform(0.97, 1.03)) * time))
        for f in (2050, 3070, 4200, 5330, 6100, 7900)
    )
    noise = rng.standard_normal(len(time)) * float(rng.uniform(0.5, 3))
    return _normal(
        signal.sosfilt(signal.butter(2, 5500, "highpass", fs=rate, output="sos"), metal + noise) * np.exp(-time / decay)
    )


def _tom(rate: int, rng: np.random.Generator, hertz: float, decay: float) -> Wave:
    time = np.arange(int(decay * 4 * rate)) / rate
    pitch = hertz * (1 + 0.5 * np.exp(-time / 0.03))
    return _normal(
        np.sin(2 * np.pi * np.cumsum(pitch) / rate + 1.0) * np.exp(-time / decay)
        + rng.standard_normal(len(time)) * np.exp(-time / 0.004) * 0.2
    )


def _normal(wave: Floats | Wave) -> Wave:
    return as_wave(wave / (np.abs(wave).max() + 1e-9))


@lru_cache(maxsize=4)
def sample_library(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Files of a folder by the part that their names say."""
    found: dict[str, list[Path]] = {part: [] for part in PARTS}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in _SUFFIXES or path.stem.startswith(("loop", "ambi", "bass_", "guit", "glitch")):
            continue
        part = next((part for part, pattern in _NAMES.items() if pattern.search(path.stem)), None)
        if part:
            found[part].append(path)
    return {part: tuple(paths) for part, paths in found.items()}


@lru_cache(maxsize=256)
def sampled(path: Path, rate: int) -> Wave:
    """One hit of a sample file, from its onset, at most 1.2 s. Raises av.FFmpegError or ValueError when there is nothing in it."""
    wave = sound.read(path, rate)
    if not len(wave) or np.abs(wave).max() < 1e-3:
        raise ValueError(f"{path} is silent")
    first = int(np.flatnonzero(np.abs(wave) > 0.12 * np.abs(wave).max())[0])
    wave = wave[max(first - rate // 2000, 0) :][: int(_MAX_SECONDS * rate)].copy()
    tail = min(len(wave), rate // 20)
    wave[len(wave) - tail :] *= np.linspace(1, 0, tail)
    return _normal(wave)


def kit(
    rate: int, rng: np.random.Generator, library: Path | None, *, real: float, hard: float
) -> tuple[dict[str, Wave], tuple[Path, ...]]:
    """A hit of each part, from the library with probability `real` where there is one, and the files that were used."""
    files = sample_library(library) if library is not None else {}
    use = bool(files) and rng.random() < real
    hits: dict[str, Wave] = {}
    used: list[Path] = []
    for part in PARTS:
        found = _choose(files.get(part, ()), rate, rng) if use else None
        if found is None:
            hits[part] = synthesised(part, rate, rng, hard=hard)
        else:
            hits[part] = found[1]
            used.append(found[0])
    return hits, tuple(used)


def _choose(paths: tuple[Path, ...], rate: int, rng: np.random.Generator) -> tuple[Path, Wave] | None:
    """A sample that can be read, in three tries."""
    for _ in range(3 if paths else 0):
        path = paths[int(rng.integers(len(paths)))]
        try:
            return path, sampled(path, rate)
        except (ValueError, av.FFmpegError):
            continue
    return None


def credits_of(used: tuple[Path, ...], library: Path) -> list[Credit]:
    """The packages (folders right below the library) that samples come from."""
    packages = dict.fromkeys(path.relative_to(library).parts[0] for path in used)
    return [Credit(package, package_licence(library, package)) for package in packages]
