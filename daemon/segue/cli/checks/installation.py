"""Packages, models and decoders: whether everything is here that `pip install` should have brought."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.cli.checks.finding import Finding, State
from segue.errors import SegueError

if TYPE_CHECKING:
    from segue.demo.sounds import Samples
    from segue.networks.providers import ProviderChoice
    from segue.networks.registry import Registry

_RUNTIMES: Final = ("onnxruntime", "onnxruntime-gpu")
_TONE_SECONDS: Final = 1.0


def check_installation(provider: ProviderChoice, registry: Registry) -> Iterator[Finding]:
    """Look at the installation; `provider` is the one that the settings ask for, `registry` has the home's networks."""
    yield Finding(State.OK, "python", f"{platform.python_version()} on {platform.platform(terse=True)}.")
    runtime = _runtime()
    yield runtime
    if runtime.state is not State.FAIL:
        yield from _models(provider, registry)
    yield from _decoders()


def _runtime() -> Finding:
    """Exactly one of the two wheels: they write over each other's files."""
    found = {}
    for name in _RUNTIMES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if len(found) == 1:
        ((name, version),) = found.items()
        return Finding(State.OK, "runtime", f"{name} {version}.")
    if not found:
        return Finding(State.FAIL, "runtime", "ONNX Runtime is not installed: install Segue again.")
    advice = "Both onnxruntime and onnxruntime-gpu are installed, and their files are mixed: pip uninstall both, then install Segue again."
    return Finding(State.FAIL, "runtime", advice)


def _models(provider: ProviderChoice, registry: Registry) -> Iterator[Finding]:
    """Whether the models are there, unchanged, and compute on this machine what they should."""
    from segue.networks.sessions import Networks

    try:
        folder = registry.find(registry.wanted()).folder
        networks = Networks.load(folder, provider)  # checks the hashes
    except SegueError as error:
        yield Finding(State.FAIL, "models", error.message)
        return
    yield Finding(State.OK, "models", f"Set {networks.model_id} in {folder}, unchanged.")
    try:
        distance = networks.self_test()
    except SegueError as error:
        yield Finding(State.FAIL, "provider", error.message)
        return
    yield Finding(State.OK, "provider", f"{networks.provider}, within {distance:.1g} of the reference answers.")


def _decoders() -> Iterator[Finding]:
    """Write a second of a tone in each format and read it back."""
    import numpy as np

    from segue.demo.files import FORMATS

    tone = np.sin(np.arange(round(_TONE_SECONDS * 44_100)) * 0.05).astype(np.float32)
    broken = []
    with tempfile.TemporaryDirectory(prefix="segue-doctor-") as folder:
        for suffix in FORMATS:
            problem = _try_decoder(Path(folder) / f"tone.{suffix}", tone)
            if problem:
                broken.append(f"{suffix} ({problem})")
    if broken:
        advice = f"These formats cannot be read: {', '.join(broken)}. Install the package `av` again."
        yield Finding(State.FAIL, "decoders", advice)
    else:
        yield Finding(State.OK, "decoders", f"{', '.join(FORMATS)}.")


def _try_decoder(path: Path, tone: Samples) -> str | None:
    """What is wrong with a format, None when all is well."""
    from av.error import FFmpegError

    from segue.audio.decode import decode
    from segue.demo.files import write_audio

    try:
        write_audio(path, tone, 44_100)
        seconds = len(decode(path)) / 16_000
    except (SegueError, FFmpegError, ValueError) as error:
        return str(error)
    return None if abs(seconds - _TONE_SECONDS) < 0.2 else f"{seconds:.1f} s instead of {_TONE_SECONDS:.1f} s"
