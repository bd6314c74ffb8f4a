"""Which tags tell something: a tag that every track has tells nothing, and each label has a level of its own.

The weight of a tag is its inverse document frequency (Spärck Jones, "A statistical interpretation of term specificity
and its application in retrieval", Journal of Documentation 28, 1972).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint64]

SAMPLE: Final = 4096
"""Tracks that the levels are learned from, evenly spaced over the library."""
QUANTILE: Final = 0.8
"""A track has a tag when it is among the fifth of the library that has it most, ..."""
LEAST: Final = 0.1
"""... but never below this probability, ..."""
ENOUGH: Final = 0.5
"""... and always from this one on."""
COMMON: Final = 0.5
"""A tag that more than this share of the library has tells nothing."""
FAINT: Final = 0.5
"""A faint tag reaches this share of its label's level."""
HARDLY: Final = 1e-6
"""Weight by which the tags that tell nothing are ordered among themselves, behind all that tell something."""
MAX_LABELS: Final = 64
BLOCK: Final = 8192


@dataclass(frozen=True, slots=True)
class Telling:
    """Levels and weights of the labels, learned from a library."""

    labels: tuple[str, ...]
    levels: npt.NDArray[np.float32]
    """Probability from which on a track has the tag, shape (labels,)."""
    weights: npt.NDArray[np.float32]
    """ln(tracks / tracks with the tag), 0 for a tag that tells nothing, shape (labels,)."""
    bit: Bits
    """The label's bit; 0 for a tag that tells nothing."""

    @classmethod
    def learn(cls, tags: npt.NDArray[np.float16], labels: tuple[str, ...]) -> Telling:
        """Learn from tag probabilities of shape (n, labels). An empty library makes every tag tell the same."""
        size = len(labels)
        if not len(tags) or not size:
            levels, weights = np.full(size, ENOUGH, np.float32), np.ones(size, np.float32)
        else:
            sample = tags[:: -(-len(tags) // SAMPLE)].astype(np.float32)
            levels = np.clip(np.quantile(sample, QUANTILE, axis=0), LEAST, ENOUGH).astype(np.float32)
            having = np.maximum(np.count_nonzero(sample >= levels, axis=0), 1)
            weights = np.log(len(sample) / having).astype(np.float32)
            # In a handful of tracks any tag is common; from a few dozen on the share means something.
            weights[having > max(COMMON * len(sample), 1)] = 0.0
        order = np.argsort(-weights, kind="stable")[:MAX_LABELS]
        bit = np.zeros(size, dtype=np.uint64)
        bit[order] = np.left_shift(np.uint64(1), np.arange(len(order), dtype=np.uint64))
        bit[weights <= 0.0] = 0
        return cls(labels, levels, weights, bit)

    def bits(self, tags: npt.NDArray[np.float16]) -> Bits:
        """All telling tags that each row of ``tags`` (n, labels) has even faintly, as a bit set."""
        bits = np.zeros(len(tags), np.uint64)
        for start in range(0, len(tags), BLOCK):
            block = slice(start, start + BLOCK)
            bits[block] = _pack(tags[block].astype(np.float32) >= FAINT * self.levels, self.bit)
        return bits

    def row(self, tags: Mapping[str, float]) -> npt.NDArray[np.float16]:
        """Probabilities by name as one row of shape (1, labels); unknown names are passed over."""
        return np.asarray([[tags.get(label, 0.0) for label in self.labels]], dtype=np.float16)

    def shared(self, seed: npt.NDArray[np.float16], other: npt.NDArray[np.float16]) -> list[str]:
        """Names of the tags that two tracks (labels,) both have: the most telling first, those of every track last."""
        both = np.minimum(seed, other).astype(np.float32)
        worth = np.where(both >= self.levels, both * np.where(self.bit > 0, self.weights, HARDLY), 0.0)
        return [self.labels[at] for at in np.argsort(-worth, kind="stable") if worth[at] > 0.0]


def _pack(has: npt.NDArray[np.bool_], bit: Bits) -> Bits:
    packed: Bits = np.bitwise_or.reduce(np.where(has, bit, np.uint64(0)), axis=1)
    return packed
