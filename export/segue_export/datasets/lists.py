"""Lists and arrays that published splits come in: ``.npy``, ``.tsv``, ``.csv``, ``.txt`` and ``.json``, never pickles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from segue_export.datasets.build import DatasetError

SUFFIXES: Final = (".npy", ".txt", ".tsv", ".csv", ".json")
PICKLES: Final = (".cP", ".pkl", ".pickle", ".p")


def find_list(folder: Path, names: Sequence[str]) -> Path | None:
    """The first file of these names that is there, in any format that is read.

    Raises DatasetError when there is only a pickle: unpickling runs whatever code a file holds.
    """
    for name in names:
        for suffix in SUFFIXES:
            if (path := folder / f"{name}{suffix}").is_file():
                return path
    for name in names:
        for suffix in PICKLES:
            if (path := folder / f"{name}{suffix}").is_file():
                raise DatasetError(
                    f"{path} is a Python pickle, which can run any code when it is opened, so Segue does not. Where you trust it, "
                    f"save it as {name}.json (json.dump of the list or dictionary) or {name}.npy (numpy.save of an array of text) beside it"
                )
    return None


def read_array(path: Path) -> npt.NDArray[Any]:
    """An array of numbers or text. Raises DatasetError, also for an array of Python objects, which is a pickle."""
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except ValueError as error:
        raise DatasetError(
            f"{path} is no plain array ({error}). If it holds Python objects and you trust it, save it again as text: "
            "numpy.save(path, numpy.load(path, allow_pickle=True).astype(str))"
        ) from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error


def read_list(path: Path) -> list[str]:
    """Lines of a list: of a text file, an array of text, or a JSON list. Raises DatasetError."""
    if path.suffix == ".npy":
        array = read_array(path)
        if array.ndim != 1 or array.dtype.kind not in "US":
            raise DatasetError(
                f"{path} should be a list of text; it is an array of {array.dtype} with {array.ndim} dimensions"
            )
        return [line.decode() if isinstance(line, bytes) else str(line) for line in array.tolist()]
    if path.suffix == ".json":
        content = read_json(path)
        if not isinstance(content, list) or not all(isinstance(line, str) for line in content):
            raise DatasetError(f"{path} should be a JSON list of text")
        return content
    return [line for line in read_text(path).splitlines() if line.strip()]


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises DatasetError."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise DatasetError(f"{path} is no JSON: {error}") from error


def read_text(path: Path) -> str:
    """The text of a file. Raises DatasetError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}") from error
