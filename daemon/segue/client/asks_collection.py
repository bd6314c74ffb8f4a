"""What can be asked about crates and promoted tracks."""

# ruff: noqa: D103 - the functions are described where they are used, as the methods of `Client`

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from segue.client.asks import Ask, path_of, text_of
from segue.protocol import messages as m


def crates() -> Ask[m.CrateList]:
    return Ask("library.crates", m.Nothing(), m.CrateList)


def crate(name: str, limit: int, offset: int) -> Ask[m.TrackList]:
    return Ask("library.crate", {"name": text_of(name), "limit": limit, "offset": offset}, m.TrackList)


def set_crate(
    name: str | None,
    tracks: Collection[str],
    playlist: str | Path | None,
    *,
    add: bool,
    take_out: bool,
    source: str = "user",
) -> Ask[m.CrateChange]:
    said = {
        "name": None if name is None else text_of(name),
        "tracks": [text_of(track) for track in tracks],
        "playlist": None if playlist is None else path_of(playlist),
        "add": add,
        "take_out": take_out,
        "source": source,
    }
    return Ask("library.set_crate", said, m.CrateChange)


def take_over(tracks: Sequence[m.Said]) -> Ask[m.TakenOver]:
    return Ask("library.take_over", m.TakeOverParams(tracks=list(tracks)), m.TakenOver)


def remove_crate(name: str) -> Ask[m.CrateList]:
    return Ask("library.remove_crate", {"name": text_of(name)}, m.CrateList)


def promote(ref: str, *, promoted: bool) -> Ask[m.Track]:
    return Ask("track.promote", m.PromoteParams(track=text_of(ref), promoted=promoted), m.Track)
