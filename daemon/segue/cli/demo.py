"""`segue demo`: a first look in a minute, without music."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from segue.cli.options import Options, home_option, pass_options
from segue.cli.output import make_console
from segue.errors import SegueError

if TYPE_CHECKING:
    from rich.console import Console

    from segue.client import Client
    from segue.demo.synth import TrackSpec
    from segue.home import Home

_SEEDS: Final = ("Night Bus", "Undertow")
SUFFIXES: Final = ("mp3", "m4a", "flac", "ogg", "opus", "wav", "aiff")
_SUGGESTIONS: Final = 4
_RIGHT_TEMPO: Final = 0.02
"""A tempo within 2 % counts as found."""


@click.command()
@click.option("--keep", is_flag=True, help="Keep the tracks and the library, and leave Segue running on them.")
@home_option
@pass_options
def demo(options: Options, *, keep: bool) -> None:
    """Render a dozen little tracks, index them in a library of their own, and show suggestions.

    Your own library is not touched, whatever --home says: the demo has a home of its own, removed at the end.
    """
    del options  # the demo must never write into a library of yours
    console = make_console()
    with throw_away(keep=keep) as (home, music):
        _run(console, home, music)
        if keep:
            console.print(f'\nKept in {home}. Go on with: segue --home {home} next "Copper Rain"', soft_wrap=True)
            console.print(f"Later: segue --home {home} down, and delete the folder.", soft_wrap=True)


@contextmanager
def throw_away(*, keep: bool) -> Iterator[tuple[Home, Path]]:
    """A home and a music folder in the temporary folder; daemon and folders are gone afterwards unless kept."""
    from segue.cli.start import stop_daemon
    from segue.home import Home

    folder = Path(tempfile.mkdtemp(prefix="segue-demo-"))
    music = folder / "music"
    music.mkdir()
    home = Home.locate(folder)
    kept = False
    try:
        yield home, music
        kept = keep
    finally:
        if not kept:
            try:
                stop_daemon(home)
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def _run(console: Console, home: Home, music: Path) -> None:
    from segue.cli.progress import follow
    from segue.cli.start import start_daemon
    from segue.cli.tables import suggestions_table
    from segue.client import Client
    from segue.demo.tracks import DEMO_TRACKS

    with console.status(f"Playing and recording {len(DEMO_TRACKS)} tracks in {len(SUFFIXES)} formats"):
        render_all(music, DEMO_TRACKS)
    with console.status("Starting Segue on a library of its own"):
        start_daemon(home, str(home))
    with Client(home) as client:
        client.add_folder(music)
        follow(client, console)
        console.print(_report(client, DEMO_TRACKS), soft_wrap=True)
        for seed in _SEEDS:
            console.print(f'\n$ segue next "{seed}" --lane best -n {_SUGGESTIONS}', style="bold")
            console.print(suggestions_table(client.next(seed, _SUGGESTIONS)))


def render_all(folder: Path, specs: Sequence[TrackSpec]) -> None:
    """Render tracks into a folder, in all formats in turn."""
    from segue.demo.files import write_track

    with ThreadPoolExecutor() as threads:  # the encoders let go of the interpreter
        jobs = [
            threads.submit(write_track, folder, spec, SUFFIXES[number % len(SUFFIXES)])
            for number, spec in enumerate(specs)
        ]
        for job in jobs:
            job.result()


def _report(client: Client, specs: Sequence[TrackSpec]) -> str:
    """How many tempos and keys were found right: the demo knows the truth."""
    tempo = key = indexed = 0
    for spec in specs:
        try:
            track = client.track(spec.title)
        except SegueError:
            continue
        indexed += 1
        tempo += track.bpm is not None and abs(track.bpm / spec.bpm - 1.0) < _RIGHT_TEMPO
        key += track.key == spec.key
    return f"Indexed {indexed} of {len(specs)} tracks. Tempo right in {tempo} of them, key in {key}."


COMMANDS = {"demo": demo}
