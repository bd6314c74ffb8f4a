"""Sets of networks to change to: made of the shipped networks with other statistics, so that no training is needed."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path
from typing import Self

from loop import Loop
from segue.client import Client
from segue.errors import SegueError
from segue.home import Home
from segue.networks.models import models_dir
from segue.networks.registry import Card, Entry, Registry
from segue.protocol.messages import Status
from support import wait_until

TRACKS = 6
"""In the library of the tests that change sets."""
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
    made = {key: manifest[key] for key in ("schema", "version", "models")}
    made["weights"] = manifest.get("weights", {})
    made["parts"] = [part for part in manifest["parts"] if part["name"] in parts]
    made["dim"] = len(keep)
    made["mean"] = [manifest["mean"][i] + shift for i in keep]
    made["scale"] = [manifest["scale"][i] for i in keep]
    (folder / "vector.json").write_text(json.dumps(made))


class Asker:
    """Asks for what to play next, again and again, in a thread of its own, and keeps every answer."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._title = loop.tracks()[0].title
        self.usual = len(loop.client.next(self._title, limit=20).suggestions)
        """Tracks in an answer: all others but another mix of the same."""
        self._end = threading.Event()
        self.answers: list[int] = []
        self.errors: list[SegueError] = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        with Client(self._loop.home) as client:
            while not self._end.is_set():
                try:
                    self.answers.append(len(client.next(self._title, limit=20).suggestions))
                except SegueError as error:
                    self.errors.append(error)
                time.sleep(0.01)  # what changes over needs the processor, too


def has_changed(loop: Loop, name: str) -> Status:
    wait_until(lambda: loop.status().models["set"] == name, 90, what=f"the change to {name}")
    wait_until(lambda: loop.status().renewal is None, what="the end of the change")
    return loop.status()
