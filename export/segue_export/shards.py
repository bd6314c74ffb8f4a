"""A dataset on disk: one file of 16-bit audio, memory-mapped, and a CSV manifest with one row a track."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from segue.frontend.constants import SAMPLE_RATE
from segue_export.datasets.labels import NO_LABELS, TrackLabels, decode_labels, encode_labels
from segue_export.decode import Samples

__all__ = [
    "FIELDS",
    "SPLITS",
    "Corpus",
    "ShardWriter",
    "SplitError",
    "Track",
    "TrackLabels",
    "is_dataset",
    "read_manifest",
    "read_tracks",
    "split_of",
    "write_manifest",
]

FIELDS: Final = ("group", "path", "split", "licence", "source", "sha256", "offset", "samples", "status", "labels")
"""Columns of a manifest."""
OLD_FIELDS: Final = ("package", "path", "licence", "sha256", "offset", "samples", "status")
"""Columns before there were labels; the package is the group, and its name says the split."""
SPLITS: Final = ("train", "valid", "test")
VALID_SHARE: Final = 7
"""One group in this many is for validation, where nothing else decides."""
MANIFEST: Final = "manifest.csv"
PARQUET_MANIFEST: Final = "manifest.parquet"
AUDIO: Final = "audio.i16"
_SAMPLE_BYTES: Final = 2


class SplitError(ValueError):
    """A track cannot be in this split."""


@dataclass(frozen=True)
class Track:
    """One row of the manifest."""

    group: str
    """What belongs together (a package, an album, an artist) and is wholly in one split."""
    path: str
    split: str
    """``train``, ``valid`` or ``test``."""
    licence: str
    source: str
    """Where the file came from: a package with its version, a collection, a folder."""
    sha256: str
    """Of the decoded samples."""
    offset: int
    """First sample in the audio file."""
    samples: int
    status: str
    """``ok``, or why the file is not used: ``short``, ``duplicate``, ``silent`` or ``bad: <reason>``."""
    labels: TrackLabels = NO_LABELS

    @property
    def package(self) -> str:
        """The group."""
        return self.group

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.samples / SAMPLE_RATE

    @property
    def end(self) -> int:
        """The sample after the last."""
        return self.offset + self.samples


def split_of(group: str) -> str:
    """``train`` or ``valid`` for a group, by a hash of its name: adding groups moves none."""
    return "valid" if crc32(group.encode(errors="surrogateescape")) % VALID_SHARE == 0 else "train"


class ShardWriter:
    """Appends tracks to a dataset folder; opened again, it goes on after the last whole track.

    A row is written after its audio. What an interruption left behind, audio that no row names, half a row, or a
    row whose audio was never written to the disk, is removed when the folder is opened again. Only one writer may be at
    work in a folder. A manifest that is there as Parquet alone is taken over into ``manifest.csv``. Raises ValueError when the
    folder holds a manifest that is none, or audio without any.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._manifest, self._audio = folder / MANIFEST, folder / AUDIO
        _need_manifest(folder)
        rows = list(_recovered(self._manifest, self._audio))
        self.known = {(row.group, row.path) for row in rows}
        self._hashes = {row.sha256 for row in rows if row.status == "ok"}
        self._splits = {row.group: row.split for row in rows}
        self._end = sum(row.samples for row in rows if row.status == "ok")
        with self._audio.open("ab") as file:
            file.truncate(self._end * _SAMPLE_BYTES)

    def add(
        self,
        group: str,
        path: str,
        licence: str,
        sha256: str,
        samples: Samples | str,
        *,
        split: str | None = None,
        source: str = "",
        labels: TrackLabels = NO_LABELS,
    ) -> str:
        """Write one track (its samples, or the reason why it is left out); returns the row's status.

        Without a split, a hash of the group's name decides. Raises SplitError when a split is none, or another than the
        group's, and OSError when the disk is full; the dataset stays whole.
        """
        split = split or self._splits.get(group) or split_of(group)
        if split not in SPLITS:
            raise SplitError(f"{path}: {split!r} is no split; they are {', '.join(SPLITS)}")
        if self._splits.setdefault(group, split) != split:
            raise SplitError(f"{path}: its group {group!r} is in the split {self._splits[group]!r}, not {split!r}")
        status = samples if isinstance(samples, str) else "duplicate" if sha256 in self._hashes else "ok"
        length = 0
        if status == "ok" and not isinstance(samples, str):
            _append(self._audio, samples.tobytes(), self._end * _SAMPLE_BYTES)
            length = len(samples)
        row = Track(group, path, split, licence, source, sha256, self._end, length, status, labels)
        _append(self._manifest, _line(row), self._manifest.stat().st_size)
        if status == "ok":
            self._hashes.add(sha256)
        self._end += length
        self.known.add((group, path))
        return status


def _append(path: Path, data: bytes, at: int) -> None:
    try:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(data)
    except OSError:
        # A full disk takes half of it: what is there must stay readable.
        with path.open("r+b") as file:
            file.truncate(at)
        raise


