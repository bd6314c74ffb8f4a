"""Decks, and what was played."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from segue.protocol.messages.base import Message, Ratio, Result, Text

DeckName = Annotated[str, Meta(min_length=1, max_length=64)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
_SILENT: Final = 0.02
"""A fader at the bottom does not always say 0: what is 34 dB below full is not heard in a room either."""


class Deck(Result):
    """What a DJ program's deck holds."""

    deck: str
    number: int | None = None
    """From 1, as the DJ program counts; null where the shim does not know."""
    path: str | None = None
    track: int | None = None
    title: str | None = None
    """Of the track, where the library has it."""
    artist: str | None = None
    playing: bool = False
    rate: float = 1.0
    keylock: bool = True
    volume: float = 1.0
    """As heard in the room: 0 with the fader down."""
    confidence: float = 1.0
    """How sure the shim is of track and of playing, 0..1."""
    client: str = ""
    updated: float = 0.0

    @property
    def is_silent(self) -> bool:
        """Its fader is down: it is not heard in the room, whether it plays or not."""
        return self.volume <= _SILENT


class DeckList(Result):
    """All decks."""

    decks: list[Deck]


class DeckParams(Message):
    """A shim tells what a deck holds. ``path`` null: nothing, or while it plays something that the shim has no path of."""

    deck: DeckName
    number: Annotated[int, Meta(ge=1, le=64)] | None = None
    """The deck's number in the DJ program."""
    path: Text | None = None
    playing: bool = False
    rate: Ratio = 1.0
    """Played tempo divided by the track's own."""
    keylock: bool = True
    volume: Share = 1.0
    """As heard in the room, channel fader and crossfader: what plays at 0 plays in the headphones at the most."""
    confidence: Share = 1.0
    """How sure the shim is of ``path`` and ``playing``: 1 where the DJ program says so, less where it was concluded."""
    client: Annotated[str, Meta(max_length=64)] = ""


class Play(Result):
    """A track that was played."""

    track: int
    title: str
    artist: str | None
    at: float
    """Unix time."""
    source: str = "user"
    """Who says so: ``user``, or ``deck`` where it was heard on one."""


class PlayList(Result):
    """Plays, latest first."""

    plays: list[Play]


class PlayedParams(Message):
    """``at``: when it began, Unix time; null: now."""

    track: Text
    at: Annotated[float, Meta(ge=0.0, le=1e11)] | None = None


class UndoPlayedParams(Message):
    """``track``: the one whose last play is taken back; null: whatever was played last."""

    track: Text | None = None


class Night(Result):
    """The night so far."""

    started: float | None
    """Unix time; null: nothing was played yet, or the last night is over."""
    plays: list[Play]
    """Oldest first."""
    last_night: list[Play] = []
    """What was played the night before, where the settings say that it counts."""
