"""What every subcommand has alike: ``--home``, and ``--json`` where there is something to print."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from segue.home import Home

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(slots=True)
class Options:
    """The options that a command shares with the group."""

    home_option: str | None = None
    """``--home`` as given, before or after the subcommand."""
    json: bool = False
    absent: list[str] = field(default_factory=list)
    """Paths that were named and are not there: an error about one of them can say so."""

    def home(self) -> Home:
        """Return the home that ``--home``, ``SEGUE_HOME`` or the platform says."""
        from segue.home import Home

        return Home.locate(self.home_option)


def options_of(context: click.Context) -> Options:
    """Return the shared options of this run of the program."""
    root = context.find_root()
    if not isinstance(root.obj, Options):
        root.obj = Options()
    return root.obj


def home_option(command: _Function) -> _Function:
    """Add ``--home``, which may stand before or after the subcommand."""
    return click.option(
        "--home",
        metavar="DIR",
        expose_value=False,
        callback=_take_home,
        help="Folder with config, library, index, sockets and logs (else SEGUE_HOME, else your system's own place).",
    )(command)


def json_option(command: _Function) -> _Function:
    """Add ``--json``."""
    return click.option(
        "--json", is_flag=True, expose_value=False, callback=_take_json, help="Print JSON for other programs."
    )(command)


def pass_options(function: Callable[..., None]) -> Callable[..., None]:
    """Call the command's function with the shared `Options` first."""

    @click.pass_context
    def call(context: click.Context, /, *arguments: Any, **named: Any) -> None:
        function(options_of(context), *arguments, **named)

    call.__doc__ = function.__doc__
    call.__name__ = function.__name__
    return call


def absolute(path: str) -> str:
    """A path as the daemon needs it: it does not share our working directory. Links stay as they are."""
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - resolve() would follow links, ~nobody is a name


def _take_home(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    del parameter
    if value is not None:
        options_of(context).home_option = value


def _take_json(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    del parameter
    if value:
        options_of(context).json = True
