"""Why a track is suggested, in one line of a DJ's words that agrees with the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from segue.keys import camelot_name
from segue.recommend import mixability

SURE: Final = 0.5
"""Confidence from which on a tempo is stated without doubt."""
FAR: Final = 100 * mixability.REACH
"""Per cent of pitch beyond which nobody mixes beat to beat ..."""
FAR_CROSSWISE: Final = 8.0
"""... and beyond which nobody tries three beats over two."""
STRAIGHT: Final = frozenset({1.0, 2.0, 0.5})
WAYS: Final = {2.0: "half time", 0.5: "double time", 1.5: "3:2 time"}
"""What a track's tempo is called that is multiplied by so much; the rest is 2:3 time."""
TAGS_NAMED: Final = 3
CLASH: Final = "both have vocals"
UNSUNG: Final = "no vocals"
LITTLE: Final = 0.5
"""Steps of energy, of ten, that are told even where both sides round to the same number."""
OCTAVE: Final = 110.0
"""A doubtful tempo below this may be twice as fast, one above half as fast."""


class Mix(NamedTuple):
    """What a reason speaks of in one track."""

    bpm: float
    """As played; NaN where unknown."""
    bpm_confidence: float
    camelot: int
    """0..23, -1 where unknown; with ``pitched`` the key that is heard."""
    energy: float
    """1..10, NaN where unknown."""
    pitched: bool = False
    """Without keylock the pitch has moved the key by half a semitone or more."""
    key_confidence: float = 1.0


class Common(NamedTuple):
    """What two tracks have in common, as far as a reason speaks of it."""

    tags: Sequence[str] | None
    """The most telling first; None where the seed has none that could be shared."""
    vocals: bool = False
    """Both have some."""
    unsung: bool = False
    """Neither has any."""
    proven: int = 0
    """So often they were played together."""


def why(seed: Mix, track: Mix, change: float, factor: float, common: Common) -> str:
    """Say why ``track`` follows ``seed``.

    ``change`` and ``factor`` are those of `mixability.tempo`. The percentage is the pitch that brings the track to the seed's tempo,
    at the stated half or double time.
    """
    parts = [_key(seed, track), _tempo(seed, track, change, factor), _tags(common), CLASH if common.vocals else ""]
    line = ", ".join(part for part in parts if part)
    further = [_energy(seed.energy, track.energy), _proven(common.proven)]
    return "; ".join([line, *(part for part in further if part)])


def pitch_needed(change: float, factor: float) -> float | None:
    """Per cent of pitch that bring a track to the seed's tempo; None where that is unknown, or nobody would do it."""
    if math.isnan(change):
        return None
    needed = 100 / (1 + change) - 100
    return None if abs(needed) > (FAR if factor in STRAIGHT else FAR_CROSSWISE) else needed


def tempo_doubt(bpm: float, alternatives: Sequence[float] = ()) -> str:
    """Say that a tempo is unsure, and what else it may be: the first of ``alternatives``, else its half or double."""
    other = alternatives[0] if alternatives else bpm * 2 if bpm < OCTAVE else bpm / 2
    low, high = sorted((bpm, other))
    return f"tempo unsure: {low:.0f} or {high:.0f}"


def _key(seed: Mix, track: Mix) -> str:
    if track.camelot < 0:
        return "key unknown"
    name = camelot_name(track.camelot) + ("" if track.key_confidence >= SURE else " (unsure)")
    if seed.camelot < 0:
        return f"{name} (as played)" if track.pitched else name
    heard = " (as played)" if seed.pitched or track.pitched else ""
    return f"{camelot_name(seed.camelot)} → {name}{heard}"


def _tempo(seed: Mix, track: Mix, change: float, factor: float) -> str:
    if math.isnan(track.bpm):
        return "tempo unknown"
    if track.bpm_confidence < SURE:
        return tempo_doubt(track.bpm)
    if math.isnan(change):
        return f"{track.bpm:.0f} BPM"
    needed = pitch_needed(change, factor)
    if needed is None:
        return f"tempo jumps {seed.bpm:.0f} → {track.bpm:.0f}"
    pitch = f"{needed:+.1f}"
    if factor == 1.0:
        return "same tempo" if float(pitch) == 0 else f"pitch {pitch} %"
    name = way(factor)
    return f"{name} ({seed.bpm:.0f} → {track.bpm:.0f})" + ("" if float(pitch) == 0 else f", pitch {pitch} %")


def way(factor: float) -> str:
    """What it is called when a track's tempo is multiplied by so much: ``same time``, ``half time`` ..."""
    return "same time" if factor == 1.0 else WAYS.get(factor, "2:3 time")


def _tags(common: Common) -> str:
    unsung = [UNSUNG] if common.unsung else []
    if common.tags is None:
        return "".join(unsung)
    shared = [*common.tags[:TAGS_NAMED], *unsung]
    return f"shares {', '.join(shared)}" if common.tags else ", ".join(["no tag in common", *unsung])


def _proven(times: int) -> str:
    return "" if not times else "played together before" if times == 1 else f"played together {times} times"


def _energy(seed: float, track: float) -> str:
    if math.isnan(seed) or math.isnan(track):
        return ""
    before, after = round(seed), round(track)
    if before == after:
        step = track - seed
        return (
            f"same energy ({after})"
            if abs(step) < LITTLE
            else f"a little {'more' if step > 0 else 'less'} energy ({after})"
        )
    return f"{'more' if after > before else 'less'} energy ({before} → {after})"
