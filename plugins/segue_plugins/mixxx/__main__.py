"""``segue mixxx``, or ``python -m segue_plugins.mixxx``."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Final

from segue.client import Client
from segue.errors import ProgramSetupError, SegueError
from segue_plugins.mixxx import settings as places
from segue_plugins.mixxx import setup
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.settings import Settings
from segue_plugins.mixxx.shim import Shim

_ANSWER_SECONDS: Final = 3.0
"""So long the shim waits for the daemon; a track that takes longer to listen to is asked for again."""


def main(arguments: Sequence[str] | None = None, prog: str = "python -m segue_plugins.mixxx") -> int:
    """Set Mixxx up, or follow it until Ctrl-C or SIGTERM."""
    options = _parser(prog).parse_args(arguments)
    try:
        settings = places.find(options.settings)
        if options.step == "run":
            _run(settings, options)
        elif options.undo:
            _undo(settings)
        else:
            _set_up(settings, options.prefix)
    except SegueError as error:
        print(f"segue: {error.message}", file=sys.stderr)  # noqa: T201 - a program's words to its user
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _set_up(settings: Settings, prefix: str) -> None:
    done = setup.set_up(settings, prefix)
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


def _undo(settings: Settings) -> None:
    removed = setup.undo(settings)
    _say(f"Removed from {settings.folder}: {', '.join(removed)}, the script, and the backup.")


def _run(settings: Settings, options: argparse.Namespace) -> None:
    record = setup.read(settings)
    if record is None or not record.ids:
        raise ProgramSetupError(f"Mixxx in {settings.folder} is not set up: close it and run `segue mixxx setup`.")
    Database(settings.database).check()
    logging.basicConfig(format="%(asctime)s  %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    signal.signal(signal.SIGTERM, _interrupt)
    with Client(options.home, timeout=_ANSWER_SECONDS) as client:
        Shim(client, settings, record, follow=options.follow, ease=options.ease).run()


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _say(*lines: str) -> None:
    print(*lines, sep="\n")  # noqa: T201 - a program's words to its user


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Suggestions inside Mixxx: follows its decks and keeps three playlists filled. Set it up first.",
    )
    parser.add_argument("step", nargs="?", choices=("run", "setup"), default="run", help="default: run")
    parser.add_argument("--settings", metavar="DIR", help="Mixxx's settings folder (else the one that was used last)")
    parser.add_argument("--home", metavar="DIR", help="as for segue (else SEGUE_HOME)")
    parser.add_argument("--undo", action="store_true", help="setup: remove every trace")
    parser.add_argument("--prefix", default=setup.PREFIX, help="setup: how the playlists' names begin (%(default)r)")
    parser.add_argument(
        "--follow",
        choices=("loaded", "playing"),
        default="loaded",
        help="run: suggest what comes after the track that was loaded last (default), or after the one that is heard",
    )
    parser.add_argument("--ease", action="store_true", help="run: the second lane eases instead of lifting")
    return parser


if __name__ == "__main__":
    sys.exit(main())
