"""Make tags comparable: a shift of each tag's logit, put into the tagger's bias at export.

A tagger's logit is the evidence for a tag plus the tag's frequency where it was learnt, so that a frequent tag outshouts a rare
one whatever is heard, and the same word in two vocabularies stands at two levels. Here the frequencies of both are taken
out and, in part, one of them is put back (Menon et al., "Long-tail learning via logit adjustment", ICLR 2021). What a student says on
average of the music it learnt from still differs from tag to tag by more than any music does; most of that is taken out, too. The
order of tracks by a tag stays as it was.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from segue_export.vocabulary import JAMENDO_SHARES, SHARE, Vocabulary

Array = npt.NDArray[np.float32]
Logits = npt.NDArray[np.float64]

STRENGTH: Final = 0.75
"""How much of a tag's frequency is taken out: 0 leaves it, 1 makes all tags equally frequent. On synthesised clips of known style the right tag
is among the strongest three more often the higher it is; a DJ's collection is not spread evenly over the styles."""
CENTRED: Final = 0.75
"""How much of a tag's mean logit on the music that was learnt from is taken out. On two sets of synthesised clips the right tag is among
the strongest three for 54 and 66 in a hundred; for 42 and 60 when nothing is. Above, the strongest one is right less often."""
_USUAL: Final = 0.1
"""The frequency at which a tag's logit stays."""
_MOST_FREQUENT: Final = 0.42
_FALL: Final = 0.52
"""Last.fm's fifty tags are listed by frequency: rock holds of 42 % of the Million Song Dataset's tagged tracks, and the
others' counts fall about as this power of the rank."""


def shift(vocabulary: Vocabulary, strength: float = STRENGTH) -> Array:
    """What to add to the logit of each tag (tags,) of two joined vocabularies."""
    first = _logit(_MOST_FREQUENT * np.arange(1, vocabulary.first + 1) ** -_FALL)
    second = _logit(np.array(JAMENDO_SHARES))[: len(vocabulary.second_places)]
    frequency = np.zeros(len(vocabulary.tags))
    frequency[vocabulary.second_places] = second
    frequency[: vocabulary.first] = first
    learnt = frequency.copy()
    shared = vocabulary.second_places[vocabulary.shared]
    learnt[shared] = SHARE * frequency[shared] + (1 - SHARE) * second[vocabulary.shared]
    wanted = (1 - strength) * frequency + strength * _logit(np.array(_USUAL))
    return np.asarray(wanted - learnt, dtype=np.float32)


def centring(logits: Logits, strength: float = CENTRED) -> Array:
    """What to add to the logit of each tag (tags,), from a tagger's logits of much music (windows, tags).

    Strengths of tags stay as large as they were: the strongest tag of a window has the same logit as before, on average.
    """
    usual = logits.mean(0)
    added = -strength * (usual - usual.mean())
    kept = float(np.mean(logits.max(1) - (logits + added).max(1)))
    return np.asarray(added + kept, dtype=np.float32)


def _logit(share: npt.NDArray[np.floating]) -> Logits:
    return np.asarray(np.log(share / (1 - share)), dtype=np.float64)
