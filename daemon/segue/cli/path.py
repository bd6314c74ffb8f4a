"""`segue path`: from one track to another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from segue.cli.ask import track_reference
from segue.cli.m3u import playlist_options, refuse_existing
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.wishes import filter_options, filters_of, moment_options


@click.command()
@click.argument("start")
@click.argument("end")
@click.option(
    "--steps",
    type=click.IntRange(1, 32),
    default=8,
    show_default=True,
    help="N steps make N + 1 tracks, both included.",
)
@filter_options
@moment_options
@playlist_options
@json_option
@home_option
@pass_options
def path(
    options: Options,
    start: str,
    end: str,
    *,
    steps: int,
    m3u8: Path | None,
    relative: bool,
    force: bool,
    **wishes: Any,
) -> None:
    """A way from START to END in which every track mixes with the one before.

    START and END are files, ids from a table (#12), or parts of titles or artists. Filters, and what was played tonight, are about
    the tracks between them.
    """
    from segue.cli import route
    from segue.client import Client

    preset, again = wishes.pop("preset"), wishes.pop("again")
    filters = filters_of(wishes)
    refuse_existing(m3u8, force=force)
    with Client(options.home()) as client:
        found = client.path(
            track_reference(start), track_reference(end), steps, filters=filters, preset=preset, tonight=not again
        )
    route.show(options, found, m3u8, relative=relative, force=force)


COMMANDS = {"path": path}
