"""Exit codes, and how an expected error leaves the program."""

from __future__ import annotations

import sys
from enum import IntEnum

import click

from segue.errors import (
    DaemonError,
    DaemonRunningError,
    FolderNotFoundError,
    LibraryEmptyError,
    SegueError,
    TrackNotFoundError,
    TrackNotReadyError,
)


class Exit(IntEnum):
    """What `segue` returns to the shell; part of the machine-readable contract (`docs/cli.md`)."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NO_DAEMON = 3
    NOT_FOUND = 4
    INTERRUPTED = 130
    PIPE_CLOSED = 141


def exit_code(error: SegueError) -> Exit:
    """The exit code that tells a script what kind of error it was."""
    match error:
        case TrackNotFoundError() | TrackNotReadyError() | FolderNotFoundError() | LibraryEmptyError():
            return Exit.NOT_FOUND
        case DaemonRunningError():
            return Exit.FAILED
        case DaemonError():
            return Exit.NO_DAEMON
        case _:
            return Exit.FAILED


def tell(error: SegueError, *, as_json: bool) -> None:
    """Say the error's sentence on stderr; with ``--json`` the error as an object on stdout as well."""
    if as_json:
        from segue.cli.output import print_json

        print_json({"error": {"code": error.code, "message": error.message}})
    sys.stdout.flush()
    click.echo(f"segue: {error.message}", err=True)
