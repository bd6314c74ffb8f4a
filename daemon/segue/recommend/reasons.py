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
WAYS: Final = {2.0: "half time", 0.5: "double time", 1.5: "3:2 time"}
"""What a track's tempo is called that is multiplied by so much; the rest is 2:3 time."""
TAGS_NAMED: Final = 3
CLASH: Final = "both have vocals"
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


def why(
    seed: Mix, track: Mix, change: float, factor: float, shared: Sequence[str] | None, *, vocals: bool = False
) -> str:
    """Say why ``track`` follows ``seed``.

    ``change`` and ``factor`` are those of `mixability.tempo`; ``shared`` are the tags in common, the most telling first;
    None where the seed has no tags that could be shared. ``vocals``: both tracks have some.
    The percentage is the pitch that brings the track to the seed's tempo, at the stated half or double time.
    """
    parts = [_key(seed, track), _tempo(seed, track, change, factor), _tags(shared), CLASH if vocals else ""]
    line = ", ".join(part for part in parts if part)
    energy = _energy(seed.energy, track.energy)
    return f"{line}; {energy}" if energy else line


def tempo_doubt(bpm: float, alternatives: Sequence[float] = ()) -> str:
    """Say that a tempo is unsure, and what else it may be: the first of ``alternatives``, else its half or double."""
    other = alternatives[0] if alternatives else bpm * 2 if bpm < OCTAVE else bpm / 2
    low, high = sorted((bpm, other))
    return f"tempo unsure: {low:.0f} or {high:.0f}"


def _key(seed: Mix, track: Mix) -> str:
    if track.camelot < 0:
        return "key unknown"
    name = camelot_name(track.camelot)
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
    needed = 100 / (1 + change) - 100
    if abs(needed) > (FAR if factor in {1.0, 2.0, 0.5} else FAR_CROSSWISE):
        return f"tempo jumps {seed.bpm:.0f} → {track.bpm:.0f}"
    pitch = f"{needed:+.1f}"
    if factor == 1.0:
        return "same tempo" if float(pitch) == 0 else f"pitch {pitch} %"
    name = WAYS.get(factor, "2:3 time")
    return f"{name} ({seed.bpm:.0f} → {track.bpm:.0f})" + ("" if float(pitch) == 0 else f", pitch {pitch} %")


def _tags(shared: Sequence[str] | None) -> str:
    if shared is None:
        return ""
    return f"shares {', '.join(shared[:TAGS_NAMED])}" if shared else "no tag in common"


def _energy(seed: float, track: float) -> str:
    if math.isnan(seed) or math.isnan(track):
        return ""
    before, after = round(seed), round(track)
    if before == after:
        return f"same energy ({after})"
    return f"{'more' if after > before else 'less'} energy ({before} → {after})"
