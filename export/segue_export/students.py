"""The two kinds of students: what each is shown, asked for and made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from segue.keys import KEYS
from segue_export.crops import CHUNK, CRNN_CROP, CRNN_WHOLE, Shape
from segue_export.losses import Answer, Heads, LossWeights
from segue_export.networks.crnn import Crnn
from segue_export.networks.short_chunk import ShortChunk
from segue_export.targets import FEATURES, Scale
from segue_export.truth import METRES, TEMPI

Kind = Literal["crnn", "shortchunk"]
SHIPPED_WIDTHS: dict[Kind, int] = {"crnn": 512, "shortchunk": 32}
"""Widths of the networks that Segue ships: channels of the CRNN's last block, and of the Short-Chunk network's first."""


@dataclass(frozen=True)
class Recipe:
    """How one kind of student learns."""

    shapes: tuple[tuple[Shape, int, float], ...]
    """What it is shown, the batch size, and how often."""
    weights: LossWeights
    guess: float
    """Weight of a teacher that speaks for 29 s about a part of them; one that speaks about the part itself counts 1."""
    rate: float


RECIPES: dict[Kind, Recipe] = {
    "crnn": Recipe(
        ((CRNN_CROP, 24, 0.5), (CRNN_WHOLE, 8, 0.5)), LossWeights(steps=1.0, windows=1.0, known_tags=0.0), 0.5, 2e-3
    ),
    "shortchunk": Recipe(((CHUNK, 64, 1.0),), LossWeights(features=2.0, musical=0.5), 0.35, 2e-3),
}


@dataclass(frozen=True)
class Sizes:
    """How long everything is that a student answers with; fixed for a run."""

    joined: int
    tags: int
    steps: int = 0
    windows: int = 0


def sizes_of(scale: Scale, tags: int) -> Sizes:
    """Sizes that fit measured targets."""
    return Sizes(len(scale.mean), tags, len(scale.step_mean), len(scale.window_mean))


class Student(nn.Module):
    """A network with its discarded heads."""

    def __init__(self, kind: Kind, sizes: Sizes, width: int | None = None) -> None:
        super().__init__()
        self.kind, self.width = kind, width or SHIPPED_WIDTHS[kind]
        if kind == "crnn":
            self.network: Crnn | ShortChunk = Crnn(sizes.tags, self.width)
            self.heads = Heads(self.network.embedding_dim, sizes.joined, 0, self.width, sizes.steps, sizes.windows)
        else:
            # The published dropout is for labels that are wrong now and then; the teachers' are dense and the student small.
            musical = (len(TEMPI), len(KEYS), len(METRES))
            self.network = ShortChunk(len(FEATURES), self.width, dropout=0.0, musical=musical)
            self.heads = Heads(self.network.embedding_dim, sizes.joined, sizes.tags)

    @torch.no_grad()
    def start_at(self, tag_mean: Tensor) -> None:
        """Begin with the teachers' mean logits (tags,), so that the first steps are not spent on the bias."""
        if isinstance(self.network, Crnn):
            self.network.tags.bias.copy_(tag_mean)
        else:
            self.heads.to_tags.bias.copy_(tag_mean)

    def forward(self, mel: Tensor) -> Answer:
        """What the student says about mel spectrograms in dB (batch, mels, frames)."""
        if isinstance(self.network, Crnn):
            out = self.network(mel)
            return Answer(out.embedding, out.logits, out.steps)
        chunk = self.network(mel)
        tags = self.heads.to_tags(self.heads.norm(chunk.embedding))
        return Answer(chunk.embedding, tags, None, chunk.logits, chunk.musical)


def is_outdated(weights: Mapping[str, Tensor]) -> bool:
    """Whether weights are those of a Short-Chunk network that read tempo and key after the pooling, where they cannot be told."""
    return any(name.startswith("network.musical_hidden.") for name in weights)


def pick_shape(recipe: Recipe, random: np.random.Generator) -> tuple[Shape, int]:
    """Shape and batch size of the next step."""
    choice = int(random.choice(len(recipe.shapes), p=[often for *_, often in recipe.shapes]))
    shape, size, _ = recipe.shapes[choice]
    return shape, size


@torch.no_grad()
def update_average(average: nn.Module, student: nn.Module, step: int, decay: float = 0.999) -> None:
    """Move the exponential moving average of all weights and statistics one step; it moves faster in the beginning."""
    keep = min(decay, (1 + step) / (10 + step))
    for slow, fast in zip(average.state_dict().values(), student.state_dict().values(), strict=True):
        if slow.dtype.is_floating_point:
            slow.lerp_(fast, 1 - keep)
        else:
            slow.copy_(fast)
