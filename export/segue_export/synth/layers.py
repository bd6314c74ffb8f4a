"""Basses and harmonic layers of the step synthesiser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from segue_export.synth import tones
from segue_export.synth.sound import Wave
from segue_export.synth.theory import Chord, hertz
from segue_export.synth.tones import Shape

if TYPE_CHECKING:
    from segue_export.synth.steps import StepSong

_BASS: Final = {
    # (step, length in steps, octave), a bar
    "offbeat": ((2, 2, 0), (6, 2, 0), (10, 2, 0), (14, 2, 0)),
    "octave": ((0, 2, 0), (2, 2, 1), (4, 2, 0), (6, 2, 1), (8, 2, 0), (10, 2, 1), (12, 2, 0), (14, 2, 1)),
    "root8": tuple((s, 2, 0) for s in range(0, 16, 2)),
    "root16": tuple((s, 1, 0) for s in range(16)),
    "gallop": tuple((s, 1, 0) for s in range(16) if s % 4),
    "deep": ((0, 6, 0), (10, 5, 0)),
    "reese": ((0, 15, 0),),
    "wobble": ((0, 16, 0),),
    "drone": ((0, 16, 0),),
}
_SHAPES: Final = {
    "pad": (0.25, 1.0, 0.9, 0.5), "strings": (0.12, 1.0, 0.9, 0.3), "drone": (0.8, 1.0, 1.0, 1.0), "supersaw": (0.01, 0.6, 0.7, 0.1),
    "stab": (0.003, 0.12, 0.1, 0.05), "pluck": (0.002, 0.15, 0.0, 0.05), "arp": (0.002, 0.12, 0.2, 0.03), "keys": (0.004, 0.8, 0.3, 0.15),
    "bells": (0.002, 0.7, 0.0, 0.4), "lead": (0.01, 0.3, 0.7, 0.06), "acid": (0.002, 0.12, 0.2, 0.02),
}  # fmt: skip
_KINDS: Final = {
    "pad": ("supersaw", "saw", "triangle"), "strings": ("supersaw", "saw"), "drone": ("saw", "square", "sine"), "supersaw": ("supersaw",),
    "stab": ("saw", "square", "supersaw", "organ"), "pluck": ("saw", "square", "fm", "triangle"), "arp": ("saw", "square", "fm"),
    "keys": ("epiano", "epiano", "organ", "fm"), "bells": ("fm", "sine", "triangle"), "lead": ("saw", "square"), "acid": ("saw",),
}  # fmt: skip
_LEVEL: Final = {
    "pad": 0.16,
    "strings": 0.15,
    "drone": 0.16,
    "supersaw": 0.2,
    "stab": 0.24,
    "pluck": 0.2,
    "arp": 0.18,
    "keys": 0.24,
    "bells": 0.18,
    "lead": 0.2,
    "acid": 0.22,
}
_STABS: Final = (
    "x..x..x...x.....",
    "..x..x....x..x..",
    "x.....x....x....",
    "..x...x...x...x.",
    "x..x....x..x....",
    "x...............",
)


class _Painter:
    """Puts notes into a buffer; a note of the same pitch and length is made once."""

    def __init__(self, song: StepSong) -> None:
        self.song, self.rng = song, song.rng
        self.out = np.zeros(song.samples, np.float32)
        self._made: dict[tuple[float, float], Wave] = {}

    def put(
        self,
        kind: str,
        pitch: float,
        bar: int,
        step: float,
        steps: float,
        gain: float,
        shape: Shape,
        cutoff: float,
    ) -> None:
        """One note from a step on."""
        key = (pitch, steps)
        if key not in self._made:
            self._made[key] = tones.note(
                kind, hertz(pitch), steps * self.song.step, self.song.rate, self.rng, shape=shape, cutoff=cutoff
            )
        wave = self._made[key]
        at = self.song.time(bar, step)
        stop = min(at + len(wave), len(self.out))
        if at < stop:
            self.out[at:stop] += wave[: stop - at] * np.float32(gain)


def bass(song: StepSong) -> Wave:
    """The bass line."""
    rng = song.rng
    mode = song.pattern.bass[int(rng.integers(len(song.pattern.bass)))]
    if mode == "none":
        return np.zeros(song.samples, np.float32)
    painter = _Painter(song)
    kind = {
        "deep": "sine",
        "808": "sine",
        "reese": "supersaw",
        "wobble": "supersaw",
        "rumble": "sine",
        "drone": "sine",
    }.get(mode, str(rng.choice(["saw", "square", "triangle", "fm"])))
    shape = {"808": (0.002, 0.9, 0.0, 0.1), "deep": (0.01, 0.6, 0.7, 0.06)}.get(mode, (0.003, 0.2, 0.55, 0.02))
    # Darker than the layers above it, as in a mix: the fifth harmonic of a bright bass is a major third, whatever the chord.
    cutoff = float(np.exp(rng.uniform(np.log(120), np.log(700))))
    line = _BASS.get(mode) or _line(mode, rng)
    for bar, chord in enumerate(song.chords):
        if "bass" not in song.sections[bar]:
            continue
        root = 36 + (chord.root - 0) % 12
        root -= 12 if root > 43 else 0
        for step, length, octave in line:
            painter.put(kind, root + 12 * octave, bar, step, length * 0.92, 0.5, shape, cutoff)
    song.names.add("bass")
    wave = painter.out
    if mode == "wobble":
        rate = float(rng.choice([1, 2, 3, 4])) / 4
        position = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(len(wave)) / song.rate / (song.step * 4) * rate * 2)
        wave = np.tanh(2.5 * tones.swept(wave, song.rate, position * 0.8, 90, 3500, 2.5))
    elif mode == "acid":
        position = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(len(wave)) / song.rate / (song.step * 64))
        wave = np.tanh(2 * tones.swept(wave, song.rate, position, 200, 4000, 5.0))
    elif mode == "808":
        wave = np.tanh(1.6 * wave)
    return wave.astype(np.float32)


def _line(mode: str, rng: np.random.Generator) -> tuple[tuple[int, int, int], ...]:
    """A line of its own for a clip: syncopated, acid, rumble, 808."""
    if mode == "808":
        return ((0, 6, 0), *(((int(rng.choice([7, 10, 11])), 4, 0),) if rng.random() < 0.8 else ()))
    if mode == "rumble":
        return tuple((s, 1, 0) for s in range(16) if s % 4)
    density = 0.75 if mode == "acid" else 0.45
    steps = [s for s in range(16) if s == 0 or rng.random() < density]
    return tuple(
        (s, 1 if mode == "acid" else min((steps[i + 1] if i + 1 < len(steps) else 16) - s, 3), int(rng.random() < 0.25))
        for i, s in enumerate(steps)
    )


def render(song: StepSong) -> Wave:
    """All harmonic layers."""
    rng = song.rng
    layers = tuple(dict.fromkeys(song.pattern.layers))
    chosen = [name for name in layers if rng.random() < 0.75] or list(layers[:1])
    mix = np.zeros(song.samples, np.float32)
    for name in chosen:
        mix += _layer(song, name)
    if rng.random() < 0.35:
        span = np.linspace(0, 1, song.samples)
        turns = float(rng.choice([0.5, 1, 2]))
        mix = tones.swept(mix, song.rate, 0.55 - 0.45 * np.cos(2 * np.pi * turns * span))
    return mix


def _layer(song: StepSong, name: str) -> Wave:
    rng, painter = song.rng, _Painter(song)
    kind = str(rng.choice(_KINDS[name]))
    cutoff = float(np.exp(rng.uniform(np.log(900), np.log(7000))))
    shape = _SHAPES[name]
    gain = _LEVEL[name] * float(2 ** rng.normal(0, 0.3))
    rhythm = _STABS[int(rng.integers(len(_STABS)))]
    arp = [int(rng.integers(0, 6)) for _ in range(16)]
    gaps = rng.random(16) < 0.2
    group = "lead" if name in {"lead", "arp", "acid", "pluck", "bells"} else "music"
    for bar, chord in enumerate(song.chords):
        if group not in song.sections[bar]:
            continue
        voicing = _voicing(chord, 55 if name in {"pad", "strings", "keys", "stab"} else 60)
        if name in {"pad", "strings", "drone"}:
            for pitch in voicing if name != "drone" else (voicing[0] - 12, voicing[0] - 5):
                painter.put(kind, pitch, bar, 0, 16, gain * 0.6, shape, cutoff)
        elif name in {"stab", "keys", "supersaw"}:
            for step in (i for i, mark in enumerate(rhythm) if mark == "x"):
                for pitch in voicing:
                    painter.put(kind, pitch, bar, step, 2 if name == "stab" else 5, gain * 0.55, shape, cutoff)
        else:
            ladder = [p + 12 * o for o in range(2) for p in voicing]
            for step in range(0, 16, 1 if name in {"arp", "acid"} else 2):
                if not gaps[step]:
                    painter.put(
                        kind,
                        ladder[arp[step] % len(ladder)] + (0 if name != "bells" else 12),
                        bar,
                        step,
                        1.6,
                        gain,
                        shape,
                        cutoff,
                    )
    song.thirds |= name != "drone"
    song.names.add({"keys": "electric piano", "strings": "strings"}.get(name, "synthesizer"))
    return painter.out


def _voicing(chord: Chord, base: int) -> list[int]:
    """Close position from a base pitch on."""
    return sorted(base + (pitch - base) % 12 for pitch in chord.pitch_classes)
