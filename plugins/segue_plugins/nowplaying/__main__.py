"""``python -m segue_plugins.nowplaying FILE [--deck NAME]``."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path
from types import FrameType

from segue.client import Client
from segue_plugins.nowplaying.shim import Shim


def main(arguments: list[str] | None = None) -> int:
    """Follow a file until Ctrl-C or SIGTERM."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="nowplaying: %(message)s")
    signal.signal(signal.SIGTERM, _interrupt)
    with Client(options.home) as client:
        try:
            Shim(client, options.file, options.deck).run()
        except KeyboardInterrupt:
            return 0
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m segue_plugins.nowplaying",
        description="Tell Segue what plays, from a text file that a DJ program or an overlay writes: "
        "a path, or Artist - Title.",
    )
    parser.add_argument("file", type=Path, help="the text file; it need not be there yet")
    parser.add_argument("--deck", default="1", help="the deck's name (default: 1)")
    parser.add_argument("--home", help="as for segue (else SEGUE_HOME)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
