"""A little synthesiser: tracks of an exact tempo and key, the same samples for the same specification.

It makes music enough to try Segue without a record collection, and to test it without anybody's copyright.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from segue.demo import sounds
from segue.demo.sounds import RATE, Samples
from segue.demo.styles import STYLES, Style

_NOTES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SCALES: Final = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_PROGRESSIONS: Final = {
    # Steps of the scale. The tonic holds half of the time, so that the key is never in doubt.
    "major": ((0, 3, 0, 4), (0, 0, 3, 4), (0, 5, 0, 4)),
    "minor": ((0, 5, 0, 4), (0, 0, 3, 4), (0, 3, 0, 4)),
}
_DOMINANT: Final = 4
_STEPS: Final = 16
_PEAK: Final = 0.85


@dataclass(frozen=True, slots=True)
class TrackSpec:
    """What to render. The same specification gives the same samples."""

    title: str
    artist: str
    genre: str
    bpm: float
    key: str
    """As in ``"A minor"``."""
    style: str
    """One of `segue.demo.styles.STYLES`."""
    seconds: float = 40.0
    seed: int = 0


class _Section(NamedTuple):
    """Which groups of instruments play."""

    drums: bool
    bass: bool
    music: bool


_ARRANGEMENT: Final = (
    # Where each section begins, as a share of the track.
    (0.0, _Section(drums=True, bass=False, music=False)),
    (0.1, _Section(drums=True, bass=True, music=False)),
    (0.2, _Section(drums=True, bass=True, music=True)),
    (0.5, _Section(drums=False, bass=False, music=True)),  # breakdown
    (0.6, _Section(drums=True, bass=True, music=True)),
    (0.92, _Section(drums=True, bass=True, music=False)),
)


def render(spec: TrackSpec) -> Samples:
    """Render a track: float32 in -1..1, shape (samples, 2), 44.1 kHz.

    Raises KeyError for a style that is not there, ValueError for a key that is none.
    """
    return _Session(spec).render()


def parse_key(key: str) -> tuple[int, str]:
    """Pitch class (C is 0) and mode of ``"F# minor"``. Raises ValueError when it is none."""
    note, _, mode = key.partition(" ")
    if note[:1] not in _NOTES or note[1:] not in ("", "#", "b") or mode not in _SCALES:
        raise ValueError(f"'{key}' is no key: write it as in 'F# minor'")
    return (_NOTES[note[0]] + {"": 0, "#": 1, "b": -1}[note[1:]]) % 12, mode


class _Session:
    """One rendering: the tracks of a mixing desk, filled bar by bar."""

    def __init__(self, spec: TrackSpec) -> None:
        self._spec = spec
        self._style: Style = STYLES[spec.style]
        self._rng = np.random.default_rng([spec.seed, round(spec.bpm * 100), *spec.title.encode()])
        self._tonic, self._mode = parse_key(spec.key)
        self._length = round(spec.seconds * RATE)
        self._step = 60.0 / spec.bpm / 4.0
        self._bars = int(np.ceil(spec.seconds / (self._step * _STEPS)))
        self._drums = self._track()
        self._music = self._track()
        self._wet = self._track()
        self._tones: dict[tuple[object, ...], Samples] = {}

    def render(self) -> Samples:
        """All bars, mixed."""
        progression = _PROGRESSIONS[self._mode][self._rng.integers(len(_PROGRESSIONS[self._mode]))]
        drums = self._drum_sounds()
        for bar in range(self._bars):
            section = self._section(bar)
            chord = self._chord(progression[bar // self._style.bars_a_chord % len(progression)])
            if section.drums:
                self._play_drums(bar, drums)
            if section.bass:
                self._play_bass(bar)
            if section.music:
                self._play_music(bar, chord)
        return self._mix()

    def _track(self) -> Samples:
        return np.zeros(self._length, dtype=np.float32)

    def _section(self, bar: int) -> _Section:
        if not self._style.has_drums:  # then there is no drum intro either
            return _Section(drums=False, bass=True, music=True)
        place = bar / self._bars
        return next(section for start, section in reversed(_ARRANGEMENT) if place >= start)

    def _drum_sounds(self) -> list[tuple[str, Samples, float]]:
        """Pattern, sound and level of each drum."""
        style, rng = self._style, self._rng
        return [
            (style.kick, sounds.kick(pitch=28 + (self._tonic - 4) % 12, punch=style.punch), 0.9),
            (style.snare, sounds.snare(rng), 0.6),
            (style.clap, sounds.clap(rng), 0.6),
            (style.hat, sounds.hat(rng, seconds=0.06), 0.35),
            (style.open_hat, sounds.hat(rng, seconds=0.22), 0.3),
        ]

    def _chord(self, degree: int) -> tuple[int, int, int]:
        """MIDI numbers of the triad on a step of the scale, in the octave above middle C or just below."""
        scale = list(_SCALES[self._mode])
        if degree == _DOMINANT:
            scale[6] = 11  # the leading note, in minor too
        triad = (scale[(degree + third) % 7] + 12 * ((degree + third) // 7) for third in (0, 2, 4))
        root, third, fifth = (48 + self._tonic % 12 + step for step in triad)
        return root, third, fifth

    def _hits(self, bar: int, pattern: str) -> Iterator[tuple[int, int, float]]:
        """Step, first sample and loudness of each hit of a pattern in a bar."""
        for step, mark in enumerate(pattern):
            if mark != ".":
                late = self._style.swing if step % 2 else 0.0
                yield step, round((bar * _STEPS + step + late) * self._step * RATE), int(mark) / 9.0

    def _play_drums(self, bar: int, drums: list[tuple[str, Samples, float]]) -> None:
        for pattern, sound, level in drums:
            for _, start, loudness in self._hits(bar, pattern):
                _add(self._drums, start, sound, level * loudness * self._style.drums_level)

    def _play_bass(self, bar: int) -> None:
        pitch = 36 + self._tonic % 12  # a pedal: the chords move over it, and the key is never in doubt
        for _, start, loudness in self._hits(bar, self._style.bass):
            note = self._tone(pitch, 1.8 * self._step, self._style.bass_timbre, decay=0.3)
            _add(self._music, start, note, self._style.bass_level * loudness)

    def _play_music(self, bar: int, chord: tuple[int, int, int]) -> None:
        style = self._style
        if style.pad_level:
            length = _STEPS * self._step
            for detune in (-0.06, 0.06):
                for pitch in chord:
                    note = self._tone(pitch + detune, length, style.pad_timbre, attack=0.08)
                    _add(self._music, round(bar * length * RATE), note, style.pad_level / 2.0)
        for _, start, loudness in self._hits(bar, style.stab):
            for pitch in chord:
                note = self._tone(pitch + 12, 2.0 * self._step, style.stab_timbre, decay=0.15)
                _add(self._wet, start, note, style.stab_level * loudness)
        for step, start, loudness in self._hits(bar, style.lead):
            pitch = chord[(step // 2 + bar) % 3] + 24
            note = self._tone(pitch, 2.0 * self._step, style.lead_timbre, decay=0.25)
            _add(self._wet, start, note, style.lead_level * loudness)

    def _tone(
        self, pitch: float, seconds: float, timbre: str, *, attack: float = 0.005, decay: float | None = None
    ) -> Samples:
        key = (pitch, seconds, timbre, attack, decay)
        if key not in self._tones:
            self._tones[key] = sounds.tone(pitch, seconds, timbre, attack=attack, decay=decay)
        return self._tones[key]

    def _mix(self) -> Samples:
        style = self._style
        left, right = self._echoes()
        if style.hiss_level:
            self._music += style.hiss_level * sounds.hiss(self._rng, self._length)
        pump = self._pump()
        stereo = np.stack([(self._music + side) * pump + self._drums for side in (left, right)], axis=1)
        stereo = np.tanh(stereo * np.float32(style.drive * 0.6))
        fade = round(0.03 * RATE)
        stereo[-fade:] *= np.linspace(1.0, 0.0, len(stereo[-fade:]), dtype=np.float32)[:, None]
        return np.asarray(stereo * np.float32(_PEAK / max(np.abs(stereo).max(), 1e-6)), dtype=np.float32)

    def _echoes(self) -> tuple[Samples, Samples]:
        """Stabs and lead with their echo: the first to the right, the second to the left."""
        left, right = self._wet.copy(), self._wet.copy()
        delay, level = round(3 * self._step * RATE), self._style.echo
        if level:
            _add(right, delay, self._wet, level)
            _add(left, 2 * delay, self._wet, level**2)
        return left, right

    def _pump(self) -> Samples:
        """Side-chain: the level of all but the drums, down at each kick."""
        level = np.ones(self._length, dtype=np.float32)
        if not self._style.pump:
            return level
        dip = 1.0 - np.float32(self._style.pump) * sounds.envelope(round(0.25 * RATE), attack=0.003, decay=0.08)
        for bar in range(self._bars):
            if self._section(bar).drums:
                for _, start, _ in self._hits(bar, self._style.kick):
                    part = level[start : start + len(dip)]
                    part *= dip[: len(part)]
        return level


def _add(track: Samples, start: int, sound: Samples, level: float) -> None:
    """Add a sound to a track from a sample on; what is past the end is cut."""
    part = track[start : start + len(sound)]
    part += np.float32(level) * sound[: len(part)]
