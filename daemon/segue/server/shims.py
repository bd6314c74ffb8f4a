"""Which shims the daemon starts: said once by the user, kept in the library."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from segue.errors import ProgramNotFoundError, SegueError
from segue.home import Home
from segue.library.store import Library
from segue.protocol.messages import Shim
from segue.server import companions
from segue.server.companions import Companion

_log = logging.getLogger(__name__)

SETTING: Final = "shims"
"""Name under which the library keeps them."""


class _Kept(Struct):
    """A shim that is always started."""

    settings: str | None = None


class Shims:
    """The shims of one daemon. What may take seconds is to be called in a thread of its own."""

    def __init__(self, home: Home, library: Library, publish: Callable[[str, dict[str, object]], None]) -> None:
        """Start nothing yet."""
        self._home = home
        self._library = library
        self._publish = publish
        self._running: dict[str, Companion] = {}
        self._turn = threading.Lock()
        self._closed = False

    def state(self) -> list[Shim]:
        """Those that were started by this daemon and not stopped, by name."""
        return [companion.shim for _, companion in sorted(self._running.items())]

    def problems(self) -> list[str]:
        """What the user should know."""
        return [sentence for companion in list(self._running.values()) if (sentence := companion.problem)]

    def every(self) -> list[Shim]:
        """All that are installed, and how they are."""
        running, kept = self._running, self._kept()
        names = sorted({*companions.installed(), *running, *kept})
        return [running[name].shim if name in running else Shim(name=name, always=name in kept) for name in names]

    def start_kept(self) -> None:
        """Start those that the user said yes to. One that is not installed any more is left out."""
        for name, one in self._kept().items():
            try:
                self._start(name, one.settings, always=True)
            except SegueError as error:
                _log.warning("a shim is not started: %s", error)

    def start(self, name: str, settings: str | None, *, always: bool) -> Shim:
        """Start one, or start it anew where it should run otherwise; ``always``: with every start of the daemon.

        Raises:
            ProgramNotFoundError: none of the name is installed.

        """
        shim = self._start(name, settings, always=always)
        if always:
            self._keep({**self._kept(), name: _Kept(settings)})
        return shim

    def stop(self, name: str) -> Shim:
        """End one, and start it no more."""
        kept = self._kept()
        with self._turn:
            companion = self._running.pop(name, None)
        if companion is not None:
            companion.stop()
        if kept.pop(name, None) is not None:
            self._keep(kept)
        self._publish("shims.changed", {})
        return Shim(name=name)

    def close(self) -> None:
        """End all of them, at the same time."""
        with self._turn:
            self._closed = True
            ending = list(self._running.values())
        for companion in ending:
            companion.begin_to_stop()
        for companion in ending:
            companion.stop()

    def _start(self, name: str, settings: str | None, *, always: bool) -> Shim:
        module = companions.installed().get(name)
        if module is None:
            raise ProgramNotFoundError(f"There is no shim “{name}”. Installed: {', '.join(companions.installed())}.")
        with self._turn:
            old = self._running.pop(name, None)
            if old is not None:
                always = always or old.shim.always
                if (old.shim.settings, old.shim.always, old.shim.state != "given-up") == (settings, always, True):
                    self._running[name] = old
                    return old.shim
                old.stop()
            if not self._closed:
                self._running[name] = Companion(
                    Shim(name=name, always=always, settings=settings),
                    companions.command(module, self._home, settings),
                    self._home.log_dir / f"{name}.log",
                    lambda: self._publish("shims.changed", {}),
                )
        return Shim(name=name, state="waiting", always=always, settings=settings)

    def _kept(self) -> dict[str, _Kept]:
        text = self._library.setting(SETTING)
        try:
            return {} if text is None else msgspec.json.decode(text, type=dict[str, _Kept])
        except msgspec.MsgspecError as error:  # of a version that kept something else
            _log.warning("the shims that were kept are not started: %s", error)
            return {}

    def _keep(self, kept: dict[str, _Kept]) -> None:
        self._library.settle(SETTING, msgspec.json.encode(kept) if kept else None)
