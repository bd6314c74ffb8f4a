"""A store of labelled views: augmented audio with what every teacher says about it, on disk, shared by all runs.

Labelling costs several times more than learning from a label, so views are kept and cropped again. Two runs may fill and
read one store at the same time: a batch appears under its name when it is complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec
import numpy as np
import numpy.typing as npt

from segue.frontend.constants import HOP
from segue_export.augment import Mixer
from segue_export.shards import TrackLabels
from segue_export.teachers import Teacher

BATCH = 4
"""Views labelled at a time."""
STEP = 96 * HOP
"""Samples from one step of the tagger's recurrence to the next (1.54 s)."""
STEPS = 18
"""Steps in a view."""
WINDOW_HOP = 2 * STEP
"""Samples from one window of a short-window teacher to the next, so that two steps are one window."""
WINDOWS = STEPS // 2
"""Short windows in a view."""


@dataclass(frozen=True)
class Labels:
    """What one teacher says about a batch of views."""

    embedding: npt.NDArray[np.float16]
    """(views, windows, dim)."""
    logits: npt.NDArray[np.float16]
    """(views, windows, tags)."""
    steps: npt.NDArray[np.float16] | None = None
    """(views, steps, channels), see Teacher."""

    def of(self, view: int) -> Labels:
        """The labels of one view, without the first axis."""
        steps = None if self.steps is None else self.steps[view]
        return Labels(self.embedding[view], self.logits[view], steps)


@dataclass(frozen=True)
class Batch:
    """One file of views."""

    path: Path
    """The audio: (views, 464000), int16. It is opened when it is wanted: a store has more files than a process may open."""
    labels: dict[str, Labels]
    truth: list[TrackLabels | None]


class Drawn(NamedTuple):
    """One labelled view: audio (464000,), what each teacher says (windows, ...), and what is known for certain."""

    wave: npt.NDArray[np.int16]
    labels: dict[str, Labels]
    truth: TrackLabels | None


class ViewMaker:
    """Draws views, has them labelled, and stores them; a restarted maker goes on with the next batch."""

    def __init__(self, mixer: Mixer, teachers: Sequence[Teacher], folder: Path, worker: str, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._teachers, self._folder, self._worker, self._seed = teachers, folder, worker, seed
        self.mixer = mixer
        self._next = len(list(folder.glob(f"{worker}-*.npy")))

    def make(self) -> None:
        """Add one batch to the store."""
        random = np.random.default_rng([self._seed, crc32(self._worker.encode()), self._next])
        drawn = [self.mixer.draw(random) for _ in range(BATCH)]
        waves = (np.clip(np.stack([view.wave for view in drawn]), -1.0, 1.0) * 32767).astype(np.int16)
        stem = self._folder / f"{self._worker}-{self._next:05d}"
        truth = np.array([msgspec.json.encode(view.truth).decode() for view in drawn])
        np.savez(stem.with_suffix(".npz"), truth=truth, **_flat(label(waves, self._teachers)))  # type: ignore[arg-type]  # numpy's stub means allow_pickle
        # The audio is written last and renamed: a batch is either not there or whole.
        partial = stem.with_suffix(".part")
        with partial.open("wb") as file:
            np.save(file, waves)
        partial.replace(stem.with_suffix(".npy"))
        self._next += 1


def label(waves: npt.NDArray[np.int16], teachers: Sequence[Teacher]) -> dict[str, Labels]:
    """Labels of views (views, 464000); a teacher with short windows hears one every two steps of the tagger."""
    heard = waves.astype(np.float32) / np.float32(32768.0)
    return {teacher.name: _ask(heard, teacher) for teacher in teachers}


def _ask(heard: npt.NDArray[np.float32], teacher: Teacher) -> Labels:
    starts = [0] if teacher.samples > WINDOW_HOP else [number * WINDOW_HOP for number in range(WINDOWS)]
    cut = np.concatenate([view[start : start + teacher.samples][None] for view in heard for start in starts])
    embeddings, logits, steps = zip(*(teacher(cut[first : first + 4]) for first in range(0, len(cut), 4)), strict=True)
    shape = (len(heard), len(starts), -1)
    return Labels(
        np.concatenate(embeddings).astype(np.float16).reshape(shape),
        np.concatenate(logits).astype(np.float16).reshape(shape),
        None if steps[0] is None else np.concatenate(steps).astype(np.float16),
    )


def _flat(labels: dict[str, Labels]) -> dict[str, npt.NDArray[np.float16]]:
    return {
        f"{name}.{field}": value
        for name, label in labels.items()
        for field, value in vars(label).items()
        if value is not None
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

    def draw(self, random: np.random.Generator) -> Drawn:
        """A view, drawn evenly."""
        if not self._names:
            raise SystemExit(f"{self._folder} holds no labelled views: label some first (segue-train label)")
        batch = self._batches[self._names[int(random.integers(len(self._names)))]]
        view = int(random.integers(len(batch.truth)))
        labels = {name: label.of(view) for name, label in batch.labels.items()}
        return Drawn(np.load(batch.path, mmap_mode="r")[view], labels, batch.truth[view])


def _load(path: Path) -> Batch:
    with np.load(path.with_suffix(".npz")) as flat:
        fields = {key: flat[key] for key in flat if "." in key}
        truth = [msgspec.json.decode(text, type=TrackLabels | None) for text in flat["truth"].tolist()]
    names = {key.rsplit(".", 1)[0] for key in fields}
    labels = {
        name: Labels(fields[f"{name}.embedding"], fields[f"{name}.logits"], fields.get(f"{name}.steps"))
        for name in sorted(names)
    }
    return Batch(path, labels, truth)
