"""The same network, moving fewer bytes: rewrites of an ONNX graph that leave its answers as they are.

ONNX Runtime computes one layer after another. The first map of the tagger (64 channels of 96 x 1813) has 45 MB: it fits in no
cache, and memory of that size is fetched anew from the system in every run, which costs twice as much as the layer itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

STRIP_BYTES: Final = 3_000_000
"""Size of a piece of the first map. Measured with pieces of 45, 11, 6, 3 and 1.4 MB: 3 and 1.4 are the cheapest."""

Attributes = dict[str, Any]


class _First(NamedTuple):
    """The first block of a network on one channel: a convolution, a rectifier and a pooling."""

    conv: onnx.NodeProto
    relu: onnx.NodeProto
    pool: onnx.NodeProto
    channels: int
    mels: int
    frames: int


def rewrite(model: onnx.ModelProto) -> None:
    """Rectify before pooling, and compute the first block in strips, where that applies; in place."""
    _rectify_first(model.graph)
    first = _first_block(model.graph)
    if first is not None:
        strips = -(-4 * first.channels * first.mels * first.frames // STRIP_BYTES)
        if strips > 1:
            _cut(model.graph, first, strips)


def attributes(node: onnx.NodeProto) -> Attributes:
    """Attributes of a node by name."""
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _rectify_first(graph: onnx.GraphProto) -> None:
    """Exchange MaxPool -> Relu for Relu -> MaxPool.

    The two commute. A rectifier right behind its convolution is computed inside it, and leaves an 8-bit map all its steps for
    what is not negative.
    """
    for pool in [node for node in graph.node if node.op_type == "MaxPool"]:
        relu = _only_user(graph, pool.output[0])
        if relu is not None and relu.op_type == "Relu":
            kept = list(pool.attribute)
            del pool.attribute[:]
            relu.attribute.extend(kept)
            pool.op_type, relu.op_type = relu.op_type, pool.op_type
            pool.name, relu.name = relu.name, pool.name


def _first_block(graph: onnx.GraphProto) -> _First | None:
    """The first block, when it is one that can be cut; else None."""
    conv = next((node for node in graph.node if node.op_type == "Conv"), None)
    shape = [dim.dim_value for dim in graph.input[0].type.tensor_type.shape.dim]
    if conv is None or len(shape) != 3 or not shape[2]:
        return None
    weight = next((tensor for tensor in graph.initializer if tensor.name == conv.input[1]), None)
    relu = _only_user(graph, conv.output[0])
    pool = _only_user(graph, relu.output[0]) if relu is not None and relu.op_type == "Relu" else None
    if weight is None or relu is None or pool is None or pool.op_type != "MaxPool":
        return None
    around, pooling = attributes(conv), attributes(pool)
    is_plain = (
        list(weight.dims[1:]) == [1, 3, 3]
        and around.get("pads") == [1, 1, 1, 1]
        and around.get("strides", [1, 1]) == [1, 1]
        and pooling.get("pads", [0] * 4) == [0] * 4
        and pooling.get("strides") == pooling["kernel_shape"]
        and not pooling.get("ceil_mode", 0)
    )
    return _First(conv, relu, pool, weight.dims[0], shape[1], shape[2]) if is_plain else None


def _cut(graph: onnx.GraphProto, first: _First, strips: int) -> None:
    """Replace the block by one for each strip of frames; a strip sees one frame of its neighbours on either side."""
    pooling = attributes(first.pool)
    width = pooling["kernel_shape"][1]
    edges = np.linspace(0, first.frames // width, strips + 1).round().astype(int) * width
    nodes: list[onnx.NodeProto] = []
    for number, (start, stop) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        name, low, high = f"strip{number}", max(start - 1, 0), min(stop + 1, first.frames)
        limits = [_constant(graph, f"{name}.{key}", value) for key, value in (("from", low), ("to", high), ("axis", 3))]
        nodes.append(_node("Slice", [first.conv.input[0], *limits], name))
        pads = [1, int(start == 0), 1, int(stop == first.frames)]
        nodes.append(
            _node("Conv", [f"{name}.Slice", *first.conv.input[1:]], name, **attributes(first.conv) | {"pads": pads})
        )
        nodes.append(_node("Relu", [f"{name}.Conv"], name))
        nodes.append(_node("MaxPool", [f"{name}.Relu"], name, **pooling))
    pooled = [node.output[0] for node in nodes if node.op_type == "MaxPool"]
    nodes.append(helper.make_node("Concat", pooled, [first.pool.output[0]], name="strips.Concat", axis=3))
    place = list(graph.node).index(first.conv)
    for old in (first.conv, first.relu, first.pool):
        graph.node.remove(old)
    for node in reversed(nodes):
        graph.node.insert(place, node)


def strip_nodes(graph: onnx.GraphProto) -> Iterator[str]:
    """Names of the nodes that compute the first block in strips."""
    return (node.name for node in graph.node if node.name.startswith("strip"))


def _node(kind: str, inputs: list[str], strip: str, **settings: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [f"{strip}.{kind}"], name=f"{strip}.{kind}", **settings)


def _constant(graph: onnx.GraphProto, name: str, value: int) -> str:
    graph.initializer.append(numpy_helper.from_array(np.array([value], dtype=np.int64), name))
    return name


def _only_user(graph: onnx.GraphProto, tensor: str) -> onnx.NodeProto | None:
    users = [node for node in graph.node if tensor in node.input]
    is_output = any(output.name == tensor for output in graph.output)
    return users[0] if len(users) == 1 and not is_output else None