class _Lines:
    """Collects what a csv writer writes."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


def _line(row: Track | None) -> bytes:
    lines = _Lines()
    csv.writer(lines, lineterminator="\n").writerow(FIELDS if row is None else cells(row))
    # A file name need not be text; it is read back as the same name.
    return lines.text.encode("utf-8", "surrogateescape")


def cells(row: Track) -> list[str]:
    """A row of the manifest as text, in the order of `FIELDS`."""
    numbers = (str(row.offset), str(row.samples))
    return [
        *(row.group, row.path, row.split, row.licence, row.source, row.sha256),
        *(*numbers, row.status, encode_labels(row.labels)),
    ]


def write_manifest(path: Path, rows: Iterable[Track]) -> None:
    """Write a whole manifest; the old one, if any, is replaced when the new one is complete."""
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        file.write(_line(None))
        for row in rows:
            file.write(_line(row))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _need_manifest(folder: Path) -> None:
    """Take over a Parquet manifest that is alone. Raises ValueError for audio of which nothing says what it is."""
    manifest, audio = folder / MANIFEST, folder / AUDIO
    if manifest.exists():
        return
    if (folder / PARQUET_MANIFEST).exists():
        write_manifest(manifest, read_tracks(folder))
    elif audio.exists() and audio.stat().st_size:
        raise ValueError(f"it has {AUDIO} and no {MANIFEST}: put the manifest back, or choose another folder")


def _recovered(manifest: Path, audio: Path) -> Iterator[Track]:
    """Rows that are whole and have their audio; the manifest is written anew if these are not all, or it is an old one."""
    if not manifest.exists():
        write_manifest(manifest, [])
        return
    data = manifest.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if whole != data:
        with manifest.open("r+b") as file:
            file.truncate(len(whole))
    rows = read_manifest(manifest) if whole else []
    held = audio.stat().st_size // _SAMPLE_BYTES if audio.exists() else 0
    kept = [row for row in rows if row.end <= held or row.status != "ok"]
    if len(kept) != len(rows) or not whole.startswith(_line(None)):
        write_manifest(manifest, kept)
    yield from kept


def read_manifest(path: Path) -> list[Track]:
    """All rows of a manifest, also of one from before there were labels. Raises ValueError that names the row when one is wrong."""
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        rows = csv.reader(file)
        header = tuple(next(rows, ()))
        if header not in {FIELDS, OLD_FIELDS}:
            raise ValueError(f"{path} is no dataset manifest: its first row should be {','.join(FIELDS)}")
        return [_track(path, number, row, old=header == OLD_FIELDS) for number, row in enumerate(rows, 2)]


def _track(path: Path, number: int, row: list[str], *, old: bool) -> Track:
    wanted = len(OLD_FIELDS if old else FIELDS)
    try:
        if len(row) != wanted:
            raise ValueError(f"{wanted} columns are expected, and it has {len(row)}")  # noqa: TRY301  # one place names the row
        if old:
            group, name, licence, sha256, offset, samples, status = row
            return Track(group, name, split_of(group), licence, "", sha256, int(offset), int(samples), status)
        group, name, split, licence, source, sha256, offset, samples, status, labels = row
        if split not in SPLITS:
            raise ValueError(f"{split!r} is no split; they are {', '.join(SPLITS)}")  # noqa: TRY301
        known = decode_labels(labels)
        return Track(group, name, split, licence, source, sha256, int(offset), int(samples), status, known)
    except ValueError as error:
        raise ValueError(f"{path}, row {number}: {error}") from error


def is_dataset(folder: Path) -> bool:
    """Whether a folder holds the manifest of a dataset."""
    return any((folder / name).is_file() for name in (MANIFEST, PARQUET_MANIFEST))


def read_tracks(folder: Path) -> list[Track]:
    """All rows of a dataset folder's manifest, ``manifest.csv``, or ``manifest.parquet`` when only that is there.

    Raises FileNotFoundError when neither is, and ValueError for a wrong row, or for Parquet that cannot be read.
    """
    if (folder / PARQUET_MANIFEST).exists() and not (folder / MANIFEST).exists():
        return _read_parquet(folder / PARQUET_MANIFEST)
    return read_manifest(folder / MANIFEST)


def _read_parquet(path: Path) -> list[Track]:
    from segue_export.datasets.build import DatasetError  # noqa: PLC0415  # it builds with what is in here
    from segue_export.datasets.parquet import read_rows  # noqa: PLC0415  # an optional dependency

    try:
        columns, rows = read_rows(path)
        if columns != FIELDS:
            raise ValueError(f"{path} is no dataset manifest: its columns should be {', '.join(FIELDS)}")
        return [_track(path, number, row, old=False) for number, row in enumerate(rows(), 2)]
    except DatasetError as error:
        raise ValueError(str(error)) from error


class Corpus:
    """The usable tracks of one split (None: of all), with their audio memory-mapped.

    Raises ValueError when there is no such track, or the audio is shorter than the manifest says, and FileNotFoundError.
    """

    def __init__(self, folder: Path, split: str | None = None) -> None:
        rows = read_tracks(folder)
        self.tracks = [row for row in rows if row.status == "ok" and split in {None, row.split}]
        if not self.tracks:
            raise ValueError(f"{folder} holds no track for the split {split!r}")
        self._audio: npt.NDArray[np.int16] = np.memmap(folder / AUDIO, dtype=np.int16, mode="r")
        end = max(track.end for track in self.tracks)
        if end > len(self._audio):
            raise ValueError(
                f"{folder / AUDIO} is cut short: it has {len(self._audio)} samples, the manifest names {end}; "
                "run the command that built the dataset again"
            )

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
