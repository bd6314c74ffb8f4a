"""The tags: two published vocabularies, and what Segue's tagger makes of them.

The Million Song Dataset's fifty Last.fm tags come with the teachers that know them. The fifty most frequent tags of
MTG-Jamendo (Bogdanov et al., "The MTG-Jamendo dataset for automatic music tagging", 2019) are listed here in the sorted
order in which its published taggers answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segue_export.datasets.labels import TrackLabels

Array = npt.NDArray[np.float32]

JAMENDO_TAGS: Final = (
    "alternative", "ambient", "atmospheric", "chillout", "classical", "dance", "downtempo", "easy listening", "electronic",
    "experimental", "folk", "funk", "hip-hop", "house", "indie", "instrumental pop", "jazz", "lounge", "metal", "new age",
    "orchestral", "pop", "pop folk", "pop rock", "reggae", "rock", "soundtrack", "techno", "trance", "trip-hop", "world",
    "acoustic guitar", "bass", "computer", "drum machine", "drums", "electric guitar", "electric piano", "guitar",
    "keyboard", "piano", "strings", "synthesizer", "violin", "voice", "emotional", "energetic", "film", "happy", "relaxing",
)  # fmt: skip
"""MTG-Jamendo's top fifty, in words: 31 genres, 14 instruments, 5 moods."""

_JAMENDO_TRACKS: Final = (
    3761, 7570, 1395, 3678, 5602, 2827, 1431, 4833, 16480, 3941, 2498, 1283, 2657, 2169, 2632, 1477, 2371,
    2259, 1435, 2202, 2434, 7805, 1808, 2172, 1245, 6865, 8094, 2179, 1528, 1343, 1887, 1947, 5726, 2080,
    1764, 6120, 4241, 1282, 4804, 2044, 7750, 1278, 7496, 1837, 1604, 1271, 1357, 1502, 1657, 1350,
)  # fmt: skip
JAMENDO_SHARES: Final = tuple(tracks / 54_380 for tracks in _JAMENDO_TRACKS)
"""Share of the dataset's 54 380 tracks with one of these tags that have each (the dataset's statistics of its top fifty)."""

SHARE: Final = 0.6
"""Weight of the Last.fm teachers' logit where both vocabularies have a tag: three teachers against two."""


@dataclass(frozen=True)
class Vocabulary:
    """The tags of the tagger: all of the first vocabulary, then what only the second has."""

    tags: tuple[str, ...]
    first: int
    """How many of them are the first vocabulary's."""
    second_places: npt.NDArray[np.intp]
    """For each tag of the second vocabulary, its place in `tags`."""

    @property
    def shared(self) -> npt.NDArray[np.bool_]:
        """For each tag of the second vocabulary, whether the first has it too."""
        return self.second_places < self.first

    @classmethod
    def join(cls, first: Sequence[str], second: Sequence[str] = JAMENDO_TAGS) -> Vocabulary:
        """Join two vocabularies; the same word in another case is the same tag, and the first spelling stays."""
        tags = list(first)
        places = {tag.lower(): number for number, tag in enumerate(first)}
        second_places = []
        for tag in second:
            if tag.lower() not in places:
                places[tag.lower()] = len(tags)
                tags.append(tag)
            second_places.append(places[tag.lower()])
        return cls(tuple(tags), len(first), np.array(second_places, dtype=np.intp))

    @classmethod
    def of(cls, tags: Sequence[str]) -> Vocabulary:
        """A vocabulary without teachers."""
        return cls.join(tags, ())

    @classmethod
    def parted(cls, tags: Sequence[str]) -> Vocabulary:
        """The vocabulary that was joined into these tags with MTG-Jamendo's; all of the first when none was."""
        for first in range(len(tags)):
            vocabulary = cls.join(tags[:first])
            if vocabulary.tags == tuple(tags):
                return vocabulary
        return cls.of(tags)

    def merge(self, logits: Mapping[str, Array]) -> Array:
        """Logits of all tags (tags,) from the teachers' (each of its own vocabulary), averaged."""
        first = [value for name, value in logits.items() if not is_jamendo(name)]
        second = [value for name, value in logits.items() if is_jamendo(name)]
        merged = np.zeros(len(self.tags), dtype=np.float32)
        if first:
            merged[: self.first] = np.mean(first, axis=0)
        if second:
            said, here = np.mean(second, axis=0), self.second_places
            shared = self.shared & bool(first)
            merged[here[~shared]] = said[~shared]
            merged[here[shared]] = SHARE * merged[here[shared]] + (1 - SHARE) * said[shared]
        return merged


def known_tags(labels: Iterable[TrackLabels], least: int = 20) -> list[str]:
    """Tags that at least so many tracks have, the most frequent first."""
    counts = Counter(tag for label in labels for tag in label.tags)
    return [tag for tag, count in counts.most_common() if count >= least]


def is_jamendo(teacher: str) -> bool:
    """Whether a teacher answers with MTG-Jamendo's tags."""
    return teacher.startswith("jamendo")
