"""What can be asked by those who make music."""

# ruff: noqa: D103 - the functions are described where they are used, as the methods of `Client`

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from segue.client.asks import Ask, path_of, text_of
from segue.protocol import messages as m


def similar(path: str | Path, limit: int, section: str, *, close: bool) -> Ask[m.Suggestions]:
    wanted = {"path": path_of(path), "limit": limit, "section": section, "close": close}
    return Ask("recommend.similar", wanted, m.Suggestions)


def check(path: str | Path, records: int, against: Collection[str]) -> Ask[m.Closeness]:
    wanted = {"path": path_of(path), "records": records, "against": [text_of(ref) for ref in against]}
    return Ask("recommend.check", wanted, m.Closeness)


def work(track: str) -> Ask[m.Work]:
    return Ask("library.work", m.WorkParams(track=text_of(track)), m.Work)


def changes(track: str, since: str | None) -> Ask[m.Changes]:
    return Ask(
        "track.changes",
        m.ChangesParams(track=text_of(track), since=None if since is None else text_of(since)),
        m.Changes,
    )
