"""The architectures are the published ones."""

from __future__ import annotations

import pytest
import torch

from segue_export.networks.crnn import Crnn
from segue_export.networks.short_chunk import ShortChunk


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_crnn_shapes() -> None:
    with torch.inference_mode():
        out = Crnn().eval()(torch.randn(2, 96, 1813) * 10 - 40)
    assert out.logits.shape == (2, 50)
    assert out.embedding.shape == (2, 160)
    assert out.steps.shape == (2, 18, 128)
    assert torch.allclose(out.embedding[:, :128], out.steps.mean(1))


def test_crnn_has_the_published_parameters() -> None:
    """Four 3x3 blocks and two GRU layers of the published checkpoint; the tags are read from all 160 numbers, not from 32."""
    blocks = [(1 * 9 + 1) * 64 + 128, (64 * 9 + 1) * 128 + 256, *[(128 * 9 + 1) * 128 + 256] * 2]
    gru = 3 * 32 * (128 + 32 + 2) + 3 * 32 * (32 + 32 + 2)
    assert count(Crnn()) == 2 + sum(blocks) + gru + 160 * 50 + 50 == 394_100 + 128 * 50


def test_a_wide_crnn_doubles_its_channels_block_by_block() -> None:
    network = Crnn(50, 512)
    with torch.inference_mode():
        out = network.eval()(torch.randn(1, 96, 700) * 10 - 40)
    assert [block[0].out_channels for block in network.blocks] == [64, 128, 256, 512]
    assert out.embedding.shape == (1, network.embedding_dim) == (1, 544)
    assert out.steps.shape == (1, 7, network.width)


@pytest.mark.parametrize(("width", "parameters"), [(32, 765_108), (128, 12_104_244)])
def test_short_chunk_parameters(width: int, parameters: int) -> None:
    """At width 128 the published network, 12.1 million."""
    assert count(ShortChunk(50, width)) == parameters


def test_short_chunk_shapes() -> None:
    network = ShortChunk(6).eval()
    maps: list[torch.Size] = []
    for block in network.blocks:
        block.register_forward_hook(lambda _module, _inputs, output: maps.append(output.shape[1:]))
    with torch.inference_mode():
        out = network(torch.randn(2, 128, 231) * 10 - 40)
    assert [tuple(shape) for shape in maps] == [
        (32, 64, 116),
        (32, 32, 58),
        (64, 16, 29),
        (64, 8, 15),
        (64, 4, 8),
        (64, 2, 4),
        (128, 1, 2),
    ]
    assert out.logits.shape == (2, 6)
    assert out.embedding.shape == (2, 128)


@pytest.mark.parametrize("network", [Crnn(), ShortChunk(6)])
def test_wrong_bands_are_refused(network: torch.nn.Module) -> None:
    with pytest.raises(ValueError, match="mel bands"):
        network(torch.zeros(1, 64, 231))
