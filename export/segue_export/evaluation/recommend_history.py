"""Sets that were played, as questions: what came after these tracks."""

from __future__ import annotations

import csv
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.home import Home
from segue.library import chains
from segue.library.columns import Columns
from segue.library.store import Library
from segue.recommend.mixability import PITCH_RANGE
from segue_export.evaluation import dj_nights, dj_world
from segue_export.evaluation.dj_world import World

NOBODY: Final = 0
"""In the place of a track that nobody knows."""
TEST_SHARE: Final = 0.25
"""Of the transitions: the last ones."""

Night = tuple[int, ...]


class Career(NamedTuple):
    """All that one DJ played."""

    earlier: tuple[Night, ...]
    """To learn from."""
    later: tuple[Night, ...]
    """To ask about."""
    crate: tuple[int, ...] = ()
    """What the DJ plays from; empty where unknown."""


@dataclass(frozen=True)
class History:
    """A library, and the sets that were played from it."""

    columns: Columns
    careers: Mapping[str, Career]
    styles: Mapping[int, str] = field(default_factory=dict)
    """Style or genre by track id, where it is known."""
    world: World | None = None
    """The truth, where the library is made up."""


class Question(NamedTuple):
    """What is asked: the tracks of the night so far, and what was played next."""

    dj: str
    night: str
    """Name of the night, the same for all its questions."""
    tonight: Night
    chosen: int


def questions(history: History, limit: int | None = None) -> list[Question]:
    """Ask about all later nights, or about so many transitions, evenly spread; what was played twice is asked about once."""
    every = [
        Question(dj, f"{dj} {number}", night[:at], night[at])
        for dj, career in history.careers.items()
        for number, night in enumerate(career.later)
        for at in range(1, len(night))
        if night[at] not in night[:at]
    ]
    return _evenly(every, limit)


def seeds(history: History, limit: int | None = None) -> list[Question]:
    """Ask about each track whose style is known, on an empty night; of these nobody knows what was played next."""
    dj = next(iter(history.careers))
    return _evenly([Question(dj, str(track), (track,), NOBODY) for track in sorted(history.styles)], limit)


def _evenly(every: list[Question], limit: int | None) -> list[Question]:
    if limit is None or limit >= len(every):
        return every
    return [every[at * len(every) // limit] for at in range(limit)]


def synthetic(tracks: int, nights: int, seed: int) -> History:
    """A made-up library with four made-up DJs."""
    world = dj_world.make(tracks, seed)
    careers = {dj.name: _career(dj.nights, dj.crate) for dj in dj_nights.play(world, nights, seed)}
    styles = {int(track): str(style) for track, style in zip(world.columns.ids, world.style, strict=True)}
    return History(world.columns, careers, styles, world)


def from_home(home: Home, truth: Path | None = None) -> History:
    """The user's own history, from a copy of the library: what a daemon has open is left alone.

    ``truth`` is a CSV file with the columns ``path`` and ``style``; without it the genres of the files' tags count.

    Raises ValueError where there is no library, OSError where it cannot be read.
    """
    if not home.library_file.is_file():
        raise ValueError(f"there is no library in {home.path}: start Segue and add a folder first")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "library.db"
        with (
            closing(sqlite3.connect(f"file:{home.library_file}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        library = Library(copy)
        try:
            columns = library.columns()
        finally:
            library.close()
        with closing(sqlite3.connect(copy)) as db:
            played = chains.chains(db)
            paths = dict(db.execute("SELECT shown, track_id FROM files WHERE track_id IS NOT NULL"))
    known = set(columns.ids.tolist())
    nights = [tuple(track for track in night if track in known) for night in played]
    careers = {"you": _career([night for night in nights if len(night) > 1])}
    return History(columns, careers, _styles(columns, paths, truth))


def _styles(columns: Columns, paths: Mapping[str, int], truth: Path | None) -> dict[int, str]:
    if truth is not None:
        with truth.open(encoding="utf-8-sig", newline="") as file:
            rows = [(str(Path(row["path"]).resolve()), row["style"]) for row in csv.DictReader(file)]
        return {paths[path]: style for path, style in rows if path in paths and style}
    names = {code: str(columns.genres[code]).casefold() for code in np.unique(columns.genre).tolist() if code}
    ids = zip(columns.ids.tolist(), columns.genre.tolist(), strict=True)
    return {track: names[code] for track, code in ids if code in names}


def _career(nights: Sequence[Night], crate: Night = ()) -> Career:
    sizes = np.cumsum([len(night) - 1 for night in nights])
    border = int(np.searchsorted(sizes, (1.0 - TEST_SHARE) * sizes[-1])) + 1 if len(nights) else 0
    return Career(tuple(nights[:border]), tuple(nights[border:]), crate)


def truly_mix(world: World, track: int, others: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Tell which tracks can be blended with one, by the truth.

    Tempi lie within the fader's range, half and double time too; keys share all notes but one, or are a usual boost of energy.
    """
    row, rows = track - 1, np.asarray(others, dtype=np.int64) - 1
    octaves = np.log2(world.bpm[rows] / world.bpm[row])
    near = np.abs(octaves - np.clip(np.rint(octaves), -1, 1)) <= np.log2(1.0 + PITCH_RANGE)
    steps = (world.camelot[rows] // 2 - world.camelot[row] // 2) % 12
    same = world.camelot[rows] % 2 == world.camelot[row] % 2
    fits: npt.NDArray[np.bool_] = near & ((steps == 0) | (same & np.isin(steps, (1, 2, 7, 11))))
    return fits
