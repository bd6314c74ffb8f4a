"""Decks, and what was played."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from segue.protocol.messages.base import Message, Ratio, Result, Text

DeckName = Annotated[str, Meta(min_length=1, max_length=64)]


class Deck(Result):
    """What a DJ program's deck holds."""

    deck: str
    path: str | None = None
    track: int | None = None
    playing: bool = False
    rate: float = 1.0
    keylock: bool = True
    client: str = ""
    updated: float = 0.0


class DeckList(Result):
    """All decks."""

    decks: list[Deck]


class DeckParams(Message):
    """A shim tells what a deck holds. ``path`` null: nothing, or while it plays something that the shim has no path of."""

    deck: DeckName
    path: Text | None = None
    playing: bool = False
    rate: Ratio = 1.0
    """Played tempo divided by the track's own."""
    keylock: bool = True
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
