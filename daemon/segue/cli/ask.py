"""`segue next`, `segue similar`, `segue search`: the questions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import click

from segue.cli.options import Options, absolute, home_option, json_option, options_of, pass_options
from segue.cli.output import clean, make_console, print_json
from segue.cli.wishes import filter_options, filters_of, moment_options
from segue.errors import TrackNotFoundError

if TYPE_CHECKING:
    from segue.client.asks import Wishes
    from segue.protocol.messages import Suggestions

LANES: Final = ("best", "stay", "lift", "ease", "turn", "rescue")
_LIST: Final = 10
_IN_A_LANE: Final = 4
"""Rows of a lane, where three are shown: together they fit a screen."""

limit_option = click.option(
    "-n", "--limit", type=click.IntRange(1, 200), default=10, show_default=True, help="How many rows at the most."
)


@click.command("next")
@click.argument("tracks", nargs=-1, metavar="[TRACK]...")
@click.option(
    "-n", "--limit", type=click.IntRange(1, 200), help="How many rows at the most: 10, or 4 in each of three lanes."
)
@click.option("--lane", type=click.Choice(LANES), help="Where the floor should go; without it: three lanes.")
@click.option("--more", multiple=True, metavar="TRACK", help="More like this ...")
@click.option("--less", multiple=True, metavar="TRACK", help="... and less like that.")
@click.option("--like-crate", metavar="NAME", help="Like the tracks of a crate.")
@click.option("--like-playlist", type=click.Path(), metavar="FILE", help="Like the tracks of a playlist file.")
@filter_options
@moment_options
@json_option
@home_option
@pass_options
def next_(options: Options, tracks: tuple[str, ...], limit: int | None, **wishes: Any) -> None:
    """What to play after TRACK, and why.

    TRACK is a file, an id from a table (#12), or part of a title or artist. Without it: what is on the playing deck,
    else what was played last. With several, suggestions sound like all of them and mix with the first.

    Lanes: stay keeps the floor where it is, lift and ease change its energy, turn surprises but mixes, rescue gives only
    what has worked in your own sets. best is one list: what sounds most like TRACK, and first of all what mixes with it.
    """
    from segue.client import Client

    lane = wishes.pop("lane")
    asked: Wishes = {
        "lane": lane or "best",
        "lanes": lane is None,
        "also": [track_reference(track) for track in tracks[1:]],
        "more": [track_reference(track) for track in wishes.pop("more")],
        "less": [track_reference(track) for track in wishes.pop("less")],
        "crate": wishes.pop("like_crate"),
        "playlist": _file(wishes.pop("like_playlist")),
        "preset": wishes.pop("preset"),
        "tonight": not wishes.pop("again"),
        "filters": filters_of(wishes),
    }
    with Client(options.home()) as client:
        in_lanes = lane is None and not options.json
        rows = limit or (_IN_A_LANE if in_lanes else _LIST)
        answer = client.next(track_reference(tracks[0]) if tracks else None, rows, **asked)
    _show(options, answer)


@click.command()
@click.argument("file", type=click.Path())
@click.option(
    "--section",
    type=click.Choice(("whole", "intro", "drop", "outro")),
    default="whole",
    show_default=True,
    help="What of FILE is compared: an intro with intros, an outro with outros, a drop with whole tracks.",
)
@click.option(
    "--close", is_flag=True, help="Warn of suggestions that a part of FILE is nearly a part of (see `check`)."
)
@limit_option
@json_option
@home_option
@pass_options
def similar(options: Options, file: str, *, limit: int, section: str, close: bool) -> None:
    """What sounds like FILE, or like a section of it: any audio file, in the library or not, finished or not."""
    from segue.client import Client

    console = make_console(stderr=True)
    with Client(options.home()) as client, console.status("Listening"):
        answer = client.similar(absolute(file), limit, section, close=close)
    _show(options, answer)


@click.command()
@click.argument("text", nargs=-1, required=True)
@limit_option
@json_option
@home_option
@pass_options
def search(options: Options, text: tuple[str, ...], limit: int) -> None:
    """Find tracks by words from title, artist, album, genre, comment or file name."""
    from segue.client import Client

    with Client(options.home()) as client:
        found = client.search(" ".join(text), limit)
    if options.json:
        print_json(found)
    elif not found.tracks:
        click.echo(f"No track has “{clean(' '.join(text))}” in its title, artist, album, genre, comment or name.")
    else:
        from segue.cli.tables import tracks_table

        make_console().print(tracks_table(found.tracks))


def track_reference(text: str) -> str:
    """A file's path made absolute, for the daemon has another working folder; everything else as it is."""
    from segue.audio.formats import is_audio_name

    if not text.strip():
        raise TrackNotFoundError('The name of the track is empty: name one, as in segue next "title".')
    # Unlike Path, os.path takes what is too long for a name.
    is_file = os.path.isfile(text)  # noqa: PTH113
    beside = text.startswith(("./", "../", "~/", f".{os.sep}", f"..{os.sep}", f"~{os.sep}")) or os.path.isabs(text)  # noqa: PTH117
    if not (is_file or beside or (is_audio_name(text) and (os.sep in text or "/" in text))):
        return text
    path = absolute(text)
    context = click.get_current_context(silent=True)
    if context is not None and not os.path.lexists(path):
        options_of(context).absent.append(path)
    return path


def _file(path: str | None) -> str | None:
    return None if path is None else absolute(path)


def _show(options: Options, answer: Suggestions) -> None:
    if options.json:
        print_json(answer)
        return
    from segue.cli.tables import suggestions_table

    make_console().print(suggestions_table(answer))


COMMANDS = {"next": next_, "similar": similar, "search": search}
