"""`segue crates` and `segue promote`: what the user arranges."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from segue.cli.ask import limit_option, track_reference
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, plural, print_json

if TYPE_CHECKING:
    from segue.protocol.messages import CrateChange, CrateList

_PLAYLISTS: Final = frozenset({".m3u", ".m3u8", ".nml", ".xml", ".crate", ".session", ".csv", ".txt"})
"""Names of files with playlists; all else is a track."""
_TOLD: Final = 5
"""Tracks that are not in the library, of which a line tells."""


@click.group(invoke_without_command=True)
@json_option
@home_option
@click.pass_context
def crates(context: click.Context) -> None:
    """Your crates: tracks under a name, which `segue next --crate NAME` then keeps to."""
    if context.invoked_subcommand is None:
        context.invoke(list_crates)


@click.command("list")
@json_option
@home_option
@pass_options
def list_crates(options: Options) -> None:
    """List the crates."""
    from segue.client import Client

    with Client(options.home()) as client:
        _show(options, client.crates())


@click.command()
@click.argument("name")
@limit_option
@click.option("--skip", type=click.IntRange(0), default=0, help="How many to pass over.")
@json_option
@home_option
@pass_options
def show(options: Options, name: str, limit: int, skip: int) -> None:
    """Show the tracks of the crate NAME, in its order."""
    from segue.client import Client

    with Client(options.home()) as client:
        found = client.crate(name, limit, skip)
        more = len(found.tracks) == limit and bool(client.crate(name, 1, skip + limit).tracks)
    if options.json:
        print_json(found)
    elif not found.tracks:
        click.echo("There is no track in it." if not skip else "There are no more.")
    else:
        from segue.cli.tables import tracks_table

        make_console().print(tracks_table(found.tracks))
        if more:
            click.echo(f"There are more than these {plural(limit, 'track')}: --skip {skip + limit} goes on.")


@click.command()
@click.argument("name")
@click.argument("items", nargs=-1, required=True, metavar="FILE.m3u8|TRACK...")
@click.option("--replace", is_flag=True, help="Put them in the place of what is in the crate.")
@json_option
@home_option
@pass_options
def add(options: Options, name: str, items: tuple[str, ...], replace: bool) -> None:
    """Put tracks, or the tracks of playlists, into the crate NAME, which is made where there is none.

    A playlist is a file of another program: M3U, rekordbox XML, Traktor NML, a Serato crate, a tracklist as CSV or text.
    """
    from segue.client import Client

    changes: list[CrateChange] = []
    with Client(options.home()) as client:
        for are_playlists, some in groupby(items, lambda item: Path(item).suffix.lower() in _PLAYLISTS):
            if not are_playlists:
                tracks = [track_reference(item) for item in some]
                changes.append(client.set_crate(name, tracks, add=bool(changes) or not replace))
                continue
            for playlist in some:
                changes.append(client.read_crate(playlist, name, add=bool(changes) or not replace))
    _tell(options, changes)


@click.command("take-out")
@click.argument("name")
@click.argument("tracks", nargs=-1, required=True, metavar="TRACK...")
@json_option
@home_option
@pass_options
def take_out(options: Options, name: str, tracks: tuple[str, ...]) -> None:
    """Take tracks out of the crate NAME."""
    from segue.client import Client

    with Client(options.home()) as client:
        _tell(options, [client.take_out_of_crate(name, [track_reference(track) for track in tracks])])


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@json_option
@home_option
@pass_options
def import_(options: Options, files: tuple[Path, ...]) -> None:
    """Make every playlist in FILEs a crate of its own name; reading a file again brings its crates up to date."""
    from segue.client import Client

    with Client(options.home()) as client:
        _tell(options, [client.read_crate(file) for file in files])


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@json_option
@home_option
@pass_options
def remove(options: Options, names: tuple[str, ...]) -> None:
    """Remove each crate NAME. Its tracks stay in the library, and no file is touched."""
    from segue.client import Client

    with Client(options.home()) as client:
        _show(options, [client.remove_crate(name) for name in names][-1])


@click.command()
@click.argument("track")
@click.option("--undo", is_flag=True, help="Do not suggest it any more.")
@json_option
@home_option
@pass_options
def promote(options: Options, track: str, undo: bool) -> None:
    """Let TRACK be suggested although it lies in a private folder."""
    from segue.client import Client

    with Client(options.home()) as client:
        found = client.promote(track_reference(track), promoted=not undo)
    if options.json:
        print_json(found)
    else:
        how = (
            "is suggested as any other track" if found.promoted else "is suggested no more while its folder is private"
        )
        click.echo(f"{clean(found.title)} (#{found.id}) {how}.")


def _show(options: Options, found: CrateList) -> None:
    if options.json:
        print_json(found)
    elif not found.crates:
        click.echo("There is no crate yet: segue crates add NAME playlist.m3u8, say.")
    else:
        from segue.cli.tables import crates_table

        make_console().print(crates_table(found.crates))


def _tell(options: Options, changes: list[CrateChange]) -> None:
    if options.json:
        print_json({"changes": changes})
        return
    for change in changes:
        for crate in change.crates:
            click.echo(f"{clean(crate.name)}: {plural(crate.tracks, 'track')}")
        for note in change.notes:
            click.echo(f"Note: {clean(note)}", err=True)
        missing = change.entries - change.matched
        if missing:
            named = ", ".join(clean(name) for name in change.unmatched[:_TOLD])
            click.echo(f"{missing} of {change.entries} are not in the library: {named}", err=True)


for _command in (list_crates, show, add, take_out, import_, remove):
    crates.add_command(_command)

COMMANDS = {"crates": crates, "promote": promote}
