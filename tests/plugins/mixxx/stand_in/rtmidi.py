"""Stands in for python-rtmidi on machines that have no MIDI: messages go over datagrams instead of ALSA's sequencer.

It is found instead of the real one by PYTHONPATH. What is sent on the virtual port "Segue" arrives in the Mixxx that runs with
fakepm.c, and the other way round; the sockets are in the folder ``$FAKEMIDI_DIR``. What it cannot show: whether a real system has
virtual ports, and how its MIDI services name and connect them.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

API_UNSPECIFIED = 0
API_LINUX_ALSA = 2


class RtMidiError(Exception):
    """As the real one's."""


class SystemError(RtMidiError, OSError):  # noqa: A001 - the real one's name
    """As the real one's: there is no MIDI."""


class _Port:
    def __init__(self, rtapi: int = API_UNSPECIFIED, name: str = "") -> None:
        del rtapi, name
        folder = os.environ.get("FAKEMIDI_DIR")
        if folder is None:
            raise SystemError("no sequencer")
        self._folder = Path(folder)
        self._socket: socket.socket | None = None

    def get_ports(self) -> list[str]:
        return ["Segue:Segue 128:0"]

    def open_virtual_port(self, name: str) -> None:
        assert name == "Segue"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def open_port(self, number: int, name: str) -> None:
        assert number == 0
        self.open_virtual_port("Segue")
        del name

    def close_port(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def delete(self) -> None:
        self.close_port()


class MidiIn(_Port):
    """From Mixxx."""

    def open_virtual_port(self, name: str) -> None:
        super().open_virtual_port(name)
        own = self._folder / "host.sock"
        own.unlink(missing_ok=True)
        assert self._socket is not None
        self._socket.bind(str(own))
        self._sysex = False

    def ignore_types(self, sysex: bool = True, timing: bool = True, active_sense: bool = True) -> None:
        """System exclusive messages are kept from the reader unless he asks for them, as in the real one."""
        del timing, active_sense
        self._sysex = not sysex

    def get_message(self) -> tuple[list[int], float] | None:
        while self._socket is not None:
            try:
                message = self._socket.recv(4096)
            except BlockingIOError:
                return None
            if self._sysex or message[:1] != b"\xf0":
                return list(message), 0.0
        return None


class MidiOut(_Port):
    """To Mixxx; lost when it is not there."""

    def send_message(self, message: bytes) -> None:
        assert self._socket is not None
        try:
            self._socket.sendto(bytes(message), str(self._folder / "mixxx.sock"))
        except OSError:
            return
