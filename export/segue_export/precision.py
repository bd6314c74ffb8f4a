"""What a network loses in another precision: its answers beside those of the float file, on music that it was not taught.

From every validation track of a minute or more, excerpts of 29 s are taken. Retrieval is judged in each precision by
itself, as a library holds vectors of one precision only: whether the nearest of all other excerpts is of the same track, and whether the nearest
excerpt of another track is of the same group.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.frontend.constants import SAMPLE_RATE
from segue.frontend.mel import mel_db, stft_power
from segue.networks.manifest import InputSpec
from segue.networks.providers import open_session
from segue_export.shards import Corpus
from segue_export.targets import Array
from segue_export.tracks import windows

EXCERPT: Final = 29 * SAMPLE_RATE
"""Samples of an excerpt."""
BATCH: Final = 8
"""Windows that a network hears at a time."""
_NEIGHBOURS: Final = 10
_SHORTEST: Final = 60.0
"""Seconds that a track must last to give two excerpts with nothing in common."""


class Excerpts(NamedTuple):
    """Excerpts of validation tracks, as one network hears them."""

    mels: list[Array]
    """For each excerpt its windows (windows, mels, frames)."""
    track: npt.NDArray[np.int64]
    group: npt.NDArray[np.str_]


class Answers(NamedTuple):
    """What a network says about excerpts, each a mean over the excerpt's windows."""

    labels: Array
    """(excerpts, labels), 0..1."""
    embedding: Array
    """(excerpts, dim)."""
    classes: dict[str, Array]
    """Distributions of further outputs by name, (excerpts, classes)."""


class Agreement(NamedTuple):
    """How good a precision is, and how near it is to the float file. Everything but the noise and the difference is 0..1."""

    same_track: float
    same_group: float
    """Whether the nearest excerpt, of another track where the group is asked for, is of the same track or group."""
    same_group_5: float
    """Share of the five nearest excerpts of other tracks that are of the same group."""
    neighbour_overlap: float
    """Share of the ten nearest excerpts of other tracks that the float file names as well."""
    label_correlation: float
    """Correlation of a label's logits with the float file's, mean over the labels."""
    label_difference: float
    """Mean absolute difference of the probabilities."""
    embedding_noise: float
    """Size of the difference beside the spread of the embedding, mean over its numbers."""
    same_class: dict[str, float]
    """Share of excerpts with the same most probable tempo, key or metre."""


