"""`recommend.similar` by section, `library.work` and `track.changes`: questions of those who make music."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from segue.analysis.pool import AnalysisPool
from segue.analysis.report import report
from segue.analysis.result import Heard, Moment, Probe
from segue.errors import TrackNotFoundError, TrackNotReadyError
from segue.library import works
from segue.library.paths import shown
from segue.library.store import Library
from segue.library.works import Entry
from segue.protocol.messages import (
    Analysis,
    Changes,
    ChangesParams,
    SimilarParams,
    Suggestions,
    Track,
    Version,
    Work,
    WorkParams,
)
from segue.recommend.by_section import like_section
from segue.recommend.catalogue import Snapshot
from segue.recommend.changes import changes
from segue.recommend.seed import seed_of
from segue.server.handlers.comparing import Comparer, Timed, clock, told
from segue.server.handlers.recommend import RecommendHandlers
from segue.server.handlers.seeds import after_file, after_track, asked_by_file, audio_path
from segue.server.router import Origin
from segue.server.spaces import Space, Spaces

_TRIES = 3
"""Times that a file is heard anew because other networks have taken over meanwhile."""


class _Sound(NamedTuple):
    """A version as it sounds."""

    version: Version
    sound: Track | Analysis
    vector: np.ndarray


class ProducerHandlers:
    """Sections, works and changes. All of it may listen to a file, or look through a folder: it has threads of its own."""

    def __init__(
        self, library: Library, recommend: RecommendHandlers, spaces: Spaces, pool: AnalysisPool, executor: Executor
    ) -> None:
        self._library = library
        self._recommend = recommend
        self._spaces = spaces
        self._pool = pool
        self._comparer = Comparer(library, pool)
        self._executor = executor

    def similar(self, params: SimilarParams, origin: Origin) -> Future[Suggestions]:
        """What sounds like a file, or like a section of it."""
        if params.close:
            return self._executor.submit(self._with_closeness, params, origin)
        if params.section == "whole":
            return self._recommend.similar(params, origin)
        return self._executor.submit(self._like_section, params, origin)

    def work(self, params: WorkParams, origin: Origin) -> Future[Work]:
        """All versions of the work of a track, or of a file that is in no library."""
        return self._executor.submit(self._work, params.track, origin)

    def changes(self, params: ChangesParams, origin: Origin) -> Future[Changes]:
        """What changed from another version to a track, or to a file that is in no library."""
        return self._executor.submit(self._changes, params, origin)

    # Sections ------------------------------------------------------------------------------------------------------------

    def _like_section(self, params: SimilarParams, origin: Origin) -> Suggestions:
        path = audio_path(params.path, origin, self._library.folders())
        probe = self._pool.probe(path).result()
        space, heard = hear(self._spaces, self._pool, path, probe)
        section = next(one for one in heard.sections if one.kind == params.section)
        snapshot = space.recommender.snapshot()
        known = self._library.known(probe.identity)
        note = _used(section, heard)
        if known is not None and space.recommender.knows(known):
            seed = seed_of(snapshot, known)
            seed = replace(seed, notes=(*seed.notes, note))
            ranking = like_section(snapshot, seed, section.kind, section.vector, params.limit)
            return after_track(self._library, known, ranking)
        seed = asked_by_file(probe, heard.analysis)
        seed = replace(seed, notes=(*seed.notes, note))
        ranking = like_section(snapshot, seed, section.kind, section.vector, params.limit)
        return after_file(self._library, path, probe, heard.analysis, ranking)

    def _with_closeness(self, params: SimilarParams, origin: Origin) -> Suggestions:
        """The same with a note on each suggestion that the file is laid over and too close to."""
        path = audio_path(params.path, origin, self._library.folders())
        whole = params.section == "whole"
        answer = self._recommend.similar(params, origin).result() if whole else self._like_section(params, origin)
        notes = {one.id: one.notes for one in answer.suggestions}
        records = [Timed(one.bpm, one.duration or 0.0, one.id) for one in answer.suggestions]
        for track, likenesses in self._comparer.each(
            path, Timed(answer.seed.bpm, answer.seed.duration or 0.0), records
        ):
            near = max(likenesses or (), key=lambda one: one.nearness, default=None)
            if near is not None:
                notes[track].insert(0, f"too close: {told(near)}")
        return answer

    # Works ---------------------------------------------------------------------------------------------------------------

    def _work(self, reference: str, origin: Origin) -> Work:
        entries, this = self._versions(reference, origin)
        snapshot = self._spaces.current.recommender.snapshot()
        return Work(
            title=works.name_of(this),
            artist=this.artist,
            versions=[_version(snapshot, entry) for entry in entries],
        )

    def _changes(self, params: ChangesParams, origin: Origin) -> Changes:
        entries, this = self._versions(params.track, origin)
        earlier = self._since(params.since, entries, this, origin)
        before, after = self._sound(earlier), self._sound(this)
        telling = self._spaces.current.recommender.snapshot().telling
        levels = dict(zip(telling.labels, telling.levels.tolist(), strict=True))
        return Changes(
            before=before.version,
            after=after.version,
            similarity=round(float(before.vector @ after.vector), 4),
            changes=changes(before.sound, after.sound, levels),
        )

    def _versions(self, reference: str, origin: Origin) -> tuple[list[Entry], Entry]:
        """All versions of a work, and the one that was asked for; a file that is in no library is the last of them."""
        try:
            track = self._library.resolve(reference)
        except (TrackNotFoundError, TrackNotReadyError):
            if not Path(reference).is_absolute():
                raise
            return self._versions_of_file(reference, origin)
        entries = self._library.versions_of(track)
        return entries, next(entry for entry in entries if entry.id == track)

    def _versions_of_file(self, text: str, origin: Origin) -> tuple[list[Entry], Entry]:
        path = audio_path(text, origin, self._library.folders())
        probe = self._pool.probe(path).result()
        known = self._library.known(probe.identity)
        if known is not None:
            return self._versions(f"#{known}", origin)
        title, artist = probe.tags.title, probe.tags.artist
        this = works.file_entry(str(path), title, artist, path.stat().st_mtime, probe.duration or None)
        entries = self._library.versions_of_file(str(path), title, artist)
        return works.in_order([*entries, this]), this

    def _since(self, since: str | None, entries: list[Entry], this: Entry, origin: Origin) -> Entry:
        """The version to compare with. Raises TrackNotFoundError where there is none."""
        place = entries.index(this)
        if since is not None:
            found = works.called(entries[:place] + entries[place + 1 :], since)
            return self._versions(since, origin)[1] if found is None else found
        earlier = [entry for entry in entries[:place] if entry.id is not None]
        if not earlier:
            raise TrackNotFoundError(
                f"No version before {works.name_of(this)} is known: name the one to compare with, as in --since v6."
            )
        return earlier[-1]

    def _sound(self, entry: Entry) -> _Sound:
        """How a version sounds; one that is in no library is analysed."""
        version = _version(self._spaces.current.recommender.snapshot(), entry)
        if entry.id is not None:
            return _Sound(version, self._library.track(entry.id), self._library.vector(entry.id))
        path = Path(entry.path)
        probe = self._pool.probe(path).result()
        _, heard = hear(self._spaces, self._pool, path, probe)
        return _Sound(version, report(path, heard.analysis), heard.analysis.vector)


def hear(spaces: Spaces, pool: AnalysisPool, path: Path, probe: Probe) -> tuple[Space, Heard]:
    """A file with its sections and windows, and the space of the networks that heard it; waits until that is done.

    Raises TrackNotReadyError while Segue changes to other networks, and what the analysis raises.
    """
    for _ in range(_TRIES):
        if not spaces.current.listens:
            break
        heard = pool.listen(path, probe.duration).result()
        space = spaces.current
        if heard.analysis.model == space.model_id:
            return space, heard
    raise TrackNotReadyError(
        f"{shown(path)} can be compared with the library when Segue has changed to its new networks: "
        "`segue status` says how far that is."
    )


def _used(section: Moment, heard: Heard) -> str:
    """A note that says which seconds were listened to, and where the structure has no such part."""
    kinds = {part.kind for part in heard.analysis.structure.sections}
    spans = ", ".join(f"{clock(start)}-{clock(end)}" for start, end in section.spans)
    stand_in = "" if section.kind in kinds else f" (it has no {section.kind} of its own)"
    return f"compared by its {section.kind}: {spans}{stand_in}"


def _version(snapshot: Snapshot, entry: Entry) -> Version:
    row = -1 if entry.id is None else int(snapshot.rows.find(np.array([entry.id]))[0])
    return Version(
        id=entry.id,
        path=shown(entry.path),
        title=entry.title,
        version=entry.label,
        at=round(entry.at, 3),
        duration=None if entry.duration is None else round(entry.duration, 2),
        private=row >= 0 and bool(snapshot.facts.private[row]),
        missing=entry.missing,
    )
