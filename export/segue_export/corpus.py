"""Build the free-music corpus from Debian packages: ``python -m segue_export.corpus --packages FILE --out DIR``.

Packages are fetched (``apt-get download``), unpacked (``dpkg -x``), searched for music, decoded to 16 kHz mono, de-duplicated
by their decoded audio, and written to ``DIR/audio.i16`` with ``DIR/manifest.csv`` beside it. Every step may be interrupted
and the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import numpy as np

from segue.frontend.constants import SAMPLE_RATE
from segue_export.decode import Samples, UndecodableError, decode
from segue_export.music_files import MusicFile, find_music, licence
from segue_export.shards import Corpus, ShardWriter

MIN_SECONDS = 20
"""Shorter clips are jingles and effects."""
HELD_OUT = ("lmms-common", "fretsonfire-songs-*")
"""Packages kept for evaluation by others: never trained or tuned on."""


class Job(NamedTuple):
    """A file to decode."""

    package: str
    file: MusicFile


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(arguments)
    names = [name for name in options.packages.read_text().split() if not name.startswith("#")]
    refused = [name for name in names if is_held_out(name)]
    if refused:
        print(f"left out, because they are kept for evaluation: {' '.join(refused)}", file=sys.stderr)
    names = [name for name in names if not is_held_out(name)]
    debs = options.debs or options.out / "debs"
    unpacked = [folder for name in names if (folder := _unpack(name, debs, options.out / "unpacked"))]
    counts = build(unpacked, options.out, options.workers)
    print(", ".join(f"{count} {status}" for status, count in counts.most_common()))
    for split in ("train", "valid"):
        corpus = Corpus(options.out, split)
        print(f"{split}: {len(corpus)} tracks, {corpus.hours:.2f} hours")
    return 0


def is_held_out(package: str) -> bool:
    """Whether a package is kept for evaluation."""
    return any(fnmatch(package, pattern) for pattern in HELD_OUT)


def build(folders: list[Path], out: Path, workers: int = 1) -> Counter[str]:
    """Decode the music of unpacked packages (one folder each, named as the package) into a corpus; counts by status."""
    writer = ShardWriter(out)
    counts: Counter[str] = Counter()
    for number, folder in enumerate(folders, 1):
        jobs = [Job(folder.name, file) for file in find_music(folder)]
        jobs = [job for job in jobs if (job.package, job.file.name) not in writer.known]
        terms = licence(folder)
        for job, sha256, samples in _decoded(jobs, workers):
            status = writer.add(job.package, job.file.name, terms, sha256, samples)
            counts[status.split(":")[0]] += 1
            if status.startswith("bad"):
                print(f"  {job.package}: {job.file.name}: {status}", file=sys.stderr)
        print(f"[{number}/{len(folders)}] {folder.name}: {len(jobs)} files", flush=True)
    return counts


def _decoded(jobs: list[Job], workers: int) -> Iterator[tuple[Job, str, Samples | str]]:
    if workers <= 1 or len(jobs) < 2:
        yield from map(_decode_job, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(_decode_job, jobs, chunksize=1)


def _decode_job(job: Job) -> tuple[Job, str, Samples | str]:
    try:
        samples = decode(job.file.read())
    except (UndecodableError, OSError, zipfile.BadZipFile) as error:
        return job, "", f"bad: {error}"
    sha256 = hashlib.sha256(samples.tobytes()).hexdigest()
    if len(samples) < MIN_SECONDS * SAMPLE_RATE:
        return job, sha256, "short"
    if np.abs(samples).max() < 64:
        return job, sha256, "silent"
    return job, sha256, samples


def _unpack(package: str, debs: Path, unpacked: Path) -> Path | None:
    folder = unpacked / package
    if folder.is_dir():
        return folder
    deb = _fetch(package, debs)
    if deb is None:
        print(f"{package}: not in the package lists of this system, left out", file=sys.stderr)
        return None
    partial = unpacked / f"{package}.part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    subprocess.run(["dpkg", "-x", str(deb), str(partial)], check=True)
    return partial.rename(folder)


def _fetch(package: str, debs: Path) -> Path | None:
    debs.mkdir(parents=True, exist_ok=True)
    if not (found := sorted(debs.glob(f"{package}_*.deb"))):
        done = subprocess.run(["apt-get", "download", package], cwd=debs, check=False, capture_output=True)
        found = sorted(debs.glob(f"{package}_*.deb")) if done.returncode == 0 else []
    return found[-1] if found else None


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m segue_export.corpus", description=__doc__)
    parser.add_argument("--packages", type=Path, required=True, help="a file of Debian package names, one a line")
    parser.add_argument("--out", type=Path, required=True, help="the corpus folder")
    parser.add_argument("--debs", type=Path, help="a folder of packages fetched before (default: OUT/debs)")
    parser.add_argument("--workers", type=int, default=2, help="decoding processes (default: 2)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
