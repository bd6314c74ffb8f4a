"""`segue folders` and `segue failures`: what is watched, and what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segue.cli.ask import limit_option
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import make_console, print_json

if TYPE_CHECKING:
    from segue.protocol.messages import FolderList


@click.group(invoke_without_command=True)
@json_option
@home_option
@click.pass_context
def folders(context: click.Context) -> None:
    """The watched folders: how each is watched, and how many audio files it holds."""
    if context.invoked_subcommand is None:
        context.invoke(list_folders)


@click.command("list")
@json_option
@home_option
@pass_options
def list_folders(options: Options) -> None:
    """List the watched folders."""
    from segue.client import Client

    with Client(options.home()) as client:
        _show(options, client.folders())


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--private",
    is_flag=True,
    help="Keep its tracks out of all suggestions, as bounces of unfinished music; of a watched folder, too.",
)
@click.option("--public", is_flag=True, help="Suggest its tracks, also those of a folder that was private.")
@json_option
@home_option
@pass_options
def add(options: Options, paths: tuple[str, ...], *, private: bool, public: bool) -> None:
    """Watch each folder PATH and index what is in it."""
    from segue.client import Client

    if private and public:
        raise click.UsageError("A folder is --private or --public: say one of them.")
    said = private if private or public else None
    with Client(options.home()) as client:
        _show(options, [client.add_folder(path, private=said) for path in paths][-1])


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@json_option
@home_option
@pass_options
def remove(options: Options, paths: tuple[str, ...]) -> None:
    """Stop watching each folder PATH and forget its tracks. No music file is touched."""
    from segue.client import Client

    with Client(options.home()) as client:
        _show(options, [client.remove_folder(path) for path in paths][-1])


@click.command()
@click.argument("path", required=False)
@json_option
@home_option
@pass_options
def rescan(options: Options, path: str | None) -> None:
    """Compare all folders, or PATH below one of them, with the library now."""
    from segue.client import Client

    with Client(options.home()) as client:
        done = client.rescan(path)
    if options.json:
        print_json(done)
    else:
        click.echo(done.detail)


@click.command()
@limit_option
@json_option
@home_option
@pass_options
def failures(options: Options, limit: int) -> None:
    """Files that could not be analysed, latest first, and why. Each is tried again when it changes."""
    from segue.client import Client

    with Client(options.home()) as client:
        found = client.failures(limit)
    if options.json:
        print_json(found)
    elif not found.failures:
        click.echo("Every file could be analysed.")
    else:
        from segue.cli.tables import failures_table

        make_console().print(failures_table(found.failures))


def _show(options: Options, found: FolderList) -> None:
    if options.json:
        print_json(found)
    elif not found.folders:
        click.echo("No folder is watched: `segue up ~/Music`, say.")
    else:
        from segue.cli.tables import folders_table

        make_console().print(folders_table(found.folders))


for _command in (list_folders, add, remove, rescan):
    folders.add_command(_command)

COMMANDS = {"folders": folders, "failures": failures}
