"""`segue doctor`: is everything as it should be, and if not, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from segue.cli.exits import Exit
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, print_json
from segue.errors import SegueError

if TYPE_CHECKING:
    from segue.cli.checks.finding import Finding

_STYLES: Final = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@click.command()
@json_option
@home_option
@pass_options
def doctor(options: Options) -> None:
    """Check the installation, the home, the library, the daemon and this machine.

    Each line is ok, warn (it works, but could work better) or fail; a fail makes the exit code 1.
    """
    from rich.text import Text

    console = make_console()
    failed = False
    for finding in examine(options):
        failed |= finding.state == "fail"
        if options.json:
            print_json(finding._asdict())
        else:
            line = Text(f"{finding.state:<5}", style=_STYLES[finding.state])
            line.append(f"{finding.name:<10}", style="not bold dim").append(
                clean(finding.sentence), style="not bold default"
            )
            console.print(line, soft_wrap=True)
    if failed:
        click.get_current_context().exit(Exit.FAILED)


def examine(options: Options) -> Iterator[Finding]:
    """All findings, one after the other."""
    from segue.cli.checks.finding import Finding, State
    from segue.cli.checks.home import check_home
    from segue.cli.checks.installation import check_installation
    from segue.cli.checks.running import check_running
    from segue.config import Config
    from segue.networks.registry import Registry

    home = options.home()
    try:
        config = Config.load(home)
        yield Finding(State.OK, "settings", f"{home.config_file if home.config_file.exists() else 'The defaults'}.")
    except SegueError as error:
        config = Config()
        yield Finding(State.FAIL, "settings", error.message)
    yield from check_installation(config.provider, Registry(home.models_dir))
    yield from check_home(home)
    yield from check_running(home)


COMMANDS = {"doctor": doctor}
