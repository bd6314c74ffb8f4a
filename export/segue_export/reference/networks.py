"""The published networks in PyTorch: the architectures of the paper, with the names that the published weights have.

They are defined here, apart from Segue's own networks, so that these can change and the published ones stay what they are.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

TAGS: Final = 50
SHORT_WIDTH: Final = 128


class Rectified(nn.Module):
    """Convolution, batch norm, rectifier, pooling."""

    def __init__(self, inputs: int, outputs: int, pool: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.bn = nn.BatchNorm2d(outputs)
        self.pool = nn.MaxPool2d(pool)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (batch, inputs, mels, frames) to (batch, outputs, mels / pool, frames / pool)."""
        return self.pool(torch.relu(self.bn(self.conv(x))))  # type: ignore[no-any-return]


class PublishedCrnn(nn.Module):
    """The CRNN (Choi et al., ICASSP 2017) as published: mel spectrograms in dB (batch, 96, 1813)."""

    def __init__(self) -> None:
        super().__init__()
        self.spec_bn = nn.BatchNorm2d(1)
        self.layer1 = Rectified(1, 64, 2)
        self.layer2 = Rectified(64, 128, 3)
        self.layer3 = Rectified(128, 128, 4)
        self.layer4 = Rectified(128, 128, 4)
        self.layer5 = nn.GRU(128, 32, num_layers=2, batch_first=True)
        self.dense = nn.Linear(32, TAGS)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Tag logits (batch, 50), and embedding (batch, 160): mean of the last convolution, last state of the GRU."""
        maps = self.layer4(self.layer3(self.layer2(self.layer1(self.spec_bn(mel.unsqueeze(1))))))
        steps = maps.squeeze(2).transpose(1, 2)
        state = self.layer5(steps)[0][:, -1]
        return self.dense(state), torch.cat([steps.mean(1), state], 1)


class PublishedResidual(nn.Module):
    """Two convolutions, the first with stride 2, and one around them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.bn_1 = nn.BatchNorm2d(outputs)
        self.conv_2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.bn_2 = nn.BatchNorm2d(outputs)
        self.conv_3 = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.bn_3 = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Half the height and width."""
        inner = self.bn_2(self.conv_2(torch.relu(self.bn_1(self.conv_1(x)))))
        return torch.relu(inner + self.bn_3(self.conv_3(x)))


class PublishedShortRes(nn.Module):
    """The Short-Chunk CNN with residual connections as published, width 128: mel spectrograms in dB (batch, 128, 231)."""

    def __init__(self, width: int = SHORT_WIDTH) -> None:
        super().__init__()
        self.spec_bn = nn.BatchNorm2d(1)
        widths = [1, width, width, 2 * width, 2 * width, 2 * width, 2 * width, 4 * width]
        for number, (inputs, outputs) in enumerate(pairwise(widths), 1):
            setattr(self, f"layer{number}", PublishedResidual(inputs, outputs))
        self.dense1 = nn.Linear(4 * width, 4 * width)
        self.bn = nn.BatchNorm1d(4 * width)
        self.dense2 = nn.Linear(4 * width, TAGS)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Tag logits (batch, 50), and embedding (batch, 4 x width): the activations before the last layer."""
        maps = self.spec_bn(mel.unsqueeze(1))
        for number in range(1, 8):
            maps = getattr(self, f"layer{number}")(maps)
        embedding = torch.relu(self.bn(self.dense1(maps.flatten(2).amax(2))))
        return self.dense2(embedding), embedding


class Tagging(nn.Module):
    """A network with the sigmoid that it was trained with: tag probabilities and embedding."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities (batch, 50) and embedding (batch, dim)."""
        logits, embedding = self.network(mel)
        return logits.sigmoid(), embedding
