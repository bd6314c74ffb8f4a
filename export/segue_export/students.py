"""The two kinds of students: what each is shown, asked for and made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from segue_export.crops import CHUNK, CRNN_CROP, CRNN_WHOLE, Shape
from segue_export.losses import Heads, LossWeights
from segue_export.networks.crnn import EMBEDDING_DIM, Crnn
from segue_export.networks.short_chunk import ShortChunk
from segue_export.targets import FEATURES

Kind = Literal["crnn", "shortchunk"]
SHIPPED_WIDTH = 32
"""Width of the Short-Chunk network that Segue ships."""


@dataclass(frozen=True)
class Recipe:
    """How one kind of student learns."""

    shapes: tuple[tuple[Shape, int, float], ...]
    """What it is shown, the batch size, and how often."""
    weights: LossWeights
    long_teachers: float
    """Weight of a teacher that speaks for 29 s, when one with short windows counts as one."""
    rate: float


RECIPES: dict[Kind, Recipe] = {
    "crnn": Recipe(((CRNN_CROP, 24, 0.8), (CRNN_WHOLE, 8, 0.2)), LossWeights(), 1.0, 2e-3),
    "shortchunk": Recipe(((CHUNK, 64, 1.0),), LossWeights(features=2.0), 0.35, 2e-3),
}


class Student(nn.Module):
    """A network with its discarded heads."""

    def __init__(self, kind: Kind, joined: int, tags: int, width: int = SHIPPED_WIDTH) -> None:
        super().__init__()
        self.kind, self.width = kind, width
        if kind == "crnn":
            self.network: Crnn | ShortChunk = Crnn(tags)
            self.heads = Heads(EMBEDDING_DIM, joined, tags)
        else:
            # The published dropout is for labels that are wrong now and then; the teachers' are dense and the student small.
            self.network = ShortChunk(len(FEATURES), width, dropout=0.0)
            self.heads = Heads(self.network.embedding_dim, joined, tags)

    @torch.no_grad()
    def start_at(self, tag_mean: Tensor) -> None:
        """Begin with the teachers' mean logits (tags,), so that the first steps are not spent on the bias."""
        self.heads.to_tags.bias.copy_(tag_mean)
        if isinstance(self.network, Crnn):
            self.network.tags.bias.copy_(tag_mean)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Embedding, tag logits and feature logits (None for the CRNN) of mel spectrograms in dB."""
        out = self.network(mel)
        if self.kind == "crnn":
            return out.embedding, out.logits, None
        return out.embedding, self.heads.to_tags(self.heads.norm(out.embedding)), out.logits


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
