"""``segue now-playing``, or ``python -m segue_plugins.nowplaying FILE | --broadcast PORT [--deck NAME]``."""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from segue.client import Client
from segue.errors import SegueError
from segue_plugins.broadcast import PASSWORD, Listener
from segue_plugins.nowplaying.file import read_now_playing
from segue_plugins.nowplaying.shim import Shim
from segue_plugins.output import speak_utf8


def main(arguments: Sequence[str] | None = None, prog: str = "python -m segue_plugins.nowplaying") -> int:
    """Follow a file, or a broadcast, until Ctrl-C or SIGTERM."""
    speak_utf8()
    parser = _parser(prog)
    options = parser.parse_args(arguments)
    if (options.file is None) == (options.broadcast is None):
        parser.error("name a text file, or a port with --broadcast: one of the two")
    logging.basicConfig(format="nowplaying: %(message)s")
    signal.signal(signal.SIGTERM, _interrupt)
    with contextlib.ExitStack() as stack:
        try:
            read = _reader(options, stack)
            Shim(stack.enter_context(Client(options.home)), read, options.deck).run()
        except SegueError as error:
            print(f"segue: {error.message}", file=sys.stderr)  # noqa: T201 - a program's words to its user
            return 1
        except KeyboardInterrupt:
            return 0
    return 0


def _reader(options: argparse.Namespace, stack: contextlib.ExitStack) -> Callable[[], str]:
    """What says what plays."""
    if options.broadcast is None:
        return lambda: read_now_playing(options.file)
    listener = stack.enter_context(Listener(options.broadcast, options.password))

    def read() -> str:
        song = listener.latest()
        return song.text if song else ""

    return read


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Tell Segue what plays: from a text file that a DJ program or an overlay writes (a path, or "
        "Artist - Title), or from the program's own broadcast to this computer.",
    )
    parser.add_argument("file", type=Path, nargs="?", help="the text file; it need not be there yet")
    parser.add_argument(
        "--broadcast",
        type=int,
        metavar="PORT",
        help="listen as an Icecast server at 127.0.0.1:PORT; the program broadcasts to it",
    )
    parser.add_argument("--password", default=PASSWORD, help="of the broadcast (default: %(default)s)")
    parser.add_argument("--deck", default="1", help="the deck's name (default: 1)")
    parser.add_argument("--home", help="as for segue (else SEGUE_HOME)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
