"""What a builder hands over: which recordings there are, where, and what is known of them, before anything is decoded."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np

from segue.frontend.constants import SAMPLE_RATE
from segue_export.datasets.labels import NO_LABELS, TrackLabels
from segue_export.decode import Samples, UndecodableError, decode

SILENCE: Final = 64
"""A recording that never exceeds this 16-bit value is silent."""


@dataclass(frozen=True)
class Item:
    """A recording that is to go into a dataset."""

    group: str
    path: str
    """Its name in the manifest; with the group it identifies the recording."""
    file: Path
    member: str | None = None
    """The part of a zip container that holds it."""
    split: str | None = None
    """None: a hash of the group decides."""
    licence: str = ""
    source: str = ""
    labels: TrackLabels = NO_LABELS


@dataclass
class Plan:
    """Everything a builder found in its tables and folders."""

    items: list[Item] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a user should know: which columns were understood, which rows were left out."""


@dataclass(frozen=True)
class Limits:
    """Which recordings are taken, and how much of each."""

    min_seconds: float = 20.0
    """Shorter ones are jingles and effects."""
    max_seconds: float | None = None


def load(item: Item, limits: Limits) -> Samples | str:
    """The samples of a recording, or the status that says why it is left out."""
    try:
        samples = decode(_content(item), limits.max_seconds)
    except (UndecodableError, OSError, zipfile.BadZipFile, KeyError, NotImplementedError) as error:
        # Where the file lies today has no place in a manifest.
        said = str(error).replace(str(item.file), item.file.name)
        return f"bad: {' '.join(said.split())}"
    if len(samples) < limits.min_seconds * SAMPLE_RATE:
        return "short"
    if np.abs(samples.astype(np.int32)).max() < SILENCE:
        return "silent"
    return samples


def _content(item: Item) -> bytes | Path:
    if item.member is None:
        return item.file
    with zipfile.ZipFile(item.file) as container:
        return container.read(item.member)


def settle_groups(items: Iterable[Item]) -> tuple[list[Item], list[str]]:
    """Items whose groups are wholly in one split, and the names of the groups that were not.

    A published split may divide an album; such a group becomes one group a split, so that the published split stands.
    """
    kept = list(items)
    splits: defaultdict[str, set[str | None]] = defaultdict(set)
    for item in kept:
        splits[item.group].add(item.split)
    divided = {group for group, found in splits.items() if len(found) > 1}
    return list(_divide(kept, divided)), sorted(divided)


def set_apart(items: Iterable[Item], every: int) -> list[Item]:
    """Put one group in so many into the test split, by a hash of its name, where nothing says another; 0 for none."""
    return [
        replace(item, split="test")
        if every and item.split is None and crc32(f"test {item.group}".encode(errors="surrogateescape")) % every == 0
        else item
        for item in items
    ]


def _divide(items: Iterable[Item], divided: set[str]) -> Iterator[Item]:
    for item in items:
        yield replace(item, group=f"{item.group} ({item.split})") if item.group in divided else item
