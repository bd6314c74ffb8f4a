"""A store of labelled views: augmented audio with what every teacher says about it, on disk, shared by all runs.

Labelling costs several times more than learning from a label, so views are kept and cropped again. Two runs may fill and
read one store at the same time: a batch appears under its name when it is complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from segue_export.augment import VIEW_SAMPLES, draw_view, package_weights
from segue_export.shards import Corpus
from segue_export.teachers import Teacher

BATCH = 4
"""Views labelled at a time."""


@dataclass(frozen=True)
class Labels:
    """What one teacher says about a batch of views."""

    embedding: npt.NDArray[np.float16]
    """(views, windows, dim)."""
    logits: npt.NDArray[np.float16]
    """(views, windows, tags)."""


@dataclass(frozen=True)
class Batch:
    """One file of views."""

    waves: npt.NDArray[np.int16]
    """(views, 464000), memory-mapped."""
    labels: dict[str, Labels]


class ViewMaker:
    """Draws views, has them labelled, and stores them; a restarted maker goes on with the next batch."""

    def __init__(self, corpus: Corpus, teachers: Sequence[Teacher], folder: Path, worker: str, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._corpus, self._teachers, self._folder, self._worker, self._seed = corpus, teachers, folder, worker, seed
        self._weights = package_weights(corpus)
        self._next = len(list(folder.glob(f"{worker}-*.npy")))

    def make(self) -> None:
        """Add one batch to the store."""
        random = np.random.default_rng([self._seed, crc32(self._worker.encode()), self._next])
        drawn = np.stack([draw_view(self._corpus, self._weights, random) for _ in range(BATCH)])
        waves = (np.clip(drawn, -1.0, 1.0) * 32767).astype(np.int16)
        stem = self._folder / f"{self._worker}-{self._next:05d}"
        np.savez(stem.with_suffix(".npz"), **_flat(label(waves, self._teachers)))  # type: ignore[arg-type]  # numpy's stub means allow_pickle
        # The audio is written last and renamed: a batch is either not there or whole.
        partial = stem.with_suffix(".part")
        with partial.open("wb") as file:
            np.save(file, waves)
        partial.replace(stem.with_suffix(".npy"))
        self._next += 1


def label(waves: npt.NDArray[np.int16], teachers: Sequence[Teacher]) -> dict[str, Labels]:
    """Labels of views of shape (views, 464000); each teacher hears as many whole windows as fit, back to back."""
    heard = waves.astype(np.float32) / np.float32(32768.0)
    labels = {}
    for teacher in teachers:
        windows = VIEW_SAMPLES // teacher.samples
        cut = heard[:, : windows * teacher.samples].reshape(len(waves) * windows, teacher.samples)
        parts = [teacher(cut[start : start + 4]) for start in range(0, len(cut), 4)]
        embedding, logits = (np.concatenate(column).astype(np.float16) for column in zip(*parts, strict=True))
        labels[teacher.name] = Labels(
            embedding.reshape(len(waves), windows, -1), logits.reshape(len(waves), windows, -1)
        )
    return labels


def _flat(labels: dict[str, Labels]) -> dict[str, npt.NDArray[np.float16]]:
    return {
        f"{name}.{kind}": value
        for name, label in labels.items()
        for kind, value in (("embedding", label.embedding), ("logits", label.logits))
    }


class ViewStore:
    """All complete batches of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._batches = folder, dict[str, Batch]()
        self.refresh()

    def refresh(self) -> None:
        """Take in the batches that were completed since."""
        for path in sorted(self._folder.glob("*.npy")):
            if path.stem not in self._batches:
                self._batches[path.stem] = _load(path)
        self._names = sorted(self._batches)

    def __len__(self) -> int:
        return len(self._batches) * BATCH

    def draw(self, random: np.random.Generator) -> tuple[npt.NDArray[np.int16], dict[str, Labels]]:
        """A view, drawn evenly: its audio (464000,) and its labels, each (windows, ...)."""
        batch = self._batches[self._names[int(random.integers(len(self._names)))]]
        view = int(random.integers(len(batch.waves)))
        labels = {name: Labels(label.embedding[view], label.logits[view]) for name, label in batch.labels.items()}
        return batch.waves[view], labels


def _load(path: Path) -> Batch:
    with np.load(path.with_suffix(".npz")) as flat:
        names = {key.rsplit(".", 1)[0] for key in flat}
        labels = {name: Labels(flat[f"{name}.embedding"], flat[f"{name}.logits"]) for name in sorted(names)}
    return Batch(np.load(path, mmap_mode="r"), labels)
