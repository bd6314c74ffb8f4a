"""Published taggers that teach our networks by distillation.

A folder of teachers holds a ``teachers.py`` with ``load(name) -> torch.nn.Module``. Each module has ``samples`` (the
length of its input at 16 kHz), ``tags`` (label names or None) and maps waveforms (batch, samples) to (batch, dim)
embeddings and (batch, tags) logits. They are run through ONNX Runtime, which is several times faster on a CPU; on CUDA they
run in PyTorch. Neither the teachers nor conversions of them leave the cache folder.
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Protocol
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from segue_export.vocabulary import JAMENDO_TAGS, is_jamendo

Array = npt.NDArray[np.float32]
NAMES = ("msd_fcn", "msd_crnn", "msd_musicnn", "jamendo_fcn", "jamendo_musicnn")
"""The teachers of both networks: three know the same fifty Last.fm tags, two MTG-Jamendo's."""


class Teacher(Protocol):
    """What distillation needs of a teacher."""

    name: str
    samples: int
    tags: list[str]

    def __call__(self, waves: Array) -> tuple[Array, Array, Array | None]:
        """Embeddings (batch, dim), logits (batch, tags) and steps (batch, steps, channels) of waveforms (batch, samples).

        Steps are what a recurrent teacher hears moment by moment, before its recurrence; None for the others.
        """
        ...


class _WithSteps(nn.Module):
    """A teacher that also tells the input of its recurrent layer."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.inner = module
        self._steps: Tensor | None = None
        for child in module.modules():
            if isinstance(child, nn.GRU):
                child.register_forward_pre_hook(self._keep)

    def _keep(self, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._steps = inputs[0]

    def forward(self, wave: Tensor) -> tuple[Tensor, ...]:
        embedding, logits = self.inner(wave)
        return (embedding, logits) if self._steps is None else (embedding, logits, self._steps)


def folder(option: Path | None) -> Path:
    """The teachers' folder: the option, else the environment's SEGUE_TEACHERS. Raises SystemExit with advice."""
    found = option or (Path(os.environ["SEGUE_TEACHERS"]) if "SEGUE_TEACHERS" in os.environ else None)
    if found is None or not (found / "teachers.py").is_file():
        raise SystemExit(
            "no teachers: give --teachers FOLDER (or SEGUE_TEACHERS) with a teachers.py; see docs/models.md"
        )
    return found


def load_teachers(source: Path, cache: Path, names: Sequence[str] = NAMES, device: str = "cpu") -> list[Teacher]:
    """Load teachers from a folder; conversions for ONNX Runtime are kept in `cache`."""
    code = _import(source / "teachers.py")
    modules = {name: code.load(name).eval() for name in names}
    if device != "cpu":
        return [TorchTeacher(name, module, device) for name, module in modules.items()]
    return [OnnxTeacher(name, module, cache) for name, module in modules.items()]


def _import(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("segue_teachers", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TorchTeacher:
    """A teacher on a GPU."""

    def __init__(self, name: str, module: nn.Module, device: str) -> None:
        self.name, self.samples, self.tags = name, _samples(module), _tags(name, module)
        self._module, self._device = _WithSteps(module).to(device).eval(), device

    def __call__(self, waves: Array) -> tuple[Array, Array, Array | None]:
        """See Teacher."""
        with torch.inference_mode():
            said = self._module(torch.from_numpy(waves).to(self._device))
        embedding, logits, *steps = (part.float().cpu().numpy() for part in said)
        return embedding, logits, steps[0] if steps else None


class OnnxTeacher:
    """A teacher on one thread of the CPU."""

    def __init__(self, name: str, module: nn.Module, cache: Path) -> None:
        self.name, self.samples, self.tags = name, _samples(module), _tags(name, module)
        path = cache / f"{name}.onnx"
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            _convert(module, self.samples, path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, waves: Array) -> tuple[Array, Array, Array | None]:
        """See Teacher."""
        embedding, logits, *steps = self._session.run(None, {"wave": waves})
        return embedding, logits, steps[0] if steps else None


def _samples(module: nn.Module) -> int:
    return int(module.samples)  # type: ignore[arg-type]  # an attribute by the folder's contract


def _tags(name: str, module: nn.Module) -> list[str]:
    if is_jamendo(name):
        return list(JAMENDO_TAGS)
    return [str(tag) for tag in module.tags or ()]  # type: ignore[union-attr]


def _convert(module: nn.Module, samples: int, path: Path) -> None:
    partial = path.with_suffix(f".{os.getpid()}.part")
    names = ["embedding", "logits"]
    if any(isinstance(child, nn.GRU) for child in module.modules()):
        names.append("steps")
    with patch("torch.stft", magnitude), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _WithSteps(module).eval(),
            (torch.randn(2, samples) * 0.1,),
            str(partial),
            input_names=["wave"],
            output_names=names,
            dynamic_axes={name: {0: "batch"} for name in ("wave", *names)},
            opset_version=17,
            dynamo=False,
        )
    partial.replace(path)


def magnitude(
    wave: Tensor,
    n_fft: int,
    hop: int,
    win_length: int,
    window: Tensor,
    *,
    center: bool,
    pad_mode: str,
    return_complex: bool,
) -> Tensor:
    """The magnitude of `torch.stft` as two convolutions, which ONNX can say; the teachers use nothing but the magnitude."""
    if not (center and return_complex and win_length == n_fft):
        raise NotImplementedError("this teacher's STFT is not centred")
    angle = torch.outer(torch.arange(n_fft // 2 + 1), torch.arange(n_fft)).double() * (2 * torch.pi / n_fft)
    basis = torch.cat([angle.cos(), angle.sin()]) * window.double()
    padded = F.pad(wave.unsqueeze(1), (n_fft // 2, n_fft // 2), mode=pad_mode)
    real, imaginary = F.conv1d(padded, basis.float().unsqueeze(1), stride=hop).chunk(2, dim=1)
    return (real**2 + imaginary**2 + 1e-20).sqrt()
