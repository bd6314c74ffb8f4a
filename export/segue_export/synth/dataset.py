"""Many clips into a dataset folder, and into sound files with their truth beside them."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import soxr

from segue.frontend.constants import SAMPLE_RATE
from segue_export.datasets.build import DatasetError
from segue_export.shards import MANIFEST, ShardWriter, read_manifest
from segue_export.synth import clips, finishing, sound
from segue_export.synth.composition import RATE, Composition, Sources
from segue_export.synth.fluid import ToolError
from segue_export.synth.styles import Style

TRUTH: Final = ("path", "tempo", "key", "key_trusted", "metre", "style", "cents")
"""Columns of ``truth.csv``; what is not known is empty.

``key_trusted`` is ``yes`` where the chords tell the key (`segue_export.synth.plain_key`) and ``no`` where only the composer
knows it; ``cents`` is how far the tuning is from A at 440 Hz.
"""
FORMATS: Final = (
    (".mp3", "mp3", "libmp3lame", 128_000),
    (".flac", "flac", "flac", None),
    (".ogg", "ogg", "libopus", 96_000),
    (".m4a", "mp4", "aac", 128_000),
)
"""Suffix, container, encoder and bit rate of the sound files, in rotation."""
_FILE_RATE: Final = 44_100
_FAILURES: Final = 5
"""So many clips in a row that fail: then it is not the clips."""


@dataclass
class Tally:
    """What has been rendered: seconds by style, and how many clips carry which voice."""

    seconds: dict[str, float] = field(default_factory=dict)
    voices: Counter[str] = field(default_factory=Counter)
    clips: int = 0
    bad: int = 0


def render(
    out: Path,
    seed: int,
    styles: Sequence[Style],
    sources: Sources,
    *,
    wanted: int | None = None,
    hours: float | None = None,
    full: Path | None = None,
    report: Callable[[Tally], None] | None = None,
) -> Tally:
    """Render clips of a seed into a dataset folder until there are `wanted` of them, or `hours` in all.

    Run again it goes on after the last whole clip. With `full`, each clip is also written there as a sound file, and
    ``truth.csv`` says what is true of it. A clip that fails is noted as bad. Raises DatasetError when the disk is full, or
    one clip after the other fails.
    """
    try:
        writer = ShardWriter(out)
        files = _Files(full) if full is not None else None
        return _render(writer, _held(out, seed), seed, styles, sources, wanted, hours, files, report)
    except OSError as error:
        raise DatasetError(f"{out} cannot be written: {error}; what is there stays whole") from error


def _render(
    writer: ShardWriter,
    done: float,
    seed: int,
    styles: Sequence[Style],
    sources: Sources,
    wanted: int | None,
    hours: float | None,
    files: _Files | None,
    report: Callable[[Tally], None] | None,
) -> Tally:
    tally, row = Tally(), 0
    for number, name in _todo(writer, seed, wanted):
        if hours is not None and done + sum(tally.seconds.values()) >= hours * 3600:
            break
        try:
            made, rng = clips.clip(seed, number, styles, sources)
        except ToolError as error:
            writer.add(name, name, "", "", f"bad: {error}")
            tally.bad, row = tally.bad + 1, row + 1
            if row >= _FAILURES:
                raise DatasetError(f"{row} clips one after the other failed; the last said: {error}") from error
            continue
        row = 0
        if files is not None:
            files.add(name, number, made)
        samples = finishing.samples(made, rng)
        licences = "; ".join(dict.fromkeys(credit.licence for credit in made.credits))
        origin = "; ".join(dict.fromkeys(credit.source for credit in made.credits))
        digest = hashlib.sha256(samples.tobytes()).hexdigest()
        writer.add(name, name, licences, digest, samples, source=origin, labels=clips.labels(made))
        tally.clips += 1
        before = tally.seconds.get(made.style.name, 0.0)
        tally.seconds[made.style.name] = before + len(samples) / SAMPLE_RATE
        tally.voices[made.manner or "none"] += 1
        if report is not None:
            report(tally)
    return tally


def _todo(writer: ShardWriter, seed: int, wanted: int | None) -> Iterator[tuple[int, str]]:
    for number in count() if wanted is None else range(wanted):
        name = f"synth-{seed}-{number:05d}"
        if (name, name) not in writer.known:
            yield number, name


def _held(out: Path, seed: int) -> float:
    """Seconds of a seed's clips that a folder holds."""
    rows = read_manifest(out / MANIFEST)
    return sum(row.seconds for row in rows if row.status == "ok" and row.group.startswith(f"synth-{seed}-"))


class _Files:
    """Clips as sound files in a folder, with ``truth.csv``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._truth = folder, folder / "truth.csv"
        if not self._truth.exists():
            self._truth.write_text(",".join(TRUTH) + "\n")
        with self._truth.open(newline="") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ()) != TRUTH:
                raise DatasetError(
                    f"{self._truth} has other columns than this version writes: give --full a new folder"
                )
            self._known = {row["path"] for row in rows}

    def add(self, name: str, number: int, made: Composition) -> None:
        """Write a clip's file, and then its row unless it has one."""
        suffix, container, codec, bit_rate = FORMATS[number % len(FORMATS)]
        path = self._folder / (name + suffix)
        wave = sound.as_wave(soxr.resample(made.wave, RATE, _FILE_RATE, "HQ"))
        path.write_bytes(sound.encode(wave, _FILE_RATE, container, codec, bit_rate))
        if path.name in self._known:
            return
        tempo = round(made.tempo, 4) if made.tempo else ""
        row = (
            path.name,
            tempo,
            made.key.name if made.key else "",
            ("no", "yes")[made.key_trusted] if made.key else "",
            made.metre or "",
            made.style.name,
            round(made.cents, 1),
        )
        with self._truth.open("a", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(row)
        self._known.add(path.name)
