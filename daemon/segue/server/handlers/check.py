"""`recommend.check`: whether a file is too close to an owned record."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.analysis.pool import AnalysisPool
from segue.analysis.result import Heard, Likeness, Probe
from segue.library.paths import shown
from segue.library.store import Library
from segue.library.works import Entry
from segue.protocol.messages import CheckParams, Closeness, CloseStretch, NearRecord, SoundsLike
from segue.recommend.catalogue import Snapshot
from segue.recommend.closeness import Sounding, sounding_like
from segue.server.handlers.comparing import Comparer, Timed, told
from segue.server.handlers.producer import hear
from segue.server.handlers.seeds import audio_path
from segue.server.router import Origin
from segue.server.spaces import Spaces

_STRETCHES: Final = 3
"""Stretches that are told of one record."""
_SOUNDS_LIKE: Final = 5


class _Found(NamedTuple):
    """What came of comparing a file with records."""

    compared: list[int]
    close: list[tuple[int, Likeness]]
    unread: int
    """Records that are away, or could not be decoded."""


class CheckHandlers:
    """Compares a file with records, which takes seconds: in a thread of its own, with the workers' help."""

    def __init__(self, library: Library, spaces: Spaces, pool: AnalysisPool, executor: Executor) -> None:
        self._library = library
        self._spaces = spaces
        self._pool = pool
        self._comparer = Comparer(library, pool)
        self._executor = executor

    def check(self, params: CheckParams, origin: Origin) -> Future[Closeness]:
        """Lay a file over the records that it sounds most like, and over those that are named."""
        return self._executor.submit(self._check, params, origin)

    def _check(self, params: CheckParams, origin: Origin) -> Closeness:
        path = audio_path(params.path, origin, self._library.folders())
        named = [self._library.resolve(reference) for reference in params.against]
        probe = self._pool.probe(path).result()
        space, heard = hear(self._spaces, self._pool, path, probe)
        snapshot = space.recommender.snapshot()
        allowed = self._others(snapshot, path, probe)
        windows = np.stack([window.vector for window in heard.windows])
        near = sounding_like(snapshot, windows, allowed, max(params.records, _SOUNDS_LIKE))
        likely = [int(track) for track in snapshot.rows.ids[near.rows[: params.records]]]
        found = self._compared(path, heard, snapshot, list(dict.fromkeys([*named, *likely])))
        return self._answer(path, heard, snapshot, near, found, int(np.count_nonzero(allowed)))

    def _others(self, snapshot: Snapshot, path: Path, probe: Probe) -> npt.NDArray[np.bool_]:
        """All but the file itself, other bounces of it, and what is private; a record of the same name is compared."""
        known = self._library.known(probe.identity)
        versions = (
            self._library.versions_of_file(str(path), probe.tags.title, probe.tags.artist)
            if known is None
            else self._library.versions_of(known)
        )
        own = {entry.id for entry in versions if entry.id is not None and self._is_bounce(entry, path)}
        others = snapshot.suggestable.copy()
        rows = snapshot.rows.find(np.array(sorted(own | ({known} if known is not None else set())), dtype=np.int64))
        others[rows[rows >= 0]] = False
        return others

    def _is_bounce(self, entry: Entry, path: Path) -> bool:
        """Whether a version of a file's work is by the same hand: beside it, or let out of a private folder."""
        if entry.id is None or Path(entry.path).parent == path.parent:
            return True
        return self._library.track(entry.id).promoted

    def _compared(self, path: Path, heard: Heard, snapshot: Snapshot, tracks: Sequence[int]) -> _Found:
        found = _Found([], [], 0)
        unread = 0
        this = Timed(heard.analysis.tempo.bpm, heard.analysis.duration)
        for track, likenesses in self._comparer.each(path, this, [_timed(snapshot, track) for track in tracks]):
            if likenesses is None:
                unread += 1
                continue
            found.compared.append(track)
            nearest = sorted(likenesses, key=lambda one: (-one.nearness, one.start))[:_STRETCHES]
            found.close.extend((track, likeness) for likeness in nearest)
        found.close.sort(key=lambda one: (-one[1].nearness, one[0], one[1].start))
        return found._replace(unread=unread)

    def _answer(
        self, path: Path, heard: Heard, snapshot: Snapshot, near: Sounding, found: _Found, possible: int
    ) -> Closeness:
        alike = list(zip(near.rows.tolist(), near.windows.tolist(), near.similarity.tolist(), strict=True))
        alike = alike[:_SOUNDS_LIKE]
        ids = [*found.compared, *(int(snapshot.rows.ids[row]) for row, _, _ in alike)]
        records = {
            brief.id: NearRecord(id=brief.id, path=brief.path, title=brief.title, artist=brief.artist)
            for brief in self._library.brief(list(dict.fromkeys(ids)))
        }
        return Closeness(
            path=shown(path),
            seconds=round(heard.analysis.duration, 2),
            compared=[records[track] for track in found.compared if track in records],
            close=[_stretch(records[track], likeness) for track, likeness in found.close if track in records],
            sounds_like=[
                SoundsLike(
                    record=records[track],
                    start=round(heard.windows[window].spans[0][0], 2),
                    end=round(heard.windows[window].spans[0][1], 2),
                    similarity=round(similarity, 4),
                )
                for row, window, similarity in alike
                if (track := int(snapshot.rows.ids[row])) in records
            ],
            notes=_notes(heard, found, possible),
        )


def _timed(snapshot: Snapshot, track: int) -> Timed:
    row = int(snapshot.rows.find(np.array([track]))[0])
    if row < 0:
        return Timed(None, 0.0, track)
    bpm = float(snapshot.facts.bpm[row])
    return Timed(bpm if bpm > 0.0 else None, float(snapshot.facts.duration[row]), track)


def _stretch(record: NearRecord, likeness: Likeness) -> CloseStretch:
    return CloseStretch(
        record=record,
        start=round(likeness.start, 2),
        end=round(likeness.end, 2),
        there_start=round(likeness.other_start, 2),
        there_end=round(likeness.other_end, 2),
        nearness=round(likeness.nearness, 3),
        semitones=likeness.semitones,
        speed=round(likeness.speed, 4),
        text=told(likeness),
    )


def _notes(heard: Heard, found: _Found, possible: int) -> list[str]:
    notes = []
    if found.unread:
        notes.append(f"{found.unread} of the records are away, or could not be decoded: they were not compared")
    if len(found.compared) < possible:
        notes.append(
            f"compared with {len(found.compared)} of {possible} records, those that it sounds most like: what was taken from "
            "another one is found when more are compared, or that one is named"
        )
    if heard.analysis.tiled and heard.analysis.duration < 10.0:
        notes.append("shorter than ten seconds: too short to be compared")
    return notes
