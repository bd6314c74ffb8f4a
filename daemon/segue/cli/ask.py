"""`segue next`, `segue similar`, `segue search`: the questions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segue.cli.options import Options, absolute, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, print_json
from segue.errors import TrackNotFoundError

if TYPE_CHECKING:
    from segue.client import Client
    from segue.protocol.messages import Suggestions

limit_option = click.option(
    "-n", "--limit", type=click.IntRange(1, 200), default=10, show_default=True, help="How many rows at the most."
)


@click.command("next")
@click.argument("track", required=False)
@limit_option
@json_option
@home_option
@pass_options
def next_(options: Options, track: str | None, limit: int) -> None:
    """What to play after TRACK, and why.

    TRACK is a file, an id from a table (#12), or part of a title or artist. Without it: what is on the playing deck,
    else what was played last.
    """
    from segue.client import Client

    with Client(options.home()) as client:
        answer = client.next(track_reference(track) if track is not None else _current(client), limit)
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
@limit_option
@json_option
@home_option
@pass_options
def similar(options: Options, file: str, limit: int, section: str) -> None:
    """What sounds like FILE, or like a section of it: any audio file, in the library or not, finished or not."""
    from segue.client import Client

    console = make_console(stderr=True)
    with Client(options.home()) as client, console.status("Listening"):
        answer = client.similar(absolute(file), limit, section)
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
    names_a_file = Path(text).is_file() or (is_audio_name(text) and (os.sep in text or "/" in text))
    return absolute(text) if names_a_file else text


def _current(client: Client) -> str:
    """The track on the deck that plays, else the one that was played last."""
    playing = [deck for deck in client.decks().decks if deck.playing and deck.path]
    if playing:
        deck = max(playing, key=lambda deck: deck.updated)
        return deck.path if deck.track is None and deck.path else f"#{deck.track}"
    plays = client.history(limit=1).plays
    if not plays:
        raise TrackNotFoundError(
            'No deck is playing and nothing was played yet: name a track, as in segue next "title".'
        )
    return f"#{plays[0].track}"


def _show(options: Options, answer: Suggestions) -> None:
    if options.json:
        print_json(answer)
        return
    from segue.cli.tables import suggestions_table

    make_console().print(suggestions_table(answer))


COMMANDS = {"next": next_, "similar": similar, "search": search}
