"""Whether the key of a clip can be heard from its chords, or only its composer knows it.

"vi IV I V" in C major is "i bVI bIII bVII" in A minor, note for note; "i iv" may be "v i" a fourth higher; chords of root and
fifth have no mode. To call an estimate wrong there would measure the label, so the truth of a clip says whether its key
is to be trusted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from segue_export.synth.theory import QUALITIES, Chord, Key

_THIRDS: Final = {"minor": 3, "major": 4}
_HOME_SHARE: Final = 0.75


def is_plain(key: Key, chords: Sequence[Chord], *, thirds: bool = True) -> bool:
    """Whether a key is told by the chords of a clip, one a bar; `thirds` says whether more than roots and fifths is played.

    All of this must hold:

    1. the mode sounds: the tonic chord has its third, or a minor key has a chord on its third or sixth degree;
    2. the clip begins on the tonic chord, or the dominant leads to it;
    3. no other root has more bars than the tonic;
    4. the tonic is told from its fifths: by a dominant (a major chord on V, in minor any chord on V or bVII) among three
       or more roots; by one that only this key has (V7, in minor any major chord on V); or the tonic chord fills three
       quarters of the bars.
    """
    degrees = [((chord.root - key.tonic) % 12, chord.quality) for chord in chords]
    bars = Counter(degree for degree, _ in degrees)
    if bars[0] < max(bars.values(), default=1):
        return False
    return _mode_sounds(key, degrees, thirds) and _arrives(key, degrees) and _stands_out(key, degrees, bars)


def _mode_sounds(key: Key, degrees: list[tuple[int, str]], thirds: bool) -> bool:
    if thirds and any(degree == 0 and _third(quality) == _THIRDS[key.mode] for degree, quality in degrees):
        return True
    return key.mode == "minor" and any(degree in {3, 8} for degree, _ in degrees)


def _arrives(key: Key, degrees: list[tuple[int, str]]) -> bool:
    return degrees[0][0] == 0 or any(_dominant(key, *one) and two[0] == 0 for one, two in pairwise(degrees))


def _stands_out(key: Key, degrees: list[tuple[int, str]], bars: Counter[int]) -> bool:
    if bars[0] >= _HOME_SHARE * len(degrees):
        return True
    if any(degree == 7 and _only_here(key, quality) for degree, quality in degrees):
        return True
    return len(bars) >= 3 and any(_dominant(key, *chord) for chord in degrees)


def _dominant(key: Key, degree: int, quality: str) -> bool:
    if key.mode == "minor":
        return degree in {7, 10}
    return degree == 7 and _third(quality) == 4


def _only_here(key: Key, quality: str) -> bool:
    return _third(quality) == 4 and (key.mode == "minor" or 10 in QUALITIES[quality])


def _third(quality: str) -> int | None:
    """Semitones of the third in a chord; None where there is none."""
    return next((step for step in QUALITIES[quality] if step in {3, 4}), None)
