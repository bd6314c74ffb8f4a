"""The similarity network: a convolutional network with residual connections over 3.69 s of mel spectrogram.

Won, Ferraro, Bogdanov, Serra: "Evaluation of CNN-based automatic music tagging models" (SMC 2020), "Short-chunk CNN + Res".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from segue.frontend.constants import CHUNK_MELS
from segue_export.networks.musical import BLOCK, Musical

MULTIPLES = (1, 1, 2, 2, 2, 2, 4)
"""Channels of the seven blocks, in units of the width: 128 mels become 1, 231 frames become 2."""
DROPOUT = 0.5


class ShortChunkOutput(NamedTuple):
    """What the network says about a batch of chunks."""

    logits: Tensor
    """(batch, outputs), before the sigmoid."""
    embedding: Tensor
    """(batch, 4 x width): the activations before the last layer."""
    musical: tuple[Tensor, ...]
    """Logits of the classes of tempo, key and metre, each (batch, classes); empty for a network without these heads."""


class ShortChunk(nn.Module):
    """Short-chunk CNN with residual connections on mel spectrograms in dB of shape (batch, 128, 231).

    `width` is 128 in the paper; Segue ships 32. `musical` gives the number of classes of tempo, key and metre.
    """

    def __init__(self, outputs: int, width: int = 32, dropout: float = DROPOUT, musical: Sequence[int] = ()) -> None:
        super().__init__()
        widths = [width * multiple for multiple in MULTIPLES]
        self.early_channels = widths[BLOCK - 1]
        self.input_norm = nn.BatchNorm2d(1)
        self.blocks = nn.Sequential(*(Residual(a, b) for a, b in zip([1, *widths[:-1]], widths, strict=True)))
        self.hidden = nn.Linear(widths[-1], widths[-1])
        self.hidden_norm = nn.BatchNorm1d(widths[-1])
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(widths[-1], outputs)
        # Tempo and key branch off early: what sounds alike should be near whatever its key, and later they cannot be told.
        self.musical = Musical(self.early_channels, musical) if musical else None

    @property
    def embedding_dim(self) -> int:
        """Length of the embedding."""
        return self.hidden.out_features

    def forward(self, mel: Tensor) -> ShortChunkOutput:
        """Logits and embedding of mel spectrograms in dB, (batch, 128, frames)."""
        if mel.shape[1] != CHUNK_MELS:
            raise ValueError(f"the Short-Chunk network takes {CHUNK_MELS} mel bands, not {mel.shape[1]}")
        early = self.early(mel)
        maps = self.blocks[BLOCK:](early)
        pooled = maps.flatten(2).amax(2).float()
        embedding = torch.relu(self.hidden_norm(self.hidden(pooled)))
        musical = () if self.musical is None else self.musical(early)
        return ShortChunkOutput(self.head(self.dropout(embedding)), embedding, musical)

    def early(self, mel: Tensor) -> Tensor:
        """The maps that tempo, key and metre are read from (batch, 2nd block's channels, 32, 58)."""
        maps: Tensor = self.blocks[:BLOCK](self.input_norm(mel.unsqueeze(1)))
        return maps


class Residual(nn.Module):
    """Two 3x3 convolutions, the first with stride 2, and a strided convolution around them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.around = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.around_norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Half the height and width of (batch, inputs, height, width), with `outputs` channels."""
        inner = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(self.second_norm(self.second(inner)) + self.around_norm(self.around(x)))
