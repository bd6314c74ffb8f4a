"""`segue write-tags`: the values that hold, into the tags of files, and only on request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from segue.cli.ask import track_reference
from segue.cli.exits import Exit
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, print_json
from segue.errors import DaemonError, SegueError

if TYPE_CHECKING:
    from rich.text import Text

    from segue.protocol.messages import TagChange, TagWrite, TagWrites

_HEADS: Final = {
    "written": "written",
    "unchanged": "unchanged",
    "planned": "would be written",
    "failed": "failed",
}
_NAMES: Final = {"bpm": "tempo", "key": "key", "energy": "energy"}


@click.command("write-tags")
@click.argument("tracks", nargs=-1, required=True, metavar="TRACK...")
@click.option("--bpm", is_flag=True, help="Write the tempo.")
@click.option("--key", is_flag=True, help="Write the key.")
@click.option("--energy", is_flag=True, help="Write the energy.")
@click.option(
    "--notation",
    type=click.Choice(("camelot", "openkey", "name")),
    default="camelot",
    show_default=True,
    help="How keys are written: 8A, 1m or Am.",
)
@click.option("--overwrite", is_flag=True, help="Replace what a file says otherwise.")
@click.option("--unsure", is_flag=True, help="Write Segue's own estimates also where it is not sure of them.")
@click.option("--dry-run", is_flag=True, help="Only say what would be written.")
@json_option
@home_option
@pass_options
def write_tags(
    options: Options,
    tracks: Sequence[str],
    *,
    bpm: bool,
    key: bool,
    energy: bool,
    notation: str,
    overwrite: bool,
    unsure: bool,
    dry_run: bool,
) -> None:
    """Write tempo, key and energy, as they hold, into the tags of the files of each TRACK.

    Without --bpm, --key or --energy all three. What a file says already stays, unless --overwrite. All other tags and the audio
    are kept byte for byte; a file is either as it was or whole with its new tags. TRACK is a file, an id from a table
    (#12), or part of a title or artist; of the last two all copies are written.
    """
    from segue.client import Client

    names = [name for name, wanted in (("bpm", bpm), ("key", key), ("energy", energy)) if wanted]
    failed = False
    with Client(options.home()) as client:
        for track in tracks:
            try:
                done = client.write_tags(
                    track_reference(track),
                    names,
                    notation=notation,
                    overwrite=overwrite,
                    unsure=unsure,
                    dry_run=dry_run,
                )
            except DaemonError:
                raise
            except SegueError as error:
                if len(tracks) == 1:
                    raise
                failed = True
                _tell(options, track, error)
            else:
                failed |= any(file.state == "failed" for file in done.files)
                _show(options, done)
    if failed:
        click.get_current_context().exit(Exit.FAILED)


def _tell(options: Options, track: str, error: SegueError) -> None:
    if options.json:
        print_json({"track": track, "error": {"code": error.code, "message": error.message}})
    else:
        click.echo(f"{clean(track)}: {clean(error.message)}", err=True)


def _show(options: Options, done: TagWrites) -> None:
    if options.json:
        print_json(done)
        return
    console = make_console()
    for file in done.files:
        console.print(_paragraph(file), soft_wrap=True)


def _paragraph(file: TagWrite) -> Text:
    from rich.text import Text

    text = Text(clean(file.path), style="bold").append(f"  {_HEADS.get(file.state, file.state)}", style="not bold")
    if file.message:
        text.append(f"\n  {clean(file.message)} ({file.code})", style="not bold yellow")
    for change in file.changes:
        text.append(f"\n  {_NAMES.get(change.value, change.value):<8}{_sentence(change)}", style="not bold")
    return text


def _sentence(change: TagChange) -> str:
    before = clean(change.before or "")
    match change.state:
        case "written":
            return f"{before} → {change.after}" if before else f"{change.after}"
        case "same":
            return f"{before}, as the file says already"
        case "kept":
            return f"the file says {before}, which stays (--overwrite replaces it)"
        case "unsure":
            return "left out, for Segue is not sure (`segue set` settles it, --unsure writes it)"
        case _:
            return "left out, for it is unknown"


COMMANDS = {"write-tags": write_tags}
