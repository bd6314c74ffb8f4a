"""``segue mixxx setup``: says what it found and what it will do, asks, and does it. Each question is an option, too."""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from segue.client import Client
from segue.errors import DaemonError, DaemonNotRunningError, DaemonStartError, SegueError
from segue_plugins.mixxx import importing, setup
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.mappings import MARK
from segue_plugins.mixxx.settings import Settings
from segue_plugins.mixxx.voice import Voice, listed

PORT: Final = "Segue"
"""What our own MIDI port is called."""
SHIM: Final = "mixxx"
_START_SECONDS: Final = 90.0


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
    answers.add_argument(
        "--link",
        nargs="?",
        const=PORT,
        metavar="PORT",
        help="let Mixxx open Segue's own MIDI port (or one that is there, as loopMIDI's) with the mapping Segue",
    )
    answers.add_argument("--no-link", action="store_true", help="no MIDI port")
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
    if options.undo:
        interview.undo()
    elif _only_stops(options):
        interview.stop()
    else:
        interview.set_up()
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

    def set_up(self) -> None:
        """Say what there is, ask, and do it."""
        self._show()
        setup.refuse_running(self._settings)
        names = ", ".join(
            dict(self._options.names).get(lane, f"{self._options.prefix or setup.PREFIX}{lane}") for lane in setup.LANES
        )
        known = setup.read(self._settings)
        if self._voice.asks and known is None:
            self._voice.say(
                "",
                f"Segue copies Mixxx's data base once, makes the playlists {names}",
                f"and puts {setup.SCRIPT} into {self._settings.controllers}. `segue mixxx setup --undo` removes all of it.",
            )
            if not self._voice.ask("Go on?"):
                self._voice.say("Nothing was changed.")
                return
        done = setup.set_up(self._settings, self._options.prefix, dict(self._options.names))
        self._voice.say(
            f"Mixxx {self._settings.version} in {self._settings.folder} is set up.",
            f"  Playlists    {', '.join(done.playlists)}",
            f"  Script       {done.script}",
            f"  Backup       {done.backup}",
        )
        linked = self._link()
        ridden = self._ride(linked)
        self._daemon()
        self._last_words(linked=linked, ridden=ridden)

    def undo(self) -> None:
        """Remove every trace."""
        record = setup.read(self._settings)
        if record is not None and record.start:
            setup.refuse_running(self._settings)
            try:
                with Client(self._options.home) as client:
                    client.stop_shim(SHIM)
            except DaemonError as error:
                self._voice.tell(
                    f"{error.message} It will go on starting `segue mixxx` by itself until you say "
                    "`segue mixxx setup --start no`, and nothing more, while it runs."
                )
        undone = setup.undo(self._settings)
        what = ", ".join([*undone.removed, "all else that setup made" if undone.removed else "all that setup made"])
        self._voice.say(f"Removed from {self._settings.folder}: {what}.")
        if undone.left:
            self._voice.say(
                f"Left as it is: {', '.join(undone.left)}. It has another name than Segue gave it: delete it in Mixxx if it is not yours."
            )

    def stop(self) -> None:
        """Start `segue mixxx` by itself no more, and change nothing else."""
        with Client(self._options.home) as client:
            self._start(client, wanted=False)
        self._voice.say("Nothing else was changed.")

    # What there is --------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        schema, counts = self._database.check(), self._database.counts()
        controllers = [
            f"{one.key} ({Path(one.mapping).name})" for one in setup.controllers(self._settings) if one.opened
        ]
        record = setup.read(self._settings)
        self._voice.say(
            f"Found Mixxx {self._settings.version or 'of unknown version'} in {self._settings.folder} (schema {schema}).",
            f"  Library      {_count(counts.tracks, 'track')}, {_count(counts.playlists, 'playlist')}, "
            f"{_count(counts.nights, 'night')}, {_count(counts.crates, 'crate')}",
            f"  Music        {listed(self._database.directories()) or 'no folder yet'}",
            f"  Controllers  {listed(controllers) or 'none that Mixxx opens'}",
            f"  Segue        {'set up already: ' + ', '.join(record.lanes.values()) if record else 'not set up yet'}",
        )

    # Steps ----------------------------------------------------------------------------------------------------------

    def _link(self) -> bool:
        """Let Mixxx open our port."""
        there = find_spec("rtmidi") is not None
        port = self._options.link
        if port is None and not self._options.no_link and self._is_linked():
            return True
        if port is None:
            if self._options.no_link or not there or sys.platform == "win32":
                return False
            if not self._voice.ask(
                "Let Mixxx and Segue talk over a MIDI port of Segue's own? It tells Segue all about the decks, and draws new suggestions at once."
            ):
                return False
        setup.link(self._settings, port or PORT)
        self._voice.say(
            f"  MIDI port    {port or PORT}: start `segue mixxx` before Mixxx, which looks for ports only then"
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
            for name in names:
                self._add(name)
            return bool(names)
        own = [
            one for one in setup.controllers(self._settings) if one.opened and Path(one.mapping).name != setup.MAPPING
        ]
        ridden = [one for one in own if MARK in one.mapping]
        for one in own:
            file = Path(one.mapping).name
            question = f"Add Segue's script to the mapping of {one.key}? A copy of {file} is made and chosen; yours stays as it is."
            if one not in ridden and self._voice.ask(question, default=not linked):
                try:
                    self._add(one.mapping)
                except SegueError as error:
                    self._voice.tell(error.message)
                else:
                    ridden.append(one)
        return bool(ridden)

    def _add(self, name: str) -> None:
        ridden = setup.ride(self._settings, name)
        chosen = (
            f"chosen for {', '.join(ridden.controllers)}" if ridden.controllers else "choose it in Mixxx's preferences"
        )
        self._voice.say(f"  Mapping      {ridden.mapping.name}: {chosen}")

    def _daemon(self) -> None:
        """What Segue itself has to do."""
        folders = self._unwatched()
        record = setup.read(self._settings)
        start = {"yes": True, "no": False, None: None}[self._options.start]
        steps = (
            bool(folders)
            and self._voice.ask(f"Let Segue listen to the music in {listed(folders)}?", answer=self._options.watch),
            self._voice.ask(
                "Take over tempi, keys, stars, crates, playlists and nights from Mixxx?", answer=self._options.imports
            ),
            (start is not None or record is None or not record.start)
            and self._voice.ask("Start `segue mixxx` by itself whenever Segue runs?", answer=start),
        )
        if not any(steps) and start is None:
            return
        try:
            with Client(self._options.home) as client:
                self._wake(client)
                if steps[0]:
                    self._watch(client, folders)
                if steps[1]:
                    self._voice.say(*importing.run(client, self._database, self._voice.progress).told())
                if steps[2] or start is False:
                    self._start(client, wanted=steps[2])
        except SegueError as error:
            self._voice.tell(error.message)

    def _wake(self, client: Client) -> None:
        """Start the daemon when none is running, as `segue up` does."""
        try:
            client.ping(timeout=2.0)
        except DaemonNotRunningError:
            home = ["--home", self._options.home] if self._options.home else []
            try:
                up = subprocess.run(
                    [sys.executable, "-P", "-m", "segue.cli.main", *home, "up", "--no-wait"],
                    check=False,
                    capture_output=True,
                    text=True,
                    timeout=_START_SECONDS,
                )
            except subprocess.TimeoutExpired:
                raise DaemonStartError(f"Segue did not start within {_START_SECONDS:.0f} s.") from None
            if up.returncode:
                raise DaemonStartError(up.stderr.strip().removeprefix("segue: ") or "Segue did not start.") from None
            self._voice.say("Segue is running in the background.")

    def _unwatched(self) -> list[str]:
        """Mixxx's music folders that Segue does not watch, as far as it can be asked."""
        folders = self._database.directories()
        try:
            with Client(self._options.home) as client:
                watched = [Path(folder.path) for folder in client.folders().folders]
        except DaemonError:
            return folders
        return [one for one in folders if not any(Path(one) == it or it in Path(one).parents for it in watched)]

    def _watch(self, client: Client, folders: list[str]) -> None:
        watched: list[Path] = []
        for folder in map(Path, folders):
            if any(one in folder.parents for one in watched):
                continue
            try:
                client.add_folder(folder)
                watched.append(folder)
                self._voice.say(f"  Listening to {folder}")
            except DaemonError:
                raise
            except SegueError as error:  # its drive is not there, say
                self._voice.tell(error.message)

    def _start(self, client: Client, *, wanted: bool) -> None:
        if wanted:
            client.start_shim(SHIM, self._settings.folder)
            self._voice.say("  `segue mixxx` runs from now on whenever Segue does.")
        elif any(shim.name == SHIM and (shim.always or shim.pid) for shim in client.shims().shims):
            client.stop_shim(SHIM)
            self._voice.say("  `segue mixxx` is no longer started by itself.")
        setup.note_start(self._settings, wanted)

    def _last_words(self, *, linked: bool, ridden: bool) -> None:
        lines = ["", "Start `segue mixxx` and Mixxx, load a track, and click one of the playlists."]
        if not linked and not ridden:
            lines += [
                "To see new suggestions without a click, the script must ride in the mapping of your controller:",
                "  segue mixxx setup --mapping NAME     (as Mixxx's preferences call it)",
            ]
        self._voice.say(*lines, "`segue mixxx setup --undo` removes all of this.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
