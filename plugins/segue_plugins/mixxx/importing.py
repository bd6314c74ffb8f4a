"""What Mixxx knows of the music, taken over by Segue: tempi, keys, stars, crates, playlists and nights."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from segue.client import Client
from segue.errors import InvalidParamsError, ProgramBusyError, ProgramSetupError, TrackNotFoundError
from segue.protocol.messages import Lesson, Said
from segue_plugins.mixxx import record as records
from segue_plugins.mixxx.database import Database, Values
from segue_plugins.mixxx.settings import Settings
from segue_plugins.mixxx.voice import count

SOURCE: Final = "mixxx"
"""Who keeps the crates."""
_AT_ONCE: Final = 200
_CRATE_AT_ONCE: Final = 500
_LONGEST_NAME: Final = 200
_LONGEST_TEXT: Final = 4096
"""Characters that Segue takes of a crate's name, and of an artist, a title or a key."""
_SLOWEST, _FASTEST = 20.0, 999.0
"""Tempi that Segue takes."""
_TRIES: Final = 30
_BUSY_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 1.0
_SCAN_SECONDS: Final = 60.0
_SOON_SECONDS: Final = 1.0
_T = TypeVar("_T")
Progress = Callable[[int, int], None]
"""Hears of tracks or files done, of how many."""


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
    looking: bool = False
    """Segue has not looked through all its folders yet."""

    @property
    def complete(self) -> bool:
        """Doing it again later would bring nothing but what is new by then."""
        return not (self.waiting or self.looking)

    def told(self, *, by_itself: bool = False) -> list[str]:
        """The same for people. ``by_itself``: the shim finishes what is left."""
        absent = self.tracks - self.known - self.waiting
        news = f"{self.changed} of them brought something new" if self.changed else "nothing was new"
        lines = [f"Segue has {self.known} of Mixxx's {count(self.tracks, 'track')}; {news}."]
        if self.waiting:
            later = (
                "Segue takes that over by itself when it has listened to everything."
                if by_itself
                else "`segue mixxx import --wait` does that when they are ready."
            )
            lines.append(
                f"Segue is still listening: {count(self.waiting, 'track')} to go. What Mixxx knows of them, and their places in crates and "
                f"playlists, cannot be taken over yet: {later}"
            )
        if absent and self.looking:
            later = "what it finds is taken over by itself" if by_itself else "run `segue mixxx import --wait`"
            lines.append(f"Segue still looks through its folders, and has not found {absent} yet: {later}.")
        elif absent:
            lines.append(f"{absent} {_are(absent)} in no folder that Segue watches, or cannot be told apart.")
        if self.crates:
            lines.append(f"{count(self.crates, 'crate')} copied.")
        if self.lesson is not None:
            read = "1 playlist or night" if self.lesson.sets == 1 else f"{self.lesson.sets} playlists and nights"
            lines.append(f"{read} read, {count(self.lesson.transitions, 'transition')} learned.")
        return lines


def run(
    client: Client,
    database: Database,
    progress: Progress = lambda *_: None,
    pause: Callable[[], None] = lambda: None,
) -> Imported:
    """Take over everything; doing it again takes over what is new.

    Parameters
    ----------
    client
        Of the daemon that takes it over.
    database
        Mixxx's.
    progress
        Hears of tracks done, of how many.
    pause
        Is called between pieces of work, of which each takes a moment, and may raise to leave the rest undone: what was taken over by then
        stays, and taking over everything once more does the rest.

    Raises
    ------
    SegueError
        The client's errors, and ProgramBusyError.

    """
    looking = client.status().scanning
    values = patiently(database.values)
    ids, waiting, changed = _take_over(client, values, progress, pause)
    crates = _copy_crates(client, _merged(patiently(database.crates), ids), pause)
    lists = patiently(lambda: database.lists(_own(database)))
    pause()
    lesson = client.learn(database.path) if lists else None
    return Imported(len(values), len(ids), waiting, changed, crates, lesson, looking)


