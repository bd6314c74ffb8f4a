"""From a student to an ``.onnx`` file that was compared with it, and what a file costs."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from segue.networks.providers import open_session
from segue_export.graph import rewrite
from segue_export.networks.crnn import Crnn
from segue_export.networks.short_chunk import ShortChunk
from segue_export.students import Student
from segue_export.targets import Array

OPSET = 17
MAX_DIFFERENCE = 1e-4
"""A file that differs more from PyTorch is refused."""
MUSICAL = ("tempo", "key", "metre")
"""Outputs of the Short-Chunk network's musical heads, in their order."""


class ParityError(Exception):
    """The exported file does not compute what the network computes."""


class Cost(NamedTuple):
    """How long one thread of the CPU needs."""

    cpu_seconds_per_audio_minute: float
    batch: int


class Outputs(nn.Module):
    """A network with its last activations inside, so that every output is a probability or an embedding."""

    def __init__(self, network: Crnn | ShortChunk) -> None:
        super().__init__()
        self.network = network

    def forward(self, mel: Tensor) -> tuple[Tensor, ...]:
        """Probabilities (batch, labels), embedding (batch, dim), then a distribution for each musical head."""
        out = self.network(mel)
        musical = out.musical if isinstance(self.network, ShortChunk) else ()
        return out.logits.sigmoid(), out.embedding, *(head.softmax(1) for head in musical)


def output_names(student: Student, labels: str) -> list[str]:
    """Names of the outputs of an exported student, in order."""
    has_heads = isinstance(student.network, ShortChunk) and student.network.musical is not None
    return [labels, "embedding", *(MUSICAL if has_heads else ())]


def write(student: Student, mel: Array, labels: str, path: Path) -> float:
    """Write a student as ONNX and compare the two on real mel spectrograms (batch, mels, frames).

    Returns the largest absolute difference. Raises ParityError, and leaves nothing behind, when it is above 1e-4.
    """
    module = Outputs(student.network).eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # missing in the stub
    names = output_names(student, labels)
    partial = path.with_suffix(".part.onnx")
    try:
        to_onnx(module, mel, names, partial)
        model = onnx.load(partial)
        rewrite(model)
        onnx.save(model, partial)
        difference = _difference(module, mel, partial)
        if not difference <= MAX_DIFFERENCE:
            raise ParityError(
                f"the ONNX file differs from the network by {difference:.2e}, more than {MAX_DIFFERENCE:.0e}"
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return difference


def to_onnx(module: nn.Module, mel: Array, names: list[str], path: Path) -> None:
    """Write a module that maps mel spectrograms (batch, mels, frames) to outputs of these names, for any batch size."""
    with warnings.catch_warnings():
        # The recurrent layer's warning about batch sizes does not hold: the state is made from the input's own batch.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (torch.from_numpy(mel[:2]),),
            str(path),
            input_names=["mel"],
            output_names=names,
            dynamic_axes={name: {0: "batch"} for name in ("mel", *names)},
            opset_version=OPSET,
            do_constant_folding=True,
            dynamo=False,
        )


def _difference(module: nn.Module, mel: Array, path: Path) -> float:
    session, _ = open_session(path, "cpu")
    worst = 0.0
    for batch in (mel, mel[:1], mel[:3]):
        with torch.inference_mode():
            ours = module(torch.from_numpy(batch))
        for wanted, said in zip(ours, session.run(None, {"mel": batch}), strict=True):
            worst = max(worst, float(np.abs(wanted.numpy() - said).max()))
    return worst


def cost(path: Path, mel: Array, seconds: float, repeats: int = 3) -> Cost:
    """CPU seconds of one thread for each minute of audio, on a batch of windows of `seconds` each; the best of the repeats."""
    return Cost(min(costs({"": path}, mel, seconds, repeats)[""]), len(mel))


def costs(paths: Mapping[str, Path], mel: Array, seconds: float, repeats: int) -> dict[str, list[float]]:
    """CPU seconds for each minute of audio, one figure for each repeat, of several files.

    The files take turns, so that what else the machine does meets them alike.
    """
    sessions = {name: open_session(path, "cpu")[0] for name, path in paths.items()}
    for session in sessions.values():
        session.run(None, {"mel": mel})
    minutes = len(mel) * seconds / 60
    spent: dict[str, list[float]] = {name: [] for name in paths}
    for _ in range(repeats):
        for name, session in sessions.items():
            spent[name].append(round(_cpu_seconds(session, mel) / minutes, 4))
    return spent


def _cpu_seconds(session: onnxruntime.InferenceSession, mel: Array) -> float:
    start = time.process_time()
    session.run(None, {"mel": mel})
    return time.process_time() - start
