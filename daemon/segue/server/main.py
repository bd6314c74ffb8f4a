"""`segued`: runs one home's daemon in the foreground until it is told to stop."""

from __future__ import annotations

import argparse
import logging
import logging.handlers
import os
import signal
import sys
from types import FrameType
from typing import Final

import segue
from segue.config import Config
from segue.errors import DaemonRunningError, SegueError
from segue.home import Home

_LOG_BYTES: Final = 2_000_000
_LOG_COPIES: Final = 3
_SWITCH_SECONDS: Final = 0.0005
"""A query must not wait for a storing or scanning thread's whole default time slice (5 ms)."""


def main(arguments: list[str] | None = None) -> int:
    """Run the daemon; returns 0 after a clean stop, 1 when it could not start, 3 when another one holds the home."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)  # what a daemon of this user writes is nobody else's to read
    # Matrix products here take a millisecond: threads for them would cost more, and take the cores of the DJ program.
    # numpy reads this once, hence the late import.
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    from segue.server.daemon import Daemon  # noqa: PLC0415

    try:
        home = Home.locate(options.home)
        home.create()
        config = Config.load(home)
    except SegueError as error:
        print(f"segued: {error}", file=sys.stderr)
        return 1
    _log_to(home, config, options.verbose)
    sys.setswitchinterval(_SWITCH_SECONDS)
    daemon = Daemon(home, config)

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        daemon.end()

    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), on_signal)
    try:
        daemon.start()
    except SegueError as error:
        logging.getLogger(__name__).error("could not start: %s (%s)", error, error.code)  # noqa: TRY400
        print(f"segued: {error}", file=sys.stderr)
        return 3 if isinstance(error, DaemonRunningError) else 1
    daemon.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="segued", description="The Segue daemon. `segue up` starts it for you.")
    parser.add_argument("--home", help="folder with config, library, index, sockets and logs (else SEGUE_HOME)")
    parser.add_argument("--verbose", action="store_true", help="log to the terminal as well")
    parser.add_argument("--version", action="version", version=f"segued {segue.__version__}")
    return parser


def _log_to(home: Home, config: Config, verbose: bool) -> None:
    """Log to the home's log file, in a few files of bounded size; to stderr as well when asked."""
    handlers: list[logging.Handler] = [
        logging.handlers.RotatingFileHandler(
            home.log_file, maxBytes=_LOG_BYTES, backupCount=_LOG_COPIES, encoding="utf-8", errors="backslashreplace"
        )
    ]
    if verbose:
        handlers.append(logging.StreamHandler())
    logging.basicConfig(
        level=config.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        handlers=handlers,
    )
    logging.captureWarnings(capture=True)


if __name__ == "__main__":
    raise SystemExit(main())
