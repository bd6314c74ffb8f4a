"""Make a dataset, or look at one: ``segue-dataset folder|csv|spotify|mtat|jamendo|msd|corpus|synth|info|export``.

A dataset is a folder with ``audio.i16`` (16 kHz mono, all tracks one after another) and ``manifest.csv``. Every command that
makes one may be interrupted; the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console

from segue_export import corpus
from segue_export.datasets.build import DatasetError, build, pending, relabel
from segue_export.datasets.csv_table import CsvOptions, plan_csv
from segue_export.datasets.folder import GROUPINGS, FolderOptions, plan_folder
from segue_export.datasets.info import show, summarise
from segue_export.datasets.items import Limits, Plan, set_apart
from segue_export.datasets.jamendo import SUBSETS, JamendoOptions, plan_jamendo
from segue_export.datasets.magnatagatune import MagnaTagATuneOptions, plan_magnatagatune
from segue_export.datasets.million_song import MillionSongOptions, plan_million_song
from segue_export.datasets.parquet import write_rows
from segue_export.datasets.progress import Progress
from segue_export.datasets.spotify import SpotifyOptions, plan_spotify
from segue_export.datasets.tables import POLICIES
from segue_export.interrupts import interruptible
from segue_export.shards import FIELDS, cells, read_tracks, write_manifest

Run = Callable[[argparse.Namespace], int]


@interruptible("interrupted; the same command goes on where it stopped")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser, synth = _parser()
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["synth"]:
        # Its options are those of a module that needs more than the other commands.
        try:
            command = import_module("segue_export.synth.command")
        except ImportError as error:
            print(f"segue-dataset synth needs more: pip install 'segue-dj[export]' ({error})", file=sys.stderr)
            return 1
        command.add_arguments(synth)
        synth.set_defaults(run=command.run)
    options = parser.parse_args(given)
    run: Run = options.run
    try:
        return run(options)
    except DatasetError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1


def _parser() -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    parser = argparse.ArgumentParser(prog="segue-dataset", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_folder(commands)
    _add_csv(commands)
    _add_spotify(commands)
    _add_published(commands)
    free = commands.add_parser("corpus", help="free music from Debian packages", description=corpus.__doc__)
    corpus.add_arguments(free)
    free.set_defaults(run=corpus.run)
    synth = commands.add_parser("synth", help="synthesised music with exact labels")
    info = commands.add_parser("info", help="what a dataset holds")
    info.add_argument("dataset", type=Path)
    info.add_argument("--all", action="store_true", help="whole lists, not only their beginning")
    info.set_defaults(run=_info)
    export = commands.add_parser("export", help="write a dataset's manifest as Parquet or CSV")
    export.add_argument("dataset", type=Path)
    export.add_argument("file", type=Path, help="what to write: a .parquet or .csv file")
    export.set_defaults(run=_export)
    return parser, synth


def _add_folder(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("folder", help="a folder of audio with tags of your own")
    parser.add_argument("audio", type=Path)
    parser.add_argument("--no-genres", action="store_true", help="genres in the files' tags are no tags")
    parser.add_argument("--folder-tags", action="store_true", help="names of sub-folders are tags")
    parser.add_argument("--tempo-and-key", action="store_true", help="take tempo and key from the files' tags")
    parser.add_argument(
        "--group", choices=GROUPINGS, default="folder", help="what stays in one split (default: folder)"
    )
    _add_common(parser, licence=True)
    parser.set_defaults(run=_folder)


def _add_csv(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("csv", help="a table (.csv, .tsv, .parquet) with a path and labels in each row")
    parser.add_argument("table", type=Path)
    parser.add_argument("--audio", type=Path, required=True, help="the folder that paths are relative to")
    parser.add_argument(
        "--tag-columns", help="columns that are tags, with 0 or 1, as in 'jazz,rock' (default: all that fit)"
    )
    parser.add_argument("--separator", default="|", help="between tags in one cell (default: |)")
    parser.add_argument("--complete", action="store_true", help="a tag that a row does not list does not hold")
    _add_common(parser, licence=True, bad_rows=True)
    parser.set_defaults(run=_csv)


def _add_spotify(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("spotify", help="a table of Spotify's audio features, raw or binarised")
    parser.add_argument("table", type=Path)
    parser.add_argument("--audio", type=Path, required=True, help="files named by track id, or by artist and title")
    parser.add_argument("--splits", type=Path, help="a folder with train.csv, val.csv and test.csv")
    _add_common(parser, licence=True, bad_rows=True)
    parser.set_defaults(run=_spotify)


def _add_published(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    mtat = commands.add_parser("mtat", help="MagnaTagATune")
    mtat.add_argument("metadata", type=Path, help="the folder with annotations_final.csv and clip_info_final.csv")
    mtat.add_argument("--lists", type=Path, help="a folder of split lists, instead of the usual split")
    mtat.add_argument("--top", type=int, default=50, help="how many tags are kept, 0 for all (default: 50)")
    _add_common(mtat, bad_rows=True, audio=True)
    mtat.set_defaults(run=_mtat)
    jamendo = commands.add_parser("jamendo", help="MTG-Jamendo")
    jamendo.add_argument("metadata", type=Path, help="the repository of the data set")
    jamendo.add_argument("--subset", choices=SUBSETS, default=JamendoOptions.subset)
    jamendo.add_argument("--split", type=int, choices=range(5), default=0, help="which of the five splits (default: 0)")
    _add_common(jamendo, bad_rows=True, audio=True)
    jamendo.set_defaults(run=_jamendo)
    msd = commands.add_parser("msd", help="the Million Song Dataset with Last.fm tags")
    msd.add_argument("metadata", type=Path, help="the folder of split lists and tags (no pickles)")
    msd.add_argument("--paths", type=Path, help="a table of MSD ids and paths (default: files named by id)")
    msd.add_argument("--artists", type=Path, help="a table of MSD ids and artists, for the groups")
    _add_common(msd, audio=True)
    msd.set_defaults(run=_msd)


def _add_common(
    parser: argparse.ArgumentParser, *, licence: bool = False, bad_rows: bool = False, audio: bool = False
) -> None:
    if audio:
        parser.add_argument("--audio", type=Path, required=True, help="the folder of audio")
    if licence:
        parser.add_argument(
            "--test-every", type=int, default=0, help="one group in so many is for testing (default: none)"
        )
        parser.add_argument("--licence", default="", help="of the recordings, for the manifest")
    if bad_rows:
        parser.add_argument(
            "--bad-rows", choices=POLICIES, default="stop", help="what to do about them (default: stop)"
        )
    parser.add_argument("--out", type=Path, required=True, help="the dataset folder")
    parser.add_argument("--min-seconds", type=float, default=20.0, help="leave out what is shorter (default: 20)")
    parser.add_argument(
        "--max-minutes", type=float, default=20.0, help="of a longer recording take so much (default: 20)"
    )
    parser.add_argument("--not-in", type=Path, action="append", default=[], help="leave out what this dataset has")
    parser.add_argument("--workers", type=int, default=2, help="decoding processes (default: 2)")


def _folder(options: argparse.Namespace) -> int:
    wanted = FolderOptions(
        not options.no_genres, options.folder_tags, options.tempo_and_key, options.group, options.licence
    )
    return _make(plan_folder(options.audio, wanted, _watched), options)


def _watched(paths: Sequence[Path]) -> Iterator[Path]:
    """Show how far the reading of the files' tags is."""
    with Progress("files looked at", len(paths)) as progress:
        yield from progress.count(paths)


