"""`segue bench`: how right tempo and key are on files whose tempo and key are known. No daemon and no library take part."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

import segue
from segue.cli.exits import Exit
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import make_console, print_json
from segue.errors import BenchError, BenchOutputError

if TYPE_CHECKING:
    from segue.analysis.pool import AnalysisPool
    from segue.bench.report import Outcome
    from segue.bench.truth import Answer, Known, Program, Truth

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_STOP_SECONDS: Final = 5.0


@click.command()
@click.option("--truth", required=True, type=_FILE, metavar="FILE.csv", help="True values: columns path, bpm, key.")
@click.option(
    "--audio",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the files.  [default: that of FILE.csv]",
)
@click.option("--compare", multiple=True, metavar="[NAME=]FILE.csv", help="Another program's answers; may be repeated.")
@click.option("--csv", "table", type=_FILE, help="Write the answers file by file.")
@click.option("--plot", type=_FILE, metavar="FILE.svg", help="Draw tempi and keys against the true ones.")
@click.option("--stages", is_flag=True, help="Say where the processor time goes.")
@click.option("--workers", type=click.IntRange(1, 256), help="Worker processes.  [default: as in the settings]")
@json_option
@home_option
@pass_options
def bench(
    options: Options,
    *,
    truth: Path,
    audio: Path | None,
    compare: Sequence[str],
    table: Path | None,
    plot: Path | None,
    stages: bool,
    workers: int | None,
) -> None:
    """Measure the accuracy of tempo and key, and the processor time, on files with known values.

    FILE.csv has a line a file: its path (from FILE.csv's folder), its tempo and its key in any spelling. A cell may be
    empty: then it is not judged. More columns may give a style (the figures come by style too) and whether a key is to
    be trusted. docs/accuracy.md says what is measured, and how to render a labelled set.

    A file that is missing or cannot be analysed counts as wrong and is listed, and the exit code is 1. Ctrl-C prints the
    figures of the files that are done.
    """
    from segue.bench.truth import read_truth

    known = read_truth(truth, audio)
    others = [_other(text, known) for text in compare]
    for path in (table, plot):
        _check(path)
    outcome = _measure(options, truth, known, others, stages=stages, workers=workers)
    _write(outcome, table, plot)
    _say(options, outcome)
    if outcome.interrupted:
        raise KeyboardInterrupt
    if known.problems or any(outcome.failures(program) for program in outcome.programs[:1]):
        click.get_current_context().exit(Exit.FAILED)


def _other(text: str, known: Truth) -> Program:
    """Another program's answers: ``NAME=FILE``, or a file whose name is the program's."""
    from segue.bench.truth import read_program

    name, _, file = text.partition("=")
    if not file or Path(text).is_file():
        name, file = Path(text).stem, text
    return read_program(Path(file).expanduser(), name, known.rows)


def _check(path: Path | None) -> None:
    """Find out whether a result can be written before the hours that it takes to have one."""
    if path is None:
        return
    if path.suffix.lower() == ".png":
        raise BenchError(f"The picture is drawn as SVG: give --plot {path.with_suffix('.svg')}.")
    new = not path.exists()
    try:
        path.open("a").close()
        if new:
            path.unlink()
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> BenchOutputError:
    return BenchOutputError(f"{path} cannot be written ({error.strerror or error}).")


def _measure(
    options: Options, truth: Path, known: Truth, others: Sequence[Program], *, stages: bool, workers: int | None
) -> Outcome:
    """Analyse the files; what was done when Ctrl-C came is measured all the same."""
    from segue.bench.engine import Clocked, read_ledger
    from segue.bench.report import Outcome
    from segue.bench.run import with_costs
    from segue.bench.stages import can_watch
    from segue.bench.truth import Program
    from segue.cli.analyse import open_pool

    if stages and not can_watch():
        raise BenchError("--stages needs a timer that this system does not have; leave it out.")
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as folder:
        pool = open_pool(
            options, workers, len(known.rows), lambda engine: Clocked(engine, Path(folder), by_stage=stages)
        )
        with pool:
            found = _answers(pool, known.rows)
        ledger = read_ledger(Path(folder))
    rows = known.rows[: len(found)]
    ours = Program(f"Segue {segue.__version__}", with_costs(rows, found, ledger))
    cut = [Program(one.name, one.answers[: len(rows)], one.says_bpm, one.says_key, one.problems) for one in others]
    return Outcome(truth, rows, len(known.rows), known, (ours, *cut), ledger.stages)


def _answers(pool: AnalysisPool, rows: Sequence[Known]) -> list[Answer]:
    """Segue's answers in the order of the rows; fewer than rows when Ctrl-C came."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from segue.bench.run import answers

    console = make_console(stderr=True)
    columns = (TextColumn("Listening"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    found: list[Answer] = []
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=len(rows))
        try:
            for answer in answers(pool, rows):
                found.append(answer)
                progress.advance(task)
        except KeyboardInterrupt:
            pool.stop(drain=False, timeout=_STOP_SECONDS)
    return found


def _write(outcome: Outcome, table: Path | None, plot: Path | None) -> None:
    from segue.bench.picture import draw
    from segue.bench.report import write_files

    try:
        if table is not None:
            path = table
            with table.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
                write_files(file, outcome.rows, outcome.programs[0])
        if plot is not None:
            path = plot
            plot.write_text(draw(outcome.rows, outcome.programs), encoding="utf-8")
    except OSError as error:
        raise _cannot_write(path, error) from error


def _say(options: Options, outcome: Outcome) -> None:
    if options.json:
        from segue.bench.report import as_json

        print_json(as_json(outcome))
    else:
        from segue.cli.bench_tables import print_outcome

        print_outcome(outcome, make_console())


COMMANDS = {"bench": bench}
