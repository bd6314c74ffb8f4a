"""Files of the small networks: what is written is read back, and anything else is refused with a sentence."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from segue.errors import ModelMismatchError, ModelMissingError
from segue.networks.arrays import Arrays, gelu, log_softmax, write_arrays

SHAPES: dict[str, tuple[int | None, ...]] = {"weight": (3, None), "bias": (1,)}
WEIGHT = np.linspace(-2.0, 2.0, 12).reshape(3, 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    arrays = {"weight": WEIGHT, "bias": np.array([0.5], np.float32)}
    file = tmp_path / "small.json"
    write_arrays(file, "small", "7", arrays, training={"clips": 3, "datasets": "one"}, metrics={"acc1": 0.5})
    return file


def change(path: Path, *keys: str, to: object) -> None:
    content = json.loads(path.read_text())
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    path.write_text(json.dumps(content))


def test_what_is_written_is_read_back(path: Path) -> None:
    arrays = Arrays.load(path, SHAPES)
    assert (arrays.name, arrays.version) == ("small", "7")
    assert arrays["weight"].dtype == np.float32
    assert np.array_equal(arrays["weight"], WEIGHT.astype(np.float16).astype(np.float32))
    assert arrays["bias"].tolist() == [0.5]
    with pytest.raises(KeyError):
        arrays["scale"]
    content = json.loads(path.read_text())
    assert content["training"] == {"clips": 3, "datasets": "one"}
    assert content["metrics"] == {"acc1": 0.5}


@pytest.mark.parametrize(
    "shapes", [{"weight": (4, None)}, {"weight": (None,)}, {"weight": (3, 4, None)}, {"scale": (1,)}, {"bias": (2,)}]
)
def test_other_shapes_are_refused(path: Path, shapes: dict[str, tuple[int | None, ...]]) -> None:
    with pytest.raises(ModelMismatchError, match=f"has no {next(iter(shapes))} of shape"):
        Arrays.load(path, shapes)


@pytest.mark.parametrize(
    ("keys", "to", "words"),
    [
        (("schema",), 99, "another format"),
        (("schema",), "one", "is not a manifest"),
        (("arrays",), [], "is not a manifest"),
        (("arrays", "weight", "shape"), [3, 5], "weight in small.json is not what it says"),
        (("arrays", "weight", "shape"), [-3, -4], "weight in small.json is not what it says"),
        (("arrays", "weight", "values"), "AAAA", "weight in small.json is not what it says"),
        (("arrays", "weight", "values"), "no base64!", "is not a manifest"),
        (("arrays", "bias", "values"), "AHw=", "bias in small.json is not what it says"),  # infinite
        (("arrays", "bias", "values"), "AH4=", "bias in small.json is not what it says"),  # not a number
    ],
)
def test_what_was_tampered_with_is_refused(path: Path, keys: tuple[str, ...], to: object, words: str) -> None:
    change(path, *keys, to=to)
    with pytest.raises(ModelMismatchError, match=words):
        Arrays.load(path, SHAPES)


def test_half_a_file_and_none(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelMismatchError, match="is not a manifest"):
        Arrays.load(path, SHAPES)
    path.unlink()
    with pytest.raises(ModelMissingError, match="install Segue again"):
        Arrays.load(path, SHAPES)


def test_functions_of_networks() -> None:
    values = np.linspace(-6.0, 6.0, 121, dtype=np.float32)
    exact = np.array([value * 0.5 * (1.0 + math.erf(value / math.sqrt(2.0))) for value in values])
    assert np.abs(gelu(values) - exact).max() < 1e-3
    assert gelu(values).dtype == np.float32
    logs = log_softmax(np.array([[1000.0, 1000.0, -1000.0], [0.0, 1.0, 2.0]], np.float32))
    assert np.exp(logs).sum(axis=1) == pytest.approx([1.0, 1.0], abs=1e-6)
    assert np.exp(logs[0]) == pytest.approx([0.5, 0.5, 0.0], abs=1e-6)
