"""`segue learn`, `like`, `dislike` and `memory`: what Segue learns, and how to see and erase it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from segue.cli.ask import limit_option, track_reference
from segue.cli.exits import Exit
from segue.cli.options import Options, absolute, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, plural, print_json
from segue.errors import DaemonError, SegueError

if TYPE_CHECKING:
    from segue.protocol.messages import Forgotten, Lesson, TrackName

_SUFFIXES: Final = frozenset({".m3u", ".m3u8", ".nml", ".crate", ".session"})
"""What is read of a folder; tables and texts are named one by one."""


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "kind",
    type=click.Choice(["auto", "history", "playlist"]),
    default="auto",
    help="Whether it was played in this order (history) or only put into it (playlist), where the file does not say.",
)
@json_option
@home_option
@pass_options
def learn(options: Options, files: tuple[Path, ...], kind: Literal["auto", "history", "playlist"]) -> None:
    """Learn from FILEs what you play after what: histories and playlists of other programs, or folders of them.

    Reads M3U (also VirtualDJ's history), rekordbox XML, Traktor NML, Serato crates and sessions, Mixxx's mixxxdb.sqlite,
    and tracklists as CSV or text. Nothing in them is changed; a file that is learned twice adds nothing.
    """
    from segue.client import Client

    found, lessons, failures = _files(files), [], []
    with Client(options.home()) as client:
        for file in found:
            try:
                lesson = client.learn(file, kind)
            except DaemonError:
                raise
            except SegueError as error:
                if len(found) == 1:
                    raise
                failures.append({"path": absolute(str(file)), "code": error.code, "message": error.message})
                if not options.json:
                    click.echo(f"{clean(str(file))}: {clean(error.message)}", err=True)
                continue
            lessons.append(lesson)
            if not options.json:
                _tell(lesson)
    if options.json:
        print_json({"lessons": lessons, "failures": failures})
    if failures:
        click.get_current_context().exit(Exit.FAILED)


@click.command()
@click.argument("track")
@click.option("--after", metavar="TRACK", help="Only after this track.")
@click.option("--undo", is_flag=True, help="Take the opinion back.")
@json_option
@home_option
@pass_options
def like(options: Options, track: str, after: str | None, undo: bool) -> None:
    """Suggest TRACK more, always or only after another one."""
    _rate(options, track, after, None if undo else True)


@click.command()
@click.argument("track")
@click.option("--after", metavar="TRACK", help="Only after this track.")
@click.option("--undo", is_flag=True, help="Take the opinion back.")
@json_option
@home_option
@pass_options
def dislike(options: Options, track: str, after: str | None, undo: bool) -> None:
    """Suggest TRACK less, always or only after another one."""
    _rate(options, track, after, None if undo else False)


@click.group(invoke_without_command=True)
@limit_option
@json_option
@home_option
@click.pass_context
def memory(context: click.Context, limit: int) -> None:
    """What Segue has learned from your sets. It stays on this machine, and can be erased."""
    context.default_map = {"show": {"limit": limit}}
    if context.invoked_subcommand is None:
        context.invoke(show, limit=limit)


@click.command()
@click.argument("track", required=False)
@limit_option
@json_option
@home_option
@pass_options
def show(options: Options, track: str | None = None, limit: int = 20) -> None:
    """Show what was learned: pairs that were played together, opinions, files. With TRACK: what concerns it."""
    from segue.client import Client

    with Client(options.home()) as client:
        page = client.memory(None if track is None else track_reference(track), limit)
    if options.json:
        print_json(page)
        return
    from segue.cli.memory_tables import memory_tables

    for part in memory_tables(page):
        make_console().print(part)


@click.command()
@click.argument("track", required=False)
@click.option(
    "--source",
    metavar="WHAT",
    help="Only this: night, deck, taken, imports, opinions, or import:3 for import number 3.",
)
@click.option("--all", "everything", is_flag=True, help="Everything that was learned.")
@click.option("--plays", is_flag=True, help="The history of plays too, which is kept otherwise.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask again.")
@json_option
@home_option
@pass_options
def forget(options: Options, track: str | None, source: str | None, everything: bool, plays: bool, yes: bool) -> None:
    """Forget what was learned of TRACK, from one source, or everything. Nothing of it stays in the library's file."""
    from segue.client import Client

    if track is None and source is None and not everything and not plays:
        raise click.UsageError("Say what to forget: a TRACK, --source, --all or --plays.")
    if everything and (track is not None or source is not None):
        raise click.UsageError("--all is more than a TRACK or a --source: say one of them.")
    if (everything or (plays and track is None)) and not yes:
        if options.json or not sys.stdin.isatty():
            raise click.UsageError("This erases all of it, and nobody can be asked here: say --yes.")
        click.confirm("Forget all of it?", abort=True)
    reference = None if track is None else track_reference(track)
    with Client(options.home()) as client:
        forgotten = client.forget(reference, source, everything=everything, plays=plays)
    if options.json:
        print_json(forgotten)
    else:
        click.echo(f"Forgotten: {_counted(forgotten)}.")


memory.add_command(show)
memory.add_command(forget)


def _rate(options: Options, track: str, after: str | None, liked: bool | None) -> None:
    from segue.client import Client

    with Client(options.home()) as client:
        opinion = client.rate(track_reference(track), liked, None if after is None else track_reference(after))
    if options.json:
        print_json(opinion)
        return
    word = "Taken back" if opinion.liked is None else "Liked" if opinion.liked else "Disliked"
    behind = "" if opinion.after is None else f", after {_name(opinion.after)}"
    click.echo(f"{word}: {_name(opinion.track)}{behind}")


def _files(named: tuple[Path, ...]) -> list[Path]:
    """The files, and those in folders that only sets have such names of; Serato's and Traktor's folders are full of them."""
    found: list[Path] = []
    for path in named:
        inside = sorted(one for one in path.rglob("*") if one.suffix.lower() in _SUFFIXES) if path.is_dir() else [path]
        if not inside:
            raise click.UsageError(f"{path} holds no histories or playlists.")
        found.extend(inside)
    return found


def _tell(lesson: Lesson) -> None:
    counts = (
        f"{plural(lesson.sets, 'set')}, {plural(lesson.entries, 'track')}, {lesson.matched} of them in the library, "
        f"{plural(lesson.transitions, 'transition')} learned"
    )
    click.echo(f"{clean(lesson.path)}: {counts}.")
    for note in lesson.notes:
        click.echo(f"  Note: {clean(note)}.")
    for name in lesson.unmatched:
        click.echo(f"  not in the library: {clean(name)}")
    more = lesson.entries - lesson.matched - len(lesson.unmatched)
    if lesson.unmatched and more > 0:
        click.echo(f"  ... and up to {more} more")


def _counted(forgotten: Forgotten) -> str:
    parts = (
        (forgotten.transitions, "transition"),
        (forgotten.opinions, "opinion"),
        (forgotten.imports, "import"),
        (forgotten.plays, "play"),
    )
    return ", ".join(plural(count, noun) for count, noun in parts if count) or "nothing, for nothing was known"


def _name(track: TrackName) -> str:
    return clean(track.title) + (f" - {clean(track.artist)}" if track.artist else "")


COMMANDS = {"learn": learn, "like": like, "dislike": dislike, "memory": memory}
