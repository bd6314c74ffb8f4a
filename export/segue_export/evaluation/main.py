"""``segue-evaluate``: how good a set of models is on a collection."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

import segue
from segue.cli.output import make_console
from segue.errors import SegueError
from segue.networks.models import ModelSet, models_dir
from segue_export.evaluation.clips import read_clips
from segue_export.evaluation.collection import Collection, gather, read_lines
from segue_export.evaluation.listeners import Listener, Mfcc, Segue, Taught
from segue_export.evaluation.listening import Archive, Progress, Task, listen
from segue_export.evaluation.measure import measure
from segue_export.evaluation.tables import Table, grid, markdown, plain
from segue_export.teachers import NAMES

_LINES: Final = {".json", ".jsonl", ".ndjson"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(arguments)
    try:
        collection, about = _collect(options)
        tables = measure(collection)
    except (ValueError, OSError, SegueError) as error:
        print(f"segue-evaluate: {error}", file=sys.stderr)
        return 1
    _write(options.out, about, tables)
    _print(tables, about, as_json=options.json)
    return 0


def _collect(options: argparse.Namespace) -> tuple[Collection, dict[str, Any]]:
    source: Path = options.source
    if source.is_file() and source.suffix in _LINES:
        clips, answers = read_lines(source)
        collection, errors = gather(clips, {"segue": answers})
        model = ""
    else:
        clips = read_clips(source, None if options.split == "all" else options.split, options.by)
        clips = clips[:: max(len(clips) // options.limit, 1)][: options.limit] if options.limit else clips
        listeners, teachers = _listeners(options)
        archive = Archive(options.out / "cache")
        tasks = {listener.name: Task(listener, options.seconds, options.segments) for listener in listeners}
        heard = {name: listen(clips, task, archive, options.jobs, progress()) for name, task in tasks.items()}
        collection, errors = gather(clips, heard, teachers)
        model = ModelSet.load(options.models or models_dir()).id
    for error in errors:
        print(f"left out: {error}", file=sys.stderr)
    about = {
        "source": source.name,
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
    listeners: list[Listener] = [Segue(options.models or models_dir()), Mfcc()]
    if options.teachers is None:
        return listeners, []
    if not (options.teachers / "teachers.py").is_file():
        raise ValueError(
            f"{options.teachers} holds no teachers.py: see docs/models.md for what a folder of teachers is"
        )
    names = options.teacher or list(NAMES)
    return [*listeners, *(Taught(name, options.teachers, options.out / "teachers") for name in names)], names


def progress() -> Progress:
    """Says on the error stream how far the listening is, on one line when that is a terminal, else now and then."""
    terminal = sys.stderr.isatty()

    def show(name: str, done: int, total: int) -> None:
        if terminal:
            print(f"\r{name}: {done} of {total} clips", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif done == total or done % max(total // 10, 1) == 0:
            print(f"{name}: {done} of {total} clips", file=sys.stderr, flush=True)

    return show


def _write(out: Path, about: dict[str, Any], tables: Sequence[Table]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    report = {"about": about, "figures": plain(tables)}
    (out / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    lines = [f"- {name}: {value}" for name, value in about.items() if value not in ("", None, [])]
    page = "# Evaluation\n\n" + "\n".join(lines) + "\n\n" + "\n".join(map(markdown, tables))
    (out / "report.md").write_text(page, encoding="utf-8")


def _print(tables: Sequence[Table], about: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode({"about": about, "figures": plain(tables)}).decode())
        return
    console = make_console()
    for table in tables:
        console.print(grid(table), "")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="segue-evaluate", description=__doc__)
    parser.add_argument(
        "source",
        type=Path,
        help="a dataset, a folder with one sub-folder of audio for each genre, or a .jsonl file of `segue analyse --json --vector`",
    )
    parser.add_argument("--models", type=Path, help="folder of exported models (default: the shipped ones)")
    parser.add_argument("--teachers", type=Path, help="folder of teachers to compare with (docs/models.md)")
    parser.add_argument("--teacher", action="append", help="only this teacher; may be repeated")
    parser.add_argument("--split", default="test", help="train, valid, test or all (default: test)")
    parser.add_argument("--by", default="style", help="what a dataset's clips are alike by: style, group or tag:a,b,c")
    parser.add_argument("--seconds", type=float, help="hear only the middle of longer clips (default: hear all)")
    parser.add_argument("--no-segments", dest="segments", action="store_false", help="leave out same-track excerpts")
    parser.add_argument("--limit", type=int, help="take only so many clips, evenly spread")
    parser.add_argument("--jobs", type=int, default=1, help="processes that listen (default: 1)")
    parser.add_argument(
        "--out", type=Path, default=Path("evaluation"), help="folder of the report (default: evaluation)"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
