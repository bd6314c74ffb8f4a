"""`segue tune`: what counts how much in a suggestion's score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import make_console, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from segue.protocol.messages import WeightLesson, WeightList


@click.command()
@click.option(
    "--set", "changes", multiple=True, metavar="NAME=NUMBER", help="Change a weight, 0 to 10; may be repeated."
)
@click.option("--preset", metavar="NAME", help="Take over the weights of a moment; with --show: only look at them.")
@click.option("--show", is_flag=True, help="Change nothing.")
@click.option("--learn", is_flag=True, help="Learn the weights from your own sets.")
@click.option("--reset", is_flag=True, help="Forget all changes.")
@json_option
@home_option
@pass_options
def tune(options: Options, changes: tuple[str, ...], preset: str | None, show: bool, learn: bool, reset: bool) -> None:
    """What counts how much in a suggestion's score: look at it, change it, or let your own sets teach it.

    Alone it shows the weights. The first seven are shares: only their proportions matter. Presets are dj, warm-up, peak,
    after-hours and producer. --learn looks at what you played after what, needs 60 transitions, and takes the learned weights
    only where they are better than yours on your latest sets.
    """
    from segue.client import Client

    values = dict(map(_change, changes))
    if show and (values or learn or reset):
        raise click.UsageError("--show changes nothing: leave out --set, --learn and --reset.")
    console = make_console(stderr=True)
    with Client(options.home()) as client, console.status("Learning" if learn else "Asking"):
        asked = show or not (values or preset or learn or reset)
        found = client.weights(preset) if asked else client.tune(values, preset, learn=learn, reset=reset)
    if options.json:
        print_json(found)
        return
    make_console().print(_table(found))
    if learn and found.lesson is not None:
        click.echo(_said(found.lesson))


def _change(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    try:
        if not equals:
            raise ValueError  # noqa: TRY301 - both mistakes have one sentence
        return name.strip(), float(number)
    except ValueError:
        raise click.BadParameter(
            f"“{text}” should be a name and a number, as in key=0.3.", param_hint="--set"
        ) from None


def _table(found: WeightList) -> Table:
    from rich.table import Table
    from rich.text import Text

    title = "Weights" if found.preset is None else f"Weights with the preset {found.preset}"
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("weight")
    table.add_column("in use", justify="right")
    table.add_column("default", justify="right")
    table.add_column("said by")
    for part in (*found.parts, *found.features, found.pitch_range):
        changed = part.weight != part.default
        table.add_row(
            part.name,
            Text(f"{part.weight:g}", style="bold" if changed else ""),
            f"{part.default:g}",
            "" if part.source == "default" else part.source,
        )
    return table


def _said(lesson: WeightLesson) -> str:
    if lesson.judged_on == 0:
        return (
            f"Your sets have {lesson.transitions} transitions; learning takes {lesson.needed}, in several sets. "
            "Play on, or teach Segue your histories with `segue learn FILE`."
        )
    found = (
        f"Learned from {lesson.learned_from} transitions. On the latest {lesson.judged_on} what you played next comes, "
        f"in the mean of reciprocal ranks, at {lesson.after:.3f} instead of {lesson.before:.3f}"
    )
    return f"{found}." if lesson.better else f"{found}: that is no better, so your weights stay as they are."


COMMANDS = {"tune": tune}
