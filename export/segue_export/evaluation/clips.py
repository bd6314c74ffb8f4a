"""What is evaluated: the tracks of a dataset, or the audio files of a folder with one sub-folder for each genre."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from segue.audio.decode import decode
from segue.audio.formats import is_audio_name
from segue.frontend.constants import SAMPLE_RATE
from segue.frontend.mel import Waveform
from segue_export.evaluation.genres import genre_of
from segue_export.shards import AUDIO, Corpus, Track, TrackLabels, is_dataset

NO_LABELS: Final = TrackLabels()


@dataclass(frozen=True)
class Clip:
    """One recording; where its sound is, and what is known of it."""

    name: str
    group: str
    """Album, package or artist; the clip's own name when nothing is known."""
    genre: str | None
    """Genre, style or name of the sub-folder: what the retrieval figures call alike."""
    labels: TrackLabels
    digest: str
    """Changes when the sound does."""
    file: Path
    """An audio file, or the shard of a dataset."""
    offset: int | None = None
    """First sample in the shard; None: `file` is an audio file of its own."""
    samples: int = 0

    def wave(self) -> Waveform:
        """Samples at 16 kHz in -1..1, float32 (samples,). Raises the errors of `segue.audio.decode` for a file."""
        if self.offset is None:
            return decode(self.file)
        shard = np.memmap(self.file, dtype=np.int16, mode="r")
        return shard[self.offset : self.offset + self.samples].astype(np.float32) / np.float32(32768.0)


def read_clips(source: Path, split: str | None = None, genre: str = "style") -> list[Clip]:
    """The clips of a dataset folder (those of one split; None: of all), or of a folder of audio files.

    `genre` says what a dataset's clips are compared by: ``style``, ``genre`` (the genre that the style or the first tag means:
    `segue_export.evaluation.genres`), ``group``, or ``tag:a,b,c`` (which of these tags a clip has; clips with none or several
    have no genre). Raises ValueError with advice when there is nothing to evaluate.
    """
    if is_dataset(source):
        return _of_dataset(source, split, genre)
    if not source.is_dir():
        raise ValueError(f"{source} is neither a dataset nor a folder of audio files: check the path")
    return _of_folder(source)


def _of_dataset(folder: Path, split: str | None, genre: str) -> list[Clip]:
    corpus = Corpus(folder, split)
    shard = folder / AUDIO
    return [
        Clip(
            name=f"{track.group}/{track.path}",
            group=track.group,
            genre=_genre(track, genre),
            labels=track.labels,
            digest=track.sha256,
            file=shard,
            offset=track.offset,
            samples=track.samples,
        )
        for track in corpus.tracks
    ]


def _genre(track: Track, rule: str) -> str | None:
    if rule == "style":
        return track.labels.style
    if rule == "genre":
        return known_genre(track.labels.style, track.labels)
    if rule == "group":
        return track.group
    if not rule.startswith("tag:"):
        raise ValueError(f"clips cannot be compared by {rule!r}: give style, genre, group or tag:a,b,c")
    found = [tag for tag in rule.removeprefix("tag:").split(",") if tag in track.labels.tags]
    return found[0] if len(found) == 1 else None


def known_genre(name: str | None, labels: TrackLabels) -> str | None:
    """The known genre of a clip, by its style or folder, or else by its first tag that is a genre."""
    return next((genre for text in (name or "", *labels.tags) if (genre := genre_of(text)) is not None), None)


def _of_folder(folder: Path) -> list[Clip]:
    files = sorted(path for path in folder.rglob("*") if is_audio_name(path.name) and path.is_file())
    if not files:
        raise ValueError(f"{folder} holds no audio files: give a folder with one sub-folder of audio for each genre")
    return [_of_file(path, folder) for path in files]


def _of_file(path: Path, folder: Path) -> Clip:
    below = path.relative_to(folder)
    genre = below.parts[0] if len(below.parts) > 1 else None
    # Deeper folders are albums; files that lie in the genre's folder itself belong to nobody.
    group = str(below.parent) if len(below.parts) > 2 else str(below)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Clip(name=str(below), group=group, genre=genre, labels=NO_LABELS, digest=digest, file=path)


def middle(wave: Waveform, seconds: float) -> Waveform:
    """The middle of a waveform, no longer than so many seconds."""
    length = round(seconds * SAMPLE_RATE)
    start = max(len(wave) - length, 0) // 2
    return wave[start : start + length]


def evenly(clips: Sequence[Clip], limit: int | None) -> list[Clip]:
    """At most so many of the clips, spread evenly over them; None: all."""
    if limit is None or limit >= len(clips):
        return list(clips)
    if limit < 1:
        raise ValueError(f"{limit} clips are too few: give --limit a number above zero")
    return [clips[int(place)] for place in np.linspace(0, len(clips) - 1, limit).round()]
