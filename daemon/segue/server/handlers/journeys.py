"""`recommend.path` and `recommend.set`: from one track to another, and whole sets."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from segue.library.details import MixPoints
from segue.library.store import Library
from segue.library.tracks import Brief
from segue.protocol.messages import PathParams, Result, Route, SetlistParams, Step
from segue.recommend import arc, journeys
from segue.recommend.catalogue import Snapshot
from segue.recommend.journeys import Journey, Stage, Terrain
from segue.recommend.setlist import Stays
from segue.server.handlers.answers import mix_of, reason, rounded
from segue.server.handlers.references import References
from segue.server.router import Origin
from segue.server.spaces import Spaces
from segue.server.taste import Taste

R = TypeVar("R", bound=Result)

OVERLAP: Final = 30.0
"""Seconds that two tracks are heard together where nobody knows where to mix: 16 bars at 128 beats a minute."""
LEAST_HEARD: Final = 0.5
"""A mix takes at most this share of a track, whatever was found in it."""
START: Final = "start"


class JourneyHandlers:
    """Paths and sets. They take a tenth of a second and more, and so are never made in the router's thread."""

    def __init__(
        self,
        library: Library,
        references: References,
        spaces: Spaces,
        taste: Taste,
        executor: Executor,
    ) -> None:
        self._library = library
        self._references = references
        self._spaces = spaces
        self._taste = taste
        self._executor = executor

    def path(self, params: PathParams, origin: Origin) -> Route | Future[Route]:
        """From one track to another in so many steps."""
        del origin

        def found(start: int, end: int) -> Future[Route]:
            return self._executor.submit(self._path, params, start, end)

        return self._both(params.start, params.end, found)

    def set(self, params: SetlistParams, origin: Origin) -> Route | Future[Route]:
        """A whole set along an arc."""
        del origin
        shape = arc.parse(params.arc)

        def found(start: int | None, end: int | None) -> Future[Route]:
            return self._executor.submit(self._set, params, shape, start, end)

        return self._either(params.start, params.end, found)

    # In another thread -------------------------------------------------------------------------------------------------

    def _path(self, params: PathParams, start: int, end: int) -> Route:
        terrain = self._terrain(params)
        return self._route(journeys.make_path(terrain, start, end, params.steps), {})

    def _set(self, params: SetlistParams, shape: arc.Arc, start: int | None, end: int | None) -> Route:
        terrain = self._terrain(params)
        points = _Points(self._library, terrain.snapshot)
        made = journeys.make_set(terrain, shape, 60.0 * params.minutes, points.stays, start, end)
        return self._route(made, {stage.id: points.of(terrain.row(stage.id)) for stage in made.stages})

    def _terrain(self, params: PathParams | SetlistParams) -> Terrain:
        space = self._spaces.current
        asked = self._taste.asked(filters=params.filters, preset=params.preset, tonight=params.tonight)
        return Terrain(space.catalogue.snapshot(), space.index, asked)

    def _route(self, journey: Journey, heard: dict[int, tuple[float, float]]) -> Route:
        ids = [stage.id for stage in journey.stages]
        known = {brief.id: brief for brief in self._library.brief(ids)}
        doubts, points = self._library.doubts(ids), self._library.mix_points(ids)
        # A track may have been forgotten while the set was made: it is left out.
        steps = [
            _step(
                known[stage.id],
                stage,
                points.get(stage.id),
                [doubt.text for doubt in doubts.get(stage.id, ()) if doubt.other_source is not None],
                heard.get(stage.id),
            )
            for stage in journey.stages
            if stage.id in known
        ]
        scores = [step.score for step in steps if step.score is not None]
        return Route(
            tracks=steps,
            relaxed=journey.relaxed,
            seconds=rounded(journey.seconds, 1),
            weakest=min(scores, default=None),
        )

    # Which tracks are meant --------------------------------------------------------------------------------------------

    def _both(self, start: str, end: str, step: Callable[[int, int], Future[R]]) -> R | Future[R]:
        return self._references.use(start, lambda first: self._references.use(end, lambda last: step(first, last)))

    def _either(
        self, start: str | None, end: str | None, step: Callable[[int | None, int | None], Future[R]]
    ) -> R | Future[R]:
        if start is None:
            return step(None, None) if end is None else self._references.use(end, lambda last: step(None, last))
        if end is None:
            return self._references.use(start, lambda first: step(first, None))
        return self._both(start, end, step)


class _Points:
    """Where tracks are mixed in and out, read from the library once for each that a set considers."""

    def __init__(self, library: Library, snapshot: Snapshot) -> None:
        self._library = library
        self._snapshot = snapshot
        self._known: dict[int, tuple[float, float]] = {}

    def stays(self, rows: npt.NDArray[np.int64]) -> Stays:
        """How long some rows (n,) are heard."""
        asked = rows.tolist()
        self._read([row for row in asked if row not in self._known])
        starts, outs = np.array([self._known[row] for row in asked], np.float64).reshape(-1, 2).T
        return Stays(outs - starts, self._whole(rows) - starts)

    def of(self, row: int) -> tuple[float, float]:
        """Where a row is started, and where the next track comes in, in seconds."""
        self.stays(np.asarray([row]))
        return self._known[row]

    def _read(self, rows: list[int]) -> None:
        if not rows:
            return
        ids = self._snapshot.rows.ids[rows].tolist()
        found = self._library.mix_points(ids)
        for row, track, whole in zip(rows, ids, self._whole(np.asarray(rows)).tolist(), strict=True):
            self._known[row] = _heard(found.get(track), whole)

    def _whole(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        return np.maximum(np.nan_to_num(self._snapshot.facts.duration[rows].astype(np.float64)), 1.0)


def _heard(points: MixPoints | None, whole: float) -> tuple[float, float]:
    """Where a track of so many seconds is started, and where the next one comes in."""
    start = points.mix_in.at if points is not None and points.mix_in is not None else 0.0
    out = points.mix_out.at if points is not None and points.mix_out is not None else whole - OVERLAP
    if out - start < LEAST_HEARD * whole:
        start, out = 0.0, max(out, LEAST_HEARD * whole)
    return start, min(out, whole)


def _step(
    track: Brief, stage: Stage, points: MixPoints | None, notes: list[str], heard: tuple[float, float] | None
) -> Step:
    why, mix_in = stage.why, None if points is None else points.mix_in
    step = Step(
        id=track.id,
        path=track.path,
        title=track.title,
        artist=track.artist,
        bpm=rounded(track.bpm, 2),
        camelot=track.camelot,
        energy=rounded(track.energy, 1),
        duration=rounded(track.duration, 2),
        why=START if why is None else reason(why, mix_in),
        begins=rounded(stage.begins, 1),
        arc=stage.arc,
        notes=notes,
    )
    if why is not None:
        step.score, step.similarity = round(why.score, 4), round(why.similarity, 4)
        step.tags_in_common, step.proven = list(why.tags_in_common), why.proven
        step.mix = mix_of(why, mix_in)
    if heard is not None:
        step.mix_in, step.mix_out = round(heard[0], 1), round(heard[1], 1)
    return step
