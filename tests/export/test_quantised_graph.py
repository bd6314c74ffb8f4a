"""Rewritten graphs answer as before; what cannot be rewritten is left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from segue.networks.providers import open_session
from segue_export.graph import rewrite
from segue_export.networks.crnn import Crnn
from segue_export.networks.short_chunk import ShortChunk
from segue_export.onnx_file import Outputs, to_onnx


def run(path: Path, mel: np.ndarray) -> list[np.ndarray]:
    return open_session(path, "cpu")[0].run(None, {"mel": mel})


def spectrograms(batch: int, mels: int, frames: int) -> np.ndarray:
    return (np.random.default_rng(3).standard_normal((batch, mels, frames)) * 15 - 40).astype(np.float32)


def kinds(path: Path) -> list[str]:
    return [node.op_type for node in onnx.load(path).graph.node]


def save_rewritten(path: Path) -> Path:
    model = onnx.load(path)
    rewrite(model)
    onnx.checker.check_model(model, full_check=True)
    out = path.with_name("rewritten.onnx")
    onnx.save(model, out)
    return out


@pytest.mark.parametrize(("frames", "strips"), [(1813, 15), (1900, 16), (1815, 15)])
def test_a_tagger_in_strips_says_the_same(tmp_path: Path, frames: int, strips: int) -> None:
    torch.manual_seed(1)
    path, mel = tmp_path / "crnn.onnx", spectrograms(2, 96, frames)
    to_onnx(Outputs(Crnn(7)).eval(), mel, ["tags", "embedding"], path)
    rewritten = save_rewritten(path)
    assert "Concat" in kinds(rewritten)
    assert kinds(rewritten).count("MaxPool") == 3 + strips  # of 3 MB each
    for batch in (mel, mel[:1], np.concatenate([mel, mel[:1]])):
        for before, after in zip(run(path, batch), run(rewritten, batch), strict=True):
            assert after == pytest.approx(before, abs=1e-6)
    assert kinds(save_rewritten(rewritten)) == kinds(rewritten)


def test_rectifiers_go_before_pooling(tmp_path: Path) -> None:
    path, mel = tmp_path / "crnn.onnx", spectrograms(2, 96, 110)
    to_onnx(Outputs(Crnn(7)).eval(), mel, ["tags", "embedding"], path)
    pair = ["MaxPool", "Relu"]
    assert [kind for kind in kinds(path) if kind in pair] == pair * 4
    assert [kind for kind in kinds(save_rewritten(path)) if kind in pair] == pair[::-1] * 4


def test_a_network_with_small_maps_stays_as_it_is(tmp_path: Path) -> None:
    path, mel = tmp_path / "short_chunk.onnx", spectrograms(2, 128, 231)
    to_onnx(Outputs(ShortChunk(6, 16)).eval(), mel, ["features", "embedding"], path)
    assert kinds(save_rewritten(path)) == kinds(path)


class Picture(nn.Module):
    """A large first map, made and pooled in a way of its own."""

    def __init__(self, conv: nn.Module, pool: nn.Module) -> None:
        super().__init__()
        self.conv, self.pool = conv, pool

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.pool(self.conv(mel.unsqueeze(1))))


@pytest.mark.parametrize(
    ("conv", "pool"),
    [
        (nn.Conv2d(1, 64, 3, padding=1, stride=2), nn.MaxPool2d(2)),
        (nn.Conv2d(1, 64, 5, padding=2), nn.MaxPool2d(2)),
        (nn.Conv2d(1, 64, 3), nn.MaxPool2d(2)),
        (nn.Conv2d(1, 64, 3, padding=1), nn.MaxPool2d(3, stride=2)),
        (nn.Conv2d(1, 64, 3, padding=1), nn.MaxPool2d(3, padding=1)),
        (nn.Conv2d(1, 64, 3, padding=1), nn.MaxPool2d(2, ceil_mode=True)),
    ],
)
def test_another_first_block_is_not_cut(tmp_path: Path, conv: nn.Module, pool: nn.Module) -> None:
    path, mel = tmp_path / "picture.onnx", spectrograms(2, 96, 401)
    to_onnx(Picture(conv, pool).eval(), mel, ["map"], path)
    rewritten = save_rewritten(path)
    assert "Concat" not in kinds(rewritten)
    assert run(rewritten, mel)[0] == pytest.approx(run(path, mel)[0], abs=1e-6)
