"""What a student is asked for: the teachers' tags, their embeddings, who is near whom; and what is known for certain."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from segue_export.crops import CropBatch


class Answer(NamedTuple):
    """What a student says about a batch; None or empty where its kind has no such output."""

    embedding: Tensor
    """(batch, dim)."""
    logits: Tensor
    """Tag logits (batch, tags)."""
    steps: Tensor | None = None
    """(batch, steps, channels)."""
    features: Tensor | None = None
    """Feature logits (batch, features)."""
    musical: tuple[Tensor, ...] = ()
    """Logits of tempo, key and metre."""

    def as_float(self) -> Answer:
        """All in float32, as the losses want it."""
        return Answer(
            self.embedding.float(),
            self.logits.float(),
            None if self.steps is None else self.steps.float(),
            None if self.features is None else self.features.float(),
            tuple(head.float() for head in self.musical),
        )


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts."""

    embedding: float = 1.0
    relation: float = 4.0
    tags: float = 1.0
    steps: float = 0.0
    windows: float = 0.0
    features: float = 0.0
    musical: float = 0.0
    known_tags: float = 0.0


class Heads(nn.Module):
    """The parts of a student that only learning needs: they are thrown away at export.

    The embedding is z-scored by a normalisation without parameters, as the shipped vector is, so that the terms below
    shape exactly what will be compared.
    """

    def __init__(
        self, embedding: int, joined: int, tags: int, channels: int = 0, steps: int = 0, windows: int = 0
    ) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(embedding, affine=False)
        self.to_joined, self.to_tags = _linear(embedding, joined), _linear(embedding, tags)
        self.local_norm = nn.BatchNorm1d(channels, affine=False)
        self.to_steps, self.to_windows = _linear(channels, steps), _linear(channels, windows)


def _linear(inputs: int, outputs: int) -> nn.Linear:
    with warnings.catch_warnings():
        # A head that a kind of student does not have is empty.
        warnings.filterwarnings("ignore", "Initializing zero-element tensors")
        return nn.Linear(inputs, outputs)


class Distillation(nn.Module):
    """The sum of the terms, for one kind of student."""

    tag_spread: Tensor
    whole: Tensor
    part: Tensor

    def __init__(self, weights: LossWeights, tag_spread: Tensor, whole: Tensor, part: Tensor) -> None:
        """`whole` and `part` weigh the joined embedding's numbers for whole views and for parts of them (dim,)."""
        super().__init__()
        self.weights = weights
        for name, value in (("tag_spread", tag_spread), ("whole", whole), ("part", part)):
            self.register_buffer(name, value)

    def forward(self, heads: Heads, said: Answer, batch: CropBatch, *, is_whole: bool) -> dict[str, Tensor]:
        """The weighted terms, each a scalar; their sum is the loss."""
        z = heads.norm(said.embedding)
        terms: dict[str, Tensor] = {}
        if batch.embedding.shape[1]:
            terms |= self._teachers(heads, z, said, batch, self.whole if is_whole else self.part)
        if said.features is not None:
            terms["features"] = self.weights.features * known_soft_bce(said.features, batch.features)
        if said.musical:
            wanted = (batch.tempo, batch.key, batch.metre)
            terms["musical"] = (
                self.weights.musical
                * torch.stack(
                    [known_classes(logits, target) for logits, target in zip(said.musical, wanted, strict=True)]
                ).mean()
            )
        if self.weights.known_tags:
            terms["known_tags"] = self.weights.known_tags * known_bce(said.logits, batch.tags)
        return terms

    def _teachers(self, heads: Heads, z: Tensor, said: Answer, batch: CropBatch, weight: Tensor) -> dict[str, Tensor]:
        root = weight.sqrt()
        wanted, told = batch.embedding * root, heads.to_joined(z) * root
        terms = {
            "embedding": self.weights.embedding
            * (F.mse_loss(told, wanted) + 1 - F.cosine_similarity(told, wanted).mean()),
            "relation": self.weights.relation * relation(z, wanted),
            "tags": self.weights.tags * self._tags(said.logits, batch.logits),
        }
        if said.steps is not None:
            terms |= self._moments(heads, said.steps, batch)
        return terms

    def _moments(self, heads: Heads, steps: Tensor, batch: CropBatch) -> dict[str, Tensor]:
        """Step by step: what a recurrent teacher hears, and what short-window teachers say of every two steps."""
        count = min(steps.shape[1], 2 * batch.windows.shape[1])
        z = heads.local_norm(steps[:, :count].flatten(0, 1)).unflatten(0, (len(steps), count))
        terms: dict[str, Tensor] = {}
        if batch.steps.shape[2]:
            terms["steps"] = self.weights.steps * F.mse_loss(heads.to_steps(z), batch.steps[:, :count])
        if batch.windows.shape[2]:
            pairs = z.unflatten(1, (count // 2, 2)).mean(2)
            told, wanted = heads.to_windows(pairs), batch.windows[:, : count // 2]
            near = relation(pairs.flatten(0, 1), wanted.flatten(0, 1))
            terms["windows"] = self.weights.windows * (F.mse_loss(told, wanted) + near)
        return terms

    def _tags(self, logits: Tensor, wanted: Tensor) -> Tensor:
        # Most of the probabilities are near zero, where cross-entropy hardly pulls; the distance in logits does.
        distance = ((logits - wanted) / self.tag_spread).square().mean()
        return 10 * soft_bce(logits, wanted.sigmoid()) + 0.25 * distance


def soft_bce(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy to soft targets less their own entropy: zero when they agree."""
    own = F.binary_cross_entropy(wanted, wanted)
    return F.binary_cross_entropy_with_logits(logits, wanted) - own


def known_soft_bce(logits: Tensor, wanted: Tensor) -> Tensor:
    """`soft_bce` over the targets that are not NaN; zero without any."""
    known = ~wanted.isnan()
    return soft_bce(logits[known], wanted[known]) if known.any() else logits.sum() * 0.0


def known_bce(logits: Tensor, wanted: Tensor) -> Tensor:
    """Mean cross-entropy over the targets that are not NaN; zero without any."""
    known = ~wanted.isnan()
    if not known.any():
        return logits.sum() * 0.0
    return F.binary_cross_entropy_with_logits(logits[known], wanted[known])


def known_classes(logits: Tensor, wanted: Tensor) -> Tensor:
    """Mean cross-entropy to distributions over classes, in units of the uniform guess, over rows that are not all zero."""
    known = wanted.sum(1) > 0
    if not known.any():
        return logits.sum() * 0.0
    loss = -(wanted[known] * F.log_softmax(logits[known], 1)).sum(1).mean()
    return loss / torch.log(torch.tensor(float(logits.shape[1])))


def relation(z: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference of the two cosine matrices, without their diagonals.

    After Park et al., "Relational knowledge distillation" (CVPR 2019), with cosines for angles.
    """
    ours, theirs = (F.normalize(x, dim=1) for x in (z, wanted))
    off = ~torch.eye(len(z), dtype=torch.bool, device=z.device)
    return (ours @ ours.T - theirs @ theirs.T)[off].square().mean()