def look(client: Client, say: Callable[[str], None]) -> None:
    """Wait until Segue has looked through its folders and knows which files there are; not for ever."""
    began, said = time.monotonic(), False
    while client.status().scanning and time.monotonic() - began < _SCAN_SECONDS:
        if not said and time.monotonic() - began > _SOON_SECONDS:
            say("Segue looks through its folders ...")
            said = True
        time.sleep(_BUSY_SECONDS)


def wait(client: Client, progress: Progress = lambda *_: None) -> str | None:
    """Wait until Segue has listened to all that it watches; `progress` hears of files done, of how many.

    Returns why it did not wait to the end, as a sentence; None: it did.
    """
    while True:
        status = client.status()
        done, left = status.tracks.indexed + status.tracks.failed, status.tracks.queued + len(status.analysing)
        if not left and not status.scanning:
            return None
        if left and not status.analysing and (status.paused or status.gig_mode):
            why = "it is paused (`segue resume`)" if status.paused else "a deck plays"
            return f"Segue listens to nothing new now: {why}. {left} {_are(left)} not waited for."
        progress(done, done + left)
        time.sleep(_LOOK_SECONDS)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _take_over(
    client: Client, values: Sequence[Values], progress: Progress, pause: Callable[[], None]
) -> tuple[dict[str, int], int, int]:
    """Returns Segue's tracks by Mixxx's paths, how many still wait, and of how many something was new."""
    ids: dict[str, int] = {}
    waiting = changed = done = 0
    for batch in _batches(values, _AT_ONCE):
        pause()
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
        path=values.path,
        artist=values.artist[:_LONGEST_TEXT] or None,
        title=values.title[:_LONGEST_TEXT] or None,
        duration=values.seconds or None,
        bpm=bpm,
        settled=values.locked and bpm is not None,
        key=values.key[:_LONGEST_TEXT] if values.key else None,
        rating=values.rating or None,
    )


def _merged(crates: Mapping[str, Sequence[str]], ids: Mapping[str, int]) -> dict[str, list[str]]:
    """Segue's tracks in each crate, by the name that Segue can keep: two of Mixxx's may have one there."""
    names: dict[str, str] = {}
    merged: dict[str, dict[str, None]] = {}
    for name, paths in crates.items():
        kept = name.strip()[:_LONGEST_NAME].strip()
        kept = names.setdefault(_folded(kept), kept)
        merged.setdefault(kept, {}).update(dict.fromkeys(f"#{ids[path]}" for path in paths if path in ids))
    return {name: list(tracks) for name, tracks in merged.items() if tracks}


def _folded(name: str) -> str:
    """Equal for two names that Segue takes for one."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return " ".join(bare.casefold().split())


def _copy_crates(client: Client, crates: Mapping[str, Sequence[str]], pause: Callable[[], None]) -> int:
    """Let Segue's crates of Mixxx's hold what these do, and no others; returns how many were copied."""
    copied = 0
    for name, tracks in crates.items():
        pause()  # not within a crate, which would have too little in it until the next time
        copied += _is_copied(client, name, tracks)
    wanted = set(map(_folded, crates))
    for crate in client.crates().crates:
        if crate.source == SOURCE and _folded(crate.name) not in wanted:
            client.set_crate(crate.name, [], source=SOURCE)
    return copied


def _is_copied(client: Client, name: str, tracks: Sequence[str]) -> bool:
    try:
        for number, batch in enumerate(_batches(tracks, _CRATE_AT_ONCE)):
            client.set_crate(name, batch, add=number > 0, source=SOURCE)
    except (InvalidParamsError, TrackNotFoundError):  # a name of blanks; tracks that have gone just now
        return False
    return True


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _own(database: Database) -> frozenset[int]:
    """Ids of Segue's own playlists: what it suggests is nobody's choice."""
    try:
        record = records.read(Settings(database.path.parent))
    except ProgramSetupError:  # a record that cannot be read; the daemon cannot either
        return frozenset()
    return record.own if record else frozenset()


def patiently(ask: Callable[[], _T]) -> _T:
    """Ask again for some seconds while Mixxx writes; ProgramBusyError when it does not end."""
    for _ in range(_TRIES):
        try:
            return ask()
        except ProgramBusyError:
            time.sleep(_BUSY_SECONDS)
    return ask()
