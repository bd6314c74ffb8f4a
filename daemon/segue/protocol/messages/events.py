"""What the PUB socket sends."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class Event(Struct, kw_only=True):
    """What the PUB socket sends, in one frame after a topic frame: a JSON-RPC notification's ``params``."""

    seq: int
    """Grows by one with every event; after a gap ask `daemon.status`."""
    at: float
    """Unix time."""
    data: dict[str, Any] = {}


EventName = Literal[
    "track.indexed",
    "track.failed",
    "tracks.changed",
    "progress",
    "folder.changed",
    "deck.changed",
    "wishes.changed",
    "shims.changed",
    "play.added",
    "play.removed",
    "night.started",
    "memory.changed",
    "index.changed",
    "models.changed",
    "daemon.stopping",
]
