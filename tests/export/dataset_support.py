"""Small recordings and tables to make datasets of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from export_support import tune

from segue.demo.files import Tags, write_audio
from segue.frontend.constants import SAMPLE_RATE
from segue_export.shards import Track, read_manifest


def record(path: Path, seed: int, seconds: float = 2.0, tags: Tags | None = None) -> Path:
    """A recording that differs from seed to seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = tune(seed, seconds).astype(np.float32) / np.float32(32768)
    return write_audio(path, samples, SAMPLE_RATE, tags=tags)


def write_rows(path: Path, rows: Iterable[Iterable[object]], separator: str = ",") -> Path:
    """A table, as it is: nothing is quoted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(separator.join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
    return path


def rows_of(folder: Path) -> dict[str, Track]:
    """The manifest's rows by path."""
    return {row.path: row for row in read_manifest(folder / "manifest.csv")}
