"""`segue wish`: what shims are to ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from segue.cli.ask import LANES
from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, print_json
from segue.cli.wishes import PRESETS, filter_options, filters_of

if TYPE_CHECKING:
    from segue.protocol.messages import Filters, Wishes


@click.command()
@click.option("--lane", type=click.Choice(LANES), help="Where the floor should go; best: anywhere.")
@filter_options
@click.option("--preset", type=click.Choice((*PRESETS, "none")), help="Weights for a moment of the night.")
@click.option("--clear", is_flag=True, help="Wish for nothing any more, but for what is named beside this.")
@json_option
@home_option
@pass_options
def wish(options: Options, lane: Any, preset: str | None, clear: bool, **filters: Any) -> None:
    """What DJ programs are to be shown from now on: a lane, filters, a preset. Alone it says what holds.

    It holds until it is changed, also after a restart. What is not named stays as it is; filters take the place of all earlier
    filters. `segue next` is not changed by it: there you say what you want.
    """
    from segue.client import Client
    from segue.protocol.messages import Filters, Wished

    wanted = filters_of(filters) or None
    with Client(options.home()) as client:
        if lane or wanted or preset or clear:
            holds: Wishes = client.wish(
                lane=lane, filters=wanted, preset="" if preset == "none" else preset, clear=clear
            )
        else:
            holds = client.wishes()
    if options.json:
        print_json(holds)
    else:
        click.echo(in_words(holds) or "Nothing is wished for: shims ask for what fits best.")
        if isinstance(holds, Wished) and holds.tracks == 0 and holds.filters != Filters():
            click.echo("No track meets all of this yet: the lists are filled with what meets a part of it.", err=True)


def in_words(wishes: Wishes) -> str:
    """``lift, crate Warm-up, 120 to 128 BPM, preset peak``; empty where nothing is wished for."""
    lane = "" if wishes.lane == "best" else wishes.lane
    preset = f"preset {wishes.preset}" if wishes.preset else ""
    return ", ".join(part for part in (lane, *_filters(wishes.filters), preset) if part)


def _filters(filters: Filters) -> list[str]:
    parts = [
        f"{noun} {' or '.join(map(clean, names))}"
        for noun, names in (("crate", filters.crates), ("folder", filters.folders), ("genre", filters.genres))
        if names
    ]
    parts += [f"tag {clean(tag)}" for tag in filters.tags]
    parts += [
        _range(filters.bpm_from, filters.bpm_to, "{} BPM"),
        _range(filters.energy_from, filters.energy_to, "energy {}"),
        "" if filters.rating is None else f"{filters.rating} stars or more",
        _range(filters.year_from, filters.year_to, "{}"),
    ]
    return parts


def _range(low: float | None, high: float | None, form: str) -> str:
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return form.format(f"from {low:g}" if high is None else f"up to {high:g}")
    return form.format(f"{low:g}" if low == high else f"{low:g} to {high:g}")


COMMANDS = {"wish": wish}
