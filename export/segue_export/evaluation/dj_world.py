"""A made-up library to play from: what its tracks are, and what an analysis would say of them, with its mistakes.

Everything here is ours and measures nothing of the real world but what it assumes:

- a track has a place in a space of sound (its genre, its style, itself) that people hear and a vector tells only roughly;
- tempo and energy belong to the style, the key to nobody;
- one tempo in 25 is estimated an octave off, one key in seven wrong (a fifth or the relative), one in forty is unknown, and the
  confidence given tells a right estimate from a wrong one only more often than not;
- tags follow the style, and are noisy; a few artists made most tracks, within one style.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.library.columns import Columns

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

DIM: Final = 64
_SOUND: Final = 12
"""Dimensions in which people hear."""
_BLUR: Final = 0.7
"""How much a vector says that nobody hears, against what it says of the sound."""


class Genre(NamedTuple):
    """Where the styles of a genre lie."""

    name: str
    bpm: float
    spread: float
    """Standard deviation of the tempo within it."""
    energy: float
    sung: float
    """Share of tracks with vocals."""


GENRES: Final = (
    Genre("house", 123.0, 2.5, 6.0, 0.5),
    Genre("techno", 132.0, 4.0, 7.5, 0.1),
    Genre("drum and bass", 174.0, 1.5, 8.0, 0.3),
    Genre("hip hop", 92.0, 6.0, 5.0, 0.9),
    Genre("disco", 116.0, 5.0, 6.0, 0.7),
    Genre("trance", 138.0, 2.0, 8.0, 0.3),
    Genre("downtempo", 98.0, 9.0, 3.0, 0.3),
    Genre("breaks", 130.0, 5.0, 7.0, 0.3),
)
STYLES: Final = 4
"""Of each genre."""
_VOICE: Final = "voice"
LABELS: Final = (
    *(genre.name for genre in GENRES), _VOICE, "electronic", "guitar", "piano", "strings", "acid", "deep", "dark", "happy",
    "dub", "tribal", "ambient", "funk", "jazz", "soul", "melodic", "minimal", "hard",
)  # fmt: skip
FEATURES: Final = ("danceability", "valence", "acousticness", "instrumentalness", "voice", "energy")


@dataclass(frozen=True)
class World:
    """A library and the truth of it; all arrays have one row a track, and the id of a track is its row plus one."""

    columns: Columns
    """What an analysis says."""
    style: Ints
    """Genre times `STYLES` plus style."""
    sound: Floats
    """Where people hear each track, shape (n, 12), of length one."""
    bpm: Floats
    camelot: Ints
    energy: Floats
    """1..10."""
    sung: npt.NDArray[np.bool_]
    artist: Ints


def make(tracks: int, seed: int) -> World:
    """Make a library; the same numbers give the same one."""
    rng = np.random.default_rng(seed)
    style = rng.integers(0, len(GENRES) * STYLES, tracks)
    genre = style // STYLES
    centres = _unit(rng.normal(size=(len(GENRES), _SOUND)))[np.arange(len(GENRES) * STYLES) // STYLES]
    centres = _unit(centres + 0.7 * _unit(rng.normal(size=(len(GENRES) * STYLES, _SOUND))))
    sound = _unit(centres[style] + 0.6 * _unit(rng.normal(size=(tracks, _SOUND))))
    shift = rng.normal(0.0, 0.6, len(centres))
    energy = np.clip(_of(genre, "energy") + shift[style] + rng.normal(0.0, 1.2, tracks), 1.0, 10.0)
    bpm = _of(genre, "bpm") + _of(genre, "spread") * rng.normal(size=tracks)
    sung = rng.random(tracks) < _of(genre, "sung")
    # Within a style the n-th artist made tracks as 1/n.
    makers = np.minimum((1.0 / rng.uniform(0.02, 1.0, tracks)).astype(np.int64), 40)
    world = World(
        columns=_empty(tracks),
        style=style,
        sound=sound.astype(np.float32),
        bpm=bpm.astype(np.float32),
        camelot=rng.integers(0, 24, tracks),
        energy=energy.astype(np.float32),
        sung=sung,
        artist=style * 100 + makers,
    )
    return replace(world, columns=_heard(world, rng))


def _heard(world: World, rng: np.random.Generator) -> Columns:
    """What an analysis makes of the truth."""
    count = len(world.style)
    mix = rng.normal(size=(_SOUND, DIM)) / np.sqrt(_SOUND)
    blur = _BLUR * _unit(rng.normal(size=(count, DIM)))
    plain = _unit(world.sound @ mix)
    vectors = _unit(plain + blur)
    ends = [_unit(plain + 0.7 * blur + 0.5 * _unit(rng.normal(size=(count, DIM)))) for _ in range(2)]
    bpm, bpm_sure = _tempo_heard(world.bpm, rng)
    camelot, key_sure = _key_heard(world.camelot, rng)
    energy = np.clip(world.energy + rng.normal(0.0, 0.5, count), 1.0, 10.0)
    return replace(
        world.columns,
        ids=np.arange(1, count + 1, dtype=np.int64),
        vectors=vectors.astype(np.float32),
        heads=ends[0].astype(np.float16),
        tails=ends[1].astype(np.float16),
        tags=_tags(world, rng),
        bpm=bpm,
        bpm_confidence=bpm_sure,
        camelot=camelot,
        key_confidence=key_sure,
        energy=energy.astype(np.float32),
        duration=rng.uniform(180.0, 480.0, count).astype(np.float32),
        artist=(world.artist + 1).astype(np.uint64),
        present=np.ones(count, dtype=np.bool_),
        work=np.arange(1, count + 1, dtype=np.uint64),
        features=_features(world, energy, rng),
        genre=world.columns.genres.codes([GENRES[int(style) // STYLES].name for style in world.style]),
    )


def _tempo_heard(bpm: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    wrong = rng.random(len(bpm)) < 0.04
    heard = np.where(wrong, np.where(bpm > 120.0, bpm / 2.0, bpm * 2.0), bpm * rng.normal(1.0, 0.001, len(bpm)))
    heard[rng.random(len(bpm)) < 0.025] = np.nan
    return heard.astype(np.float32), _confidence(wrong, rng)


def _key_heard(camelot: Ints, rng: np.random.Generator) -> tuple[npt.NDArray[np.int8], Floats]:
    wrong = rng.random(len(camelot)) < 0.14
    near = np.where(rng.random(len(camelot)) < 0.5, camelot ^ 1, (camelot + rng.choice([-2, 2], len(camelot))) % 24)
    heard = np.where(wrong, near, camelot)
    heard[rng.random(len(camelot)) < 0.025] = -1
    return heard.astype(np.int8), _confidence(wrong, rng)


def _confidence(wrong: npt.NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    sure = np.where(wrong, rng.beta(3.0, 3.0, len(wrong)), rng.beta(9.0, 1.5, len(wrong)))
    return sure.astype(np.float32)


def _tags(world: World, rng: np.random.Generator) -> npt.NDArray[np.float16]:
    styles = len(GENRES) * STYLES
    own = rng.beta(0.5, 9.0, (styles, len(LABELS)))
    for style in range(styles):
        own[style, style // STYLES] += 0.5
        own[style, rng.choice(np.arange(len(GENRES) + 2, len(LABELS)), 3, replace=False)] += rng.uniform(0.2, 0.5, 3)
    own[:, LABELS.index("electronic")] = 0.7
    tags = own[world.style] * rng.lognormal(0.0, 0.5, (len(world.style), len(LABELS)))
    voice = np.where(world.sung, 0.6, 0.12)
    tags[:, LABELS.index(_VOICE)] = voice + rng.normal(0.0, 0.15, len(voice))
    return np.clip(tags, 0.0, 0.99).astype(np.float16)


def _features(world: World, energy: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float16]:
    plane = rng.normal(size=(_SOUND, 3)) / 2.0
    sound = 1.0 / (1.0 + np.exp(-3.0 * (world.sound @ plane)))
    sung = np.where(world.sung, 0.8, 0.1)
    all_of_them = np.column_stack([sound, 1.0 - sung, sung, energy / 10.0])
    return np.clip(all_of_them + rng.normal(0.0, 0.1, all_of_them.shape), 0.0, 1.0).astype(np.float16)


def _empty(tracks: int) -> Columns:
    return Columns.empty(tracks, DIM, LABELS, FEATURES)


def _of(genre: Ints, name: str) -> npt.NDArray[np.float64]:
    return np.array([getattr(one, name) for one in GENRES])[genre]


def _unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    unit: npt.NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
