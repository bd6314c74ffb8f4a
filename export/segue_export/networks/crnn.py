"""The tagger: a convolutional recurrent network over 29 s of mel spectrogram.

Choi, Fazekas, Sandler, Cho: "Convolutional recurrent neural networks for music classification" (ICASSP 2017). Unlike there,
the tags are read from the whole embedding, not only from the last state of the GRU: what a track sounds like on average says
more about many of them than how it ends.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from segue.frontend.constants import CRNN_MELS

POOLS = ((2, 2), (3, 3), (4, 4), (4, 4))
"""Pooling (mels, frames) of the four blocks: 96 mels become 1, 96 frames become 1."""
WIDTHS = (64, 128)
"""Channels of the first two blocks, where most of the time goes."""
WIDTH = 128
"""Channels of the last two blocks of the published network."""
GRU_DIM = 32


class CrnnOutput(NamedTuple):
    """What the tagger says about a batch of windows."""

    logits: Tensor
    """(batch, tags), before the sigmoid."""
    embedding: Tensor
    """(batch, width + 32): mean over time of the last convolution's channels, then the last state of the GRU."""
    steps: Tensor
    """(batch, steps, width): the last convolution, one step for every 96 frames (1.54 s)."""


class Crnn(nn.Module):
    """CRNN on mel spectrograms in dB of shape (batch, 96, frames); the paper's input is 1813 frames (29 s).

    `width` is the number of channels of the last block; the third has half as many, and never fewer than the second.
    """

    def __init__(self, tags: int = 50, width: int = WIDTH) -> None:
        super().__init__()
        widths = (*WIDTHS, max(WIDTHS[-1], width // 2), width)
        self.input_norm = nn.BatchNorm2d(1)
        self.blocks = nn.Sequential(
            *(_block(a, b, pool) for a, b, pool in zip((1, *widths[:-1]), widths, POOLS, strict=True))
        )
        self.gru = nn.GRU(width, GRU_DIM, num_layers=2, batch_first=True)
        self.norm = nn.BatchNorm1d(width + GRU_DIM, affine=False)
        self.tags = nn.Linear(width + GRU_DIM, tags)

    @property
    def width(self) -> int:
        """Channels of the last convolution."""
        return self.gru.input_size

    @property
    def embedding_dim(self) -> int:
        """Length of the embedding."""
        return self.tags.in_features

    def forward(self, mel: Tensor) -> CrnnOutput:
        """Logits and embedding of mel spectrograms in dB, (batch, 96, frames), frames >= 96."""
        if mel.shape[1] != CRNN_MELS:
            raise ValueError(f"the CRNN takes {CRNN_MELS} mel bands, not {mel.shape[1]}")
        maps = self.blocks(self.input_norm(mel.unsqueeze(1)))
        steps = maps.squeeze(2).transpose(1, 2).float()
        state = self.gru(steps)[0][:, -1]
        embedding = torch.cat([steps.mean(1), state.float()], 1)
        return CrnnOutput(self.tags(self.norm(embedding)), embedding, steps)


def _block(inputs: int, outputs: int, pool: tuple[int, int]) -> nn.Sequential:
    # The paper rectifies before it pools; the two commute, and after pooling there is less to rectify.
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.MaxPool2d(pool), nn.ReLU(inplace=True)
    )
