"""``python -m segue_export.reference msd --out FOLDER``: what `segue models install` runs.

The names of audio files to measure on come as a JSON list on stdin, progress goes to stderr, and the last line of stdout is
a JSON object: the set's card, or ``{"error": {"code": …, "message": …}}``.
"""

from __future__ import annotations

import argparse
import errno
import json
import sys
from pathlib import Path
from typing import Any, Final

from segue.errors import DiskFullError, HomeNotWritableError, SegueError
from segue_export.reference import published
from segue_export.reference.fetch import download, from_folder
from segue_export.reference.published import Checkpoint

_INTERRUPTED: Final = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(arguments)
    try:
        files = [str(name) for name in json.loads(sys.stdin.read() or "[]")]
        answer = make(options, files)
    except SegueError as error:
        answer = {"error": {"code": error.code, "message": error.message}}
    except OSError as error:
        meant = _of_disk(error, options.out)
        answer = {"error": {"code": meant.code, "message": meant.message}}
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        _say("")
    print(json.dumps(answer), flush=True)
    return 1 if "error" in answer else 0


def make(options: argparse.Namespace, files: list[str]) -> dict[str, Any]:
    """Fetch, verify, convert and measure; returns the set's card. Raises a SegueError or an OSError."""
    crnn, short_res = (_fetch(checkpoint, options) for checkpoint in published.CHECKPOINTS)
    from segue_export.reference.build import build  # noqa: PLC0415 - a wrong file is told before PyTorch is loaded

    built = build(crnn, short_res, files, options.out, _say)
    return {
        "name": options.name,
        "summary": f"{published.SUMMARY}; statistics measured on {built.measured_on}",
        "licence": published.LICENCE,
        "source": published.SOURCE,
    }


def _fetch(checkpoint: Checkpoint, options: argparse.Namespace) -> Path:
    if options.source is not None:
        return from_folder(options.source, checkpoint)
    return download(checkpoint, options.cache, _say, options.base_url)


def _say(text: str) -> None:
    """Progress: one line that is written over on a terminal, one line each elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text and "measuring" not in text:
        print(text, file=sys.stderr, flush=True)


def _of_disk(error: OSError, out: Path) -> SegueError:
    place = error.filename or out
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(f"The disk with {place} is full: the installation needs about 250 MB while it works.")
    return HomeNotWritableError(f"{place} cannot be read or written ({error.strerror or error}).")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m segue_export.reference", description=__doc__)
    parser.add_argument("name", choices=["msd"])
    parser.add_argument("--out", type=Path, required=True, help="an empty folder for the set")
    parser.add_argument("--from", dest="source", type=Path, help="folder with the published files")
    parser.add_argument("--cache", type=Path, help="folder for downloads; by default one below --out")
    parser.add_argument("--base-url", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.cache = options.cache or options.out / "downloads"
    return options


if __name__ == "__main__":
    sys.exit(main())
