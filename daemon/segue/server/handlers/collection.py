"""`library.crates` and its neighbours, `track.promote`: what the user arranges."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Final, NamedTuple

from segue.errors import InvalidParamsError, PathNotAllowedError, TrackNotFoundError, TrackNotReadyError
from segue.library.crates import LONGEST, USER, CrateRow, checked, cut
from segue.library.matching import Wanted
from segue.library.paths import found
from segue.library.store import Library
from segue.protocol.messages import (
    Crate,
    CrateChange,
    CrateList,
    CrateNameParams,
    CrateParams,
    Nothing,
    PromoteParams,
    SetCrateParams,
    Track,
    TrackList,
)
from segue.server.handlers.references import References
from segue.server.mirror import Mirror
from segue.server.router import Origin
from segue.sets.entry import Entry
from segue.sets.reading import read_sets

_NAMED: Final = 20
"""Tracks that are not in the library, of which the answer tells."""


class _Filling(NamedTuple):
    """What is to be put into crates."""

    held: dict[str, list[int]]
    entries: int
    matched: int
    unmatched: list[str]
    notes: Sequence[str] = ()


class CollectionHandlers:
    """Crates and promoted tracks. What reads files or writes runs in another thread, one after the other."""

    def __init__(
        self, library: Library, references: References, mirror: Mirror, executor: Executor, one_by_one: Executor
    ) -> None:
        self._library = library
        self._references = references
        self._mirror = mirror
        self._executor = executor
        self._one_by_one = one_by_one

    # Crates ---------------------------------------------------------------------------------------------------------

    def crates(self, params: Nothing, origin: Origin) -> Future[CrateList]:
        """All crates by name."""
        del params, origin
        return self._executor.submit(self._listed)

    def crate(self, params: CrateParams, origin: Origin) -> Future[TrackList]:
        """The tracks of a crate, in its order."""
        del origin
        return self._executor.submit(self._held, params)

    def set_crate(self, params: SetCrateParams, origin: Origin) -> Future[CrateChange]:
        """Put tracks into a crate, or the playlists of a file into crates."""
        if params.playlist is not None and not origin.local:
            raise PathNotAllowedError("Segue only reads playlists when asked on the machine that it runs on.")
        _refuse_unclear(params)
        return self._one_by_one.submit(self._set, params)

    def remove_crate(self, params: CrateNameParams, origin: Origin) -> Future[CrateList]:
        """Remove a crate; its tracks stay."""
        del origin
        return self._one_by_one.submit(self._removed, params.name)

    def _listed(self) -> CrateList:
        return CrateList(crates=list(map(_message, self._library.crates())))

    def _held(self, params: CrateParams) -> TrackList:
        ids = self._library.crate(params.name)
        return TrackList(tracks=self._library.tracks(ids[params.offset : params.offset + params.limit]))

    def _removed(self, name: str) -> CrateList:
        self._library.remove_crate(name)
        return self._listed()

    def _set(self, params: SetCrateParams) -> CrateChange:
        if _empties(params):
            assert params.name is not None
            self._library.empty_crate(params.name, params.source)
            return CrateChange(crates=[], entries=0, matched=0)
        if params.playlist is None:
            assert params.name is not None
            filling, source = self._of_references(params.name, params.tracks), params.source
        else:
            filling, source = self._of_playlist(params.name, Path(found(params.playlist)))
        if not filling.matched:
            missing = ", ".join(filling.unmatched[:3])
            raise TrackNotFoundError(f"None of these tracks is in the library, so no crate was changed: {missing}.")
        if params.take_out:
            assert params.name is not None
            self._library.remove_from_crate(params.name, filling.held[checked(params.name)])
            made = [row for row in self._library.crates() if row.name in filling.held]
        else:
            made = self._library.set_crates(filling.held, source, add=params.add)
        return CrateChange(
            crates=list(map(_message, made)),
            entries=filling.entries,
            matched=filling.matched,
            unmatched=filling.unmatched[:_NAMED],
            notes=list(filling.notes),
        )

    def _of_references(self, name: str, references: Sequence[str]) -> _Filling:
        ids: list[int] = []
        unmatched: list[str] = []
        for reference in references:
            try:
                ids.append(self._library.resolve(reference))
            except (TrackNotFoundError, TrackNotReadyError):
                unmatched.append(reference)
        return _Filling({checked(name): ids}, len(references), len(ids), unmatched)

    def _of_playlist(self, name: str | None, path: Path) -> tuple[_Filling, str]:
        """The tracks of a file's playlists, all in one crate or each in one of its own; and the source of those."""
        reading = read_sets(path)
        entries = [entry for one in reading.sets for entry in one.entries]
        wanted = list(dict.fromkeys(map(_wanted, entries)))
        known = dict(zip(wanted, self._library.match(wanted), strict=True))
        given = None if name is None else checked(name)
        held: dict[str, list[int]] = {}
        for one in reading.sets:
            ids = [track for entry in one.entries if (track := known[_wanted(entry)]) is not None]
            if ids or given is not None:
                held.setdefault(given or cut(one.name) or cut(path.stem) or reading.format, []).extend(ids)
        unmatched = dict.fromkeys(_readable(entry.label) for entry in entries if known[_wanted(entry)] is None)
        matched = sum(known[_wanted(entry)] is not None for entry in entries)
        source = USER if name is not None else reading.format
        notes = list(reading.notes)
        if given is None and any(len(one.name) > LONGEST for one in reading.sets):
            notes.append(f"names of playlists are cut after {LONGEST} characters")
        return _Filling(held, len(entries), matched, list(unmatched), notes), source

    # Promoted tracks ------------------------------------------------------------------------------------------------

    def promote(self, params: PromoteParams, origin: Origin) -> Track | Future[Track]:
        """Let a track of a private folder be suggested, or no more."""
        del origin
        return self._references.use(
            params.track, lambda track: self._one_by_one.submit(self._promoted, track, params.promoted)
        )

    def _promoted(self, track: int, promoted: bool) -> Track:
        if promoted and not self._library.is_private(track):
            title = self._library.track(track).title
            raise InvalidParamsError(f"“{title}” is not private: a copy of it is in a folder that is suggested anyway.")
        self._library.promote(track, promoted)
        self._mirror.refresh([track])
        return self._library.track(track)


def _refuse_unclear(params: SetCrateParams) -> None:
    if bool(params.tracks) == (params.playlist is not None) and not _empties(params):
        raise InvalidParamsError("Say what the crate holds: tracks, or a playlist.")
    if params.name is None and params.playlist is None:
        raise InvalidParamsError("Name the crate.")
    if params.take_out and (params.name is None or params.add):
        raise InvalidParamsError("Name the crate that the tracks are taken out of.")
    if params.playlist is not None and (not Path(params.playlist).is_absolute() or "\0" in params.playlist):
        raise InvalidParamsError(f"“{params.playlist}” is not an absolute path of a file.")


def _empties(params: SetCrateParams) -> bool:
    """Whether a program keeps nothing in a crate any more."""
    nothing = not params.tracks and params.playlist is None
    return nothing and params.source != USER and params.name is not None and not (params.add or params.take_out)


def _wanted(entry: Entry) -> Wanted:
    return Wanted(entry.path, entry.artist, entry.title, entry.duration)


def _message(row: CrateRow) -> Crate:
    return Crate(name=row.name, source=row.source, tracks=row.tracks)


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()[:200]
