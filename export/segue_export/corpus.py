"""Build the free-music corpus from Debian packages: ``segue-dataset corpus --out DIR``.

Packages are fetched (``apt-get download``), unpacked (``dpkg -x``), searched for music, decoded to 16 kHz mono, de-duplicated
by their decoded audio, and written to ``DIR/audio.i16`` with ``DIR/manifest.csv`` beside it. Every step may be interrupted
and the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from importlib import resources
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from segue_export.datasets import build as building
from segue_export.datasets.build import DatasetError
from segue_export.datasets.items import Item
from segue_export.datasets.progress import Progress
from segue_export.interrupts import interruptible
from segue_export.licences import Licences
from segue_export.music_files import find_music

HELD_OUT: Final = ("lmms-common", "fretsonfire-songs-*")
"""Packages kept for evaluation by others: never trained or tuned on."""
_ORIGIN: Final = "origin"


@interruptible("interrupted; the same command goes on where it stopped")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m segue_export.corpus", description=__doc__)
    add_arguments(parser)
    try:
        return run(parser.parse_args(arguments))
    except DatasetError as error:
        print(error, file=sys.stderr)
        return 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--out", type=Path, required=True, help="the corpus folder")
    parser.add_argument(
        "--packages", type=Path, help="a file of Debian package names, one a line (default: Segue's list)"
    )
    parser.add_argument("--debs", type=Path, help="a folder of packages fetched before (default: OUT/debs)")
    parser.add_argument("--not-in", type=Path, action="append", default=[], help="leave out what this dataset has")
    parser.add_argument("--workers", type=int, default=2, help="decoding processes (default: 2)")


def run(options: argparse.Namespace) -> int:
    """Fetch, unpack and decode. Raises DatasetError."""
    names = package_names(options.packages)
    refused = [name for name in names if is_held_out(name)]
    if refused:
        print(f"left out, because they are kept for evaluation: {' '.join(refused)}", file=sys.stderr)
    names = [name for name in names if not is_held_out(name)]
    missing: list[str] = []
    with Progress("packages", len(names)) as progress:
        folders = _unpacked(names, options.debs or options.out / "debs", options.out / "unpacked", missing)
        folders = progress.count(folders)
        counts = build(folders, options.out, options.workers, progress, options.not_in)
    if missing:
        print(f"not in the package lists of this system, left out: {' '.join(missing)}", file=sys.stderr)
    print(", ".join(f"{count} {status}" for status, count in counts.most_common()) or "nothing new")
    return 0


def package_names(path: Path | None) -> list[str]:
    """Names in a file, one a line, ``#`` begins a comment; without a file, those of Segue's own list.

    Raises DatasetError when the file cannot be read.
    """
    try:
        source = path or resources.files("segue_export.datasets") / "packages.txt"
        lines = source.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"the list of packages cannot be read: {error}") from error
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def is_held_out(package: str) -> bool:
    """Whether a package is kept for evaluation."""
    return any(fnmatch(package, pattern) for pattern in HELD_OUT)


def build(
    folders: Iterable[Path],
    out: Path,
    workers: int = 1,
    progress: Progress | None = None,
    not_in: Sequence[Path] = (),
) -> Counter[str]:
    """Decode the music of unpacked packages (one folder each, named as the package) into a corpus; counts by status."""
    items = (item for folder in folders for item in music_of(folder))
    report = None if progress is None else progress.report
    return building.build(items, out, workers=workers, report=report, not_in=not_in)


def music_of(folder: Path) -> Iterator[Item]:
    """The music in an unpacked package, with the licence of each file."""
    licences = Licences(folder)
    origin = folder / _ORIGIN
    source = origin.read_text().strip() if origin.is_file() else folder.name
    for file in find_music(folder):
        yield Item(folder.name, file.name, file.path, file.member, licence=licences.of(file.name), source=source)


def _unpacked(names: Iterable[str], debs: Path, unpacked: Path, missing: list[str]) -> Iterator[Path]:
    for name in names:
        folder = _unpack(name, debs, unpacked)
        if folder is None:
            missing.append(name)
        else:
            yield folder


def _unpack(package: str, debs: Path, unpacked: Path) -> Path | None:
    folder = unpacked / package
    if folder.is_dir():
        return folder
    deb = _fetch(package, debs)
    if deb is None:
        return None
    partial = unpacked / f"{package}.part"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        done = subprocess.run(["dpkg", "-x", str(deb), str(partial)], check=False, capture_output=True, text=True)
        (partial / _ORIGIN).write_text(_origin(deb))
    except OSError as error:
        raise DatasetError(f"{deb.name} cannot be unpacked into {unpacked}: {error}") from error
    if done.returncode != 0:
        raise DatasetError(
            f"{deb} cannot be unpacked: {done.stderr.strip()}. If the disk is full, make room; else delete the file; then run the command again"
        )
    return partial.rename(folder)


def _origin(deb: Path) -> str:
    """``name version`` of a package, from its file's name."""
    name, _, rest = deb.stem.partition("_")
    return f"{name} {unquote(rest.rpartition('_')[0])}".strip()


def _fetch(package: str, debs: Path) -> Path | None:
    """The package's file, fetched if it is not there; None when the system's package lists do not have it."""
    partial = debs / "partial"
    try:
        partial.mkdir(parents=True, exist_ok=True)
        if found := sorted(debs.glob(f"{package}_*.deb")):
            return found[-1]
        subprocess.run(["apt-get", "download", package], cwd=partial, check=True, capture_output=True)
    except FileNotFoundError as error:
        raise DatasetError(f"apt-get is needed to fetch {package}; or give --debs a folder that has it") from error
    except OSError as error:
        raise DatasetError(f"{debs} cannot be written: {error}") from error
    except subprocess.CalledProcessError:
        return None
    # A download that was interrupted stays in `partial`, where apt-get finds it and goes on.
    done = sorted(partial.glob(f"{package}_*.deb"))
    return done[-1].rename(debs / done[-1].name) if done else None


if __name__ == "__main__":
    sys.exit(main())