def take_excerpts(corpus: Corpus, heard: InputSpec, limit: int) -> Excerpts:
    """Two or four excerpts of each of at most `limit // 2` tracks, which are spread over a corpus.

    Raises ValueError when fewer than two tracks last a minute.
    """
    long = [number for number, track in enumerate(corpus.tracks) if track.seconds >= _SHORTEST]
    if len(long) < 2:
        raise ValueError("accuracy is measured on tracks of a minute and more; the validation split has fewer than two")
    chosen = np.unique(np.linspace(0, len(long) - 1, min(max(limit // 4, 2), len(long))).round().astype(int))
    mels, track, group = [], [], []
    for number in (long[place] for place in chosen.tolist()):
        room = corpus.tracks[number].samples - EXCERPT
        count = 4 if room >= 4 * EXCERPT else 2
        for part in range(count):
            start = int(room * (2 * part + 1) / (2 * count))
            mels.append(hear(corpus.audio(number, start, EXCERPT), heard))
            track.append(number)
            group.append(corpus.tracks[number].group)
    return Excerpts(mels, np.array(track), np.array(group))


def hear(wave: Array, heard: InputSpec) -> Array:
    """Windows (windows, mels, frames) of a waveform at 16 kHz, as the daemon cuts them."""
    return windows(mel_db(stft_power(wave), heard.mels), heard.frames)


def answers(path: Path, excerpts: Excerpts) -> Answers:
    """What a file says about excerpts."""
    session, _ = open_session(path, "cpu")
    names = [output.name for output in session.get_outputs()]
    rows: list[list[Array]] = []
    for mel in excerpts.mels:
        pieces = [session.run(None, {"mel": mel[start : start + BATCH]}) for start in range(0, len(mel), BATCH)]
        rows.append([np.concatenate(column).mean(0) for column in zip(*pieces, strict=True)])
    columns = dict(zip(names, (np.stack(column) for column in zip(*rows, strict=True)), strict=True))
    labels = columns.pop(names[0])
    return Answers(labels, columns.pop("embedding"), columns)


def compare(reference: Answers, other: Answers, excerpts: Excerpts) -> Agreement:
    """The figures of `other`, with the float file's answers as the reference."""
    near, near_other = _similarity(other.embedding), _similarity(other.embedding)
    near_reference = _similarity(reference.embedding)
    is_same = excerpts.track[:, None] == excerpts.track[None, :]
    near_other[is_same] = near_reference[is_same] = -np.inf
    count = min(_NEIGHBOURS, len(is_same) - int(is_same.sum(1).max()))
    is_group = excerpts.group[np.argsort(-near_other, axis=1)[:, :5]] == excerpts.group[:, None]
    tens = [np.argsort(-matrix, axis=1)[:, :count].tolist() for matrix in (near_reference, near_other)]
    overlap = [len(set(ours) & set(theirs)) / count for ours, theirs in zip(*tens, strict=True)]
    spread = np.maximum(reference.embedding.std(0), 1e-6)
    return Agreement(
        same_track=_rounded(np.mean(excerpts.track[near.argmax(1)] == excerpts.track)),
        same_group=_rounded(is_group[:, 0].mean()),
        same_group_5=_rounded(is_group.mean()),
        neighbour_overlap=_rounded(np.mean(overlap)),
        label_correlation=_rounded(_correlation(_logit(reference.labels), _logit(other.labels)), 5),
        label_difference=_rounded(np.abs(reference.labels - other.labels).mean(), 5),
        embedding_noise=_rounded(np.mean(np.sqrt(((reference.embedding - other.embedding) ** 2).mean(0)) / spread)),
        same_class=_same_class(reference.classes, other.classes),
    )


def points_lost(reference: Agreement, other: Agreement) -> float:
    """What is lost, in points of a hundred, never negative: the worst of retrieval and the labels' two figures.

    Retrieval is the mean of its three figures: each alone moves by a point or so when a few near neighbours change places.
    """
    retrieval = [(one.same_track + one.same_group + one.same_group_5) / 3 for one in (reference, other)]
    losses = (retrieval[0] - retrieval[1], 1.0 - other.label_correlation, other.label_difference)
    return round(100 * max(*losses, 0.0), 2)


def _similarity(embedding: Array) -> Array:
    """Cosines of z-scored embeddings, with -inf on the diagonal."""
    spread = embedding.std(0)
    z = (embedding - embedding.mean(0)) / np.maximum(spread, np.maximum(0.1 * np.median(spread), 1e-6))
    unit = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-9)
    near = np.asarray(unit @ unit.T, dtype=np.float32)
    np.fill_diagonal(near, -np.inf)
    return near


def _correlation(ours: Array, theirs: Array) -> float:
    """Mean over the columns that move at all; 1 when none does."""
    moves = (ours.std(0) > 1e-6) & (theirs.std(0) > 1e-6)
    pairs = zip(ours.T[moves], theirs.T[moves], strict=True)
    return float(np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs])) if moves.any() else 1.0


def _same_class(ours: Mapping[str, Array], theirs: Mapping[str, Array]) -> dict[str, float]:
    return {name: _rounded(np.mean(ours[name].argmax(1) == theirs[name].argmax(1))) for name in ours}


def _logit(probability: Array) -> Array:
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float32)


def _rounded(value: float | np.floating, digits: int = 4) -> float:
    return round(float(value), digits)
