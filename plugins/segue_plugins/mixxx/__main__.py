"""``segue mixxx``, or ``python -m segue_plugins.mixxx``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from segue.client import Client
from segue.errors import SegueError
from segue_plugins.mixxx import autodj, finishing, following, importing, interview
from segue_plugins.mixxx import settings as places
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.settings import Settings
from segue_plugins.mixxx.voice import Voice
from segue_plugins.output import speak_utf8


class _Step(NamedTuple):
    """A word after ``segue mixxx``."""

    summary: str
    options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Settings, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None, prog: str = "python -m segue_plugins.mixxx") -> int:
    """Follow Mixxx until Ctrl-C or SIGTERM, or do what another word says."""
    speak_utf8()
    options = _parse(sys.argv[1:] if arguments is None else list(arguments), prog)
    try:
        return _STEPS[options.step].run(places.find(options.settings), options)
    except SegueError as error:
        print(f"segue: {error.message}", file=sys.stderr)  # noqa: T201 - a program's words to its user
        return 1
    except KeyboardInterrupt:
        return 0


# Taking over --------------------------------------------------------------------------------------------------------


def _import_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wait", action="store_true", help="wait until Segue has listened to all the music it watches")


def _import(settings: Settings, options: argparse.Namespace) -> int:
    voice = Voice()
    Database(settings.database).check()
    with Client(options.home) as client:
        if options.wait:
            unheard = importing.wait(client, voice.progress)
            if unheard is not None:
                voice.say(unheard)
        voice.say(*finishing.begin(client, settings, voice.progress))
    return 0


# The words ----------------------------------------------------------------------------------------------------------

_STEPS: Final = {
    "run": _Step("follow Mixxx and keep its playlists filled (the default)", following.add_options, following.run),
    "setup": _Step("set Mixxx up, once and while it is closed, or undo that", interview.add_options, interview.run),
    "autodj": _Step("keep Mixxx's Auto DJ queue fed with tracks that mix", autodj.add_options, autodj.run),
    "import": _Step("take over tempi, keys, stars, crates, playlists and nights from Mixxx", _import_options, _import),
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
    if rest and not rest[0].startswith("-") and rest[0] not in _STEPS:
        parser.error(f"there is no word “{rest[0]}”: the words are {', '.join(_STEPS)}")
    is_word = rest[:1] in (["-h"], ["--help"]) or (rest and rest[0] in _STEPS)
    options = parser.parse_args(rest if is_word else ["run", *rest])
    options.settings, options.home = known.settings, known.home
    return options


if __name__ == "__main__":
    sys.exit(main())
