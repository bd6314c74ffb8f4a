"""Pitches over time → key: a small network that sees the same from every tonic.

Each second is looked at from each of the twelve pitch classes as if that were the tonic: which other pitches sound beside it, in
which register. Three seconds together tell chords and how they move; what was seen in half a minute is summed up (mean, strongest,
beginning, spread) and becomes two scores, for minor and for major on that tonic. Since all tonics share the weights, what was
learnt in one key holds in all. It was trained on synthesised music whose key was chosen first.

To what the network says is added how well the pitches fit the profiles of the keys, as they were measured on electronic dance
music (Faraldo, Gómez, Jordà, Herrera, "Key estimation in electronic dance music", ECIR 2016): that decides where
the sound is unlike all that the network has heard.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.analysis.result import Key, KeySection
from segue.keys import MODES, camelot, key_name
from segue.networks.arrays import Arrays, gelu, log_softmax
from segue.networks.models import models_dir

Array = npt.NDArray[np.float32]

FINE: Final = 10
"""Classes a semitone."""
REGISTERS: Final = 4
_LONGEST: Final = 45
"""Slots that are read in one piece."""
_WINDOW: Final = 32
_HOP: Final = 8
_FIRST_SLOTS: Final = 4
_QUIET: Final = 0.01
_ALTERNATIVES: Final = 3
_CHANGE_COST: Final = 6.0
"""Nats of evidence that another key must have before it is believed."""
_MIN_SECTION_SLOTS: Final = 24
_SURE_SECTION: Final = 0.6

_PROFILE_WEIGHT: Final = 2.0
_REGISTER_WEIGHTS: Final = np.array([1.5, 1.2, 1.0, 0.7])
_MINOR: Final = (0.172, 0.053, 0.076, 0.100, 0.056, 0.085, 0.050, 0.135, 0.075, 0.050, 0.092, 0.055)
_MAJOR: Final = (0.165, 0.047, 0.083, 0.067, 0.100, 0.093, 0.053, 0.132, 0.052, 0.074, 0.069, 0.064)

NAMES: Final = tuple(key_name(tonic, mode) for mode in MODES for tonic in range(12))
"""The network's answers: minor on C to B, then major."""


def tuning(pitches: Array) -> float:
    """Cents that the pitches, shape (..., 120), are above the semitones of A = 440 Hz, -50..50."""
    classes = pitches.reshape(-1, 12 * FINE).sum(axis=0)
    angle = np.exp(2j * np.pi * np.arange(12 * FINE) / FINE)
    return float(np.angle(classes @ angle)) / (2 * np.pi) * 100.0


