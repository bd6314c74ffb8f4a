"""``segue-robustness``: what a change of the recording does to its tags, tempo, key, features and neighbours."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import segue
from segue.errors import SegueError
from segue.networks.models import ModelSet, models_dir
from segue_export.evaluation.clips import evenly, read_clips
from segue_export.evaluation.collection import SEGUE, gather
from segue_export.evaluation.listeners import Segue
from segue_export.evaluation.listening import Archive, Task, listen
from segue_export.evaluation.output import About, print_report, progress, write_report
from segue_export.evaluation.plots import robustness_curves
from segue_export.evaluation.robustness import Moved, moved, tables
from segue_export.interrupts import interruptible


@interruptible("interrupted; what was heard is kept, and the same command goes on from there")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(arguments)
    try:
        found, about = _measure(options)
    except (ValueError, OSError, SegueError) as error:
        print(f"segue-robustness: {error}", file=sys.stderr)
        return 1
    figures = tables(found, int(about["clips"]))
    plots = [robustness_curves(found, options.out / "robustness.png")]
    write_report(options.out, "robustness", "Robustness", about, figures, plots)
    print_report(figures, about, as_json=options.json)
    return 0


def _measure(options: argparse.Namespace) -> tuple[list[Moved], About]:
    models: Path = options.models or models_dir()
    clips = evenly(read_clips(options.source, None if options.split == "all" else options.split), options.limit)
    task = Task(Segue(models), options.seconds, "changes")
    answers = listen(clips, task, Archive(options.out / "cache"), options.jobs, progress())
    collection, errors = gather(clips, {SEGUE: answers})
    for error in errors:
        print(f"left out: {error}", file=sys.stderr)
    about: About = {
        "source": options.source.resolve().name,
        "split": options.split,
        "clips": len(collection.clips),
        "left_out": len(errors),
        "model": ModelSet.load(models).id,
        "segue": segue.__version__,
        "seconds": options.seconds,
    }
    return moved(collection.whole(), [answer.others for answer in collection.heard[SEGUE]]), about


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="segue-robustness", description=__doc__)
    parser.add_argument("source", type=Path, help="a dataset, or a folder of audio files")
    parser.add_argument("--models", type=Path, help="folder of exported models (default: the shipped ones)")
    parser.add_argument("--split", default="test", help="train, valid, test or all (default: test)")
    parser.add_argument("--seconds", type=float, default=45.0, help="take the middle of longer clips (default: 45)")
    parser.add_argument("--limit", type=int, default=60, help="take only so many clips, evenly spread (default: 60)")
    parser.add_argument("--jobs", type=int, default=1, help="processes that listen (default: 1)")
    parser.add_argument(
        "--out", type=Path, default=Path("robustness"), help="folder of the report (default: robustness)"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
