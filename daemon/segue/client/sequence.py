"""The order of events: what arrived, and what is missing."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Final

import msgspec

from segue.errors import ProtocolError
from segue.protocol.messages import Event

GAP: Final = "gap"
"""Name of the event that a client makes itself where events are missing: look at `daemon.status` then. Its data has
``missed``, how many, or None after a restart of the daemon."""

NamedEvent = tuple[str, Event]


_LATE_SECONDS: Final = 2.0
"""What was published so long after the snapshot was not published before it, whatever its number; clocks may differ by less."""


class _Notification(msgspec.Struct):
    method: str
    params: Event


class EventSequence:
    """Turns messages of the events socket into events, with a `GAP` before each that does not follow its forerunner.

    Parameters
    ----------
    names
        The events to let through, besides `GAP`; all where it is empty.

    """

    def __init__(self, names: Collection[str] = ()) -> None:
        self._names = frozenset(names)
        self._seq = 0
        self._begun = 0.0
        self._heard = False
        self.stopping = False
        """The daemon has said that it stops."""

    def begin(self, seq: int) -> None:
        """Say the number of the last event before those that will come: a snapshot, taken just now."""
        self._seq = seq
        self._begun = time.time()

    def restart(self) -> list[NamedEvent]:
        """The daemon was restarted: its numbers begin anew."""
        self._seq = 0
        self._heard = False
        self.stopping = False
        return [_gap(0, time.time(), None)]

    def take(self, frames: list[bytes]) -> list[NamedEvent]:
        """Take a message; returns nothing, the event, or a gap and the event.

        Raises
        ------
        ProtocolError
            It is no event.

        """
        try:
            notification = msgspec.json.decode(frames[-1], type=_Notification)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ProtocolError(f"An event was not understood: {error}.") from error
        name, event = notification.method, notification.params
        if event.seq <= self._seq and not self._heard and event.at < self._begun + _LATE_SECONDS:
            return []  # published before the snapshot
        taken = [(name, event)] if not self._names or name in self._names else []
        if event.seq <= self._seq:
            # ZeroMQ connects again by itself: only a restarted daemon goes back.
            taken.insert(0, _gap(event.seq, event.at, None))
        elif event.seq > self._seq + 1:
            taken.insert(0, _gap(event.seq, event.at, event.seq - self._seq - 1))
        self._seq = event.seq
        self._heard = True
        self.stopping = name == "daemon.stopping"
        return taken


def _gap(seq: int, at: float, missed: int | None) -> NamedEvent:
    return GAP, Event(seq=seq, at=at, data={"missed": missed})
