"""`segue played` and `segue history`: the night so far."""

from __future__ import annotations

import click

from segue.cli.ask import limit_option, track_reference
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, print_json


@click.command()
@click.argument("track")
@json_option
@home_option
@pass_options
def played(options: Options, track: str) -> None:
    """Remember that TRACK was played now: a file, an id (#12), or part of a title or artist."""
    from segue.client import Client

    with Client(options.home()) as client:
        play = client.mark_played(track_reference(track))
    if options.json:
        print_json(play)
    else:
        click.echo(f"Played: {clean(play.title)}" + (f" - {clean(play.artist)}" if play.artist else ""))


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


COMMANDS = {"played": played, "history": history}
