"""A library of any size that looks like a real one to index and recommender: clustered vectors, sparse tags, tempi, keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from _wishes import file_tags

from segue.analysis.result import Key, Probe, Tempo, TrackAnalysis
from segue.keys import KEYS, camelot_name
from segue.library.columns import Columns

LABELS = (
    "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s", "alternative rock", "jazz",
    "beautiful", "metal", "chillout", "male vocalists", "classic rock", "soul", "indie rock", "mellow", "electronica",
    "80s", "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic",
    "experimental", "female vocalist", "guitar", "hip-hop", "70s", "party", "country", "easy listening", "sexy", "catchy",
    "funk", "electro", "heavy metal", "progressive rock", "60s", "rnb", "indie pop", "sad", "house", "happy",
)  # fmt: skip
FEATURES = ("danceability", "valence", "acousticness", "instrumentalness", "voice", "energy")
GENRES, STYLES, SPREAD = 24, 400, 20
"""Tracks lie around the centres of styles, styles around those of genres, in ``SPREAD`` directions that a genre has."""


def analyses(made: Columns, model: str) -> Iterator[tuple[str, Probe, TrackAnalysis]]:
    """The same library as the analysis would hand it over: path, probe, analysis."""
    for row, track in enumerate(made.ids.tolist()):
        bpm, key, energy = float(made.bpm[row]), int(made.camelot[row]), float(made.energy[row])
        duration = float(made.duration[row])
        tags = file_tags(track, int(made.artist[row]))
        yield (
            f"/music/{track // 100:05d}/{track:07d}.mp3",
            Probe(identity=f"identity-{track:07d}", duration=duration, tags=tags),
            TrackAnalysis(
                duration=duration,
                tempo=Tempo(None if np.isnan(bpm) else bpm, float(made.bpm_confidence[row])),
                key=Key(KEYS[key], camelot_name(key), float(made.key_confidence[row]))
                if key >= 0
                else Key(None, None, 0.0),
                energy=energy,
                loudness=-9.0,
                features=dict.fromkeys(FEATURES, 0.5),
                tags=dict(zip(made.labels, made.tags[row].tolist(), strict=True)),
                vector=made.vectors[row],
                model=model,
                tiled=False,
                head=made.vectors[row],
                tail=made.vectors[row],
            ),
        )


def columns(count: int, dim: int, seed: int = 1) -> Columns:
    """Make a library of ``count`` tracks; the same numbers give the same library."""
    rng = np.random.default_rng(seed)
    # Genres are drawn apart from the tracks, so that libraries of any size lie in the same space.
    world = np.random.default_rng(7)
    genres = world.standard_normal((GENRES, dim), dtype=np.float32)
    genre_of = world.integers(0, GENRES, STYLES)
    styles = 0.8 * genres[genre_of] + 0.8 * world.standard_normal((STYLES, dim), dtype=np.float32)
    directions = world.standard_normal((GENRES, SPREAD, dim), dtype=np.float32)
    style_tags = _style_tags(world, genre_of)
    tempo_of, style = world.uniform(70, 176, STYLES), rng.integers(0, STYLES, count)
    vectors, tags = np.empty((count, dim), np.float32), np.empty((count, len(LABELS)), np.float16)
    for block in _blocks(count):
        own = style[block]
        along = 0.25 * rng.standard_normal((len(own), SPREAD), dtype=np.float32)
        noise = 0.4 * rng.standard_normal((len(own), dim), dtype=np.float32)
        made = styles[own] + np.einsum("ij,ijk->ik", along, directions[genre_of[own]], optimize=True) + noise
        vectors[block] = made / np.linalg.norm(made, axis=1, keepdims=True)
        tags[block] = np.clip(style_tags[own] * rng.lognormal(0.0, 0.5, (len(own), len(LABELS))), 0.0, 0.99)
    bpm = np.round(tempo_of[style] * rng.normal(1.0, 0.03, count), 2).astype(np.float32)
    confidence = rng.beta(5, 2, count).astype(np.float32)
    return replace(
        Columns.empty(count, dim, LABELS, FEATURES),
        ids=np.arange(1, count + 1, dtype=np.int64),
        vectors=vectors,
        heads=vectors.astype(np.float16),
        tails=vectors.astype(np.float16),
        tags=tags,
        bpm=np.where(rng.random(count) < 0.03, np.float32(np.nan), bpm).astype(np.float32),
        bpm_confidence=confidence,
        camelot=np.where(rng.random(count) < 0.03, -1, rng.integers(0, 24, count)).astype(np.int8),
        key_confidence=rng.beta(3, 3, count).astype(np.float32),
        energy=np.clip(rng.normal(6, 2, count), 1, 10).astype(np.float32),
        duration=rng.uniform(120, 480, count).astype(np.float32),
        artist=rng.integers(1, max(2, count // 12), count).astype(np.uint64),
        present=np.ones(count, dtype=np.bool_),
        work=np.arange(1, count + 1, dtype=np.uint64),
        features=np.full((count, len(FEATURES)), 0.5, np.float16),
    )


def _style_tags(rng: np.random.Generator, genre_of: np.ndarray) -> np.ndarray:
    """Mean probabilities: most tags near nothing, a few of a genre and of a style well above, some in everything."""
    base = rng.beta(0.4, 12.0, (STYLES, len(LABELS)))
    genre_has = np.array([rng.choice(len(LABELS), 4, replace=False) for _ in range(GENRES)])
    for style in range(STYLES):
        base[style, genre_has[genre_of[style]]] += rng.uniform(0.15, 0.5, 4)
        base[style, rng.choice(len(LABELS), 2, replace=False)] += rng.uniform(0.1, 0.4, 2)
    base[:, LABELS.index("electronic")] += 0.6
    return base


def _blocks(count: int, size: int = 8192) -> Iterator[slice]:
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
