"""``segue mixxx setup``: says what it found and what it will do, asks, and does it. Each question is an option, too."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeVar

from segue.errors import DaemonError, SegueError
from segue_plugins.mixxx import finishing, setup
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.errands import Errands
from segue_plugins.mixxx.importing import patiently
from segue_plugins.mixxx.mappings import MARK
from segue_plugins.mixxx.preferences import Preferences
from segue_plugins.mixxx.settings import Settings
from segue_plugins.mixxx.voice import Voice, count, listed

PORT: Final = "Segue"
"""What our own MIDI port is called."""
INTERRUPTED: Final = 130
"""Exit code after Ctrl-C."""
_SEQUENCER: Final = Path("/dev/snd/seq")
"""Of ALSA; without it Linux has no MIDI ports of programs."""
_T = TypeVar("_T")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what setup can be told on the command line."""
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
    answers = parser.add_argument_group("answers", "to what is asked otherwise, where somebody is at the terminal")
    answers.add_argument("--yes", action="store_true", help="yes to all that no option answers")
    answers.add_argument(
        "--no-input", action="store_true", help="ask nothing: the playlists and the script, and what options say"
    )
    link = answers.add_mutually_exclusive_group()
    link.add_argument(
        "--link",
        nargs="?",
        const=PORT,
        metavar="PORT",
        help="let Mixxx open Segue's own MIDI port (or one that is there, as loopMIDI's) with the mapping Segue",
    )
    link.add_argument("--no-link", action="store_true", help="no MIDI port; one that setup chose before is taken back")
    answers.add_argument(
        "--mapping",
        action="append",
        metavar="NAME|FILE",
        help="your controller's mapping: a copy of it gets Segue's script and is chosen in its place; may be repeated; `none`",
    )
    boolean = argparse.BooleanOptionalAction
    answers.add_argument("--watch", action=boolean, help="let Segue listen to the music folders of Mixxx")
    answers.add_argument(
        "--import", action=boolean, dest="imports", help="take over what Mixxx knows, as `segue mixxx import`"
    )
    answers.add_argument("--start", choices=("yes", "no"), help="start `segue mixxx` by itself whenever Segue runs")


