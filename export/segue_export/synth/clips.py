"""One clip: chosen by a seed and its number, composed, mixed, mastered and labelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from segue_export.datasets.labels import TrackLabels
from segue_export.synth import accompaniment, band, finishing, mastering, mixing, steps
from segue_export.synth.band_styles import BAND_STYLES
from segue_export.synth.composition import RATE, Composition, Sources
from segue_export.synth.step_styles import STEP_STYLES
from segue_export.synth.styles import ACCOMPANIED, Style

STYLES: Final = {style.name: style for style in (*ACCOMPANIED, *BAND_STYLES, *STEP_STYLES)}
"""All styles by name."""
SECONDS: Final = (30.0, 45.0)
_MIX_DB: Final = -16.0
_VOICE_TAGS: Final = ("female vocalists", "female vocalist", "male vocalists", "instrumental")
_EXCLUSIVE: Final = (
    "jazz", "blues", "country", "metal", "heavy metal", "punk", "Hip-Hop", "House", "techno", "trance", "ambient", "classical", "reggae",
)  # fmt: skip
"""Genres of which a clip of another is known not to be."""
_NEAR: Final = {
    "dixieland": {"blues"}, "blues": {"jazz", "country"}, "slow blues": {"jazz"}, "fusion": set(), "soul": {"blues", "jazz"}, "gospel": {"blues"},
    "bossa nova": set(), "oldies rock": {"blues", "country"}, "rock": {"blues", "metal"}, "hard rock": {"heavy metal", "metal", "blues"},
    "folk": {"country"}, "bluegrass": set(), "acoustic": {"country"}, "fingerstyle": {"classical"}, "new age": {"classical"},
    "trip-hop": {"Hip-Hop", "jazz"}, "lo-fi": {"jazz"}, "downtempo": {"ambient", "Hip-Hop"}, "deep house": {"techno"}, "minimal": {"House"},
    "techno": {"House", "trance"}, "house": {"techno"}, "eurodance": {"House", "techno", "trance"}, "hardcore": {"techno", "trance"},
    "nu disco": {"House"}, "garage": {"House"}, "electro": {"techno", "Hip-Hop"}, "breakbeat": {"techno", "Hip-Hop"}, "jungle": {"reggae"},
    "dubstep": {"reggae"}, "drum and bass": {"reggae"}, "reggaeton": {"reggae"}, "ska": set(), "industrial": {"techno", "metal"},
    "psytrance": {"techno"}, "trance": {"techno", "House"}, "ballad": set(), "alternative rock": {"punk", "metal"}, "funk": {"Hip-Hop"},
    "waltz": set(), "march": {"classical"}, "slow jazz": {"blues"}, "swing": {"blues"}, "big band": {"blues"}, "old school rap": {"House"},
    "club": {"House", "techno", "trance"}, "drum and bass band": {"reggae"}, "light pop": {"blues", "country"}, "hard and heavy": {"heavy metal", "punk"},
    "fast punk": {"metal"}, "show tune": {"jazz", "classical", "blues"}, "serenade": {"classical", "ambient"},
    "song in three": {"blues", "country", "classical"}, "afro-latin": {"House", "jazz"},
}  # fmt: skip
"""Exclusive genres that a style may well be taken for: of these nothing is said."""

Composer = Callable[[Style, np.random.Generator, Sources, float], Composition]
_COMPOSERS: Final[dict[str, Composer]] = {"mma": accompaniment.compose, "band": band.compose, "steps": steps.compose}


def clip(seed: int, number: int, styles: Sequence[Style], sources: Sources) -> tuple[Composition, np.random.Generator]:
    """Clip `number` of a seed, mixed and mastered, and the random generator in the state that it leaves.

    The same numbers, styles and sources give the same samples. Raises ToolError.
    """
    rng = np.random.default_rng([seed, number])
    weights = np.array([style.weight for style in styles])
    style = styles[int(rng.choice(len(styles), p=weights / weights.sum()))]
    made = compose(style, rng, sources)
    mixing.add_room(made, rng)
    mixing.add_voice(made, rng, sources)
    finishing.master(made, rng)
    return made, rng


def compose(style: Style, rng: np.random.Generator, sources: Sources, seconds: float | None = None) -> Composition:
    """A clip of a style without voice or mastering. Raises ToolError."""
    made = _COMPOSERS[style.engine](style, rng, sources, float(rng.uniform(*SECONDS)) if seconds is None else seconds)
    made.wave = mastering.loudness(made.wave, _MIX_DB)
    return made


def labels(made: Composition) -> TrackLabels:
    """What is known of a clip.

    Tempo, first beat, key, metre, voice and instruments were chosen, so they are exact. Energy and danceability are given
    only to styles that leave no doubt (metal, techno, ambient...), as a constant of the style; others have none.
    """
    style = made.style
    tags = [tag for tag in style.tags if not (tag == "instrumental" and made.manner)]
    if made.manner:
        tags += ["female vocalists", "female vocalist"] if made.sex == "female" else ["male vocalists"]
    elif "instrumental" not in tags:
        tags.append("instrumental")
    unsaid = _NEAR.get(style.name, set())
    return TrackLabels(
        tags=tuple(tags),
        tags_known=(*_VOICE_TAGS, *(tag for tag in _EXCLUSIVE if tag not in unsaid)),
        style=style.name,
        instruments=made.instruments,
        tempo=round(made.tempo, 4) if made.tempo else None,
        first_beat=round(made.first / RATE, 4) if made.tempo else None,
        key=made.key.name if made.key else None,
        key_trusted=made.key_trusted if made.key else None,
        metre=made.metre,
        voice=1.0 if made.manner else 0.0,
        instrumentalness=0.0 if made.manner else 1.0,
        speechiness=1.0 if made.manner in {"rapped", "spoken"} else 0.0,
        energy=style.energy,
        danceability=style.dance,
        duration=round(len(made.wave) / RATE, 3),
    )