def _csv(options: argparse.Namespace) -> int:
    tags = None if options.tag_columns is None else [name.strip() for name in options.tag_columns.split(",")]
    wanted = CsvOptions(options.bad_rows, tags, options.separator, options.complete, options.licence)
    return _make(plan_csv(options.table, options.audio, wanted), options)


def _spotify(options: argparse.Namespace) -> int:
    wanted = SpotifyOptions(options.bad_rows, options.splits, options.licence, options.out / "unmatched.csv")
    return _make(plan_spotify(options.table, options.audio, wanted), options)


def _mtat(options: argparse.Namespace) -> int:
    wanted = MagnaTagATuneOptions(options.top, options.lists, options.bad_rows)
    return _make(plan_magnatagatune(options.metadata, options.audio, wanted), options)


def _jamendo(options: argparse.Namespace) -> int:
    wanted = JamendoOptions(options.subset, options.split, options.bad_rows)
    return _make(plan_jamendo(options.metadata, options.audio, wanted), options)


def _msd(options: argparse.Namespace) -> int:
    wanted = MillionSongOptions(options.paths, options.artists)
    return _make(plan_million_song(options.metadata, options.audio, wanted), options)


def _make(plan: Plan, options: argparse.Namespace) -> int:
    """Build what was planned, and say how it went."""
    for note in plan.notes:
        print(note, flush=True)
    plan.items = set_apart(plan.items, getattr(options, "test_every", 0))
    try:
        items = pending(plan.items, options.out)
    except ValueError as error:
        raise DatasetError(f"{options.out} cannot be used as a dataset folder: {error}") from error
    if len(items) < len(plan.items):
        there = f"{len(plan.items) - len(items)} of {len(plan.items)} recordings are there already"
        print(f"{there}, {relabel(plan.items, options.out)} of them with other labels now", flush=True)
    limits = Limits(options.min_seconds, options.max_minutes * 60)
    with Progress("recordings", len(items)) as progress:
        counts = build(
            items, options.out, limits=limits, workers=options.workers, report=progress.step, not_in=options.not_in
        )
    print(", ".join(f"{count} {status}" for status, count in counts.most_common()) or "nothing new")
    print(f"{options.out}: {sum(summarise(options.out).hours.values()):.2f} hours")
    return 0


def _info(options: argparse.Namespace) -> int:
    width = shutil.get_terminal_size().columns
    summary = summarise(options.dataset)
    show(summary, Console(width=width, highlight=False), most=sys.maxsize if options.all else 15)
    return 0


def _export(options: argparse.Namespace) -> int:
    try:
        rows = read_tracks(options.dataset)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{options.dataset} cannot be read as a dataset: {error}") from error
    if options.file.suffix == ".parquet":
        write_rows(options.file, FIELDS, (tuple(cells(row)) for row in rows))
    elif options.file.suffix == ".csv":
        write_manifest(options.file, rows)
    else:
        raise DatasetError(f"{options.file} should end in .parquet or .csv")
    print(f"{len(rows)} rows in {options.file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