def semitones(pitches: Array, cents: float) -> Array:
    """Pitch classes of ten cents, shape (..., 120), to semitones at a tuning, shape (..., 12)."""
    nearness = np.hanning(FINE + 3)[1:-1][:FINE].astype(np.float32)  # the middle of a semitone counts most
    turned = np.roll(pitches, -round(cents * FINE / 100.0) + FINE // 2, axis=-1)
    return np.asarray(turned.reshape(*pitches.shape[:-1], 12, FINE) @ nearness)


def inputs(heard: Array) -> tuple[Array, Array]:
    """What the network sees of semitones, shape (slots, 4, 12): each slot at one level, and each register's sum."""
    roots = np.sqrt(heard)
    level = np.sqrt((roots**2).sum(axis=(1, 2), keepdims=True))
    whole = heard.sum(axis=0)
    return (
        (roots / (level + 1e-3) * 3.0).astype(np.float32),
        (whole / (whole.sum(axis=1, keepdims=True) + 1e-6) * 4.0).astype(np.float32),
    )


_FROM_TONIC: Final = np.stack([(np.arange(12) + tonic) % 12 for tonic in range(12)])


class KeyNetwork:
    """The network. Several of them, trained from different beginnings, vote."""

    def __init__(self, weights: Arrays) -> None:
        self._weights = weights

    @classmethod
    def load(cls, path: Path) -> KeyNetwork:
        """Read the weights. Raises ModelMissingError and ModelMismatchError."""
        size = REGISTERS * 12
        shapes: dict[str, tuple[int | None, ...]] = {"frame.weight": (None, size, None), "temperature": (1,)}
        shapes |= {f"{layer}.weight": (None, None, None) for layer in ("time", "sum")} | {"out.weight": (None, None, 2)}
        shapes |= {f"{layer}.bias": (None, None) for layer in ("frame", "time", "sum", "out")}
        return cls(Arrays.load(path, shapes))

    @classmethod
    @cache
    def shipped(cls) -> KeyNetwork:
        """The one that comes with Segue."""
        return cls.load(models_dir() / "key.json")

    def key(self, pitches: Array, slot_seconds: float) -> Key:
        """The key of pitches, shape (slots, 4, 120): see `segue.analysis.key.KeyFinder.pitches`."""
        cents = tuning(pitches)
        heard = semitones(pitches, cents)
        sounding = heard.sum(axis=(1, 2)) > _QUIET
        if not sounding.any():
            return Key(name=None, camelot=None, confidence=0.0)
        times = np.flatnonzero(sounding) * slot_seconds
        logs, middles = self._windows(heard[sounding], times.astype(np.float64))
        scores = log_softmax(logs.mean(axis=0))
        order = np.argsort(-scores)
        best = NAMES[order[0]]
        return Key(
            best,
            camelot(best),
            float(np.exp(scores[order[0]])),
            tuple(NAMES[row] for row in order[1 : 1 + _ALTERNATIVES]),
            tuning=cents,
            sections=_sections(logs, middles, len(pitches) * slot_seconds),
        )

    def _windows(self, heard: Array, times: npt.NDArray[np.float64]) -> tuple[Array, npt.NDArray[np.float64]]:
        """Logarithms of probabilities, shape (windows, 24), and the middle of each window in seconds."""
        count = len(heard)
        if count <= _LONGEST:
            return self._window(heard)[None], times[[count // 2]]
        starts = [*range(0, count - _WINDOW, _HOP), count - _WINDOW]
        logs = np.stack([self._window(heard[start : start + _WINDOW]) for start in starts])
        return logs, times[[start + _WINDOW // 2 for start in starts]]

    def _window(self, heard: Array) -> Array:
        return log_softmax(self.read(heard) + _PROFILE_WEIGHT * _likeness(heard))

    def read(self, heard: Array) -> Array:
        """Logarithms of the probabilities of `NAMES`, shape (24,), for semitones of shape (slots, 4, 12)."""
        weights = self._weights
        slots, whole = inputs(heard)
        seen = slots[:, :, _FROM_TONIC].transpose(2, 0, 1, 3).reshape(12, len(slots), -1)  # (tonics, slots, 48)
        frames = gelu(seen[None] @ weights["frame.weight"][:, None] + weights["frame.bias"][:, None, None])
        padded = np.pad(frames, ((0, 0), (0, 0), (1, 1), (0, 0)))
        near = np.concatenate([padded[:, :, :-2], padded[:, :, 1:-1], padded[:, :, 2:]], axis=-1)
        moves = gelu(near @ weights["time.weight"][:, None] + weights["time.bias"][:, None, None])
        voters = len(moves)
        register = np.broadcast_to(
            whole[:, _FROM_TONIC].transpose(1, 0, 2).reshape(12, -1), (voters, 12, REGISTERS * 12)
        )
        first = moves[:, :, :_FIRST_SLOTS].sum(axis=2) / _FIRST_SLOTS
        spread = np.sqrt((moves**2).mean(axis=2) + 1e-4)
        summed = np.concatenate([moves.mean(axis=2), moves.max(axis=2), first, spread, register], axis=-1)
        hidden = gelu(summed @ weights["sum.weight"] + weights["sum.bias"][:, None])
        scores = hidden @ weights["out.weight"] + weights["out.bias"][:, None]  # (voters, tonics, 2)
        votes = log_softmax(scores.transpose(0, 2, 1).reshape(voters, 24))
        return log_softmax(votes.mean(axis=0) / weights["temperature"])


def _likeness(heard: Array) -> Array:
    """Correlation of the pitches, shape (slots, 4, 12), with the profiles of `NAMES`, shape (24,)."""
    pitches = _REGISTER_WEIGHTS @ heard.sum(axis=0)
    centred = (pitches - pitches.mean()) / (pitches.std() + 1e-9)
    return np.asarray(_PROFILES @ centred / 12.0, dtype=np.float32)


def _profiles() -> npt.NDArray[np.float64]:
    rows = np.array([np.roll(profile, tonic) for profile in (_MINOR, _MAJOR) for tonic in range(12)])
    return np.asarray((rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, keepdims=True))


_PROFILES: Final = _profiles()


def _sections(logs: Array, middles: npt.NDArray[np.float64], length: float) -> tuple[KeySection, ...]:
    """The keys one after another on the path of most evidence; empty when one key holds throughout, or nearly.

    Stretches that are short or unsure, as where one key passes into another, are shared between their neighbours.
    """
    path = _path(logs)
    cuts = [0, *(int(cut) + 1 for cut in np.flatnonzero(np.diff(path))), len(path)]
    kept: list[KeySection] = []
    for first, after in pairwise(cuts):
        sure = float(np.exp(logs[first:after, path[first]]).mean())
        part = KeySection(float(middles[first]), float(middles[after - 1]), NAMES[path[first]], sure)
        if sure < _SURE_SECTION or (after - first) * _HOP < _MIN_SECTION_SLOTS:
            continue
        if kept and kept[-1].name == part.name:
            part = replace(part, start=kept[-1].start, confidence=min(kept[-1].confidence, sure))
            kept.pop()
        kept.append(part)
    if len(kept) < 2:
        return ()
    edges = [0.0, *((before.end + part.start) / 2 for before, part in pairwise(kept)), length]
    return tuple(replace(part, start=start, end=end) for part, (start, end) in zip(kept, pairwise(edges), strict=True))


def _path(logs: Array) -> npt.NDArray[np.intp]:
    """The key of each window on the path of most evidence, where each change costs."""
    total = logs[0].astype(np.float64)
    back = np.zeros(logs.shape, dtype=np.intp)
    for row in range(1, len(logs)):
        best = int(total.argmax())
        moved = total[best] - _CHANGE_COST > total
        back[row] = np.where(moved, best, np.arange(len(total)))
        total = np.where(moved, total[best] - _CHANGE_COST, total) + logs[row]
    path = np.zeros(len(logs), dtype=np.intp)
    path[-1] = int(total.argmax())
    for row in range(len(logs) - 1, 0, -1):
        path[row - 1] = back[row, path[row]]
    return path
