"""From a student to an ``.onnx`` file that was compared with it."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from segue.networks.providers import open_session
from segue_export.students import Student
from segue_export.targets import Array

OPSET = 17
MAX_DIFFERENCE = 1e-4
"""A file that differs more from PyTorch is refused."""


class ParityError(Exception):
    """The exported file does not compute what the network computes."""


class Cost(NamedTuple):
    """How long one thread of the CPU needs."""

    cpu_seconds_per_audio_minute: float
    batch: int


class Exported(nn.Module):
    """The network with its sigmoid inside: first the labels' probabilities, then the embedding."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.network = student.network

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities (batch, labels) and embedding (batch, dim)."""
        out = self.network(mel)
        return out.logits.sigmoid(), out.embedding


def write(student: Student, mel: Array, labels: str, path: Path) -> float:
    """Write a student as ONNX and compare the two on real mel spectrograms (batch, mels, frames).

    Returns the largest absolute difference. Raises ParityError, and leaves nothing behind, when it is above 1e-4.
    """
    module = Exported(student).eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # missing in the stub
    partial = path.with_suffix(".part.onnx")
    with warnings.catch_warnings():
        # The recurrent layer's warning about batch sizes does not hold: the state is made from the input's own batch.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (torch.from_numpy(mel[:2]),),
            str(partial),
            input_names=["mel"],
            output_names=[labels, "embedding"],
            dynamic_axes={name: {0: "batch"} for name in ("mel", labels, "embedding")},
            opset_version=OPSET,
            do_constant_folding=True,
            dynamo=False,
        )
    try:
        difference = _difference(module, mel, partial)
        if not difference <= MAX_DIFFERENCE:
            raise ParityError(
                f"the ONNX file differs from the network by {difference:.2e}, more than {MAX_DIFFERENCE:.0e}"
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return difference


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
    session, _ = open_session(path, "cpu")
    best = float("inf")
    for _ in range(repeats + 1):
        start = time.process_time()
        session.run(None, {"mel": mel})
        best = min(best, time.process_time() - start)
    return Cost(round(best / (len(mel) * seconds) * 60, 4), len(mel))
