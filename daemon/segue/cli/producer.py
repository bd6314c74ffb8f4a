"""`segue check`, `segue versions`, `segue changes`: for those who make music."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segue.cli.ask import track_reference
from segue.cli.exits import Exit
from segue.cli.options import Options, absolute, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, minutes, plural, print_json

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from segue.protocol.messages import Changes, Closeness, NearRecord, Version, Work


@click.command()
@click.argument("file", type=click.Path())
@click.option(
    "--records",
    type=click.IntRange(0, 1000),
    default=96,
    show_default=True,
    help="With how many records it is compared, those that it sounds most like.",
)
@click.option("--against", multiple=True, metavar="TRACK", help="A record to compare it with as well; may be repeated.")
@json_option
@home_option
@pass_options
def check(options: Options, file: str, records: int, against: tuple[str, ...]) -> None:
    """Find parts of FILE that are nearly parts of a record in the library: a sample, a loop, an edit.

    FILE is laid over the records that it sounds most like, ten seconds at a time, also transposed and at another tempo.
    Other bounces beside it, and what is private, are not compared. Exit code 1 when something is close.
    """
    from segue.client import Client

    console = make_console(stderr=True)
    with Client(options.home()) as client, console.status("Listening"):
        found = client.check(absolute(file), records, [track_reference(one) for one in against])
    if options.json:
        print_json(found)
    else:
        make_console().print(_closeness(found), soft_wrap=True)
    if found.close:
        click.get_current_context().exit(Exit.FAILED)


@click.command()
@click.argument("track")
@json_option
@home_option
@pass_options
def versions(options: Options, track: str) -> None:
    """All versions of the work that TRACK is one of, oldest first.

    TRACK is a file, in the library or not, an id from a table (#12), or part of a title or artist. Versions have the same title
    and artist but for what tells them apart (v7, final 2, Extended Mix), or such names in the same folder.
    """
    from segue.client import Client

    with Client(options.home()) as client:
        found = client.work(_reference(track))
    if options.json:
        print_json(found)
    else:
        make_console().print(_work(found))


@click.command()
@click.argument("track")
@click.option("--since", metavar="VERSION", help="The version to compare with: v6, or a TRACK as well.")
@json_option
@home_option
@pass_options
def changes(options: Options, track: str, since: str | None) -> None:
    """What changed in TRACK since the version before it, or since another one: length, tempo, key, energy, loudness, form, tags.

    TRACK is a file, in the library or not, an id from a table (#12), or part of a title or artist.
    """
    from segue.client import Client

    console = make_console(stderr=True)
    with Client(options.home()) as client, console.status("Listening"):
        found = client.changes(_reference(track), None if since is None else _reference(since))
    if options.json:
        print_json(found)
    else:
        make_console().print(_changes(found), soft_wrap=True)


def _reference(text: str) -> str:
    """As `track_reference`; here a file need not be in the library, so every name of one is."""
    path = absolute(text)
    return path if os.path.isfile(path) else track_reference(text)  # noqa: PTH113 - Path does not take names that are too long


def _closeness(found: Closeness) -> Group:
    from rich.console import Group
    from rich.text import Text

    lines = []
    for stretch in found.close:
        lines.append(Text("close to ", style="yellow").append_text(_record(stretch.record)))
        lines.append(Text(f"  {clean(stretch.text)}"))
    if not found.close:
        lines.append(Text(f"No part of it is close to any of {plural(len(found.compared), 'record')}."))
    if found.sounds_like:
        lines.append(Text("It sounds most like", style="dim"))
    for like in found.sounds_like:
        line = Text("  ").append_text(_record(like.record))
        lines.append(line.append(f"  {minutes(like.start)}-{minutes(like.end)}, {like.similarity:.2f}", style="dim"))
    lines += [Text(clean(note).capitalize() + ".", style="dim") for note in found.notes]
    return Group(*lines)


def _record(record: NearRecord) -> Text:
    from rich.text import Text

    name = Text(clean(record.title), style="bold")
    return name.append(f" - {clean(record.artist)}" if record.artist else "", style="not bold").append(
        f"  #{record.id}", style="dim not bold"
    )


def _work(found: Work) -> Table:
    from rich.table import Table

    name = clean(found.title) + (f" - {clean(found.artist)}" if found.artist else "")
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1), title=name, title_justify="left")
    table.add_column("id", justify="right", style="dim", no_wrap=True)
    table.add_column("version", no_wrap=True)
    table.add_column("of", no_wrap=True, style="dim")
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("file", overflow="fold")
    for version in found.versions:
        table.add_row(
            "-" if version.id is None else f"#{version.id}",
            clean(version.version) or "plain",
            _day(version.at),
            minutes(version.duration),
            _file(version),
        )
    return table


def _file(version: Version) -> Text:
    from rich.text import Text

    states = [
        state
        for state, holds in (
            ("in no library", version.id is None),
            ("private", version.private),
            ("away", version.missing),
        )
        if holds
    ]
    name = Text(clean(Path(version.path).name) if version.path else clean(version.title))
    return name.append(f"  {', '.join(states)}" if states else "", style="dim")


def _day(at: float | None) -> str:
    from datetime import datetime

    return "-" if at is None else f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"


def _changes(found: Changes) -> Group:
    from rich.console import Group
    from rich.text import Text

    before, after = (
        clean(version.version or Path(version.path).name or version.title) for version in (found.before, found.after)
    )
    lines = [
        Text(clean(found.after.title), style="bold").append(f"  {before} → {after}", style="not bold"),
        *(Text(f"  {clean(change.text)}") for change in found.changes),
    ]
    if not found.changes:
        lines.append(Text("  Nothing that can be heard in numbers."))
    return Group(*lines, Text(f"  sounds {100 * found.similarity:.1f} % the same", style="dim"))


COMMANDS = {"check": check, "versions": versions, "changes": changes}
