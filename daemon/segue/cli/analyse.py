"""`segue analyse`: what Segue hears in audio files. No daemon and no library take part."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from segue.cli.exits import Exit
from segue.cli.form import form_lines
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, minutes, print_json
from segue.errors import FileMissingError, SegueError

if TYPE_CHECKING:
    from rich.console import Group

    from segue.analysis.pool import AnalysisPool
    from segue.analysis.worker import EngineFactory
    from segue.protocol.messages import Analysis

_TAGS: Final = 4
_VECTORS: Final = ("vector", "head", "tail")
_AHEAD: Final = 3
"""Files under way for each worker: enough that none waits while an early long file holds the output back."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@json_option
@click.option("--vector", is_flag=True, help="Add the track vector and those of head and tail to the JSON.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Worker processes.  [default: as in the settings]")
@home_option
@pass_options
def analyse(options: Options, files: Sequence[Path], *, vector: bool, jobs: int | None) -> None:
    """Analyse audio FILEs, and all audio files in folders: tempo, key, energy, loudness, structure, tags.

    The answers come in the order of the files, each as soon as it and those before it are done. A file that cannot be
    analysed gives an error in its place, the others go on, and the exit code is 1 in the end.
    """
    failed = False
    paths = list(expand(files))
    if not paths:
        return
    with open_pool(options, jobs, len(paths)) as pool:
        for path, result in analyse_in_order(pool, paths, vector=vector):
            failed |= isinstance(result, SegueError)
            if options.json:
                print_json(json_line(path, result, vector=vector))
            else:
                make_console().print(_paragraph(path, result))
    if failed:
        click.get_current_context().exit(Exit.FAILED)


def expand(files: Iterable[Path]) -> Iterator[Path]:
    """The files as given; for a folder all audio files below it, sorted."""
    from segue.audio.formats import is_audio_name

    for path in files:
        if path.is_dir():
            yield from sorted(found for found in path.rglob("*") if is_audio_name(found.name) and found.is_file())
        else:
            yield path


def analyse_in_order(
    pool: AnalysisPool, paths: Iterable[Path], *, vector: bool
) -> Iterator[tuple[Path, Analysis | SegueError]]:
    """Analyse files with all workers of a pool; path and result, or error, in the order of the paths."""
    waiting: deque[tuple[Path, Future[Analysis]]] = deque()
    for path in paths:
        waiting.append((path, _start(pool, path, vector=vector)))
        if len(waiting) >= _AHEAD * pool.workers:
            yield _finish(*waiting.popleft())
    while waiting:
        yield _finish(*waiting.popleft())


def json_line(path: Path, result: Analysis | SegueError, *, vector: bool) -> dict[str, object]:
    """The object that ``--json`` prints for a file: its analysis, or its path and error."""
    import msgspec

    from segue.library.paths import shown

    if isinstance(result, SegueError):
        return {"path": shown(path), "error": {"code": result.code, "message": result.message}}
    line: dict[str, object] = {**msgspec.to_builtins(result), "path": shown(path)}
    if not vector:
        for name in _VECTORS:
            del line[name]
    return line


def open_pool(
    options: Options, jobs: int | None, files: int, wrap: Callable[[EngineFactory], EngineFactory] | None = None
) -> AnalysisPool:
    """Workers, no more than files, with the limits from the home's settings. Raises ConfigError or a ModelError.

    `wrap` may put something around the engine that they run.
    """
    from functools import partial

    from segue.analysis.pool import AnalysisPool
    from segue.analysis.worker import open_analysis_engine
    from segue.config import Config
    from segue.networks.registry import Registry

    home = options.home()
    config = Config.load(home)
    registry = Registry(home.models_dir)
    models = registry.find(registry.wanted()).folder
    return AnalysisPool(
        models,
        workers=min(jobs or config.worker_count(), files),
        provider=config.provider,
        seconds_per_minute=config.seconds_per_minute,
        memory_limit_mb=config.memory_limit_mb,
        open_engine=wrap(partial(open_analysis_engine, models, config.provider)) if wrap else None,
    )


def _start(pool: AnalysisPool, path: Path, *, vector: bool) -> Future[Analysis]:
    from segue.analysis.report import report
    from segue.server.futures import then

    if not path.exists():
        missing: Future[Analysis] = Future()
        missing.set_exception(FileMissingError(f"There is no file {clean(str(path))}."))
        return missing
    return then(
        pool.probe(path),
        lambda probe: then(pool.analyse(path, probe.duration), lambda analysis: report(path, analysis, vector=vector)),
    )


def _finish(path: Path, future: Future[Analysis]) -> tuple[Path, Analysis | SegueError]:
    try:
        return path, future.result()
    except SegueError as error:
        return path, error


def _paragraph(path: Path, result: Analysis | SegueError) -> Group:
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    body = Text()
    if isinstance(result, SegueError):
        body.append(f"{clean(result.message)} ({result.code})", style="yellow")
    else:
        body.append(f"{minutes(result.duration)}   {_tempo(result)}   {_key(result)}\n")
        tags = sorted(result.tags.items(), key=lambda tag: -tag[1])[:_TAGS]
        shares = ", ".join(f"{name} {share:.2f}" for name, share in tags)
        body.append(f"energy {result.energy:.1f}   {result.loudness:.1f} LUFS   ").append(shares, style="dim")
        for line in form_lines(result.details):
            body.append(f"\n{line}")
    return Group(Text(clean(str(path)), style="bold"), Padding(body, (0, 0, 0, 2)))


def _tempo(result: Analysis) -> str:
    if not result.bpm:
        return "no beat found"
    others = f", or {' / '.join(f'{bpm:.1f}' for bpm in result.bpm_alternatives)}" if result.bpm_alternatives else ""
    return f"{result.bpm:.2f} bpm ({result.bpm_confidence:.0%} sure{others})"


def _key(result: Analysis) -> str:
    return f"{result.key}, {result.camelot} ({result.key_confidence:.0%} sure)" if result.key else "no key found"


COMMANDS = {"analyse": analyse}
