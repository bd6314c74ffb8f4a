"""The link to Segue's script inside Mixxx: a MIDI port of our own, which Mixxx takes for a controller."""

from __future__ import annotations

import importlib
import logging
import sys
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from segue.errors import ProgramLinkError
from segue_plugins.mixxx import script
from segue_plugins.mixxx.script import Report

_log = logging.getLogger(__name__)

PORT: Final = "Segue"
"""What our own port is called: Mixxx remembers the mapping of a controller by this name."""
ALIVE_SECONDS: Final = 10.0
"""The script says hello every 5 s while nothing else happens."""
_CALL_SECONDS: Final = 2.0
"""Between calls to a script that does not answer."""
_HERE_SECONDS: Final = 4.0
"""Between signs of life: the script falls silent when it hears nothing of us for 15 s."""
_LONGEST_POLL: Final = 500
"""Messages that one look takes at most."""


class Reader(Protocol):
    """What is needed of `rtmidi.MidiIn`."""

    def get_message(self) -> tuple[list[int], float] | None:
        """The next message, and seconds since the one before; None: there is none now."""

    def delete(self) -> None:
        """Close it."""


class Writer(Protocol):
    """What is needed of `rtmidi.MidiOut`."""

    def send_message(self, message: bytes) -> None:
        """Send one message."""

    def delete(self) -> None:
        """Close it."""


class Link:
    """Both directions of the port; for one thread."""

    def __init__(self, reader: Reader, writer: Writer, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._heard: float | None = None
        self._next_call = clock()

    @property
    def alive(self) -> bool:
        """Whether the script was heard in the last 10 s."""
        return self._heard is not None and self._clock() - self._heard < ALIVE_SECONDS

    def poll(self) -> list[Report]:
        """Return what the script has said since the last look, and tell it now and then that we are there; never waits."""
        found: list[Report] = []
        for _ in range(_LONGEST_POLL):
            message = self._reader.get_message()
            if message is None:
                break
            report = script.parse(bytes(message[0]))
            if report is not None:
                found.append(report)
        if found:
            self._heard = self._clock()
        if self._clock() >= self._next_call:
            self._call()
        return found

    def send(self, name: str, **fields: bool | float | str) -> None:
        """Tell the script to do something; it is lost when Mixxx is not there."""
        try:
            self._writer.send_message(script.command(name, **fields))
        except OSError as error:  # RtMidi's, where the system took the port away
            _log.debug("Nothing can be sent to Mixxx: %s", error)

    def close(self) -> None:
        """Take the port away."""
        self._reader.delete()
        self._writer.delete()

    def _call(self) -> None:
        self.send("here" if self.alive else "hello")
        self._next_call = self._clock() + (_HERE_SECONDS if self.alive else _CALL_SECONDS)


def open_link(name: str = PORT) -> Link:
    """Make a port of this name, which Mixxx finds when it starts; any other name than `PORT` is that of a port that is there.

    Windows has no ports of programs: there the name is always that of a port that is there.

    Raises
    ------
    ProgramLinkError
        python-rtmidi is not installed, this system has no MIDI, or there is no such port.

    """
    try:
        rtmidi = importlib.import_module("rtmidi")
    except ImportError as error:
        raise ProgramLinkError(
            "The link to the script in Mixxx needs python-rtmidi: pip install 'segue-dj[midi]'."
        ) from error
    opened: list[Any] = []
    try:
        for kind in (rtmidi.MidiIn, rtmidi.MidiOut):
            opened.append(port := kind(_interface(rtmidi), name=PORT))
            _open(port, name)
    except (OSError, rtmidi.RtMidiError, ProgramLinkError) as error:
        for port in opened:
            port.delete()
        if isinstance(error, ProgramLinkError):
            raise
        raise ProgramLinkError(
            f"No MIDI port can be made on this system ({str(error).rstrip('.')}). Linux needs ALSA's sequencer for it:"
            " `sudo modprobe snd-seq`."
        ) from error
    reader, writer = opened
    reader.ignore_types(sysex=False)  # it keeps them from us otherwise
    return Link(reader, writer)


def _interface(rtmidi: Any) -> int:
    """The system's MIDI that Mixxx sees: on Linux that is ALSA's and never JACK's."""
    return int(rtmidi.API_LINUX_ALSA if sys.platform == "linux" else rtmidi.API_UNSPECIFIED)


def _open(port: Any, name: str) -> None:
    if name == PORT and sys.platform != "win32":
        port.open_virtual_port(name)
        return
    names: list[str] = port.get_ports()
    number = next((number for number, other in enumerate(names) if name.lower() in other.lower()), None)
    if number is None:
        there = f"there are {', '.join(names)}" if names else "there is none at all"
        advice = " On Windows make one with loopMIDI." if sys.platform == "win32" else ""
        raise ProgramLinkError(f"There is no MIDI port {name}; {there}.{advice} Name it with --port.")
    port.open_port(number, PORT)
