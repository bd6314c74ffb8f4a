"""From a float ONNX file to one that computes in 8 bits, calibrated on music.

Activations are unsigned, weights signed with one scale a channel, both static (Jacob et al.: "Quantization and Training of Neural
Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018). Weights use seven of their eight bits: x86 processors without
VNNI add pairs of products in 16 bits, which a weight beyond 64 can overflow, so that only with seven bits every machine gives
the same answer.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from segue_export.graph import rewrite, strip_nodes
from segue_export.shards import Corpus
from segue_export.targets import Array

_HEADS: Final = "/musical/"
"""Tempo and key are read from powers and logarithms, which eight bits do not hold."""
OPERATORS: Final = ("Conv", "Relu", "MaxPool", "Add")
"""What is computed in 8 bits. Recurrent and dense layers cost next to nothing and stay as they are."""


class _Windows(CalibrationDataReader):  # type: ignore[misc]  # it has no stubs
    """Feeds windows (windows, mels, frames) one by one."""

    def __init__(self, windows: Array) -> None:
        self._left = iter(windows)

    def get_next(self) -> dict[str, Array] | None:
        """The next input, None after the last."""
        window = next(self._left, None)
        return None if window is None else {"mel": window[None]}


def calibration_tracks(corpus: Corpus, count: int, seed: int) -> list[int]:
    """Numbers of tracks to calibrate on: as many from a small group as from a large one, while they last."""
    random = np.random.default_rng(seed)
    groups: dict[str, list[int]] = {}
    for number in random.permutation(len(corpus)).tolist():
        groups.setdefault(corpus.tracks[number].group, []).append(number)
    queues = [groups[name] for name in sorted(groups)]
    chosen: list[int] = []
    while len(chosen) < min(count, len(corpus)):
        chosen.extend(queue.pop() for queue in queues if queue)
    return chosen[:count]


def convolutions(path: Path) -> list[str]:
    """Names of the convolutions that `quantise` computes in 8 bits, in order."""
    graph = _rewritten(path).graph
    left = set(_left_in_float(graph))
    return [node.name for node in graph.node if node.op_type == "Conv" and node.name not in left]


def quantise(
    source: Path,
    windows: Array,
    target: Path,
    keep: Collection[str] = (),
    method: CalibrationMethod = CalibrationMethod.MinMax,
    *,
    seven_bits: bool = True,
    operators: Collection[str] = OPERATORS,
) -> None:
    """Write the 8-bit file of a float file.

    `windows` (windows, mels, frames) give the ranges of the activations; the convolutions named in `keep` stay in float, and so do those that
    hear the spectrogram itself: they have one channel, cost little, and every later layer depends on them.
    """
    with tempfile.TemporaryDirectory() as folder, _quiet():
        prepared = Path(folder) / "float.onnx"
        model = _rewritten(source)
        onnx.save(model, prepared)
        settings: dict[str, Any] = {
            "quant_format": QuantFormat.QOperator,
            "op_types_to_quantize": list(operators),
            "per_channel": True,
            "reduce_range": seven_bits,
            "weight_type": QuantType.QInt8,
            "activation_type": QuantType.QUInt8,
            "nodes_to_exclude": [*_left_in_float(model.graph), *keep],
            "calibrate_method": method,
        }
        quantize_static(str(prepared), str(target), _Windows(windows), **settings)


def _rewritten(path: Path) -> onnx.ModelProto:
    model = onnx.load(path)
    rewrite(model)
    return model


def _left_in_float(graph: onnx.GraphProto) -> Iterator[str]:
    channels = {tensor.name: tensor.dims[1] for tensor in graph.initializer if len(tensor.dims) == 4}
    yield from strip_nodes(graph)
    yield from (node.name for node in graph.node if _HEADS in node.name)
    yield from (node.name for node in graph.node if node.op_type == "Conv" and channels.get(node.input[1]) == 1)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the quantiser, which warns about preparations of the file that have been made."""
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.ERROR)
    try:
        yield
    finally:
        logging.getLogger().setLevel(level)
