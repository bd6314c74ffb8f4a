"""Sets of networks to change to: made of the shipped networks with other statistics, so that no training is needed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from segue.home import Home
from segue.networks.models import models_dir
from segue.networks.registry import Card, Entry, Registry

PARTS = ("short_chunk", "crnn_conv", "crnn_gru")


def add_set(home: Path, name: str = "other", *, parts: tuple[str, ...] = PARTS, shift: float = 0.0) -> Entry:
    """Register a set whose vector has these parts of the shipped one, its mean shifted."""
    registry = Registry(Home.locate(home).models_dir)
    with registry.staging() as folder:
        write_set(folder, parts, shift)
        return registry.add(folder, Card(name=name, summary="for tests", licence="none"))


def write_set(folder: Path, parts: tuple[str, ...] = PARTS, shift: float = 0.0) -> None:
    """The files of such a set."""
    for path in models_dir().iterdir():
        if path.suffix in (".json", ".onnx"):
            shutil.copy(path, folder)
    manifest = json.loads((folder / "vector.json").read_text())
    keep, at = [], 0
    for part in manifest["parts"]:
        keep += range(at, at + part["dim"]) if part["name"] in parts else []
        at += part["dim"]
    made = {key: manifest[key] for key in ("schema", "version", "models", "weights")}
    made["parts"] = [part for part in manifest["parts"] if part["name"] in parts]
    made["dim"] = len(keep)
    made["mean"] = [manifest["mean"][i] + shift for i in keep]
    made["scale"] = [manifest["scale"][i] for i in keep]
    (folder / "vector.json").write_text(json.dumps(made))
