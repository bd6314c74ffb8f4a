"""The compiled part of pyworld (MIT), loaded without its ``__init__``, which needs a setuptools that is no more."""

from __future__ import annotations

import importlib.util
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from pathlib import Path
from types import ModuleType


def available() -> bool:
    """Whether pyworld is installed."""
    return _extension() is not None


@cache
def world() -> ModuleType:
    """The vocoder: dio, stonemask, cheaptrick, d4c, synthesize. Raises ModuleNotFoundError that says what to install."""
    path = _extension()
    if path is None:
        raise ModuleNotFoundError("singing needs the WORLD vocoder: `pip install pyworld`, or render without voices")
    loader = ExtensionFileLoader("pyworld.pyworld", str(path))
    spec = importlib.util.spec_from_loader("pyworld.pyworld", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def _extension() -> Path | None:
    spec = importlib.util.find_spec("pyworld")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for suffix in EXTENSION_SUFFIXES:
            if (path := Path(folder) / f"pyworld{suffix}").is_file():
                return path
    return None
