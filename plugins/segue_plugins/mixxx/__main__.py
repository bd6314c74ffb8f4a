"""``segue mixxx``, or ``python -m segue_plugins.mixxx``."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final, NamedTuple

from segue.client import Client
from segue.errors import ProgramSetupError, SegueError
from segue_plugins.mixxx import settings as places
from segue_plugins.mixxx import setup
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.settings import Settings
from segue_plugins.mixxx.shim import Shim

_ANSWER_SECONDS: Final = 3.0
"""So long the shim waits for the daemon; a track that takes longer to listen to is asked for again."""


class _Step(NamedTuple):
    """A word after ``segue mixxx``."""

    summary: str
    options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Settings, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None, prog: str = "python -m segue_plugins.mixxx") -> int:
    """Follow Mixxx until Ctrl-C or SIGTERM, or do what another word says."""
    options = _parse(sys.argv[1:] if arguments is None else list(arguments), prog)
    try:
        return _STEPS[options.step].run(places.find(options.settings), options)
    except SegueError as error:
        print(f"segue: {error.message}", file=sys.stderr)  # noqa: T201 - a program's words to its user
        return 1
    except KeyboardInterrupt:
        return 0


# Following ----------------------------------------------------------------------------------------------------------


def _run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--follow",
        choices=("loaded", "playing"),
        default="loaded",
        help="suggest what comes after the track that was loaded last (default), or after the one that is heard",
    )
    parser.add_argument("--ease", action="store_true", help="the second lane eases instead of lifting")


def _run(settings: Settings, options: argparse.Namespace) -> int:
    record = _record(settings)
    with Client(options.home, timeout=_ANSWER_SECONDS) as client:
        Shim(client, settings, record, follow=options.follow, ease=options.ease).run()
    return 0


def _record(settings: Settings) -> setup.Record:
    """What was set up, for a step that goes on until it is ended: it says what it does, and SIGTERM ends it as Ctrl-C."""
    record = setup.read(settings)
    if record is None or not record.ids:
        raise ProgramSetupError(f"Mixxx in {settings.folder} is not set up: close it and run `segue mixxx setup`.")
    Database(settings.database).check()
    logging.basicConfig(format="%(asctime)s  %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    signal.signal(signal.SIGTERM, _interrupt)
    return record


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


# Setting up ---------------------------------------------------------------------------------------------------------


def _setup_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--undo", action="store_true", help="remove every trace")
    parser.add_argument("--prefix", metavar="TEXT", help=f"how the playlists' names begin (default: {setup.PREFIX!r})")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        type=_name,
        metavar='LANE="NAME"',
        dest="names",
        help=f"another name for one playlist: {', '.join(setup.LANES)}",
    )


def _name(text: str) -> tuple[str, str]:
    lane, equals, name = text.partition("=")
    if lane not in setup.LANES or not equals or not name.strip():
        raise argparse.ArgumentTypeError(f'write LANE="NAME", where LANE is one of {", ".join(setup.LANES)}')
    return lane, name


def _setup(settings: Settings, options: argparse.Namespace) -> int:
    if options.undo:
        removed = setup.undo(settings)
        _say(f"Removed from {settings.folder}: {', '.join(removed)}, the script, and the backup.")
        return 0
    done = setup.set_up(settings, options.prefix, dict(options.names))
    _say(
        f"Mixxx {settings.version} in {settings.folder} is set up.",
        f"  Playlists    {', '.join(done.playlists)}",
        f"  Script       {done.script}",
        f"  Backup       {done.backup}",
        "",
        "Start Mixxx, then `segue mixxx`. To see new suggestions without a click, let the script ride in the mapping of",
        "your controller: copy the mapping (*.midi.xml) into the folder of the script and add to its <scriptfiles>",
        f'  <file filename="{setup.SCRIPT}" functionprefix="Segue"/>',
        f"or choose the mapping Segue ({setup.MAPPING}) for a MIDI port that you do not use otherwise.",
        "`segue mixxx setup --undo` removes all of this.",
    )
    return 0


def _say(*lines: str) -> None:
    print(*lines, sep="\n")  # noqa: T201 - a program's words to its user


# The words ----------------------------------------------------------------------------------------------------------

_STEPS: Final = {
    "run": _Step("follow Mixxx and keep its playlists filled (the default)", _run_options, _run),
    "setup": _Step("set Mixxx up, once and while it is closed, or undo that", _setup_options, _setup),
}


def _parse(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    shared = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    shared.add_argument("--settings", metavar="DIR", help="Mixxx's settings folder (else the one that was used last)")
    shared.add_argument("--home", metavar="DIR", help="as for segue (else SEGUE_HOME)")
    known, rest = shared.parse_known_args(arguments)
    parser = argparse.ArgumentParser(
        prog=prog,
        parents=[shared],
        description="Suggestions inside Mixxx: follows its decks and keeps playlists filled. Set it up first.",
        epilog=f"Without a word it runs, and takes the options of `{prog} run` (see `{prog} run --help`).",
    )
    words = parser.add_subparsers(dest="step", metavar="WORD")
    for name, step in _STEPS.items():
        step.options(words.add_parser(name, parents=[shared], help=step.summary, description=step.summary))
    is_word = rest[:1] in (["-h"], ["--help"]) or (rest and rest[0] in _STEPS)
    options = parser.parse_args(rest if is_word else ["run", *rest])
    options.settings, options.home = known.settings, known.home
    return options


if __name__ == "__main__":
    sys.exit(main())
