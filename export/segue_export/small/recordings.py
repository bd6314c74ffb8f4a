"""What the small networks learn from: recordings of datasets as the daemon hears them, kept on disk once heard."""

from __future__ import annotations

import hashlib
import math
import os
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from segue.analysis.key import KeyFinder
from segue.analysis.onsets import OnsetMeter, Onsets
from segue.frontend.constants import CRNN_MELS, SAMPLE_RATE
from segue.frontend.mel import Waveform, mel_db, stft_stream
from segue_export.datasets.build import DatasetError, processes
from segue_export.datasets.labels import TrackLabels
from segue_export.shards import AUDIO, Corpus, Track

Made = TypeVar("Made")

HEARD: Final = "heard"
"""The folder inside a dataset's in which it is kept how its recordings sound."""
_BLOCK: Final = 10 * SAMPLE_RATE
_AHEAD: Final = 4
"""Recordings in flight for each process."""
_PROBE_SECONDS: Final = 4


class Recording(NamedTuple):
    """A recording of a dataset."""

    name: str
    """Dataset, group and path."""
    audio: Path
    offset: int
    samples: int
    labels: TrackLabels
    valid: bool
    """Kept for validation: never learnt from."""
    place: Path
    """The file that keeps how it sounds."""

    @property
    def hours(self) -> float:
        """Its length."""
        return self.samples / SAMPLE_RATE / 3600


class Heard(NamedTuple):
    """How a recording sounds to the daemon."""

    onsets: Onsets
    """Shape (16, frames): see `segue.analysis.onsets`."""
    pitches: npt.NDArray[np.float32]
    """Shape (slots, 4, 120): see `segue.analysis.key.KeyFinder.pitches`."""


def find_recordings(
    datasets: Sequence[str], wanted: Callable[[TrackLabels], bool], kept: Path | None, valid_share: float | None
) -> list[Recording]:
    """The wanted recordings of datasets, each ``FOLDER`` or ``FOLDER:SHARE``, in the order of their manifests.

    Of a dataset with a share, so many of its recordings are taken, by a hash of their names. Without a `valid_share` the manifests
    say what is for validation; else it is that share of the groups, by a hash. What is for testing is left alone. `kept` is
    the folder that keeps how they sound; None: one inside each dataset. Raises DatasetError.
    """
    found = []
    for text in datasets:
        folder, share = _dataset(text)
        try:
            tracks = Corpus(folder).tracks
        except (OSError, ValueError) as error:
            raise DatasetError(f"{folder} cannot be read as a dataset: {error}") from error
        place = (kept or folder / HEARD) / _ear()
        for track in tracks:
            name = f"{folder.name}/{track.group}/{track.path}"
            if track.split != "test" and wanted(track.labels) and _chance(f"taken {name}") < share:
                valid = track.split == "valid" if valid_share is None else _is_valid(track, valid_share)
                file = place / f"{track.sha256}.npz"
                found.append(Recording(name, folder / AUDIO, track.offset, track.samples, track.labels, valid, file))
    return found


def _dataset(text: str) -> tuple[Path, float]:
    whole = ":" not in text or Path(text).is_dir()  # a folder's name may hold a colon
    place, _, share = (text, "", "1") if whole else text.rpartition(":")
    if not Path(place).is_dir():
        raise DatasetError(f"{place}: there is no dataset in this folder (make one with segue-dataset)")
    try:
        number = float(share)
    except ValueError:
        number = math.nan
    if not 0 < number <= 1:
        raise DatasetError(f"{text}: after the colon the share of the recordings should follow, above 0 and up to 1")
    return Path(place), number


def _is_valid(track: Track, share: float) -> bool:
    return _chance(f"valid {track.group}") < share


def _chance(text: str) -> float:
    """A number from 0 up to 1 that is always the same for a text."""
    return zlib.crc32(text.encode(errors="surrogateescape")) / 2**32


@cache
def _ear() -> str:
    """A name for the daemon's way to hear: the print of what it hears in a probe. Another way, another name."""
    time = np.arange(_PROBE_SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    probe = np.sin(2 * np.pi * 110.0 * time) + np.sin(2 * np.pi * 415.3 * time) * (time % 0.5 < 0.1)
    heard = hear((0.3 * probe).astype(np.float32))
    parts = (
        np.round(part, 1).tobytes() + str(part.shape).encode() for part in heard
    )  # processors differ in the last bits
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def hear(samples: Waveform) -> Heard:
    """How samples at 16 kHz, shape (samples,), sound to the daemon."""
    meter, finder = OnsetMeter(), KeyFinder()
    blocks = [samples[first : first + _BLOCK] for first in range(0, len(samples), _BLOCK)]
    for power in stft_stream(blocks):
        meter.add(mel_db(power, CRNN_MELS))
    for block in blocks:
        finder.add(block)
    return Heard(meter.result(), finder.pitches())


def recall(recording: Recording) -> Heard:
    """How a recording sounds: as it is kept, or heard now and then kept. Raises OSError when it cannot be."""
    try:
        with recording.place.open("rb") as source, np.load(source) as kept:
            return Heard(kept["onsets"].astype(np.float32), kept["pitches"].astype(np.float32))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        pass  # not there yet, or what a full disk left of it
    audio = np.memmap(recording.audio, np.int16, "r", recording.offset * 2, (recording.samples,))
    heard = hear(audio.astype(np.float32) / np.float32(32768.0))
    recording.place.parent.mkdir(parents=True, exist_ok=True)
    partial_file = recording.place.with_suffix(f".{os.getpid()}.part")
    try:
        with partial_file.open("wb") as file:
            np.savez_compressed(file, onsets=heard.onsets.astype(np.float16), pitches=heard.pitches.astype(np.float16))
        partial_file.replace(recording.place)
    except OSError:
        partial_file.unlink(missing_ok=True)
        raise
    return _rounded(heard)


def _rounded(heard: Heard) -> Heard:
    """The same as it is kept."""
    return Heard(*(part.astype(np.float16).astype(np.float32) for part in heard))


def each(recordings: Sequence[Recording], make: Callable[[Recording, Heard], Made], workers: int) -> Iterator[Made]:
    """What `make`, a function of a module, makes of each recording, in their order, by so many processes.

    Raises DatasetError when a dataset cannot be read, or the disk is full.
    """
    work = partial(_make, make)
    if workers <= 1:
        yield from map(work, recordings)
        return
    remaining = iter(recordings)
    with processes(workers) as pool:
        futures = deque(pool.submit(work, one) for one in islice(remaining, workers * _AHEAD))
        while futures:
            try:
                made = futures.popleft().result()
            except BrokenProcessPool as error:
                raise DatasetError(
                    "a process that listened has died, perhaps for want of memory; try fewer --workers"
                ) from error
            yield made
            futures.extend(pool.submit(work, one) for one in islice(remaining, 1))


def _make(make: Callable[[Recording, Heard], Made], recording: Recording) -> Made:
    try:
        heard = recall(recording)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{recording.name} cannot be heard, or not be kept: {error}") from error
    return make(recording, heard)