def _name(text: str) -> tuple[str, str]:
    lane, equals, name = text.partition("=")
    if lane not in setup.LANES or not equals or not name.strip():
        raise argparse.ArgumentTypeError(f'write LANE="NAME", where LANE is one of {", ".join(setup.LANES)}')
    return lane, name


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Set Mixxx up, or undo that; returns the exit code."""
    voice = Voice(yes=options.yes, no_input=options.no_input)
    interview = Interview(settings, options, voice)
    try:
        if options.undo:
            interview.undo()
        elif _only_stops(options):
            interview.stop()
        else:
            interview.set_up()
    except KeyboardInterrupt:
        interview.say_what_is_left()
        return INTERRUPTED
    return int(voice.failed)


def _only_stops(options: argparse.Namespace) -> bool:
    """Whether ``--start no`` is all that was said."""
    others = (
        *(options.yes, options.no_input, options.names, options.no_link, options.prefix is not None),
        *(options.link, options.mapping, options.watch is not None, options.imports is not None),
    )
    return options.start == "no" and not any(others)


class Interview:
    """The questions, and what follows from the answers."""

    def __init__(self, settings: Settings, options: argparse.Namespace, voice: Voice) -> None:
        self._settings = settings
        self._options = options
        self._voice = voice
        self._database = Database(settings.database)
        self._errands = Errands(settings, options.home, voice)
        self._left: list[str] = []
        """Of the questions that follow once Mixxx is set up, what is not done yet."""

    def say_what_is_left(self) -> None:
        """Say what an interruption has left undone."""
        said = f"Mixxx is set up; not done yet: {', '.join(self._left)}. " if self._left else ""
        self._voice.say("", f"Interrupted. {said}It can be repeated at any time.")

    def set_up(self) -> None:
        """Say what there is, ask, and do it."""
        record = setup.read(self._settings)
        patiently(self._show)
        setup.refuse_running(self._settings)
        if self._options.link:
            Preferences(self._settings)  # must be there: better said before anything is made
        if self._voice.asks and record is None and not self._is_wanted():
            self._voice.say("Nothing was changed.")
            return
        done = patiently(lambda: setup.set_up(self._settings, self._options.prefix, dict(self._options.names)))
        self._left = [
            "the MIDI port",
            "your controller's mapping",
            "Mixxx's music",
            "what it knows",
            "starting by itself",
        ]
        self._voice.say(
            f"Mixxx {self._settings.version}".rstrip() + f" in {self._settings.folder} is set up.",
            f"  Playlists    {', '.join(done.playlists)}",
            f"  Script       {done.script}",
            f"  Backup       {done.backup}",
        )
        for name in self._locked():
            self._voice.say(f"  {name} is locked: unlock it in Mixxx, for Segue cannot fill it.")
        linked = bool(self._attempt(self._link))
        del self._left[0]
        ridden = bool(self._attempt(lambda: self._ride(linked)))
        del self._left[0]
        started = self._daemon()
        self._left.clear()
        self._last_words(linked=linked, ridden=ridden, started=started)

    def undo(self) -> None:
        """Remove every trace."""
        record = setup.read(self._settings)
        if record is None and self._is_stopped():
            self._voice.say(f"Nothing else was set up in {self._settings.folder}.")
            return
        if record is not None:
            setup.refuse_running(
                self._settings, "it still shows Segue's playlists, and writes its preferences when it is closed"
            )
            if record.start:
                try:
                    self._errands.stop()
                except DaemonError as error:
                    self._voice.tell(
                        f"{error.message} So it still starts `segue mixxx` by itself: say `segue mixxx setup --start no`, and nothing "
                        "more, while it runs."
                    )
        undone = patiently(lambda: setup.undo(self._settings))
        what = ", ".join([*undone.removed, "all else that setup made" if undone.removed else "all that setup made"])
        self._voice.say(f"Removed from {self._settings.folder}: {what}.")
        if undone.left:
            self._voice.say(
                f"Left as it is: {', '.join(undone.left)}. It has another name than Segue gave it: delete it in Mixxx if it is not yours."
            )

    def stop(self) -> None:
        """Start `segue mixxx` by itself no more, and change nothing else."""
        if not self._errands.stop():
            self._voice.say("`segue mixxx` was not started by itself.")
        self._voice.say("Nothing else was changed.")

    def _is_stopped(self) -> bool:
        """Whether the daemon went on starting the shim though nothing is set up, and does so no more."""
        try:
            return self._errands.stop()
        except DaemonError:
            return False

    def _is_wanted(self) -> bool:
        names = dict(self._options.names)
        wanted = ", ".join(names.get(lane, f"{self._options.prefix or setup.PREFIX}{lane}") for lane in setup.LANES)
        self._voice.say(
            "",
            f"Segue copies Mixxx's data base once, makes the playlists {wanted}",
            f"and puts {', '.join(setup.FILES)} into {self._settings.controllers}.",
            "`segue mixxx setup --undo` removes all of it.",
        )
        return self._voice.ask("Go on?")

    def _attempt(self, step: Callable[[], _T]) -> _T | None:
        """Do a step; what goes wrong is told, and the next one follows."""
        try:
            return step()
        except SegueError as error:
            self._voice.tell(error.message)
            return None

    # What there is --------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        record = setup.read(self._settings)
        schema, counts = self._database.check(), self._database.counts(record.own if record else ())
        controllers = [
            f"{one.key} ({Path(one.mapping).name})" for one in setup.controllers(self._settings) if one.opened
        ]
        self._voice.say(
            f"Found Mixxx {self._settings.version or 'of unknown version'} in {self._settings.folder} (schema {schema}).",
            f"  Library      {count(counts.tracks, 'track')}, {count(counts.playlists, 'playlist')}, "
            f"{count(counts.nights, 'night')}, {count(counts.crates, 'crate')}",
            f"  Music        {listed(self._database.directories()) or 'no folder yet'}",
            f"  Controllers  {listed(controllers) or 'none that Mixxx opens'}",
            f"  Segue        {'set up already: ' + ', '.join(record.lanes.values()) if record else 'not set up yet'}",
        )

    # Steps ----------------------------------------------------------------------------------------------------------

    def _link(self) -> bool:
        """Let Mixxx open our port."""
        if self._options.no_link:
            if setup.unlink(self._settings):
                self._voice.say("  MIDI port    taken back: Mixxx does not open it any more")
            return False
        there = find_spec("rtmidi") is not None
        port = self._options.link
        if port is None and self._is_linked():
            return True
        if port is None:
            if not there or sys.platform == "win32":
                return False
            if not self._voice.ask(
                "Let Mixxx and Segue talk over a MIDI port of Segue's own? It tells Segue all about the decks, and draws new suggestions at once."
            ):
                return False
        setup.link(self._settings, port or PORT)
        self._voice.say(
            f"  MIDI port    {port or PORT}: start `segue mixxx` before Mixxx, which looks for ports only then"
        )
        if sys.platform == "linux" and (port or PORT) == PORT and not _SEQUENCER.exists():
            self._voice.say(
                f"               but there is no {_SEQUENCER} here, so no port can be made yet: `sudo modprobe snd-seq`"
            )
        if not there:
            self._voice.tell("Segue's own port needs python-rtmidi: pip install 'segue-dj[midi]'.")
        return True

    def _is_linked(self) -> bool:
        return any(one.opened and Path(one.mapping).name == setup.MAPPING for one in setup.controllers(self._settings))

    def _ride(self, linked: bool) -> bool:
        """Add the script to mappings of the user's."""
        wanted = self._options.mapping
        if wanted is not None:
            names = [name for name in wanted if name.lower() != "none"]
            added = [self._attempt(partial(self._add, name)) for name in names]
            return any(added)
        own = [
            one for one in setup.controllers(self._settings) if one.opened and Path(one.mapping).name != setup.MAPPING
        ]
        ridden = [one for one in own if MARK in one.mapping]
        for one in own:
            file = Path(one.mapping).name
            question = f"Add Segue's script to the mapping of {one.key}? A copy of {file} is made and chosen; yours stays as it is."
            if one in ridden or not self._voice.ask(question, default=not linked):
                continue
            if self._attempt(partial(self._add, one.mapping)):
                ridden.append(one)
        return bool(ridden)

    def _add(self, name: str) -> bool:
        ridden = setup.ride(self._settings, name)
        chosen = (
            f"chosen for {', '.join(ridden.controllers)}" if ridden.controllers else "choose it in Mixxx's preferences"
        )
        self._voice.say(f"  Mapping      {ridden.mapping.name}: {chosen}")
        return True

    def _locked(self) -> list[str]:
        record = setup.read(self._settings)
        return [one.name for one in self._database.locked(record.playlists.values())] if record else []

    def _daemon(self) -> bool:
        """What Segue itself has to do; returns whether it starts `segue mixxx` by itself."""
        folders = self._attempt(lambda: patiently(self._errands.unwatched)) or []
        record = setup.read(self._settings)
        is_started = record is not None and record.start
        watch = bool(folders) and self._voice.ask(
            f"Let Segue listen to the music in {listed(folders)}?", answer=self._options.watch
        )
        imports = self._voice.ask(
            "Take over tempi, keys, stars, crates, playlists and nights from Mixxx?", answer=self._options.imports
        )
        if self._options.imports is False and self._attempt(lambda: finishing.call_off(self._settings)):
            self._voice.say("  What was left of the import is not taken over by itself any more.")
        start = {"yes": True, "no": False, None: None}[self._options.start]
        if start is None and not is_started and self._voice.ask("Start `segue mixxx` by itself whenever Segue runs?"):
            start = True
        if watch or imports or start is not None:
            done = self._errands.run(folders if watch else [], imports=imports, start=start)
            return done or (is_started and start is None)
        return is_started

    def _last_words(self, *, linked: bool, ridden: bool, started: bool) -> None:
        first = "Start Mixxx" if started else "Start `segue mixxx` and Mixxx"
        lines = ["", f"{first}, load a track, and click one of the playlists."]
        if not linked and not ridden:
            lines += [
                "To see new suggestions without a click, the script must ride in the mapping of your controller:",
                "  segue mixxx setup --mapping NAME     (as Mixxx's preferences call it)",
            ]
        self._voice.say(*lines, "`segue mixxx setup --undo` removes all of this.")
