"""Medium-level features of a network that only says tags: formulas over its logits and the signal, inside the graph.

Nobody rated the published networks' music for valence either: these are proxies, the same as those that Segue's own
network was taught first (docs/models.md). They are given as percentile ranks among the chunks they were measured on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from segue_export.reference.published import TAGS

FORMULAS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "danceability": (
        ("dance", "party", "House", "electro", "funk", "Hip-Hop"),
        ("ambient", "sad", "Mellow", "acoustic"),
    ),
    "valence": (("happy", "party", "catchy", "funk"), ("sad", "ambient", "metal")),
    "acousticness": (("acoustic", "folk", "country", "jazz"), ("electronic", "electronica", "electro", "metal")),
    "instrumentalness": (("instrumental", "ambient"), ("female vocalists", "male vocalists", "female vocalist")),
    "voice": (("female vocalists", "male vocalists", "female vocalist", "soul", "rnb"), ("instrumental",)),
}
"""Each is the mean logit of the first tags less the mean logit of the second."""
FEATURES: Final = (*FORMULAS, "energy")
"""Names of the features in their order; energy comes from the spectrogram."""
STEPS: Final = 100
"""Steps of the percentile ranks."""
_RANGE_DB: Final = 60.0


class Scores(nn.Module):
    """The network's answer with raw scores of the features in the place of tags."""

    weight: Tensor

    def __init__(self, network: nn.Module, tags: Sequence[str] = TAGS) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("weight", _weights(tags))

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (batch, 6) and embedding (batch, dim) of mel spectrograms in dB (batch, mels, frames)."""
        logits, embedding = self.network(mel)
        return torch.cat([logits @ self.weight, energy(mel)], 1), embedding


class Ranks(nn.Module):
    """`Scores` as percentile ranks, 0..1."""

    low: Tensor
    width: Tensor

    def __init__(self, scores: Scores, percentiles: npt.NDArray[np.float32]) -> None:
        """`percentiles` (6, 101) are those of each score on reference music."""
        super().__init__()
        self.scores = scores
        span = percentiles[:, -1:] - percentiles[:, :1]
        # Where many chunks have one score the rank would jump: a step is never shorter than a thousandth of the whole.
        width = np.maximum(np.diff(percentiles, axis=1), np.maximum(1e-3 * span, 1e-3))
        self.register_buffer("low", torch.from_numpy(percentiles[:, :-1].astype(np.float32)))
        self.register_buffer("width", torch.from_numpy(width.astype(np.float32)))

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Ranks (batch, 6) and embedding (batch, dim) of mel spectrograms in dB (batch, mels, frames)."""
        scores, embedding = self.scores(mel)
        steps = ((scores.unsqueeze(2) - self.low) / self.width).clamp(0.0, 1.0)
        return steps.mean(2), embedding


def energy(mel: Tensor) -> Tensor:
    """Energy (batch, 1) of mel spectrograms in dB (batch, mels, frames): loud, with strong onsets and much change.

    The sum of loudness / 8 dB, onset strength / 0.8 dB (mean positive change from frame to frame, 60 dB deep) and spectral
    flux / 0.25 (share of the power that changes from frame to frame).
    """
    power = torch.pow(10.0, mel / 10)
    loudness = 10 * torch.log10(power.sum(1).mean(1) + 1e-9)
    deep = torch.maximum(mel, mel.amax(dim=(1, 2), keepdim=True) - _RANGE_DB)
    onset = (deep[:, :, 1:] - deep[:, :, :-1]).clamp(min=0).mean(dim=(1, 2))
    flux = (power[:, :, 1:] - power[:, :, :-1]).abs().sum(dim=(1, 2)) / (power.sum(dim=(1, 2)) + 1e-9)
    return (loudness / 8 + onset / 0.8 + flux / 0.25).unsqueeze(1)


def percentiles(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The percentiles (6, 101) of raw scores (chunks, 6)."""
    return np.percentile(scores, np.linspace(0, 100, STEPS + 1), axis=0).T.astype(np.float32)


def _weights(tags: Sequence[str]) -> Tensor:
    """The formulas as a matrix (tags, 5)."""
    weight = torch.zeros(len(tags), len(FORMULAS))
    for column, (plus, minus) in enumerate(FORMULAS.values()):
        for names, sign in ((plus, 1.0), (minus, -1.0)):
            for name in names:
                weight[tags.index(name), column] = sign / len(names)
    return weight
