"""What can be asked about nights, opinions and what was learned."""

# ruff: noqa: D103 - the functions are described where they are used, as the methods of `Client`

from __future__ import annotations

from pathlib import Path
from typing import Literal

from segue.client.asks import Ask, path_of, text_of
from segue.protocol import messages as m

LessonKind = Literal["auto", "history", "playlist"]


def mark_played(ref: str, at: float | None) -> Ask[m.Play]:
    return Ask("session.mark_played", m.PlayedParams(track=text_of(ref), at=at), m.Play)


def undo_played(ref: str | None) -> Ask[m.Play]:
    return Ask("session.undo_played", m.UndoPlayedParams(track=_maybe(ref)), m.Play)


def new_night() -> Ask[m.Night]:
    return Ask("session.new_night", m.Nothing(), m.Night)


def night() -> Ask[m.Night]:
    return Ask("session.night", m.Nothing(), m.Night)


def rate(ref: str, liked: bool | None, after: str | None) -> Ask[m.Opinion]:
    return Ask("feedback.rate", m.RateParams(track=text_of(ref), after=_maybe(after), liked=liked), m.Opinion)


def learn(path: str | Path, kind: LessonKind) -> Ask[m.Lesson]:
    return Ask("feedback.learn", m.LearnParams(path=path_of(path), kind=kind), m.Lesson)


def memory(ref: str | None, limit: int, offset: int) -> Ask[m.MemoryPage]:
    return Ask("feedback.memory", m.MemoryParams(track=_maybe(ref), limit=limit, offset=offset), m.MemoryPage)


def forget(ref: str | None, source: str | None, *, everything: bool, plays: bool) -> Ask[m.Forgotten]:
    wanted = m.ForgetParams(track=_maybe(ref), source=source, everything=everything, plays=plays)
    return Ask("feedback.forget", wanted, m.Forgotten)


def _maybe(ref: str | None) -> str | None:
    return None if ref is None else text_of(ref)
