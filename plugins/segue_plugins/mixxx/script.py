"""What Segue's script inside Mixxx and the program outside say to each other: short JSON in system exclusive messages.

A message is ``F0 7D 4D 58 <JSON, 7-bit> F7``: 7D is the identity for what is no product, 4D 58 are our own letters. Messages of
the script have their kind under ``r``, commands to it under ``c``.
"""

from __future__ import annotations

import json
from typing import Annotated, Final, Literal

import msgspec

VERSION: Final = "1"
"""Of the messages; segue-link.js has the same."""
LONGEST: Final = 1024
"""Bytes of a message that Mixxx still takes in one piece."""
_HEAD: Final = b"\xf0\x7d\x4d\x58"
_END: Final = b"\xf7"

Lane = Literal["best", "stay", "lift", "ease", "turn"]
_Natural = Annotated[int, msgspec.Meta(ge=0)]
_Positive = Annotated[float, msgspec.Meta(ge=0.0)]


class DeckReport(msgspec.Struct, frozen=True, tag_field="r", tag="deck"):
    """What one of Mixxx's decks does."""

    number: Annotated[int, msgspec.Meta(ge=1)]
    loaded: bool
    playing: bool
    rate: Annotated[float, msgspec.Meta(gt=0.0)] = 1.0
    """Tempo at which it plays, in terms of the track's own."""
    keylock: bool = False
    volume: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 1.0
    """As heard in the room: the channel's fader and the crossfader; 0 is silence."""
    duration: _Positive = 0.0
    """Seconds, to 1e-6 as in Mixxx's library; 0: not known (yet)."""
    bpm: _Positive = 0.0
    """Of the track itself; 0: not known (yet)."""


class Pressed(msgspec.Struct, frozen=True, tag_field="r", tag="pressed"):
    """The DJ pressed a button that asks for a direction."""

    lane: Lane


class Overload(msgspec.Struct, frozen=True, tag_field="r", tag="overload"):
    """Mixxx's sound came too late so many times since it was started, by its own count."""

    count: _Natural


class Hello(msgspec.Struct, frozen=True, tag_field="r", tag="hello"):
    """The script is there."""

    version: str
    decks: _Natural


Report = DeckReport | Pressed | Overload | Hello

_DECODER: Final[msgspec.json.Decoder[Report]] = msgspec.json.Decoder(Report)


def parse(message: bytes) -> Report | None:
    """Read a message of the script; None: it is somebody else's, or damaged."""
    if len(message) > LONGEST or not (message.startswith(_HEAD) and message.endswith(_END)):
        return None
    try:
        return _DECODER.decode(message[len(_HEAD) : -len(_END)])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def command(name: str, **fields: bool | float | str) -> bytes:
    """Make a message to the script.

    Raises
    ------
    ValueError
        It is longer than Mixxx takes.

    """
    text = json.dumps({"c": name, **fields}, allow_nan=False, separators=(",", ":"))  # which escapes what is not ASCII
    message = _HEAD + text.encode("ascii") + _END
    if len(message) > LONGEST:
        raise ValueError(f"a message of {len(message)} bytes; Mixxx takes {LONGEST}")
    return message
