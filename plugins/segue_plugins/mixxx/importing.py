"""What Mixxx knows of the music, taken over by Segue: tempi, keys, stars, crates, playlists and nights."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from segue.client import Client
from segue.errors import InvalidParamsError, ProgramBusyError, TrackNotFoundError
from segue.protocol.messages import Lesson, Said
from segue_plugins.mixxx.database import Database, Values

SOURCE: Final = "mixxx"
"""Who keeps the crates."""
_AT_ONCE: Final = 200
_CRATE_AT_ONCE: Final = 500
_LONGEST_NAME: Final = 200
_SLOWEST, _FASTEST = 20.0, 999.0
"""Tempi that Segue takes."""
_TRIES: Final = 30
_BUSY_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 1.0
_T = TypeVar("_T")


class Imported(NamedTuple):
    """What became of it."""

    tracks: int
    """Of Mixxx's library."""
    known: int
    """Those that Segue has."""
    waiting: int
    """Those that Segue has not listened to yet."""
    changed: int
    """Those of which something was new."""
    crates: int
    lesson: Lesson | None
    """What was learned from playlists and nights; None: there are none."""

    def told(self) -> list[str]:
        """The same for people."""
        absent = self.tracks - self.known - self.waiting
        lines = [
            f"{self.known} of Mixxx's {self.tracks} tracks are in Segue's library; of {self.changed} something was new."
        ]
        if self.waiting:
            lines.append(
                f"{self.waiting} {_are(self.waiting)} still to be listened to: `segue mixxx import --wait` takes over "
                "what Mixxx knows of them when that is done."
            )
        if absent:
            lines.append(f"{absent} {_are(absent)} in no folder that Segue watches, or cannot be told apart.")
        if self.crates:
            lines.append(f"{self.crates} {'crate' if self.crates == 1 else 'crates'} copied.")
        if self.lesson is not None:
            lines.append(
                f"{self.lesson.sets} playlists and nights read, {self.lesson.transitions} transitions learned from them."
            )
        return lines


def run(client: Client, database: Database, progress: Callable[[int, int], None] = lambda *_: None) -> Imported:
    """Take over everything; doing it again takes over what is new. `progress` hears of tracks done, of how many.

    Raises the client's errors, and ProgramBusyError.
    """
    values = _patient(database.values)
    ids, waiting, changed = _take_over(client, values, progress)
    crates = _copy_crates(client, _patient(database.crates), ids)
    lists = _patient(database.counts)
    lesson = client.learn(database.path) if lists.playlists + lists.nights else None
    return Imported(len(values), len(ids), waiting, changed, crates, lesson)


def wait(client: Client, progress: Callable[[int, int], None] = lambda *_: None) -> None:
    """Wait until Segue has listened to all that it watches; `progress` hears of files done, of how many."""
    while True:
        status = client.status()
        done, left = status.tracks.indexed + status.tracks.failed, status.tracks.queued + len(status.analysing)
        if not left and not status.scanning:
            return
        progress(done, done + left)
        time.sleep(_LOOK_SECONDS)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _take_over(
    client: Client, values: Sequence[Values], progress: Callable[[int, int], None]
) -> tuple[dict[str, int], int, int]:
    """Returns Segue's tracks by Mixxx's paths, how many still wait, and of how many something was new."""
    ids: dict[str, int] = {}
    waiting = changed = done = 0
    for batch in _batches(values, _AT_ONCE):
        answer = client.take_over(list(map(_said, batch)))
        ids |= {one.path: track for one, track in zip(batch, answer.tracks, strict=True) if track is not None}
        waiting += answer.waiting
        changed += answer.changed
        done += len(batch)
        progress(done, len(values))
    return ids, waiting, changed


def _said(values: Values) -> Said:
    bpm = values.bpm if values.bpm is not None and _SLOWEST <= values.bpm <= _FASTEST else None
    return Said(
        path=values.path.replace("/", os.sep),  # Mixxx writes slashes everywhere
        artist=values.artist or None,
        title=values.title or None,
        duration=values.seconds or None,
        bpm=bpm,
        settled=values.locked and bpm is not None,
        key=values.key,
        rating=values.rating or None,
    )


def _copy_crates(client: Client, crates: Mapping[str, Sequence[str]], ids: Mapping[str, int]) -> int:
    copied = 0
    for name, paths in crates.items():
        tracks = [f"#{ids[path]}" for path in paths if path in ids]
        try:
            for number, batch in enumerate(_batches(tracks, _CRATE_AT_ONCE)):
                client.set_crate(name.strip()[:_LONGEST_NAME], batch, add=number > 0, source=SOURCE)
        except (InvalidParamsError, TrackNotFoundError):  # a name of blanks; tracks that have gone just now
            continue
        copied += bool(tracks)
    return copied


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _patient(ask: Callable[[], _T]) -> _T:
    """Ask again while Mixxx writes; ProgramBusyError when it does not end."""
    for _ in range(_TRIES):
        try:
            return ask()
        except ProgramBusyError:
            time.sleep(_BUSY_SECONDS)
    return ask()
