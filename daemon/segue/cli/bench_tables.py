"""The tables of `segue bench`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from segue.bench.figures import SURE, Confidence, Figures, KeyFigures, TempoFigures
from segue.bench.measures import Share
from segue.bench.report import stages_per_minute
from segue.cli.output import clean, plural

if TYPE_CHECKING:
    from rich.console import Console

    from segue.bench.report import Outcome
    from segue.bench.table import Problem

_DASH: Final = "-"
_LABEL_WIDTH: Final = 30
_SHARE_WIDTH: Final = 19
_LISTED: Final = 20
"""Failures and problems that are printed; all are in the JSON."""

Cell = Callable[[Share | None], Text | str]

_TEMPO: Final = (
    ("Acc1: within 4 %", "acc1"),
    ("Acc2: also x2, x3, /2, /3", "acc2"),
    ("within 1 %", "within_1"),
    ("within 0.1 %", "within_01"),
    ("within 1 %, any octave", "within_1_octave"),
    ("within 0.1 %, any octave", "within_01_octave"),
)
_KEY: Final = (("exact", "exact"), ("MIREX score", "mirex"), ("Camelot-compatible", "compatible"))
"""Rows of the table, and the fields of `TempoFigures` and `KeyFigures` that they show."""


def print_outcome(outcome: Outcome, console: Console) -> None:
    """Print everything a measurement has found."""
    if outcome.interrupted:
        console.print(f"Interrupted after {len(outcome.rows)} of {plural(outcome.wanted, 'file')}.", style="yellow")
    if not outcome.rows:
        return
    every = [outcome.figures(program) for program in outcome.programs]
    console.print(_main(outcome, every, console.width))
    console.print("Per cent of the files; in brackets the 95 % interval (Wilson).", style="dim")
    for title, found in (("tempo", every[0].tempo_confidence), ("key", every[0].key_confidence)):
        if found is not None:
            console.print()
            console.print(_bins(title, found))
    groups = outcome.by_group(outcome.programs[0])
    if groups:
        console.print()
        console.print(_groups(groups))
    _print_failures(outcome, console)


def _main(outcome: Outcome, every: Sequence[Figures], width: int) -> Table:
    """All programs side by side; where that is too wide, only Segue's shares have their intervals."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for number, program in enumerate(outcome.programs):
        table.add_column(Text(clean(program.name)), justify="right", no_wrap=not number)
    wide = _LABEL_WIDTH + _SHARE_WIDTH * len(every) <= width
    cells = [_share if wide or not number else _plain_share for number in range(len(every))]
    _part(table, "Tempo: {}", [one.tempo for one in every], _TEMPO, cells)
    if any(one.tempo for one in every):
        table.add_row("median error where Acc1", *(_median(one.tempo) for one in every))
    trusted = "Trusted keys" if outcome.known.says_trust else "Key"
    _part(table, f"{trusted}: {{}}", [one.key for one in every], _KEY, cells)
    _part(table, "All keys: {}", [one.every_key for one in every], _KEY, cells)
    _confidence(table, every, cells)
    if any(one.cost for one in every):
        _section(table, "CPU seconds a minute")
        table.add_row("in all", *(f"{one.cost.per_minute:.3f}" if one.cost else _DASH for one in every))
        for stage, seconds in stages_per_minute(outcome, every[0].cost).items():
            table.add_row(f"  {stage}", f"{seconds:.3f}")
    return table


def _part(
    table: Table,
    title: str,
    parts: Sequence[TempoFigures | KeyFigures | None],
    measures: Sequence[tuple[str, str]],
    cells: Sequence[Cell],
) -> None:
    shares = [[_measure(part, measure) for part in parts] for _, measure in measures]
    judged = next((one.of for one in shares[0] if one is not None), None)
    if judged is None:
        return
    _section(table, title.format(plural(judged, "file")))
    for (name, _), row in zip(measures, shares, strict=True):
        table.add_row(name, *(cell(one) for cell, one in zip(cells, row, strict=True)))


