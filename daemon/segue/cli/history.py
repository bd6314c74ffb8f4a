"""`segue played`, `segue night` and `segue history`: what was played."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segue.cli.ask import limit_option, track_reference
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, plural, print_json

if TYPE_CHECKING:
    from segue.protocol.messages import Night, Play


@click.command()
@click.argument("track", required=False)
@click.option("--undo", is_flag=True, help="Take the last play back: of TRACK, or whatever was played last.")
@json_option
@home_option
@pass_options
def played(options: Options, track: str | None, undo: bool) -> None:
    """Remember that TRACK was played now: a file, an id (#12), or part of a title or artist."""
    from segue.client import Client

    if track is None and not undo:
        raise click.UsageError("Missing argument 'TRACK'. (`segue played --undo` takes the last play back.)")
    reference = None if track is None else track_reference(track)
    with Client(options.home()) as client:
        play = client.mark_played(reference) if reference is not None and not undo else client.undo_played(reference)
    if options.json:
        print_json(play)
    else:
        click.echo(f"{'Taken back' if undo else 'Played'}: {_name(play)}")


@click.command()
@click.option("--new", is_flag=True, help="Begin a night: nothing was played tonight.")
@json_option
@home_option
@pass_options
def night(options: Options, new: bool) -> None:
    """What was played tonight, first to last: it is not suggested again."""
    from segue.client import Client

    with Client(options.home()) as client:
        tonight = client.new_night() if new else client.night()
    if options.json:
        print_json(tonight)
    else:
        _show(tonight, new=new)


@click.command()
@limit_option
@json_option
@home_option
@pass_options
def history(options: Options, limit: int) -> None:
    """What was played, latest first."""
    from segue.client import Client

    with Client(options.home()) as client:
        plays = client.history(limit)
    if options.json:
        print_json(plays)
    elif not plays.plays:
        click.echo("Nothing was played yet.")
    else:
        from segue.cli.tables import plays_table

        make_console().print(plays_table(plays))


def _show(tonight: Night, *, new: bool) -> None:
    from segue.cli.tables import plays_table
    from segue.protocol.messages import PlayList

    if tonight.plays:
        make_console().print(plays_table(PlayList(plays=tonight.plays)))
    if new:
        click.echo("A new night: what was played before may be suggested again.")
    elif not tonight.plays:
        click.echo("Nothing was played tonight.")
    if tonight.last_night:
        click.echo(f"Last night counts too: {plural(len(tonight.last_night), 'track')}.")


def _name(play: Play) -> str:
    return clean(play.title) + (f" - {clean(play.artist)}" if play.artist else "")


COMMANDS = {"played": played, "night": night, "history": history}
