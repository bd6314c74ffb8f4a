"""`segue mixxx`: programs that connect a DJ program, found by their names as any package may bring some."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Final

import click

from segue.cli.options import home_option, options_of
from segue.errors import ProgramNotFoundError

_GROUP: Final = "segue.shims"
"""Of entry points: the name is the command's, the object its ``main(arguments, prog)``, which returns an exit code."""


def _command(name: str, summary: str) -> click.Command:
    """A command that hands all its words over, and the home that the group was given."""

    @click.command(name, help=summary, context_settings={"ignore_unknown_options": True, "help_option_names": []})
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    @home_option
    @click.pass_context
    def command(context: click.Context, arguments: Sequence[str]) -> None:
        home = options_of(context).home_option
        context.exit(_main(name)([*(("--home", home) if home else ()), *arguments], f"segue {name}"))

    return command


def _main(name: str) -> Callable[[Sequence[str], str], int]:
    for entry in entry_points(group=_GROUP, name=name):
        main: Callable[[Sequence[str], str], int] = entry.load()
        return main
    raise ProgramNotFoundError(f"The part of Segue for {name} is not installed: install segue-dj again.")


COMMANDS = {
    "mixxx": _command("mixxx", "Suggestions inside Mixxx."),
    "now-playing": _command("now-playing", "Follow what a DJ program says is playing."),
}
