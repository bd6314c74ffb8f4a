"""`segue pause`, `resume` and `down`."""

from __future__ import annotations

import click

from segue.cli.options import Options, home_option, pass_options


@click.command()
@home_option
@pass_options
def pause(options: Options) -> None:
    """Stop analysing until `segue resume`. Questions are answered all the same."""
    from segue.client import Client

    with Client(options.home()) as client:
        click.echo(client.pause().detail)


@click.command()
@home_option
@pass_options
def resume(options: Options) -> None:
    """Analyse again after `segue pause`."""
    from segue.client import Client

    with Client(options.home()) as client:
        click.echo(client.resume().detail)


@click.command()
@click.option("--now", is_flag=True, help="Do not finish the files in work; they are analysed after the next start.")
@home_option
@pass_options
def down(options: Options, *, now: bool) -> None:
    """Save and stop Segue, and wait until it has stopped."""
    from segue.cli.start import stop_daemon

    stopped = stop_daemon(options.home(), drain=not now)
    click.echo("Segue has stopped." if stopped else "Segue was not running.")


COMMANDS = {"pause": pause, "resume": resume, "down": down}
