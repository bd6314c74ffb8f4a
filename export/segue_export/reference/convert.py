"""From a published checkpoint to an ``.onnx`` file with its manifest."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from segue.errors import ModelMismatchError
from segue.frontend.constants import (
    CHUNK_FRAMES,
    CHUNK_MELS,
    CRNN_FRAMES,
    CRNN_MELS,
    HOP,
    MEL_FLOOR,
    N_FFT,
    SAMPLE_RATE,
)
from segue.frontend.mel import mel_filters
from segue.networks.manifest import FrontEnd, Golden, InputSpec, ModelManifest, OutputSpec, file_sha256
from segue.networks.providers import open_session
from segue.networks.sessions import golden_mel
from segue_export.reference.features import FEATURES
from segue_export.reference.published import LICENCE, SOURCE, TAGS, VERSION, Checkpoint

Array = npt.NDArray[np.float32]

OPSET: Final = 17
MAX_DIFFERENCE: Final = 1e-4
"""A file whose answers are further from PyTorch's is refused."""
_PHASES: Final = (0.5, 1.1, 2.3)
_FRONT_END: Final = ("spec.spectrogram.window", "spec.mel_scale.fb")
"""The published files hold their front end as well, which must be ours."""
_FILTER_TOLERANCE: Final = 1e-4
_REASON: Final = 200
"""Characters of PyTorch's reasons that are passed on: it lists all that it would have liked."""


class Shape(NamedTuple):
    """What a network of Segue takes and is called."""

    name: str
    mels: int
    frames: int
    labels: str
    """Name of its first output."""


CRNN_SHAPE: Final = Shape("crnn", CRNN_MELS, CRNN_FRAMES, "tags")
SHORT_SHAPE: Final = Shape("short_chunk", CHUNK_MELS, CHUNK_FRAMES, "features")


def load(network: nn.Module, path: Path, mels: int) -> nn.Module:
    """Give a network the weights of a checkpoint, of which nothing but tensors is read.

    Raises ModelMismatchError when it holds something else, weights of another network, or was made for another front end.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd about a file that is refused is not the user's business
            state = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
            raise ModelMismatchError(f"{path} holds something else than weights.")
        window, filters = (state.pop(name) for name in _FRONT_END)
        network.load_state_dict(state)
    except (KeyError, RuntimeError, pickle.UnpicklingError, EOFError) as error:
        reason = " ".join(str(error).split())[:_REASON] or type(error).__name__
        raise ModelMismatchError(f"{path} does not hold the weights of this network: {reason}") from error
    ours, theirs = mel_filters(mels), filters.numpy()
    if window.shape != (N_FFT,) or theirs.shape != ours.shape or np.abs(theirs - ours).max() > _FILTER_TOLERANCE:
        raise ModelMismatchError(f"{path} was made for another front end than Segue's.")
    return network.eval().requires_grad_(requires_grad=False)


def write(module: nn.Module, shape: Shape, path: Path) -> float:
    """Write a module as ONNX and compare the two.

    Returns the largest absolute difference. Raises ModelMismatchError when it is above 1e-4.
    """
    mel = golden_batch(shape)
    module = module.eval()
    with warnings.catch_warnings():
        # The recurrent layer's warning about batch sizes does not hold: the state is made from the input's own batch.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (torch.from_numpy(mel[:2]),),
            str(path),
            input_names=["mel"],
            output_names=[shape.labels, "embedding"],
            dynamic_axes={name: {0: "batch"} for name in ("mel", shape.labels, "embedding")},
            opset_version=OPSET,
            do_constant_folding=True,
            dynamo=False,
        )
    session, _ = open_session(path, "cpu")
    worst = 0.0
    for batch in (mel, mel[:1]):
        with torch.inference_mode():
            wanted = module(torch.from_numpy(batch))
        said = session.run([shape.labels, "embedding"], {"mel": batch})
        worst = max(worst, *(_distance(ours.numpy(), theirs) for ours, theirs in zip(wanted, said, strict=True)))
    if not worst <= MAX_DIFFERENCE:
        raise ModelMismatchError(f"{path.name} differs from the published network by {worst:.2e}: please report it.")
    return worst


def describe(module: nn.Module, shape: Shape, path: Path, checkpoint: Checkpoint, difference: float) -> ModelManifest:
    """Write the manifest beside an ``.onnx`` file."""
    with torch.inference_mode():
        labels, embedding = module(torch.from_numpy(golden_mel(_PHASES[0], shape.mels, shape.frames)))
    answer = [[round(float(value), 5) for value in row[0]] for row in (labels, embedding)]
    is_tagger = shape.labels == "tags"
    outputs = OutputSpec(
        embedding=embedding.shape[1],
        tags=list(TAGS) if is_tagger else [],
        features=[] if is_tagger else list(FEATURES),
    )
    seconds = round((shape.frames - 1) * HOP / SAMPLE_RATE, 6)
    manifest = ModelManifest(
        schema=1,
        name=shape.name,
        version=f"msd-{VERSION}",
        file=path.name,
        sha256=file_sha256(path),
        input=InputSpec("mel", shape.mels, shape.frames),
        outputs=outputs,
        front_end=FrontEnd(SAMPLE_RATE, N_FFT, HOP, shape.mels, seconds, MEL_FLOOR),
        metrics={"parameters": sum(parameter.numel() for parameter in module.parameters())},
        training={
            "method": "published",
            "source": SOURCE,
            "file": checkpoint.path,
            "git_object": checkpoint.git_id,
            "dataset": "Million Song Dataset, top 50 tags of Last.fm",
        },
        parity_max_abs=float(f"{difference:.3g}"),
        licence=LICENCE,
        golden=Golden(_PHASES[0], *answer),
    )
    save_json(path.with_suffix(".json"), manifest)
    return manifest


def save_json(path: Path, content: msgspec.Struct) -> None:
    """Write a manifest, indented."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")


def golden_batch(shape: Shape) -> Array:
    """Made-up spectrograms for the comparison, (3, mels, frames)."""
    return np.concatenate([golden_mel(phase, shape.mels, shape.frames) for phase in _PHASES])


def _distance(ours: Array, theirs: Array) -> float:
    """Largest difference, in units of max(1, |value|); infinite where a value is not finite."""
    distance = np.abs(ours - theirs) / np.maximum(np.abs(ours), 1.0)
    return float(distance.max()) if np.isfinite(distance).all() else float("inf")
