"""`segue status`: what Segue is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, minutes, plural, print_json
from segue.cli.wish import in_words

if TYPE_CHECKING:
    from rich.table import Table

    from segue.protocol.messages import Deck, Shim, Status

_LEAST_CHANGE: Final = 0.05
"""Per cent; less is not shown."""


@click.command()
@json_option
@home_option
@pass_options
def status(options: Options) -> None:
    """What Segue is doing: tracks, queue, folders, decks, models, index."""
    from segue.client import Client

    with Client(options.home()) as client:
        found = client.status()
    if options.json:
        print_json(found)
        return
    from segue.cli.tables import folders_table

    console = make_console()
    console.print(_facts(found))
    if found.folders:
        console.print()
        console.print(folders_table(found.folders))
    for problem in found.problems:
        console.print(f"Note: {clean(problem)}", style="yellow", soft_wrap=True)


def _facts(found: Status) -> Table:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in (
        ("Segue", f"{found.version}, process {found.pid}, up for {minutes(found.uptime)}"),
        ("home", clean(found.home)),
        ("tracks", _tracks(found)),
        ("work", _work(found)),
        ("decks", _decks(found)),
        ("wishes", in_words(found.wishes)),
        ("shims", "\n".join(map(_shim, found.shims))),
        ("index", f"{found.index.state}, {plural(found.index.vectors, 'vector')}"),
        ("models", ", ".join(f"{name} {version}" for name, version in found.models.items())),
        ("change", _change(found)),
        ("runs on", f"{found.provider or 'workers are warming up'}, {plural(found.workers, 'worker')}"),
    ):
        if value:
            grid.add_row(name, value)
    return grid


def _tracks(found: Status) -> str:
    counts = found.tracks
    text = f"{plural(counts.indexed, 'track')} ready"
    for count, what in ((counts.queued, "queued"), (counts.failed, "failed"), (counts.missing, "away")):
        text += f", {count} {what}" if count else ""
    return text


def _work(found: Status) -> str:
    if found.paused:
        return "paused (`segue resume` goes on)"
    if found.gig_mode:
        return "waits while a deck plays"
    if not found.tracks.queued:
        return "looking through the folders" if found.scanning else "idle, watching"
    rate = f"{found.rate:.0f} files a minute" if found.rate else "indexing"
    return rate + (f", {minutes(found.time_left)} left" if found.time_left else "")


def _change(found: Status) -> str:
    """``to msd: 34 of 60 tracks, 0:20 left``."""
    renewal = found.renewal
    if renewal is None:
        return ""
    text = f"to {renewal.set}: {renewal.done} of {plural(renewal.done + renewal.waiting + renewal.away, 'track')}"
    text += f", {minutes(renewal.time_left)} left" if renewal.time_left else ""
    for count, what in ((renewal.failed, "failed"), (renewal.away, "away")):
        text += f", {count} {what}" if count else ""
    if renewal.state == "waiting" and renewal.away:
        text += f": connect their drive, or `segue models use {renewal.set} --now`"
    return text


def _decks(found: Status) -> str:
    """The decks that hold or play something: shims name their decks anew now and then."""
    held = [deck for deck in found.decks if deck.path is not None or deck.playing]
    return "\n".join(f"{clean(deck.deck)}: {_on_deck(deck)}" for deck in held)


def _on_deck(deck: Deck) -> str:
    """``Ada Lantern - Night Bus, playing, +2.1 %, keylock off, fader down, 60 % sure``."""
    name = f"{deck.artist} - {deck.title}" if deck.artist and deck.title else deck.title or deck.path
    change = 100 * (deck.rate - 1)
    parts = (
        clean(name or "something that Segue does not know"),
        "playing" if deck.playing else "cued",
        f"{change:+.1f} %" if abs(change) >= _LEAST_CHANGE else "",
        "" if deck.keylock else "keylock off",
        "fader down" if deck.is_silent else "",
        "" if deck.confidence >= 1 else f"{100 * deck.confidence:.0f} % sure",
    )
    return ", ".join(part for part in parts if part)


def _shim(shim: Shim) -> str:
    """``mixxx: running, process 4211``."""
    states = {
        "running": f"running, process {shim.pid}",
        "waiting": "starts in a moment",
        "elsewhere": "runs already, not from here",
        "given-up": "left alone, it ended at once",
    }
    return f"{clean(shim.name)}: {states.get(shim.state, shim.state)}"


COMMANDS = {"status": status}
