"""A corpus on disk: one file of 16-bit audio, memory-mapped, and a CSV manifest with one row a track."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from segue.frontend.constants import SAMPLE_RATE
from segue_export.decode import Samples

FIELDS = ("package", "path", "licence", "sha256", "offset", "samples", "status")
VALID_SHARE = 7
"""One package in this many is for validation."""


@dataclass(frozen=True)
class Track:
    """One row of the manifest."""

    package: str
    path: str
    licence: str
    sha256: str
    offset: int
    samples: int
    status: str
    """``ok``, or why the file is not used: ``short``, ``duplicate``, ``silent`` or ``bad: <reason>``."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.samples / SAMPLE_RATE

    @property
    def split(self) -> str:
        """``train`` or ``valid``; all tracks of a package are in the same."""
        return split_of(self.package)


def split_of(package: str) -> str:
    """The split of a package, by a hash of its name: adding packages moves none."""
    return "valid" if crc32(package.encode()) % VALID_SHARE == 0 else "train"


class ShardWriter:
    """Appends tracks to a corpus folder; opened again, it goes on after the last whole track."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._manifest, self._audio = folder / "manifest.csv", folder / "audio.i16"
        rows = read_manifest(self._manifest) if self._manifest.exists() else []
        self.known = {(row.package, row.path) for row in rows}
        self._hashes = {row.sha256 for row in rows if row.status == "ok"}
        self._end = sum(row.samples for row in rows if row.status == "ok")
        if not rows:
            with self._manifest.open("w", newline="") as file:
                csv.writer(file).writerow(FIELDS)
        # An interrupted run may have left audio that no row names.
        with self._audio.open("ab") as file:
            file.truncate(self._end * 2)

    def add(self, package: str, path: str, licence: str, sha256: str, samples: Samples | str) -> str:
        """Write one track, or the reason why it is left out; returns the row's status."""
        status = samples if isinstance(samples, str) else "duplicate" if sha256 in self._hashes else "ok"
        length = 0
        if status == "ok" and not isinstance(samples, str):
            with self._audio.open("ab") as audio:
                audio.write(samples.tobytes())
            length = len(samples)
            self._hashes.add(sha256)
        with self._manifest.open("a", newline="") as file:
            csv.writer(file).writerow([package, path, licence, sha256, self._end, length, status])
        self._end += length
        self.known.add((package, path))
        return status


def read_manifest(path: Path) -> list[Track]:
    """All rows of a manifest. Raises ValueError that names the row when one is wrong."""
    with path.open(newline="") as file:
        rows = csv.reader(file)
        if tuple(next(rows, ())) != FIELDS:
            raise ValueError(f"{path} is no corpus manifest: its first row should be {','.join(FIELDS)}")
        return [_track(path, number, row) for number, row in enumerate(rows, 2)]


def _track(path: Path, number: int, row: list[str]) -> Track:
    try:
        package, name, licence, sha256, offset, samples, status = row
        return Track(package, name, licence, sha256, int(offset), int(samples), status)
    except ValueError as error:
        raise ValueError(f"{path}, row {number}: {error}") from error


class Corpus:
    """The usable tracks of one split, with their audio memory-mapped."""

    def __init__(self, folder: Path, split: str | None = None) -> None:
        rows = read_manifest(folder / "manifest.csv")
        self.tracks = [row for row in rows if row.status == "ok" and split in {None, row.split}]
        if not self.tracks:
            raise ValueError(f"{folder} holds no track for the split {split!r}")
        self._audio: npt.NDArray[np.int16] = np.memmap(folder / "audio.i16", dtype=np.int16, mode="r")

    def __len__(self) -> int:
        return len(self.tracks)

    @property
    def hours(self) -> float:
        """Hours of audio in this split."""
        return sum(track.seconds for track in self.tracks) / 3600

    def audio(self, index: int, start: int = 0, length: int | None = None) -> npt.NDArray[np.float32]:
        """Samples of a track in -1..1, float32 (samples,); shorter at the end of the track."""
        track = self.tracks[index]
        stop = track.samples if length is None else min(start + length, track.samples)
        return self._audio[track.offset + start : track.offset + stop].astype(np.float32) / np.float32(32768.0)
