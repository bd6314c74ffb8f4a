"""Which ONNX Runtime provider a session gets, and whether it got it."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from pathlib import Path
from typing import Final, Literal

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from segue.errors import ModelError, ModelMismatchError

ProviderChoice = Literal["auto", "cpu", "cuda"]
CPU: Final = "CPUExecutionProvider"
CUDA: Final = "CUDAExecutionProvider"

_OPEN_ERRORS: Final = tuple(
    getattr(runtime_errors, name)
    for name in ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")
)
"""What ONNX Runtime raises when it cannot open a file; these have no common base but Exception."""

onnxruntime.disable_telemetry_events()  # Windows has this switch alone; the others: see segue.networks


@cache
def cuda_device_found() -> bool:
    """Whether NVIDIA's driver is installed and says that it has a device.

    The GPU build of ONNX Runtime lists CUDA on every machine and prints errors when it is asked for it in vain, so the driver
    itself is asked first.
    """
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
        count = ctypes.c_int(0)
        return bool(driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0)
    except (OSError, AttributeError):
        return False


def choose(choice: ProviderChoice) -> str:
    """The provider to ask for. Raises ModelError when CUDA is wanted and cannot be had."""
    if choice == "cpu":
        return CPU
    if CUDA in onnxruntime.get_available_providers() and cuda_device_found():
        return CUDA
    if choice == "cuda":
        raise ModelError("No CUDA device can be used here: choose the provider 'auto' or 'cpu'.")
    return CPU


def open_session(path: Path, choice: ProviderChoice) -> tuple[onnxruntime.InferenceSession, str]:
    """An inference session with one thread, and the provider that it really runs on.

    CUDA falls back to the CPU without a word when a library is missing; the second value says so. Raises ModelMismatchError when ONNX
    Runtime cannot read the file.
    """
    wanted = choose(choice)
    if wanted == CUDA and hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()
    providers = [wanted] if wanted == CPU else [wanted, CPU]
    try:
        session = onnxruntime.InferenceSession(str(path), _options(), providers=providers)
    except _OPEN_ERRORS as error:
        raise ModelMismatchError(f"{path} cannot be opened by ONNX Runtime: {error}") from error
    return session, str(session.get_providers()[0])


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False  # the last batch of a track is shorter, and an arena never shrinks
    options.log_severity_level = 3
    return options
