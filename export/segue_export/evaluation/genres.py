"""Zero-shot genre: which tags say which genre, and whether a clip's genre is among its strongest.

Names are compared without case, spaces and punctuation: ``Hip-Hop``, ``hip hop`` and ``hiphop`` are one. A genre is said by its own
tag or that of a branch of it. Where the vocabulary has none of these, the tags of its next of kin stand in, and the tables
say so; a genre without either cannot be expressed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from segue_export.evaluation.tagging import areas


class Said(NamedTuple):
    """The tags that say a genre, and those that stand in for it."""

    tags: tuple[str, ...]
    stand_ins: tuple[str, ...] = ()


SAYS: Final = {
    "alternative": Said(("alternative", "alternative rock"), ("indie", "indie rock")),
    "ambient": Said(("ambient",), ("chillout", "chill")),
    "blues": Said(("blues",)),
    "classical": Said(("classical", "orchestral", "baroque", "opera")),
    "country": Said(("country",)),
    "dance": Said(("dance", "House", "techno", "trance"), ("electronic", "electro")),
    "disco": Said(("disco",), ("dance", "funk")),
    "drum and bass": Said(("drum and bass", "jungle", "breakbeat"), ("electronic", "electronica", "electro")),
    "dubstep": Said(("dubstep",), ("electronic", "electro")),
    "easy listening": Said(("easy listening", "lounge")),
    "electronic": Said(("electronic", "electronica", "electro", "techno", "House", "trance", "dance")),
    "experimental": Said(("experimental",)),
    "folk": Said(("folk", "pop folk", "singer-songwriter")),
    "funk": Said(("funk",)),
    "gospel": Said(("gospel",), ("soul",)),
    "hip-hop": Said(("Hip-Hop", "rap", "trip-hop")),
    "house": Said(("House",), ("dance", "electro")),
    "indie": Said(("indie", "indie rock", "indie pop")),
    "industrial": Said(("industrial",), ("electronic", "metal")),
    "jazz": Said(("jazz", "swing", "bebop", "bossa nova")),
    "latin": Said(("latin", "salsa", "bossa nova"), ("world",)),
    "metal": Said(("metal", "heavy metal")),
    "new age": Said(("new age",), ("ambient",)),
    "pop": Said(("pop", "indie pop", "pop rock", "instrumental pop", "pop folk")),
    "punk": Said(("punk",)),
    "reggae": Said(("reggae", "dub", "ska")),
    "rnb": Said(("rnb", "soul")),
    "rock": Said(
        (
            *("rock", "alternative rock", "classic rock", "indie rock", "hard rock", "Progressive rock"),
            *("punk", "pop rock"),
        )
    ),
    "soul": Said(("soul", "rnb")),
    "soundtrack": Said(("soundtrack", "film", "orchestral")),
    "techno": Said(("techno",), ("electronic", "electro")),
    "trance": Said(("trance",), ("electronic", "dance")),
    "trip-hop": Said(("trip-hop",), ("downtempo", "chillout")),
    "world": Said(("world",)),
}
"""The tags, of any vocabulary, that say a genre."""

_OTHER_NAMES: Final = {
    **dict.fromkeys(("swing", "bebop", "big band", "dixieland", "ragtime"), "jazz"),
    **dict.fromkeys(("bossa nova", "bossa", "samba", "salsa", "rumba", "tango", "mambo", "cha-cha", "merengue"), "latin"),
    **dict.fromkeys(("edm", "electronica", "electro", "idm", "synthwave", "synth-pop"), "electronic"),
    **dict.fromkeys(("drum & bass", "dnb", "jungle"), "drum and bass"),
    **dict.fromkeys(("rap", "trap", "boom bap"), "hip-hop"),
    **dict.fromkeys(("heavy metal", "death metal", "black metal"), "metal"),
    **dict.fromkeys(("rock and roll", "hard rock", "classic rock", "progressive rock"), "rock"),
    **dict.fromkeys(("ska", "dub"), "reggae"),
    "r&b": "rnb",
    "rhythm and blues": "rnb",
    "orchestral": "classical",
    "baroque": "classical",
    "bluegrass": "country",
    "celtic": "folk",
    "film": "soundtrack",
    "lounge": "easy listening",
}  # fmt: skip

STRONGEST: Final = 3


def plain(name: str) -> str:
    """A name without case, spaces and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("&", "n"))


_BY_NAME: Final = {plain(name): name for name in SAYS} | {plain(name): genre for name, genre in _OTHER_NAMES.items()}
_GENRE_LIKE: Final = {plain(tag) for said in SAYS.values() for tag in said.tags} | {
    plain(tag) for tag in ("alternative", "chillout", "downtempo", "indie", "experimental")
}


def genre_of(name: str) -> str | None:
    """The genre that a style or folder name means, one of `SAYS`; None when it is none that is known."""
    return _BY_NAME.get(plain(name))


def genre_like(vocabulary: Sequence[str]) -> list[str]:
    """The tags of a vocabulary that name genres, as they stand there."""
    return [tag for tag in vocabulary if plain(tag) in _GENRE_LIKE]


def saying(genre: str, vocabulary: Sequence[str]) -> tuple[list[str], bool]:
    """The tags of a vocabulary that say a genre, and whether they only stand in for it; none when it cannot be said."""
    said = SAYS[genre]
    exact = [tag for tag in vocabulary if plain(tag) in {plain(name) for name in said.tags}]
    if exact:
        return exact, False
    return [tag for tag in vocabulary if plain(tag) in {plain(name) for name in said.stand_ins}], True


class ZeroShot(NamedTuple):
    """What the tags say of the clips of one genre."""

    genre: str
    tags: list[str]
    """That count as right; empty: the vocabulary cannot express the genre."""
    stands_in: bool
    first: list[bool]
    """For each clip, whether a right tag is the strongest of the genre-like tags."""
    among: list[bool]
    """Whether one is among the three strongest."""
    clips: list[int]
    """Places of the clips."""
    commonest: str
    """The tag that is strongest in most of the clips."""
    roc_auc: float | None
    """Of the genre's strongest tag, against the clips of the other genres."""


def zero_shot(tags: Sequence[Mapping[str, float]], genres: Sequence[str | None]) -> list[ZeroShot]:
    """Figures of each genre among clips with tags by name; clips of unknown genre (None) are left out."""
    known = [place for place, genre in enumerate(genres) if genre is not None]
    order = {place: _ordered(tags[place]) for place in known}
    found = []
    for genre in sorted({str(genres[place]) for place in known}):
        here = [place for place in known if genres[place] == genre]
        right, stands_in = saying(genre, list(tags[here[0]]))
        leaders = Counter(order[place][0] for place in here)
        found.append(
            ZeroShot(
                genre=genre,
                tags=right,
                stands_in=stands_in,
                first=[order[place][0] in right for place in here],
                among=[bool({*right} & {*order[place][:STRONGEST]}) for place in here],
                clips=here,
                commonest=leaders.most_common(1)[0][0],
                roc_auc=_area(tags, right, known, {*here}),
            )
        )
    return found


def _ordered(tags: Mapping[str, float]) -> list[str]:
    names = genre_like(list(tags))
    if not names:
        raise ValueError("the vocabulary has no tag that names a genre: zero-shot genre cannot be measured")
    return sorted(names, key=lambda name: -tags[name])


def _area(
    tags: Sequence[Mapping[str, float]], right: Sequence[str], known: Sequence[int], here: set[int]
) -> float | None:
    if not right or len(here) == len(known):
        return None
    scores = np.array([max(tags[place][name] for name in right) for place in known])
    return areas(scores, [place in here for place in known])[0]