def _measure(part: object | None, name: str) -> Share | None:
    found: Share | None = None if part is None else getattr(part, name)
    return found


def _confidence(table: Table, every: Sequence[Figures], cells: Sequence[Cell]) -> None:
    tempo, key = [one.tempo_confidence for one in every], [one.key_confidence for one in every]
    if not any(tempo) and not any(key):
        return
    _section(table, f"Confidence of {SURE:g} or more")
    for name, right, parts in (("tempo", "Acc1", tempo), ("key", "exact", key)):
        if any(parts):
            table.add_row(f"{name}: of the estimates", *map(_given, parts))
            shares = (cell(_measure(part, "sure")) for cell, part in zip(cells, parts, strict=True))
            table.add_row(f"  of these right ({right})", *shares)


def _section(table: Table, title: str) -> None:
    if table.row_count:
        table.add_row("")
    table.add_row(Text(title, style="bold"))


def _share(found: Share | None) -> Text | str:
    """``93.1 (88.9-95.8)``."""
    if found is None or found.value is None or found.interval is None:
        return _DASH
    low, high = found.interval
    text = Text(f"{100 * found.value:.1f}")
    return text.append(f" ({100 * low:.1f}-{100 * high:.1f})", style="dim")


def _plain_share(found: Share | None) -> str:
    return _DASH if found is None or found.value is None else f"{100 * found.value:.1f}"


def _median(found: TempoFigures | None) -> str:
    error = None if found is None else found.median_error
    return _DASH if error is None else f"{100 * error:.3f} %"


def _given(found: Confidence | None) -> str:
    return _DASH if found is None or not found.given else f"{100 * found.sure.of / found.given:.1f}"


def _bins(title: str, found: Confidence) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(f"Confidence of the {title}")
    for name in ("files", "mean", "right"):
        table.add_column(name, justify="right")
    for one in found.bins:
        mean = _DASH if one.confidence is None else f"{one.confidence:.2f}"
        table.add_row(f"{one.low:g} to {one.high:g}", str(one.right.of), mean, _share(one.right))
    return table


def _groups(groups: dict[str, Figures]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Group")
    for name in ("files", "Acc1", "Acc2", "1 %", "0.1 %", "key", "MIREX"):
        table.add_column(name, justify="right")
    for group, one in groups.items():
        table.add_row(
            Text(clean(group) or "(none)"),
            str(one.files),
            *(_plain_share(_measure(one.tempo, name)) for name in ("acc1", "acc2", "within_1", "within_01")),
            *(_plain_share(_measure(one.key, name)) for name in ("exact", "mirex")),
        )
    return table


def _print_failures(outcome: Outcome, console: Console) -> None:
    ours, *others = outcome.programs
    failures = [f"{clean(row.name)}: {clean(why)}" for row, why in outcome.failures(ours)]
    _print_list(console, "counted as wrong", failures, "file")
    _print_list(console, f"in {clean(str(outcome.truth))} could not be used", _sentences(outcome.known.problems), "row")
    for program in others:
        failed = len(outcome.failures(program))
        if failed:
            console.print(
                f"{clean(program.name)} has no answer to {plural(failed, 'file')}: counted as wrong.", style="yellow"
            )
        _print_list(console, f"of {clean(program.name)} could not be used", _sentences(program.problems), "row")
    if outcome.known.nothing_to_judge:
        console.print(
            f"{plural(outcome.known.nothing_to_judge, 'row')} with neither tempo nor key left out.", style="dim"
        )


def _sentences(problems: Sequence[Problem]) -> list[str]:
    return [f"line {problem.line}: {clean(problem.sentence)}" for problem in problems]


def _print_list(console: Console, title: str, lines: Sequence[str], noun: str) -> None:
    if not lines:
        return
    console.print()
    console.print(f"{plural(len(lines), noun)} {title}:", style="yellow")
    for line in lines[:_LISTED]:
        console.print(f"  {line}", soft_wrap=True)
    if len(lines) > _LISTED:
        console.print(f"  and {len(lines) - _LISTED} more; --json has them all", style="dim")
