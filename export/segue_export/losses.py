"""What a student is asked for: the teachers' tags, their embeddings, and who is near whom."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from segue_export.crops import CropBatch


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts."""

    embedding: float = 1.0
    relation: float = 4.0
    tags: float = 1.0
    features: float = 0.0


class Heads(nn.Module):
    """The parts of a student that only learning needs: they are thrown away at export.

    The embedding is z-scored by a normalisation without parameters, as the shipped vector is, so that the terms below
    shape exactly what will be compared.
    """

    def __init__(self, embedding: int, joined: int, tags: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(embedding, affine=False)
        self.to_joined = nn.Linear(embedding, joined)
        self.to_tags = nn.Linear(embedding, tags)


class Distillation(nn.Module):
    """The sum of the terms, for one kind of student."""

    tag_spread: Tensor
    dimension: Tensor

    def __init__(self, weights: LossWeights, tag_spread: Tensor, dimension: Tensor) -> None:
        super().__init__()
        self.weights = weights
        self.register_buffer("tag_spread", tag_spread)
        self.register_buffer("dimension", dimension / dimension.mean())

    def forward(
        self, heads: Heads, embedding: Tensor, logits: Tensor, features: Tensor | None, batch: CropBatch
    ) -> dict[str, Tensor]:
        """The weighted terms, each a scalar; their sum is the loss.

        `embedding` (batch, dim) and tag `logits` (batch, tags) are the student's; `features` its feature logits or None.
        """
        z = heads.norm(embedding)
        root = self.dimension.sqrt()
        wanted, said = batch.embedding * root, heads.to_joined(z) * root
        terms = {
            "embedding": self.weights.embedding
            * (F.mse_loss(said, wanted) + 1 - F.cosine_similarity(said, wanted).mean()),
            "relation": self.weights.relation * relation(z, wanted),
            "tags": self.weights.tags * self._tags(logits, batch.logits),
        }
        if features is not None:
            terms["features"] = self.weights.features * soft_bce(features, batch.features)
        return terms

    def _tags(self, logits: Tensor, wanted: Tensor) -> Tensor:
        # Most of the fifty probabilities are near zero, where cross-entropy hardly pulls; the distance in logits does.
        distance = ((logits - wanted) / self.tag_spread).square().mean()
        return 10 * soft_bce(logits, wanted.sigmoid()) + 0.25 * distance


def soft_bce(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy to soft targets less their own entropy: zero when they agree."""
    own = F.binary_cross_entropy(wanted, wanted)
    return F.binary_cross_entropy_with_logits(logits, wanted) - own


def relation(z: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference of the two cosine matrices, without their diagonals.

    After Park et al., "Relational knowledge distillation" (CVPR 2019), with cosines for angles.
    """
    ours, theirs = (F.normalize(x, dim=1) for x in (z, wanted))
    off = ~torch.eye(len(z), dtype=torch.bool, device=z.device)
    return (ours @ ours.T - theirs @ theirs.T)[off].square().mean()
