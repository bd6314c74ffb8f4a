"""A DJ's own controller, as far as Mixxx can see: buttons, knobs, and a mapping in which Segue's functions ride."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Final, Self

from mixxx_desk import Profile

_NOTE: Final = 0x90
_KNOB: Final = 0xB0
FUNCTIONS: Final = (
    *("select", "down", "up", "loadFree", "loadNext", "queue", "preview"),
    *("best", "stay", "lift", "ease", "turn"),
)
"""Of segue.js; on notes from 0x30 on, `select` on the knob 0x30."""
PLAIN: Final = (
    *(("[Channel1]", key) for key in ("play", "stop", "eject", "keylock", "mute", "rate", "volume")),
    *((group, key) for group in ("[Channel2]", "[PreviewDeck1]") for key in ("stop", "eject")),
    ("[Master]", "crossfader"),
)
"""Controls of Mixxx's own, on notes or knobs from 0x50 on."""
_KNOBS: Final = frozenset({"select", "rate", "volume", "crossfader"})
_MAPPING: Final = """<?xml version='1.0' encoding='utf-8'?>
<MixxxControllerPreset mixxxVersion="2.3.0" schemaVersion="1">
  <info><name>Deck Box</name></info>
  <controller id="DeckBox">
    <scriptfiles><file filename="segue.js" functionprefix="Segue"/></scriptfiles>
    <controls>{controls}</controls>
    <outputs/>
  </controller>
</MixxxControllerPreset>
"""
_CONTROL: Final = """
<control>
  <group>{group}</group><key>{key}</key>
  <status>0x{status:02X}</status><midino>0x{number:02X}</midino>
  <options><{option}/></options>
</control>"""


class Box:
    """The controller, once it is installed in a profile."""

    def __init__(self, folder: Path) -> None:
        self._to_mixxx = folder / "box-mixxx.sock"
        self._from_mixxx = folder / "box-host.sock"
        self._from_mixxx.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._from_mixxx))
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self._socket.close()

    def install(self, profile: Profile) -> None:
        """Choose its mapping in Mixxx's settings, while Mixxx is closed."""
        places = {("[Playlist]", f"Segue.{name}"): 0x30 + at for at, name in enumerate(FUNCTIONS)}
        places |= {place: 0x50 + at for at, place in enumerate(PLAIN)}
        controls = [
            _CONTROL.format(
                group=group,
                key=key,
                status=_status(key),
                number=number,
                option="script-binding" if key.startswith("Segue.") else "normal",
            )
            for (group, key), number in places.items()
        ]
        (profile.folder / "controllers").mkdir(exist_ok=True)
        (profile.folder / "controllers" / "Box.midi.xml").write_text(_MAPPING.format(controls="".join(controls)))
        config = profile.folder / "mixxx.cfg"
        text = re.sub(r"\[Controller\]\n", "[Controller]\nDeck_Box 1\n", config.read_text())
        config.write_text(re.sub(r"\[ControllerPreset\]\n", "[ControllerPreset]\nDeck_Box Box.midi.xml\n", text))

    def press(self, function: str) -> None:
        """Press and release a button that is bound to one of Segue's functions."""
        self._tap(0x30 + FUNCTIONS.index(function))

    def turn(self, steps: int) -> None:
        """Turn the knob that is bound to `Segue.select`."""
        self._send(_KNOB, 0x30, steps % 128)

    def tap(self, group: str, key: str) -> None:
        """Press and release a button of a control of Mixxx's own."""
        self._tap(0x50 + PLAIN.index((group, key)))

    def set(self, group: str, key: str, value: int) -> None:
        """Move a knob or a fader to a place, 0 to 127."""
        self._send(_KNOB, 0x50 + PLAIN.index((group, key)), value)

    def was_spoken_to(self) -> bool:
        """Whether Mixxx sent it anything."""
        try:
            return bool(self._socket.recv(4096))
        except BlockingIOError:
            return False

    def _tap(self, number: int) -> None:
        self._send(_NOTE, number, 127)
        self._send(_NOTE, number, 0)

    def _send(self, status: int, number: int, value: int) -> None:
        self._socket.sendto(bytes([status, number, value]), str(self._to_mixxx))


def _status(key: str) -> int:
    return _KNOB if key.removeprefix("Segue.") in _KNOBS else _NOTE
