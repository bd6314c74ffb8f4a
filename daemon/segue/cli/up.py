"""`segue up`: one command from a folder of music to suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from segue.cli.options import Options, home_option, pass_options
from segue.cli.output import clean, make_console

if TYPE_CHECKING:
    from rich.console import Console

    from segue.client import Client
    from segue.protocol.messages import Status


@click.command()
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@click.option("--private", is_flag=True, help="Suggest nothing of each FOLDER: it holds bounces of unfinished music.")
@click.option("--no-wait", is_flag=True, help="Return at once; indexing goes on in the background.")
@home_option
@pass_options
def up(options: Options, folders: Sequence[str], *, private: bool, no_wait: bool) -> None:
    """Start Segue if it is not running, index the music in each FOLDER, and keep watching them.

    Returns when everything is indexed, or on Ctrl-C: Segue goes on in the background either way, until `segue down`.
    """
    from segue.cli.start import start_daemon
    from segue.client import Client

    home = options.home()
    console = make_console()
    with console.status("Starting Segue"):
        started = start_daemon(home, options.home_option)
    with Client(home) as client:
        for folder in folders:
            client.add_folder(folder, private=private or None)
        if started:
            console.print("Segue is running in the background.")
        if not no_wait:
            _wait(client, console)


def _wait(client: Client, console: Console) -> None:
    from segue.cli.progress import follow

    try:
        status = follow(client, console)
    except KeyboardInterrupt:
        console.print("Segue goes on in the background; `segue status` tells how far it is.")
        return
    for line in summary(status):
        console.print(line, soft_wrap=True)


def summary(status: Status) -> list[str]:
    """What there is to say when the waiting is over."""
    from segue.cli.progress import is_idle
    from segue.cli.tables import indexed_sentence

    lines = [f"{indexed_sentence(status.tracks.indexed, status.tracks.failed)}."]
    if not is_idle(status):
        why = "a deck is playing" if status.gig_mode else "analysis is paused (`segue resume` goes on)"
        lines.append(f"{status.tracks.queued} files wait: {why}.")
    elif not status.folders:
        lines.append("No folder is watched yet: `segue up ~/Music`, say.")
    elif status.tracks.indexed:
        lines.append('Ask for what comes next: segue next "part of a title"')
    lines.extend(f"Note: {clean(problem)}" for problem in status.problems)
    return lines


COMMANDS = {"up": up}
