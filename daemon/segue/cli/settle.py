"""`segue set`: what the user says of a track's tempo, key, energy and rating, which holds; and, with ``--minutes``, a set."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from segue.cli import journey
from segue.cli.ask import track_reference
from segue.cli.exits import Exit
from segue.cli.m3u import playlist_options
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, print_json
from segue.cli.wishes import OneOrRange, filters_of, moment_options, place_options
from segue.errors import DaemonError, FileMissingError, InvalidParamsError, SegueError

if TYPE_CHECKING:
    from segue.client import Client
    from segue.protocol.messages import Track

NAMES: Final = ("bpm", "key", "energy", "rating")
ARC: Final = "warmup-peak-down"
ARC_PARTS: Final = "warmup, build, peak, plateau, down, after"


_Ends = tuple[float | None, float | None]


class _Said(NamedTuple):
    track: str
    bpm: float | None
    key: str | None
    energy: float | None
    rating: int | None


@click.command("set")
@click.argument("track", required=False)
@click.option("--bpm", type=OneOrRange(), help="Beats a minute, 20 to 999; in a set only these, as 120-128.")
@click.option("--key", help="In any usual spelling: 8A, 1m, Am, A minor.")
@click.option("--energy", type=OneOrRange(), help="1 (calm) to 10 (peak time); in a set only these, as 4-8.")
@click.option("--rating", type=click.IntRange(0, 5), help="Stars, 0 to 5.")
@click.option(
    "--clear", multiple=True, type=click.Choice(NAMES), help="Take back what you said of it; may be repeated."
)
@click.option(
    "--from",
    "table",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="Instead of TRACK: a table with a column `track` (or `path`) and any of `bpm`, `key`, `energy`, `rating`.",
)
@click.option("--minutes", type=click.FloatRange(5, 720), help="Instead of TRACK: make a set of so many minutes.")
@click.option(
    "--arc",
    default=None,
    help=f"Its energy: some of {ARC_PARTS} joined with dashes, or energies as in 3,5,8,9,6.  [default: {ARC}]",
)
@click.option("--start", metavar="TRACK", help="The first track of the set.")
@click.option("--end", metavar="TRACK", help="The last track of the set.")
@place_options
@moment_options
@playlist_options
@json_option
@home_option
@pass_options
def set_(
    options: Options,
    track: str | None,
    *,
    bpm: _Ends | None,
    key: str | None,
    energy: _Ends | None,
    rating: int | None,
    clear: Sequence[str],
    table: Path | None,
    minutes: float | None,
    arc: str | None,
    start: str | None,
    end: str | None,
    m3u8: Path | None,
    relative: bool,
    force: bool,
    **wishes: Any,
) -> None:
    """Say what a track is, or make a set.

    \b
    segue set "so what" --key Dm --energy 4
    segue set --minutes 60 --arc warmup-peak-down --m3u8 tonight.m3u8

    With TRACK: say what its tempo, key, energy or rating is. It outranks its file's tags, DJ programs and Segue's own estimate.
    TRACK is a file, an id from a table (#12), or part of a title or artist. No music file is touched. What is set holds at once
    and for good, whatever is analysed, moved or renamed later; `--clear` takes it back.

    With --minutes: have a whole set made, whose energy follows an arc and in which every track mixes with the one before.
    --arc and all options below it are about sets.
    """  # noqa: D301 - click keeps the lines behind this sign as they are
    if minutes is not None:
        if any(value is not None for value in (track, table, key, rating)) or clear:
            raise click.UsageError("With --minutes a whole set is made: it has no TRACK, and no key or rating of one.")
        preset, again = wishes.pop("preset"), wishes.pop("again")
        filters = filters_of({**wishes, "bpm": bpm, "energy": energy})
        wish = journey.Wish(minutes, arc or ARC, start, end, filters, preset, again, m3u8, relative, force)
        journey.make(options, wish)
        return
    if any((arc, start, end, m3u8, relative, force)) or any(
        value not in {None, (), False} for value in wishes.values()
    ):
        raise click.UsageError("Say how long the set is: --minutes 60.")
    _settle(options, track, table, _Said(track or "", _one("--bpm", bpm), key, _one("--energy", energy), rating), clear)


def _one(option: str, ends: _Ends | None) -> float | None:
    """The number that was given for a track."""
    if ends is not None and ends[0] != ends[1] and not (ends[0] and math.isnan(ends[0])):
        raise click.UsageError(f"A track has one number, not a range: {option}. For a set say --minutes, too.")
    return None if ends is None else ends[0]


def _settle(options: Options, track: str | None, table: Path | None, said: _Said, clear: Sequence[str]) -> None:
    """Say what a track is, or the tracks of a table."""
    from segue.client import Client

    if (track is None) == (table is None):
        raise click.UsageError("Give a TRACK, a table with --from, or --minutes for a set.")
    nothing = not clear and all(value is None for value in said[1:])
    if table is not None and not nothing:
        raise click.UsageError("With --from the values come from the table.")
    if table is None and nothing:
        raise click.UsageError("Say something: --bpm, --key, --energy, --rating or --clear; or --minutes for a set.")
    with Client(options.home()) as client:
        if table is not None:
            _set_all(options, client, table)
            return
        _show(options, _set_one(client, said, clear))


def _set_one(client: Client, said: _Said, clear: Sequence[str] = ()) -> Track:
    track = track_reference(said.track)
    return client.set_values(track, bpm=said.bpm, key=said.key, energy=said.energy, rating=said.rating, clear=clear)


def _set_all(options: Options, client: Client, table: Path) -> None:
    """Set what a table says, row by row; a row that cannot be set does not hold up the others."""
    failed = False
    for number, row in _rows(table):
        try:
            if isinstance(row, SegueError):
                raise row
            _show(options, _set_one(client, row))
        except DaemonError:
            raise
        except SegueError as error:
            failed = True
            if options.json:
                print_json({"line": number, "error": {"code": error.code, "message": error.message}})
            else:
                click.echo(f"Line {number}: {clean(error.message)}", err=True)
    if failed:
        click.get_current_context().exit(Exit.FAILED)


def _rows(table: Path) -> Iterator[tuple[int, _Said | SegueError]]:
    """The rows of a table with the number of their line. FileMissingError and InvalidParamsError when it is none."""
    try:
        text = table.read_text("utf-8-sig")
    except OSError as error:
        raise FileMissingError(f"{table} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise InvalidParamsError(f"{table} is no text in UTF-8: save it as CSV in UTF-8.") from error
    reader = csv.DictReader(text.splitlines(), delimiter=";" if ";" in text.partition("\n")[0] else ",")
    columns = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    track = columns.get("track") or columns.get("path")
    if track is None or not columns.keys() & set(NAMES):
        raise InvalidParamsError(
            f"{table} needs a column track (or path) and one of {', '.join(NAMES)} in its first line."
        )
    for row in reader:
        cells = {name: (row.get(columns[name]) or "").strip() if name in columns else "" for name in NAMES}
        try:
            said = _Said(
                (row[track] or "").strip(),
                _number(cells["bpm"]),
                cells["key"] or None,
                _number(cells["energy"]),
                _stars(cells["rating"]),
            )
        except ValueError:
            yield (
                reader.line_num,
                InvalidParamsError("bpm and energy are numbers: 128, 128.5 or 128,5; a rating is a whole one, 0 to 5."),
            )
        else:
            if any(value is not None for value in said[1:]):
                yield reader.line_num, said


def _number(cell: str) -> float | None:
    """A number as a table has it, also with the comma that spreadsheets of many countries write. ValueError when it is none."""
    return float(cell.replace(",", ".")) if cell else None


def _stars(cell: str) -> int | None:
    """A rating as a table has it. ValueError when it is none."""
    if not cell:
        return None
    if (stars := int(cell)) not in range(6):
        raise ValueError(cell)
    return stars


def _show(options: Options, track: Track) -> None:
    if options.json:
        print_json(track)
        return
    from segue.cli.show import paragraph

    make_console().print(paragraph(track), soft_wrap=True)


COMMANDS = {"set": set_}
