"""`segue show` and `segue doubts`: what is known of a track, who says so, and where they disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segue.cli.ask import limit_option, track_reference
from segue.cli.form import form_lines
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, minutes, plural, print_json

if TYPE_CHECKING:
    from rich.console import Group
    from rich.text import Text

    from segue.protocol.messages import Track, Value

_SOURCES = {"user": "you", "dj": "DJ program", "file": "file", "segue": "Segue"}
_TAGS = 8


@click.command()
@click.argument("track")
@json_option
@home_option
@pass_options
def show(options: Options, track: str) -> None:
    """All that is known of TRACK: a file, an id from a table (#12), or part of a title or artist."""
    from segue.client import Client

    with Client(options.home()) as client:
        found = client.track(track_reference(track))
    if options.json:
        print_json(found)
    else:
        make_console().print(paragraph(found), soft_wrap=True)


@click.command()
@click.option("--bpm", "about", flag_value="bpm", help="Tempi only.")
@click.option("--key", "about", flag_value="key", help="Keys only.")
@click.option("--energy", "about", flag_value="energy", help="Energies only.")
@click.option("--skip", type=click.IntRange(0), default=0, help="How many to pass over.")
@limit_option
@json_option
@home_option
@pass_options
def doubts(options: Options, about: str | None, skip: int, limit: int) -> None:
    """Tracks to look at: their sources disagree, or only an unsure estimate is known.

    Tempi come first, then keys, then energies. `segue set` settles a track, which is not listed any more then.
    """
    from segue.client import Client

    with Client(options.home()) as client:
        found = client.doubts([about] if about else [], limit, skip)
    if options.json:
        print_json(found)
    elif not found.tracks:
        click.echo("No track is in doubt." if not found.total else f"There are only {found.total}.")
    else:
        from segue.cli.tables import doubts_table

        make_console().print(doubts_table(found.tracks, about))
        shown = skip + len(found.tracks)
        if shown < found.total:
            click.echo(f"{shown} of {plural(found.total, 'track')}; --skip {shown} goes on.")


def paragraph(track: Track) -> Group:
    """A track with its values, each with who says so, how it goes, and what is doubtful."""
    from rich.console import Group
    from rich.text import Text

    title = Text(clean(track.title), style="bold").append(
        f" - {clean(track.artist)}" if track.artist else "", style="not bold"
    )
    facts = [f"#{track.id}", minutes(track.duration), track.album, track.genre, str(track.year or "")]
    lines = [title, Text("  " + " · ".join(clean(fact) for fact in facts if fact), style="dim")]
    key = f"{track.camelot}, {track.open_key}, {track.key}" if track.key else None
    lines += _value("tempo", None if track.bpm is None else f"{track.bpm:.2f} bpm", track.sources.get("bpm", []))
    lines += _value("key", key, track.sources.get("key", []))
    lines += _value("energy", None if track.energy is None else f"{track.energy:.1f}", track.sources.get("energy", []))
    if track.rating is not None:
        stars = "★" * track.rating or "no stars"
        lines += _value("rating", stars, track.sources.get("rating", []))
    if track.promoted:
        lines.append(Text(f"  {'promoted':<9}suggested although its folder is private"))
    if track.loudness is not None:
        lines.append(Text(f"  {'loudness':<9}{track.loudness:.1f} LUFS"))
    tags = sorted(track.tags.items(), key=lambda tag: -tag[1])[:_TAGS]
    if tags:
        lines.append(Text(f"  {'tags':<9}" + ", ".join(f"{clean(name)} {share:.2f}" for name, share in tags)))
    lines += [Text(f"  {line}") for line in form_lines(track.details)] if track.details else []
    lines += [Text(f"  {clean(path)}", style="dim") for path in track.files or [track.path]]
    lines += [Text("  No copy of it is there now.", style="yellow")] if track.missing else []
    lines += [Text(f"  {clean(doubt.text)}", style="yellow") for doubt in track.doubts]
    return Group(*lines)


def _value(name: str, held: str | None, values: list[Value]) -> list[Text]:
    from rich.text import Text

    line = Text(f"  {name:<9}{held or 'unknown'}")
    line.append(f"   {', '.join(map(_said, values))}" if values else "", style="dim")
    return [line]


def _said(value: Value) -> str:
    said = value.value if isinstance(value.value, str) else f"{value.value:.2f}".rstrip("0").rstrip(".")
    who = _SOURCES.get(value.source, value.source)
    if value.source == "file" and value.confidence is not None:
        return f"{who}: {said} (from Segue)"
    return f"{who}: {said}" + ("" if value.confidence is None else f" ({value.confidence:.0%} sure)")


COMMANDS = {"show": show, "doubts": doubts}
