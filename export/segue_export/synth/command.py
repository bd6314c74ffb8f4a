"""The command line of the synthesiser: ``segue-dataset synth``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from segue_export.datasets.build import DatasetError
from segue_export.synth import accompaniment, fluid, packages, voices, world
from segue_export.synth.clips import SECONDS, STYLES
from segue_export.synth.composition import Sources
from segue_export.synth.dataset import Tally, render
from segue_export.synth.styles import Style

ENGINES: Final = {
    "steps": "dance music and hip-hop on a grid of sixteenths; needs nothing",
    "band": "step patterns for General MIDI instruments; needs FluidSynth and a sound font",
    "mma": "the grooves of MMA; needs MMA, FluidSynth and a sound font",
}
_DESCRIPTION: Final = """Render music whose tempo, key, metre, style and instruments are exact, because they were chosen first.
Without sound fonts only the step synthesiser plays; without voices nobody sings. --fetch gets the sounds."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("--out", type=Path, help="the dataset folder")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--clips", type=int, help="how many clips of this seed there shall be (default: 100)")
    amount.add_argument("--hours", type=float, help="how many hours of this seed there shall be")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other clips (default: 1)")
    parser.add_argument(
        "--styles", help="names of styles, or steps, band, mma, as in 'techno,reggae,mma' (default: all)"
    )
    parser.add_argument("--list-styles", action="store_true", help="show the styles and end")
    parser.add_argument("--soundfonts", type=Path, help="a General MIDI sound font, or a folder of them")
    parser.add_argument("--voices", type=Path, help="a folder of recorded speech, a folder a speaker")
    parser.add_argument(
        "--drums", type=Path, help="a folder of drum samples, named as what they are (kick, snare, ...)"
    )
    parser.add_argument(
        "--fetch",
        type=Path,
        metavar="FOLDER",
        help="get sound fonts, voices and drums from Debian packages into a folder, and use them",
    )
    parser.add_argument("--debs", type=Path, help="packages fetched before (default: FOLDER/debs)")
    parser.add_argument(
        "--full", type=Path, metavar="FOLDER", help="write each clip as mp3, flac, ogg or m4a too, with truth.csv"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status. Raises DatasetError with a sentence that says what to do."""
    console = Console(stderr=True, highlight=False)
    if options.list_styles:
        Console().print(_styles_table())
        return 0
    if options.out is None:
        raise DatasetError("give --out, the folder of the dataset")
    if (options.clips is not None and options.clips < 1) or (options.hours is not None and options.hours <= 0):
        raise DatasetError("--clips and --hours begin above nothing")
    sources = _sources(options, console)
    styles = _styles(options.styles, sources, console)
    wanted = 100 if options.clips is None and options.hours is None else options.clips
    began = time.monotonic()
    tally = _with_progress(options, styles, sources, wanted, console)
    _say(tally, time.monotonic() - began)
    return 0


def _with_progress(
    options: argparse.Namespace, styles: list[Style], sources: Sources, wanted: int | None, console: Console
) -> Tally:
    total = wanted if wanted is not None else round(options.hours * 3600 / (sum(SECONDS) / 2))
    columns = (
        TextColumn("clips"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)

        def report(tally: Tally) -> None:
            progress.update(task, completed=tally.clips, description=f"{sum(tally.seconds.values()) / 3600:.2f} h")

        return render(
            options.out,
            options.seed,
            styles,
            sources,
            wanted=wanted,
            hours=options.hours,
            full=options.full,
            report=report,
        )


def _sources(options: argparse.Namespace, console: Console) -> Sources:
    """What the options name, or `--fetch` has got."""
    fonts, speech, drums = options.soundfonts, options.voices, options.drums
    if options.fetch is not None:
        missing = packages.fetch(options.fetch, options.debs or options.fetch / "debs", console.print)
        if missing:
            console.print(f"not in the package lists of this system, left out: {' '.join(missing)}", soft_wrap=True)
        fonts, speech, drums = (
            given or (options.fetch / kind if any((options.fetch / kind).glob("*")) else None)
            for given, kind in ((fonts, "soundfonts"), (speech, "voices"), (drums, "drums"))
        )
    for name, folder in (("--soundfonts", fonts), ("--voices", speech), ("--drums", drums)):
        if folder is not None and not folder.exists():
            raise DatasetError(f"{name} {folder} is not there")
    try:
        found = fluid.find_fonts(fonts) if fonts is not None else ()
        speakers = tuple(voices.find_speakers(speech)) if speech is not None else ()
    except ValueError as error:
        raise DatasetError(str(error)) from error
    if speakers and not world.available():
        console.print(
            "pyworld is not installed: voices will speak, but neither sing nor rap (`pip install pyworld`)",
            soft_wrap=True,
        )
    return Sources(found, speakers, drums)


def _styles(text: str | None, sources: Sources, console: Console) -> list[Style]:
    """Styles by name or engine; without a wish, all for which there are the tools and sounds."""
    lacking = {engine: why for engine in ENGINES if (why := _lacking(engine, sources))}
    if text is None:
        for engine, why in lacking.items():
            console.print(f"without the {engine} styles: {why}", soft_wrap=True)
        return [style for style in STYLES.values() if style.engine not in lacking]
    chosen: dict[str, Style] = {}
    for name in (word.strip() for word in text.split(",") if word.strip()):
        if name not in ENGINES and name not in STYLES:
            raise DatasetError(f"{name!r} is no style; `segue-dataset synth --list-styles` shows them")
        chosen |= {style.name: style for style in STYLES.values() if name in {style.name, style.engine}}
    if not chosen:
        raise DatasetError("--styles names no style; `segue-dataset synth --list-styles` shows them")
    for style in chosen.values():
        if style.engine in lacking:
            raise DatasetError(f"the style {style.name!r} cannot be rendered: {lacking[style.engine]}")
    return list(chosen.values())


def _lacking(engine: str, sources: Sources) -> str:
    """What an engine lacks, empty for nothing."""
    if engine == "steps":
        return ""
    if not sources.fonts:
        return "there is no sound font; give one with --soundfonts, or --fetch them"
    if not fluid.available():
        return "fluidsynth is not installed (`apt-get install fluidsynth`)"
    if engine == "mma" and not accompaniment.available():
        return "mma is not installed (`apt-get install mma`)"
    return ""


def _styles_table() -> Table:
    table = Table(
        "style", "engine", "tempo", "tags", title="; ".join(f"{name}: {what}" for name, what in ENGINES.items())
    )
    for style in STYLES.values():
        table.add_row(style.name, style.engine, f"{style.tempo[0]:g}-{style.tempo[1]:g}", ", ".join(style.tags))
    return table


def _say(tally: Tally, took: float) -> None:
    seconds = sum(tally.seconds.values())
    sung = tally.clips - tally.voices["none"]
    print(
        f"{tally.clips} clips, {seconds / 3600:.2f} hours, {tally.bad} bad; {seconds / max(took, 1e-9):.0f} times real time"
    )
    if tally.clips:
        print(
            f"voices in {100 * sung / tally.clips:.0f} %: "
            + ", ".join(f"{number} {manner}" for manner, number in tally.voices.most_common())
        )
        print("hours: " + ", ".join(f"{style} {part / 3600:.2f}" for style, part in sorted(tally.seconds.items())))
    sys.stdout.flush()
