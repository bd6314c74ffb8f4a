"""The log of a run: one CSV row every few steps, and one for every validation."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

TERMS: Final = ("embedding", "relation", "tags", "steps", "windows", "features", "musical", "known_tags")
"""The terms of the loss."""
FIELDS: Final = ("step", "minutes", "views", "crops", "rate", "loss", *TERMS, "valid")
"""Columns; a row leaves empty what it does not say."""


class RunLog:
    """``log.csv`` in a run's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "log.csv"

    def add(self, row: dict[str, Any]) -> None:
        """Append a row."""
        is_new = not self._path.exists()
        with self._path.open("a", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, restval="")
            if is_new:
                writer.writeheader()
            writer.writerow(row)

    def cut(self, step: int) -> None:
        """Forget what came after a step: a run that goes on from an earlier checkpoint does it again."""
        if not self._path.exists():
            return
        with self._path.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if (row["step"] or "").isdigit()]
        kept = [row for row in rows if int(row["step"]) <= step]
        if len(kept) == len(rows):
            return
        partial = self._path.with_suffix(".part")
        with partial.open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(kept)
        partial.replace(self._path)
