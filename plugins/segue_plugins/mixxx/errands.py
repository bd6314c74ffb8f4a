"""What setup has Segue itself do: watch music, take over what Mixxx knows, start ``segue mixxx`` by itself. Each for itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from segue.client import Client
from segue.errors import DaemonError, DaemonNotRunningError, DaemonStartError, SegueError
from segue_plugins.mixxx import finishing, importing, setup
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.settings import SHIM, Settings
from segue_plugins.mixxx.voice import Voice

_START_SECONDS: Final = 90.0


class Errands:
    """Asks the daemon on `home` (None: the usual one); what goes wrong in one errand is told, and the next one is done all the same."""

    def __init__(self, settings: Settings, home: str | None, voice: Voice) -> None:
        self._settings = settings
        self._home = home
        self._voice = voice
        self._database = Database(settings.database)

    def unwatched(self) -> list[str]:
        """Mixxx's music folders that Segue does not watch, as far as it can be asked."""
        folders = self._database.directories()
        try:
            with Client(self._home) as client:
                watched = [Path(folder.path) for folder in client.folders().folders]
        except DaemonError:
            return folders
        return [one for one in folders if not any(Path(one) == it or it in Path(one).parents for it in watched)]

    def run(self, watch: list[str], *, imports: bool, start: bool | None) -> bool:
        """Watch folders, take over, start the shim by itself from now on (None: as it is); returns whether it is started now."""
        with Client(self._home) as client:
            if not self._attempt(lambda: self._wake(client)):
                return False
            if watch:
                self._attempt(lambda: self._watch(client, watch))
            # First, for whoever is started finishes the import: what the import says of that must be so.
            started = start is not None and self._attempt(lambda: self._start(client, wanted=start)) and start
            if imports:
                self._attempt(lambda: self._import(client))
            return started

    def stop(self) -> bool:
        """Let the daemon start the shim no more; False: it did not. Raises the client's errors."""
        with Client(self._home) as client:
            return self._stop(client)

    def _attempt(self, errand: Callable[[], object]) -> bool:
        try:
            errand()
        except SegueError as error:
            self._voice.tell(error.message)
            return False
        return True

    def _wake(self, client: Client) -> None:
        """Start the daemon when none is running, as `segue up` does."""
        try:
            client.ping(timeout=2.0)
        except DaemonNotRunningError:
            home = ["--home", self._home] if self._home else []
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

    def _import(self, client: Client) -> None:
        importing.look(client, self._voice.say)
        self._voice.say(*finishing.begin(client, self._settings, self._voice.progress))

    def _start(self, client: Client, *, wanted: bool) -> None:
        if wanted:
            client.start_shim(SHIM, self._settings.folder)
            self._voice.say("  `segue mixxx` runs from now on whenever Segue does.")
            setup.note_start(self._settings, wanted)
        else:
            self._stop(client)

    def _stop(self, client: Client) -> bool:
        started = any(shim.name == SHIM and (shim.always or shim.pid) for shim in client.shims().shims)
        if started:
            client.stop_shim(SHIM)
            self._voice.say("  `segue mixxx` is no longer started by itself.")
        setup.note_start(self._settings, wanted=False)
        return started
