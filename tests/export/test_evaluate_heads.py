"""Musical heads: read by name off any network that has them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from segue.networks.manifest import ModelManifest
from segue.networks.models import models_dir
from segue_export.evaluation.heads import Heads, Musical

TEMPI, KEYS, METRES = [90.0, 120.0, 150.0], ["A minor", "C major"], [3, 4]


def write_network(path: Path, frames: int) -> None:
    """A network whose heads answer by how loud the chunk is: the quieter, the faster."""
    nodes = [helper.make_node("ReduceMean", ["mel"], ["level"], axes=[1, 2], keepdims=0)]
    nodes.append(helper.make_node("Unsqueeze", ["level", "one"], ["column"]))
    weights = {"tempo": [0.3, 0.0, -0.3], "key": [0.1, -0.1], "metre": [-0.1, 0.1]}
    constants = [numpy_helper.from_array(np.array([1], dtype=np.int64), "one")]
    for name, row in weights.items():
        constants.append(numpy_helper.from_array(np.array([row], dtype=np.float32), f"{name}-weight"))
        nodes.append(helper.make_node("MatMul", ["column", f"{name}-weight"], [f"{name}-logits"]))
        nodes.append(helper.make_node("Softmax", [f"{name}-logits"], [name], axis=1))
    mel = helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["batch", 128, frames])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", len(row)]) for name, row in weights.items()
    ]
    graph = helper.make_graph(nodes, "heads", [mel], outputs, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.fixture
def manifest(tmp_path: Path) -> ModelManifest:
    shipped = ModelManifest.load(models_dir() / "short_chunk.json")
    write_network(tmp_path / "heads.onnx", shipped.input.frames)
    outputs = msgspec.structs.replace(shipped.outputs, tempo=TEMPI, key=KEYS, metre=METRES)
    return msgspec.structs.replace(shipped, outputs=outputs, file="heads.onnx", folder=str(tmp_path))


def test_the_mean_over_the_chunks_decides(manifest: ModelManifest) -> None:
    heads = Heads(manifest)
    hiss = np.random.default_rng(1).standard_normal(16_000 * 12).astype(np.float32)
    assert heads.read(hiss * np.float32(1e-6)) == Musical(150.0, "C major", 3)
    assert heads.read(hiss) == Musical(90.0, "A minor", 4)
    # Three chunks of four are loud.
    mixed = np.concatenate([hiss, hiss[: 16_000 * 3] * np.float32(1e-6)])
    assert heads.read(mixed).bpm == 90.0


def test_a_network_without_heads_says_nothing(manifest: ModelManifest) -> None:
    outputs = msgspec.structs.replace(manifest.outputs, tempo=[], key=[], metre=[])
    assert Heads(msgspec.structs.replace(manifest, outputs=outputs)).read(np.zeros(9)) == Musical()


def test_a_network_with_one_head_says_one_thing(manifest: ModelManifest) -> None:
    outputs = msgspec.structs.replace(manifest.outputs, key=[], metre=[])
    said = Heads(msgspec.structs.replace(manifest, outputs=outputs)).read(np.full(60_000, 1e-7, dtype=np.float32))
    assert said == Musical(bpm=150.0)
