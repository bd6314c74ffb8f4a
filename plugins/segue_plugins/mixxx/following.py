"""``segue mixxx run``: follows Mixxx until it is ended."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import signal
import sys
from types import FrameType
from typing import Final

from segue.client import Client
from segue.errors import ProgramBusyError, ProgramLinkError, ProgramSetupError, ProgramTakenError
from segue_plugins.broadcast import PASSWORD, Listener
from segue_plugins.companion import end_with_daemon
from segue_plugins.mixxx import record as records
from segue_plugins.mixxx.board import Board
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.finishing import Finisher
from segue_plugins.mixxx.link import PORT, Link, open_link
from segue_plugins.mixxx.record import Record
from segue_plugins.mixxx.settings import SHIM_LOCK, Settings
from segue_plugins.mixxx.shim import Shim
from segue_plugins.one_at_a_time import TAKEN, one_at_a_time

ANSWER_SECONDS: Final = 1.0
"""So long the shim waits for the daemon, and does not look at Mixxx; what takes longer is asked for again."""
NOTHING: Final = 4
"""Exit code where nothing was set up that could be followed; the daemon does not try again then."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be said after ``segue mixxx``."""
    parser.add_argument(
        "--follow",
        choices=("loaded", "playing"),
        default="loaded",
        help="suggest what comes after the track that was loaded last (default), or after the one that is heard",
    )
    link = parser.add_mutually_exclusive_group()
    link.add_argument(
        "--port", metavar="NAME", help="MIDI port for the link to the controller script (one of loopMIDI's)"
    )
    link.add_argument("--no-link", action="store_true", help="without the link to the controller script")
    parser.add_argument(
        "--broadcast", type=int, metavar="PORT", help="take titles from Mixxx's live broadcast to this port"
    )
    parser.add_argument("--password", default=PASSWORD, help="of the broadcast (default: %(default)s)")
    parser.add_argument("--companion", action="store_true", help=argparse.SUPPRESS)  # ends when its input is closed


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Follow Mixxx until Ctrl-C or SIGTERM; returns the exit code."""
    try:
        record = prepare(settings)
    except ProgramSetupError as error:
        print(f"segue: {error.message}", file=sys.stderr)  # noqa: T201 - a program's words to its user
        return NOTHING
    board = Board()
    if options.companion:
        end_with_daemon()
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(one_at_a_time(settings.own / SHIM_LOCK, "Mixxx"))
        except ProgramTakenError as error:
            print(f"segue: {error.message}", file=sys.stderr)  # noqa: T201 - a program's words to its user
            return TAKEN
        link = _link(options, board)
        if link is not None:
            stack.callback(link.close)
        broadcast = None
        if options.broadcast is not None:
            broadcast = stack.enter_context(Listener(options.broadcast, options.password))
        client = stack.enter_context(Client(options.home, timeout=ANSWER_SECONDS))
        finisher = stack.enter_context(Finisher(settings, options.home))
        Shim(client, settings, record, board, finisher, follow=options.follow, link=link, broadcast=broadcast).run()
    return 0


def prepare(settings: Settings) -> Record:
    """Return what was set up, for a step that goes on until it is ended; SIGTERM ends it as Ctrl-C does from now on."""
    record = records.read(settings)
    if record is None or not record.ids:
        raise ProgramSetupError(f"Mixxx in {settings.folder} is not set up: close it and run `segue mixxx setup`.")
    with contextlib.suppress(ProgramBusyError):  # Mixxx writes just now; whoever meets it checks again
        Database(settings.database).check()
    signal.signal(signal.SIGTERM, _interrupt)
    return record


def _link(options: argparse.Namespace, board: Board) -> Link | None:
    """Open the link where there can be one; a port that was named must be there."""
    if options.no_link or (options.port is None and importlib.util.find_spec("rtmidi") is None):
        return None
    try:
        return open_link(options.port or PORT)
    except ProgramLinkError as error:
        if options.port is not None:
            raise
        board.note(f"{error.message} Until then Segue sees Mixxx from outside only.")
        return None


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt
