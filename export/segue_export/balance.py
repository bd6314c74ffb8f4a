"""Make tags comparable: a shift of each tag's logit, put into the tagger's bias at export.

The two vocabularies were learnt on collections in which the same tag is rare or frequent, and a frequent tag outshouts a
rare one whatever is heard. So where both know a tag, the second vocabulary's logits are first brought to the first's mean; then
each tag's own frequency is partly taken out (Menon et al., "Long-tail learning via logit adjustment", ICLR 2021). The order of
tracks by a tag stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from segue_export.views import Drawn
from segue_export.vocabulary import SHARE, Vocabulary, is_jamendo

Array = npt.NDArray[np.float32]

STRENGTH: Final = 0.5
"""How much of a tag's frequency is taken out: 0 leaves it, 1 makes all tags equally frequent."""
_USUAL: Final = 0.1
"""The frequency at which a tag's logit stays."""
_MOST_FREQUENT: Final = 0.42
_FALL: Final = 0.52
"""Last.fm's fifty tags are listed by frequency: rock holds of 42 % of the Million Song Dataset's tagged tracks, and the
others' counts fall about as this power of the rank."""
_SECOND: Final = 0.03
"""A tag that only MTG-Jamendo's vocabulary has is taken to hold of so many of its tracks."""


def shift(vocabulary: Vocabulary, views: Sequence[Drawn], strength: float = STRENGTH) -> Array:
    """What to add to the logit of each tag (tags,), from views that teachers of both vocabularies labelled."""
    level = np.zeros(len(vocabulary.tags), dtype=np.float32)
    shared = vocabulary.shared
    if shared.any():
        first, second = _mean_logits(views, jamendo=False), _mean_logits(views, jamendo=True)
        places = vocabulary.second_places[shared]
        level[places] = (1 - SHARE) * (first[places] - second[shared])
    return np.asarray(level - strength * (_logit(_frequencies(vocabulary)) - _logit(np.array(_USUAL))), np.float32)


def _mean_logits(views: Sequence[Drawn], *, jamendo: bool) -> Array:
    said = [
        label.logits.astype(np.float32).mean(0)
        for view in views
        for name, label in view.labels.items()
        if is_jamendo(name) == jamendo
    ]
    return np.asarray(np.mean(said, axis=0), dtype=np.float32)


def _frequencies(vocabulary: Vocabulary) -> Array:
    ranks = np.arange(1, vocabulary.first + 1)
    alone = np.full(len(vocabulary.tags) - vocabulary.first, _SECOND)
    return np.concatenate([_MOST_FREQUENT * ranks**-_FALL, alone]).astype(np.float32)


def _logit(share: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.log(share / (1 - share))
