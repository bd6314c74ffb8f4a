"""``segue-evaluate``: how good a set of models is on a collection."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import segue
from segue.errors import SegueError
from segue.networks.models import ModelSet, models_dir
from segue_export.evaluation import recommend_main
from segue_export.evaluation.clips import evenly, read_clips
from segue_export.evaluation.collection import SEGUE, Collection, gather, read_lines
from segue_export.evaluation.listeners import Listener, Mfcc, Segue, Taught
from segue_export.evaluation.listening import Archive, Task, listen
from segue_export.evaluation.measure import measure
from segue_export.evaluation.output import About, print_report, progress, write_report
from segue_export.evaluation.plots import draw
from segue_export.evaluation.record import record
from segue_export.interrupts import interruptible
from segue_export.teachers import NAMES

SUGGESTIONS: Final = "recommend"
"""First word of a call that evaluates suggestions; a folder of this name is given as ``./recommend``."""
_LINES: Final = {".json", ".jsonl", ".ndjson"}


@interruptible("interrupted; what was heard is kept, and the same command goes on from there")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [SUGGESTIONS]:
        return recommend_main.main(given[1:])
    options = _options(given)
    try:
        collection, about = _collect(options)
        tables = measure(collection)
    except (ValueError, OSError, SegueError) as error:
        print(f"segue-evaluate: {error}", file=sys.stderr)
        return 1
    plots = [] if options.no_plots else draw(collection, tables, options.out)
    write_report(options.out, "report", "Evaluation", about, tables, plots)
    print_report(tables, about, as_json=options.json)
    if options.record:
        names = record(options.models, options.record, tables, by_group=options.by == "group")
        print(f"recorded in {options.models}: {', '.join(names)}", file=sys.stderr)
    return 0


def _collect(options: argparse.Namespace) -> tuple[Collection, About]:
    source: Path = options.source
    if source.is_file() and source.suffix in _LINES:
        lines = read_lines(source)
        collection, errors = gather(lines.clips, {SEGUE: lines.answers})
        model = lines.model
    else:
        clips = evenly(read_clips(source, None if options.split == "all" else options.split, options.by), options.limit)
        listeners, teachers = _listeners(options)
        archive = Archive(options.out / "cache")
        tasks = {
            listener.name: Task(listener, options.seconds, "excerpts" if options.segments else "")
            for listener in listeners
        }
        heard = {name: listen(clips, task, archive, options.jobs, progress()) for name, task in tasks.items()}
        collection, errors = gather(clips, heard, teachers)
        model = ModelSet.load(options.models or models_dir()).id
    for error in errors:
        print(f"left out: {error}", file=sys.stderr)
    about: About = {
        "source": source.resolve().name,
        "split": options.split,
        "clips": len(collection.clips),
        "left_out": len(errors),
        "model": model,
        "segue": segue.__version__,
        "seconds": options.seconds,
        "teachers": list(collection.teachers),
    }
    return collection, about


def _listeners(options: argparse.Namespace) -> tuple[list[Listener], list[str]]:
    listeners: list[Listener] = [Segue(options.models or models_dir()), *([Mfcc()] if options.baseline else [])]
    if options.teachers is None:
        return listeners, []
    if not (options.teachers / "teachers.py").is_file():
        raise ValueError(
            f"{options.teachers} holds no teachers.py: see docs/models.md for what a folder of teachers is"
        )
    names = options.teacher or list(NAMES)
    return [*listeners, *(Taught(name, options.teachers, options.out / "teachers") for name in names)], names


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="segue-evaluate",
        description=__doc__,
        epilog="`segue-evaluate recommend --help`: how good the suggestions are, on your own history or on made-up nights",
    )
    parser.add_argument(
        "source",
        type=Path,
        help="a dataset, a folder with one sub-folder of audio for each genre, or a .jsonl file of `segue analyse --json --vector`",
    )
    parser.add_argument("--models", type=Path, help="folder of exported models (default: the shipped ones)")
    parser.add_argument("--teachers", type=Path, help="folder of teachers to compare with (docs/models.md)")
    parser.add_argument("--teacher", action="append", help="only this teacher; may be repeated")
    parser.add_argument("--split", default="test", help="train, valid, test or all (default: test)")
    parser.add_argument(
        "--by",
        default="style",
        help="what makes a dataset's clips alike: style, genre, group or tag:a,b,c (default: style)",
    )
    parser.add_argument("--seconds", type=float, help="hear only the middle of longer clips (default: hear all)")
    parser.add_argument("--no-segments", dest="segments", action="store_false", help="leave out same-track excerpts")
    parser.add_argument("--no-baseline", dest="baseline", action="store_false", help="leave out the MFCC baseline")
    parser.add_argument("--limit", type=int, help="take only so many clips, evenly spread")
    parser.add_argument("--jobs", type=int, default=1, help="processes that listen (default: 1)")
    parser.add_argument(
        "--out", type=Path, default=Path("evaluation"), help="folder of the report (default: evaluation)"
    )
    parser.add_argument(
        "--record", metavar="NAME", help="write figures into the manifests of --models, under this name"
    )
    parser.add_argument("--no-plots", action="store_true", help="draw nothing")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    if options.record and not options.models:
        parser.error("--record writes into the manifests of --models FOLDER: name it")
    return options


if __name__ == "__main__":
    sys.exit(main())
