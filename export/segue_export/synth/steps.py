"""The step synthesiser: dance music and hip-hop on a grid of sixteenths, exact to the sample."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from segue_export.synth import drums, layers
from segue_export.synth.composition import (
    RATE,
    Composition,
    Credit,
    Sources,
    choose_chords,
    choose_key,
    choose_tempo,
    melody_scale,
    tells_key,
)
from segue_export.synth.melody import melody
from segue_export.synth.sound import Wave
from segue_export.synth.step_styles import PATTERNS, Pattern
from segue_export.synth.styles import Style

Grid = npt.NDArray[np.int64]
_LEVELS: Final = {"kick": 1.0, "snare": 0.75, "clap": 0.6, "hat": 0.28, "open": 0.3, "perc": 0.35, "tom": 0.5}


def compose(style: Style, rng: np.random.Generator, sources: Sources, seconds: float) -> Composition:
    """A clip by the step synthesiser; it needs no tool and no sample, and uses the drum samples where there are some."""
    tempo = choose_tempo(style, rng)
    song = StepSong(style, tempo, seconds, RATE, rng, sources.drums)
    character = str(rng.choice(["flowing", "busy", "long"]))
    notes = melody(song.chords, song.key, 4, rng, character=character, scale=melody_scale(style, song.key))
    beats = bool(song.kicks)
    names = song.names | ({"drums" if song.real else "drum machine"} if beats else set())
    thanks = [Credit("synthesised", "Apache-2.0"), *song.credits]
    return Composition(
        song.wave,
        style,
        tempo if beats else None,
        song.key,
        4 if beats else None,
        tuple(sorted(names)),
        notes,
        60 / tempo,
        key_trusted=tells_key(style, song.key, song.chords, thirds=song.thirds),
        credits=thanks,
    )


class StepSong:
    """A song on the grid: chosen by `rng`, rendered to `wave` at `rate`.

    `kicks` are the samples at which the kick sounds, `chords` a chord a bar, `key` its key, `thirds` says whether more than
    roots and fifths of the chords is played.
    """

    def __init__(
        self, style: Style, tempo: float, seconds: float, rate: int, rng: np.random.Generator, library: Path | None
    ) -> None:
        self.style, self.tempo, self.rate, self.rng = style, tempo, rate, rng
        self.pattern: Pattern = PATTERNS[style.name]
        self.bars = max(round(seconds * tempo / 240 / 4) * 4, 4)
        self.step = 15.0 / tempo
        self.samples = round(self.bars * 16 * self.step * rate)
        self.key = choose_key(style, rng)
        self.chords = tuple(choose_chords(style, self.key, self.bars, rng))
        self.kit, used = drums.kit(rate, rng, library, real=self.pattern.real, hard=self.pattern.hard)
        self.real = bool(used)
        self.credits = drums.credits_of(used, library) if library is not None else []
        self.sections = self._sections()
        self.kicks: list[int] = []
        self.names: set[str] = set()
        self.thirds = False
        self.wave = self._render()

    def _pick(self, choices: tuple[str, ...]) -> str:
        return choices[int(self.rng.integers(len(choices)))]

    def _sections(self) -> list[frozenset[str]]:
        """Which groups play in each bar: drums, kick, bass, music, lead."""
        every = frozenset({"drums", "kick", "bass", "music", "lead"})
        without = every - {"lead"}
        kinds = {
            "full": every,
            "main": without,
            "intro": frozenset({"drums", "kick", "bass"}),
            "break": frozenset({"music", "lead"}),
            "beat": frozenset({"drums", "kick", "music"}),
            "build": frozenset({"drums", "music", "lead"}),
        }
        orders = (
            ("main", "full", "full", "main"),
            ("intro", "main", "full", "full"),
            ("full", "full", "break", "full"),
            ("break", "build", "full", "full"),
            ("beat", "full", "main", "full"),
            ("full", "full", "full", "full"),
        )
        order = orders[int(self.rng.integers(len(orders)))]
        block = max(self.bars // 16, 1) * 4
        return [kinds[order[min(bar // block, 3) if bar // block < 4 else 3]] for bar in range(self.bars)]

    def time(self, bar: int, step: float) -> int:
        """Sample of a step, which need not be whole; odd sixteenths swing."""
        whole = int(step)
        shift = (self.pattern.swing - 0.5) * 2 if whole % 2 else 0.0
        return round((bar * 16 + step + shift) * self.step * self.rate)

    def _render(self) -> Wave:
        beat = np.zeros(self.samples, np.float32)
        steps = {
            part: self._pick(getattr(self.pattern, part)) for part in ("kick", "snare", "clap", "hat", "open", "perc")
        }
        gain = {part: level * float(2 ** self.rng.normal(0, 0.35)) for part, level in _LEVELS.items()}
        for bar in range(self.bars):
            self._drum_bar(beat, bar, steps, gain)
        pump = self._pump()
        music = layers.render(self) * pump
        bass = layers.bass(self) * (0.3 + 0.7 * pump)
        balance = float(self.rng.uniform(0.7, 1.3)) * self.pattern.music
        wave = beat + music * np.float32(balance) + bass
        return np.ascontiguousarray(wave[: self.samples], dtype=np.float32)

    def _drum_bar(self, out: Wave, bar: int, lines: dict[str, str], gain: dict[str, float]) -> None:
        playing = self.sections[bar]
        if "drums" not in playing:
            return
        fill = bar % 8 == 7 and self.rng.random() < 0.5
        for part, line in lines.items():
            if part == "kick" and "kick" not in playing:
                continue
            end = 12 if fill and part == "kick" else 16
            self._line(out, part, bar, line[:end], gain[part])
        if self.pattern.rolls and self.rng.random() < 0.6:
            self._roll(out, bar, gain["hat"])
        if fill:
            self._fill(out, bar, gain["snare"])

    def _line(self, out: Wave, part: str, bar: int, line: str, gain: float) -> None:
        for step, mark in enumerate(line):
            if mark == ".":
                continue
            at = self.time(bar, step)
            if part == "kick":
                self.kicks.append(at)
            self._hit(out, part, at, gain * (1.0 if mark == "x" else 0.45))

    def _roll(self, out: Wave, bar: int, gain: float) -> None:
        """Hats that fill an eighth with 3, 4 or 6 strokes, ever louder."""
        start, strokes = int(self.rng.choice([2, 6, 10, 12, 14])), int(self.rng.choice([3, 4, 6]))
        for number in range(strokes):
            self._hit(out, "hat", self.time(bar, start + 2 * number / strokes), gain * (0.5 + 0.5 * number / strokes))

    def _fill(self, out: Wave, bar: int, gain: float) -> None:
        """The last beat before a new part, on snare and tom."""
        for step in range(12, 16):
            if self.rng.random() < 0.8:
                self._hit(
                    out,
                    "snare" if self.rng.random() < 0.6 else "tom",
                    self.time(bar, step),
                    gain * (0.4 + 0.12 * (step - 11)),
                )

    def _hit(self, out: Wave, part: str, at: int, gain: float) -> None:
        sound = self.kit[part]
        stop = min(at + len(sound), len(out))
        if at < stop:
            out[at:stop] += sound[: stop - at] * np.float32(gain)

    def _pump(self) -> Wave:
        """Side-chain: the gain of the rest falls at each kick and comes back within an eighth."""
        gain = np.ones(self.samples, np.float32)
        length = int(self.step * 3 * self.rate)
        dip = (1 - self.pattern.pump * (1 - np.linspace(0, 1, length)) ** 1.5).astype(np.float32)
        for at in self.kicks:
            stop = min(at + length, self.samples)
            gain[at:stop] = np.minimum(gain[at:stop], dip[: stop - at])
        return gain
